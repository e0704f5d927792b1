//! SkillNet's room of two, as its web client opens it (its contract, section 5.1).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::error::Kind;
use shared::http::Field;
use shared::ids::MessageId;
use shared::members;
use shared::model::conversation::Message;
use shared::talk::{self, LONGEST_NAME, NewMessage, Sent, Sides, Text};
use shared::{App, Error, Result};

/// What a client says. Who sends it is known, whatever it says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ClientFrame {
    message: Field<String>,
    receiver_id: Field<String>,
    client_id: Field<String>,
    /// What came after this message?
    since: Field<i64>,
}

/// What a client hears.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ServerFrame {
    /// A message.
    Message {
        /// What it says.
        message: String,
        /// The name of who wrote it.
        sender: String,
        /// When.
        #[serde(rename = "createdAt")]
        created_at: DateTime<Utc>,
        /// Which: what comes twice is the same.
        id: MessageId,
    },
    /// A frame could not be dealt with; the socket stays open.
    Error {
        /// For people.
        error: String,
    },
}

impl ServerFrame {
    /// What is heard of a message, of whoever has this name.
    pub fn sent(message: &Message, sender: &str) -> ServerFrame {
        ServerFrame::Message {
            message: message.text.clone(),
            sender: sender.to_owned(),
            created_at: message.written_at,
            id: message.id,
        }
    }
}

/// What a frame comes to, where it is answered.
pub enum Answer {
    /// Nothing is answered: what was kept is told to everybody there.
    Nothing,
    /// It was not done.
    Refused(String),
    /// These messages, to whoever asked and nobody else.
    Messages(Vec<Message>),
}

/// Does what a frame says that one of the two in a conversation sends to the other.
pub async fn hear(app: &App, sides: Sides, frame: &str) -> Result<Answer> {
    // A list would pass for a frame, by the order of its fields.
    let frame = serde_json::from_str::<Map<String, Value>>(frame).map(Value::Object);
    let Ok(frame) = frame.and_then(serde_json::from_value::<ClientFrame>) else {
        return Ok(Answer::Refused("This frame is not known here.".to_owned()));
    };
    match act(app, sides, frame).await {
        Err(error) if error.kind == Kind::Internal => Err(error),
        Err(error) => Ok(Answer::Refused(crate::frames::told(&error).1)),
        answer => answer,
    }
}

async fn act(app: &App, sides: Sides, frame: ClientFrame) -> Result<Answer> {
    let (by, with) = (sides.from, sides.to);
    let since = frame.since.value().and_then(|since| u64::try_from(since).ok());
    if let Some(since) = since {
        return Ok(Answer::Messages(talk::since(app, by, with, MessageId(since), crate::talks::MISSED).await?.items));
    }
    let text = frame.message.value().unwrap_or_default();
    let text = Text::parse(text.trim()).map_err(|problem| Error::invalid_field("message", problem))?;
    let receiver = frame.receiver_id.value().unwrap_or_default();
    if members::holder(app, &receiver).await? != Some(with) {
        return Err(Error::invalid("wrong_receiver", "This room is not with the receiver of the message."));
    }
    let client_id = frame.client_id.value().filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_NAME);
    match talk::send_knowing(app, sides, NewMessage { text, client_id, attachment: None }).await? {
        Sent::New(_) => Ok(Answer::Nothing),
        Sent::Again(message) => Ok(Answer::Messages(vec![message])),
    }
}
