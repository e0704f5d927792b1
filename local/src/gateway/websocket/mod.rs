//! The WebSocket API: sockets open through `$connect`, their frames go to a route's function, and functions write to
//! them by their connection id.
//!
//! [`connection`] is one open socket from its first frame to `$disconnect`; [`transport`] carries it over TCP.
//! [`Sockets::connect`] opens the same thing without any TCP, for tests.

mod connection;
mod events;
mod paths;
mod transport;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{new_id, reply};
use crate::cloud::Cloud;
use connection::{Connection, Inbound};
use events::Identity;

pub use transport::accept;

/// The largest frame that a client may send.
pub const LARGEST_FRAME: usize = 32 * 1024;
/// The largest message, in however many frames.
pub const LARGEST_MESSAGE: usize = 128 * 1024;
/// Frames that wait for a client that reads slowly; one more, and it is cut off before it holds up anybody else.
const QUEUE: usize = 256;

/// A frame, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The last frame.
    Close(Ending),
}

/// Why a socket closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The code of RFC 6455.
    pub code: u16,
    /// The reason that goes with it.
    pub reason: String,
}

impl Ending {
    fn new(code: u16, reason: &str) -> Ending {
        Ending { code, reason: reason.to_owned() }
    }
}

/// No socket has this connection id any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// What the gateway knows about an open socket.
#[derive(Clone, Debug)]
pub struct Status {
    /// When it was opened.
    pub connected_at: DateTime<Utc>,
    /// When a frame last went either way.
    pub last_active_at: DateTime<Utc>,
    /// The client's address.
    pub source_ip: String,
    /// What the client calls itself.
    pub user_agent: String,
}

/// The open sockets. Cloning shares them.
#[derive(Clone, Default)]
pub struct Sockets(Arc<Mutex<HashMap<String, Arc<Connection>>>>);

/// A socket that `$connect` let in, with its two ends still loose.
struct Opened {
    connection: Arc<Connection>,
    subprotocol: Option<HeaderValue>,
    inbound: mpsc::Sender<Inbound>,
    outgoing: mpsc::Receiver<Frame>,
}

