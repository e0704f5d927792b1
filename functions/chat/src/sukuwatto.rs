//! Sukuwatto's frames about messages (its contract, part S, section 5).
//!
//! What was kept is told by [`crate::delivery`], to whoever sent it as to the other; so a frame is answered here only
//! where nothing new was kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::error::Kind;
use shared::ids::MemberId;
use shared::model::conversation::Message;
use shared::talk::{self, LONGEST_NAME, NewMessage, Removal, Sent, Sides, Text};
use shared::{App, Error, Result};

/// What a client says. It sends whole messages, of which the rest is ignored.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ClientFrame {
    ChatMessage {
        uuid: String,
        message: String,
    },
    EditMessage {
        uuid: String,
        message: String,
    },
    DeleteMessage {
        uuid: String,
    },
    #[serde(other)]
    Unknown,
}

/// What a client hears.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// A message.
    ChatMessage {
        /// Who wrote it.
        from_user: MemberId,
        /// When.
        date: DateTime<Utc>,
        /// The client's own name for it.
        uuid: String,
        /// What it says.
        message: String,
    },
    /// A message says something else now.
    EditMessage {
        /// Who wrote it.
        from_user: MemberId,
        /// When.
        date: DateTime<Utc>,
        /// When it was changed.
        edited_date: Option<DateTime<Utc>>,
        /// The client's own name for it.
        uuid: String,
        /// What it says now.
        message: String,
    },
    /// A message is gone.
    DeleteMessage {
        /// The client's own name for it.
        uuid: String,
    },
    /// A frame could not be dealt with; the socket stays open.
    Error {
        /// For programs.
        code: &'static str,
        /// For people.
        message: String,
        /// The message that it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        uuid: Option<String>,
    },
}

impl ServerFrame {
    /// What is heard of a new message.
    pub fn sent(message: &Message) -> ServerFrame {
        let Message { from, written_at, .. } = *message;
        ServerFrame::ChatMessage {
            from_user: from,
            date: written_at,
            uuid: message.name(),
            message: message.text.clone(),
        }
    }

    /// What is heard of one that was changed.
    pub fn edited(message: &Message) -> ServerFrame {
        let Message { from, written_at, edited_at, .. } = *message;
        ServerFrame::EditMessage {
            from_user: from,
            date: written_at,
            edited_date: edited_at,
            uuid: message.name(),
            message: message.text.clone(),
        }
    }

    /// What is heard of one that was taken back.
    pub fn deleted(message: &Message) -> ServerFrame {
        ServerFrame::DeleteMessage { uuid: message.name() }
    }
}

/// Does what a frame says that one of the two in a conversation sends to the other; the answer, if there is one.
pub async fn hear(app: &App, sides: Sides, frame: &str) -> Result<Option<ServerFrame>> {
    let Ok(frame) = serde_json::from_str::<ClientFrame>(frame) else {
        let message = "This frame is not known here.".to_owned();
        return Ok(Some(ServerFrame::Error { code: "unknown_frame", message, uuid: None }));
    };
    let uuid = match &frame {
        ClientFrame::Unknown => return Ok(None),
        ClientFrame::ChatMessage { uuid, .. }
        | ClientFrame::EditMessage { uuid, .. }
        | ClientFrame::DeleteMessage { uuid } => uuid.clone(),
    };
    match act(app, sides, frame).await {
        Ok(answer) => Ok(answer),
        // Whoever is blocked is not told, and another's message is none of theirs.
        Err(error) if matches!(error.kind, Kind::Forbidden | Kind::NotFound) => Ok(None),
        Err(error) if error.kind == Kind::Internal => Err(error),
        Err(error) => {
            let (code, message) = crate::frames::told(&error);
            Ok(Some(ServerFrame::Error { code, message, uuid: Some(uuid.chars().take(LONGEST_NAME).collect()) }))
        }
    }
}

async fn act(app: &App, sides: Sides, frame: ClientFrame) -> Result<Option<ServerFrame>> {
    let (by, with) = (sides.from, sides.to);
    let text = |message: &str| Text::parse(message).map_err(|problem| Error::invalid_field("message", problem));
    match frame {
        ClientFrame::ChatMessage { uuid, message } => {
            if uuid.is_empty() || uuid.chars().count() > LONGEST_NAME {
                return Err(Error::invalid_field("uuid", "A name has at least 1 and at most 255 characters."));
            }
            let new = NewMessage { text: text(&message)?, client_id: Some(uuid), attachment: None };
            match talk::send_knowing(app, sides, new).await? {
                Sent::New(_) => Ok(None),
                Sent::Again(message) => Ok(Some(ServerFrame::sent(&message))),
            }
        }
        ClientFrame::EditMessage { uuid, message } => {
            let text = text(&message)?;
            let Some(message) = talk::by_name(app, by, with, &uuid).await? else { return Ok(None) };
            talk::edit(app, by, with, message, &text, None).await?;
            Ok(None)
        }
        ClientFrame::DeleteMessage { uuid } => {
            let Some(message) = talk::by_name(app, by, with, &uuid).await? else { return Ok(None) };
            talk::remove(app, by, with, message, Removal::Whole, None).await?;
            Ok(None)
        }
        ClientFrame::Unknown => Ok(None),
    }
}
