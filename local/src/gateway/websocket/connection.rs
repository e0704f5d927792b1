//! One open socket: its frames go to functions one after the other, until somebody closes it or time does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared::clock::Clock;
use tokio::sync::{mpsc, oneshot, watch};

use super::events::{self, About, Identity};
use super::{Ending, Frame, Gone, Sockets, Status, trouble};
use crate::cloud::Cloud;
use crate::template::SocketApi;

/// A socket on which nothing moves is closed.
const IDLE: TimeDelta = TimeDelta::minutes(10);
/// No socket lives longer.
const LONGEST: TimeDelta = TimeDelta::hours(2);

/// What arrives from a client.
#[derive(Debug)]
pub enum Inbound {
    /// A message; `done` hears when its function has answered.
    Message { frame: Frame, done: Option<oneshot::Sender<()>> },
    /// A ping or a pong, which no function sees.
    SignOfLife,
    /// More than a frame or a message may hold.
    TooLarge,
    /// The client's goodbye.
    Closed(Ending),
}

/// An open socket, as the gateway holds it.
pub struct Connection {
    pub id: String,
    identity: Identity,
    clock: Clock,
    connected_at: DateTime<Utc>,
    outbox: mpsc::Sender<Frame>,
    /// When a frame last went either way.
    active_at: Mutex<DateTime<Utc>>,
    ending: watch::Sender<Option<Ending>>,
    forgotten: watch::Sender<bool>,
}

impl Connection {
    pub fn new(id: String, identity: Identity, outbox: mpsc::Sender<Frame>, clock: Clock) -> Connection {
        let now = clock.now();
        Connection {
            id,
            identity,
            clock,
            connected_at: now,
            outbox,
            active_at: Mutex::new(now),
            ending: watch::Sender::new(None),
            forgotten: watch::Sender::new(false),
        }
    }

    /// Queues a frame for the client without waiting for it.
    pub fn send(&self, frame: Frame) -> Result<(), Gone> {
        self.touch();
        self.outbox.try_send(frame).map_err(|_| {
            self.end(Ending::new(1008, "Too slow"));
            Gone
        })
    }

    /// Closes the socket; whoever says so first gives the reason.
    pub fn end(&self, ending: Ending) {
        self.ending.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(ending);
            first
        });
    }

    /// Returns when the socket begins to close, with the reason.
    pub async fn ended(&self) -> Ending {
        let mut ending = self.ending.subscribe();
        let ended = ending.wait_for(Option::is_some).await;
        // The sender lives as long as the connection, so there is always a reason in the end.
        ended.ok().and_then(|ending| ending.clone()).unwrap_or_else(|| Ending::new(1000, ""))
    }

    /// Returns when `$disconnect` is through.
    pub async fn forgotten(&self) {
        let _ = self.forgotten.subscribe().wait_for(|forgotten| *forgotten).await;
    }

    pub fn status(&self) -> Status {
        Status {
            connected_at: self.connected_at,
            last_active_at: *self.active_at(),
            source_ip: self.identity.source_ip.clone(),
            user_agent: self.identity.user_agent.clone(),
        }
    }

    fn touch(&self) {
        *self.active_at() = self.clock.now();
    }

    /// When it closes if nothing moves from now on.
    fn closes_at(&self) -> DateTime<Utc> {
        (*self.active_at() + IDLE).min(self.connected_at + LONGEST)
    }

    fn active_at(&self) -> MutexGuard<'_, DateTime<Utc>> {
        self.active_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn about(&self) -> About<'_> {
        About { id: &self.id, identity: &self.identity, connected_at: self.connected_at, now: self.clock.now() }
    }
}

/// The whole life of a socket after `$connect`.
pub async fn live(cloud: Cloud, sockets: Sockets, connection: Arc<Connection>, mut inbox: mpsc::Receiver<Inbound>) {
    let ending = last_words(&cloud, &connection, &mut inbox).await;
    sockets.forget(&connection.id);
    connection.end(ending.clone());
    // A full queue has no room for a goodbye; its transport ends with the connection.
    let _ = connection.outbox.try_send(Frame::Close(ending.clone()));
    if let Some(function) = cloud.template().sockets.routes.get("$disconnect") {
        let event = events::disconnect(&connection.about(), &ending);
        // The function logs why it failed, and there is nobody left to tell.
        let _ = cloud.functions().invoke(function, event).await;
    }
    connection.forgotten.send_replace(true);
}

