//! Frames: what clients say and what they hear, as two enums.

use serde::{Deserialize, Serialize};
use shared::boards::{Board, watch};
use shared::error::Kind;
use shared::http::Cursor;
use shared::ids::MemberId;
use shared::live::Reached;
use shared::model::socket::Socket;
use shared::{App, Result};

use crate::boards::LineView;
use crate::{boards, connection, online};

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
    /// What is on the first page of this board, now and whenever it changes?
    FollowBoard {
        /// Such as `training/all/week-2026-W47`.
        board: Board,
    },
    /// No more of this board.
    UnfollowBoard {
        /// Which.
        board: Board,
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
    /// The first page of a board.
    Board {
        /// Which.
        board: Board,
        /// Its lines, the best first.
        rows: Vec<LineView>,
    },
    /// A board is followed no longer.
    BoardLeft {
        /// Which.
        board: Board,
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
    let Some(socket) = connection::owner(app, connection).await? else { return Ok(()) };
    let answer = match serde_json::from_str(frame) {
        Ok(frame) => match of(app, &socket, frame).await {
            Ok(answer) => answer,
            Err(error) if !error.fields.is_empty() => ServerFrame::Error {
                code: "invalid",
                message: error.fields.iter().flat_map(|(_, messages)| messages).cloned().collect::<Vec<_>>().join(" "),
            },
            Err(error) if error.kind == Kind::Conflict => {
                ServerFrame::Error { code: error.code, message: error.message.clone().into_owned() }
            }
            Err(error) => return Err(error),
        },
        Err(_) => ServerFrame::Error { code: "unknown_frame", message: "This frame is not known here.".to_owned() },
    };
    match app.sockets.send(connection, &answer).await? {
        Reached::Open => Ok(()),
        Reached::Gone => connection::forget(app, connection).await,
    }
}

/// The answer to a frame.
async fn of(app: &App, socket: &Socket, frame: ClientFrame) -> Result<ServerFrame> {
    match frame {
        ClientFrame::Ping => Ok(ServerFrame::Pong),
        ClientFrame::Online { cursor } => online::page(app, socket.member, cursor).await,
        ClientFrame::FollowBoard { board } => boards::follow(app, socket, board).await,
        ClientFrame::UnfollowBoard { board } => {
            watch::end(app, socket, &board).await?;
            Ok(ServerFrame::BoardLeft { board })
        }
    }
}
