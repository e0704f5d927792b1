//! Frames: what clients say and what they hear, as two enums.

use serde::{Deserialize, Serialize};
use shared::http::Cursor;
use shared::ids::MemberId;
use shared::live::Reached;
use shared::{App, Result};

use crate::{connection, online};

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Is anybody there?
    Ping,
    /// Who is online?
    Online {
        /// From where on; from the start if left out.
        cursor: Option<Cursor>,
    },
}

/// What a client hears.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// We are.
    Pong,
    /// These are online.
    Online {
        /// Members, each once, in the order of their ids.
        members: Vec<OnlineView>,
        /// Where the next page begins; `null` after the last.
        next: Option<Cursor>,
    },
    /// A frame could not be dealt with; the socket stays open.
    Error {
        /// For programs.
        code: &'static str,
        /// For people.
        message: String,
    },
}

/// A member who is online.
#[derive(Debug, Serialize)]
pub struct OnlineView {
    /// Who.
    pub id: MemberId,
    /// Their name.
    pub username: String,
}

/// Answers one frame. A socket whose session has ended is closed instead.
pub async fn answer(app: &App, connection: &str, frame: &str) -> Result<()> {
    let Some(member) = connection::owner(app, connection).await? else { return Ok(()) };
    let answer = match serde_json::from_str(frame) {
        Ok(ClientFrame::Ping) => ServerFrame::Pong,
        Ok(ClientFrame::Online { cursor }) => match online::page(app, member, cursor).await {
            Ok(page) => page,
            Err(error) if !error.fields.is_empty() => ServerFrame::Error {
                code: "invalid",
                message: error.fields.iter().flat_map(|(_, messages)| messages).cloned().collect::<Vec<_>>().join(" "),
            },
            Err(error) => return Err(error),
        },
        Err(_) => ServerFrame::Error { code: "unknown_frame", message: "This frame is not known here.".to_owned() },
    };
    match app.sockets.send(connection, &answer).await? {
        Reached::Open => Ok(()),
        Reached::Gone => connection::forget(app, connection).await,
    }
}