/// Hands over frames until there is a reason to stop, which is returned.
async fn last_words(cloud: &Cloud, connection: &Connection, inbox: &mut mpsc::Receiver<Inbound>) -> Ending {
    loop {
        let closes_at = connection.closes_at();
        tokio::select! {
            biased;
            ending = connection.ended() => return ending,
            // A frame to the client counts as life, too, and moves the moment while we wait for it.
            () = connection.clock.reached(closes_at) => {
                if connection.closes_at() <= connection.clock.now() {
                    return Ending::new(1001, "Going away");
                }
            }
            inbound = inbox.recv() => match inbound {
                Some(Inbound::Message { frame, done }) => {
                    connection.touch();
                    deliver(cloud, connection, frame).await;
                    drop(done);
                }
                Some(Inbound::SignOfLife) => connection.touch(),
                Some(Inbound::TooLarge) => return Ending::new(1009, "Message too long"),
                Some(Inbound::Closed(ending)) => return ending,
                None => return Ending::new(1006, ""),
            },
        }
    }
}

/// Gives a message to its route's function. What the function answers goes nowhere: the template gives no route a
/// response, and functions write to sockets by their ids.
async fn deliver(cloud: &Cloud, connection: &Connection, frame: Frame) {
    let message = match route(&cloud.template().sockets, &frame) {
        Some((route, function)) => {
            let event = events::message(&connection.about(), route, frame);
            match cloud.functions().invoke(function, event).await.outcome {
                Ok(_) => return,
                Err(_) => "Internal server error",
            }
        }
        None => "Forbidden",
    };
    let _ = connection.send(Frame::Text(trouble(&connection.id, message).to_string()));
}

/// The route that `$request.body.action` names, else `$default`.
fn route<'a>(api: &'a SocketApi, frame: &Frame) -> Option<(&'a str, &'a str)> {
    let action = match frame {
        Frame::Text(text) => serde_json::from_str::<Value>(text).ok(),
        _ => None,
    };
    let action = action.as_ref().and_then(|body| body.get("action")).and_then(Value::as_str).unwrap_or_default();
    let named = (!action.starts_with('$')).then(|| api.routes.get_key_value(action)).flatten();
    named.or_else(|| api.routes.get_key_value("$default")).map(|(route, function)| (route.as_str(), function.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

    fn connection(room: usize) -> (Connection, mpsc::Receiver<Frame>) {
        let (outbox, outgoing) = mpsc::channel(room);
        let client = SocketAddr::from(([127, 0, 0, 1], 1));
        let identity = Identity::new(&SocketApi::default(), &http::HeaderMap::new(), client);
        (Connection::new("id=".into(), identity, outbox, Clock::system()), outgoing)
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_off() {
        let (connection, _outgoing) = connection(1);
        assert_eq!(connection.send(Frame::Text("1".into())), Ok(()));
        assert_eq!(connection.send(Frame::Text("2".into())), Err(Gone));
        assert_eq!(connection.ended().await.code, 1008);
        connection.end(Ending::new(1000, ""));
        assert_eq!(connection.ended().await.code, 1008, "the first reason stays");
    }

    #[test]
    fn the_action_names_the_route() {
        let routes = ["$connect", "$default", "post"].map(|key| (key.to_owned(), format!("for {key}")));
        let api = SocketApi { routes: BTreeMap::from(routes), ..SocketApi::default() };
        let chosen = |text: &str| route(&api, &Frame::Text(text.into())).unwrap().0.to_owned();
        assert_eq!(chosen(r#"{"action":"post"}"#), "post");
        assert_eq!(chosen(r#"{"action":"$connect"}"#), "$default");
        assert_eq!(chosen(r#"{"action":7}"#), "$default");
        assert_eq!(chosen("not json"), "$default");
        assert_eq!(route(&SocketApi::default(), &Frame::Text("{}".into())), None);
    }
}