impl Sockets {
    /// Opens a socket without TCP: the client's end, or the status and body that the handshake was refused with.
    pub async fn connect(
        &self,
        cloud: &Cloud,
        path_and_query: &str,
        headers: HeaderMap,
    ) -> Result<Socket, (StatusCode, Bytes)> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let client = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let opened = self.open(cloud, path, query, &headers, client).await?;
        let Opened { connection, subprotocol, inbound, outgoing } = opened;
        let subprotocol = subprotocol.and_then(|value| value.to_str().map(str::to_owned).ok());
        Ok(Socket { id: connection.id.clone(), subprotocol, inbound, outgoing })
    }

    /// Sends a message to a client. One that does not keep up is closed, and so as good as gone.
    pub fn post(&self, id: &str, message: Bytes) -> Result<(), Gone> {
        let connection = self.find(id)?;
        let frame = match std::str::from_utf8(&message) {
            Ok(text) => Frame::Text(text.to_owned()),
            Err(_) => Frame::Binary(message),
        };
        connection.send(frame)
    }

    /// Closes a socket.
    pub fn delete(&self, id: &str) -> Result<(), Gone> {
        self.find(id)?.end(Ending::new(1000, ""));
        self.open_now().remove(id);
        Ok(())
    }

    /// What is known about a socket.
    pub fn get(&self, id: &str) -> Result<Status, Gone> {
        Ok(self.find(id)?.status())
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open_now().len()
    }

    /// Closes all sockets, and returns when every one has been through `$disconnect`.
    pub async fn close_all(&self) {
        let all: Vec<Arc<Connection>> = self.open_now().values().cloned().collect();
        for connection in &all {
            connection.end(Ending::new(1001, "Going away"));
        }
        for connection in all {
            connection.forgotten().await;
        }
    }

    /// Asks the function behind `$connect`. Until it has agreed there is no socket to post to, as in the cloud.
    async fn open(
        &self,
        cloud: &Cloud,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        client: SocketAddr,
    ) -> Result<Opened, (StatusCode, Bytes)> {
        let query = paths::query(&cloud.template().sockets, path, query).ok_or_else(nowhere)?;
        let (id, now) = (new_id(), cloud.clock().now());
        let identity = Identity::new(&cloud.template().sockets, headers, client);
        let about = events::About { id: &id, identity: &identity, connected_at: now, now };
        let answer = match cloud.template().sockets.routes.get("$connect") {
            Some(function) => {
                let answer = cloud.functions().invoke(function, events::connect(&about, headers, &query)).await;
                answer.outcome.map_err(|_| failed(&id))?
            }
            None => json!({ "statusCode": 200 }),
        };
        let response = reply::from_answer(&answer).map_err(|_| failed(&id))?;
        if !response.status().is_success() {
            return Err((response.status(), response.into_body()));
        }
        let subprotocol = response.headers().get(http::header::SEC_WEBSOCKET_PROTOCOL).cloned();
        let (outbox, outgoing) = mpsc::channel(QUEUE);
        let (inbound, inbox) = mpsc::channel(1);
        let connection = Arc::new(Connection::new(id.clone(), identity, outbox, cloud.clock().clone()));
        self.open_now().insert(id, connection.clone());
        tokio::spawn(connection::live(cloud.clone(), self.clone(), connection.clone(), inbox));
        Ok(Opened { connection, subprotocol, inbound, outgoing })
    }

    fn find(&self, id: &str) -> Result<Arc<Connection>, Gone> {
        self.open_now().get(id).cloned().ok_or(Gone)
    }

    fn forget(&self, id: &str) {
        self.open_now().remove(id);
    }

    fn open_now(&self) -> MutexGuard<'_, HashMap<String, Arc<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client hears when a function fails, in API Gateway's words.
fn trouble(id: &str, message: &str) -> Value {
    json!({ "message": message, "connectionId": id, "requestId": new_id() })
}

fn nowhere() -> (StatusCode, Bytes) {
    (StatusCode::NOT_FOUND, Bytes::from(json!({ "message": "Not Found" }).to_string()))
}

fn failed(id: &str) -> (StatusCode, Bytes) {
    (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from(trouble(id, "Internal server error").to_string()))
}

/// The client's end of a socket without TCP.
#[derive(Debug)]
pub struct Socket {
    /// Its connection id.
    pub id: String,
    /// The subprotocol that both sides agreed on.
    pub subprotocol: Option<String>,
    inbound: mpsc::Sender<Inbound>,
    outgoing: mpsc::Receiver<Frame>,
}

impl Socket {
    /// Sends a text frame, and returns when its function has answered.
    pub async fn send(&self, text: impl Into<String>) {
        let text = text.into();
        let (done, answered) = oneshot::channel();
        let inbound = match text.len() {
            0..=LARGEST_FRAME => Inbound::Message { frame: Frame::Text(text), done: Some(done) },
            _ => Inbound::TooLarge,
        };
        // Who writes to a socket that is closed hears nothing, here as over TCP; reading says that it is.
        let _ = self.inbound.send(inbound).await;
        let _ = answered.await;
    }

    /// The next frame; a close frame is the last one, and `None` follows when `$disconnect` is through.
    pub async fn recv(&mut self) -> Option<Frame> {
        self.outgoing.recv().await
    }

    /// The next frame, if there is one already.
    pub fn try_recv(&mut self) -> Option<Frame> {
        self.outgoing.try_recv().ok()
    }

    /// Closes the socket, and returns when `$disconnect` is through.
    pub async fn close(mut self) {
        let _ = self.inbound.send(Inbound::Closed(Ending::new(1000, ""))).await;
        while self.outgoing.recv().await.is_some() {}
    }
}
