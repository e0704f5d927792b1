//! Frames: what clients say and what they hear, as two enums.

use serde::{Deserialize, Serialize};
use shared::boards::{Board, watch};
use shared::dialect::skillnet::messages::MessageView;
use shared::error::Kind;
use shared::http::Cursor;
use shared::ids::{MemberId, MessageId};
use shared::live::Reached;
use shared::model::account::Account;
use shared::model::socket::{Socket, Surface};
use shared::store::keys;
use shared::talk::Sides;
use shared::{App, Error, Result};

use crate::boards::LineView;
use crate::skillnet::Answer;
use crate::talks::{MissedView, NewMessageData, SinceData, ThreadData};
use crate::{boards, connection, online, skillnet, sukuwatto, talks};

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
    /// This is for the other of a conversation.
    #[serde(rename = "message.send")]
    MessageSend {
        /// What.
        data: NewMessageData,
    },
    /// Everything in this conversation was read.
    #[serde(rename = "message.read")]
    MessageRead {
        /// Which.
        data: ThreadData,
    },
    /// What was said in this conversation after this message?
    #[serde(rename = "message.since")]
    MessageSince {
        /// Which.
        data: SinceData,
    },
    /// Somebody is writing in this conversation.
    Typing {
        /// Which.
        data: ThreadData,
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
    /// Somebody wrote.
    #[serde(rename = "message.new")]
    MessageNew {
        /// Which message.
        id: MessageId,
        /// The message.
        data: Box<MessageView>,
    },
    /// A message says something else now.
    #[serde(rename = "message.edited")]
    MessageEdited {
        /// Which message.
        id: MessageId,
        /// The message.
        data: Box<MessageView>,
    },
    /// This was said.
    #[serde(rename = "message.list")]
    MessageList {
        /// What.
        data: MissedView,
    },
    /// The socket closes.
    Closing {
        /// As which; the gateway itself closes every socket with one and the same code.
        code: u16,
        /// For people.
        reason: &'static str,
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
    // Where a frame is a message as a rule, it is read at once how the conversation stands.
    let needed = |socket: &Socket| match socket.surface {
        Surface::SukuwattoChat { with } | Surface::SkillnetRoom { with } => Sides::keys(socket.member, with).into(),
        Surface::Native | Surface::SukuwattoFeed | Surface::SkillnetNotifications => vec![],
    };
    let Some((socket, found)) = connection::owner(app, connection, needed).await? else { return Ok(()) };
    match socket.surface {
        Surface::Native | Surface::SkillnetNotifications => {
            if let Some(answer) = native(app, &socket, frame).await? {
                send(app, connection, &answer).await?;
            }
        }
        Surface::SukuwattoChat { with } => {
            let sides = Sides::among(&found, socket.member, with)?;
            if let Some(answer) = sukuwatto::hear(app, sides, frame).await? {
                send(app, connection, &answer).await?;
            }
        }
        // What is said there is not listened to.
        Surface::SukuwattoFeed => {}
        Surface::SkillnetRoom { with } => {
            match skillnet::hear(app, Sides::among(&found, socket.member, with)?, frame).await? {
                Answer::Nothing => {}
                Answer::Refused(error) => send(app, connection, &skillnet::ServerFrame::Error { error }).await?,
                Answer::Messages(messages) => {
                    let keys = [socket.member, with].map(keys::account);
                    let accounts = app.table.get_all::<Account>(&keys).await?;
                    let name = |member| accounts.iter().flatten().find(|account| account.id == member);
                    for message in messages.iter().filter(|message| !message.deleted) {
                        let Some(sender) = name(message.from) else { continue };
                        let frame = skillnet::ServerFrame::sent(message, sender.username.as_str());
                        send(app, connection, &frame).await?;
                    }
                }
            }
        }
    }
    Ok(())
}

async fn send(app: &App, connection: &str, frame: &impl Serialize) -> Result<()> {
    match app.sockets.send(connection, frame).await? {
        Reached::Open => Ok(()),
        Reached::Gone => connection::forget(app, connection).await,
    }
}

/// A refusal in words for a frame: its code, and a sentence.
pub(crate) fn told(error: &Error) -> (&'static str, String) {
    let fields = error.fields.iter().flat_map(|(_, messages)| messages).cloned().collect::<Vec<_>>();
    match fields.is_empty() {
        true => (error.code, error.message.clone().into_owned()),
        false => ("invalid", fields.join(" ")),
    }
}

async fn native(app: &App, socket: &Socket, frame: &str) -> Result<Option<ServerFrame>> {
    let Ok(frame) = serde_json::from_str(frame) else {
        let message = "This frame is not known here.".to_owned();
        return Ok(Some(ServerFrame::Error { code: "unknown_frame", message }));
    };
    match of(app, socket, frame).await {
        Err(error) if error.kind == Kind::Internal => Err(error),
        Err(error) => {
            let (code, message) = told(&error);
            Ok(Some(ServerFrame::Error { code, message }))
        }
        answer => answer,
    }
}

/// The answer to a frame.
async fn of(app: &App, socket: &Socket, frame: ClientFrame) -> Result<Option<ServerFrame>> {
    match frame {
        ClientFrame::Ping => Ok(Some(ServerFrame::Pong)),
        ClientFrame::Online { cursor } => online::page(app, socket.member, cursor).await.map(Some),
        ClientFrame::FollowBoard { board } => boards::follow(app, socket, board).await.map(Some),
        ClientFrame::UnfollowBoard { board } => {
            watch::end(app, socket, &board).await?;
            Ok(Some(ServerFrame::BoardLeft { board }))
        }
        ClientFrame::MessageSend { data } => talks::send(app, socket.member, data).await,
        ClientFrame::MessageRead { data } => talks::read(app, socket.member, data).await,
        ClientFrame::MessageSince { data } => talks::since(app, socket.member, data).await,
        ClientFrame::Typing { data } => talks::typing(app, socket, data).await,
    }
}
