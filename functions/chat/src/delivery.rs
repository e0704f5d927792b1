//! What happens in conversations reaches the open sockets of both members, each in the words of its client.
//!
//! Everybody hears of everything by the bus, whoever sent it and by whichever way. Clients know what comes twice by its
//! id: an event that was told leaves a note, but between telling and noting a function may end.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::events::{Event, Happened};
use shared::ids::{EventId, MemberId, MessageId, ThreadId};
use shared::model::conversation::Message;
use shared::model::socket::{Presence, Surface};
use shared::store::{Key, Mixed, Query, Stored, keys};
use shared::{App, Error, Result};

use crate::frames::ServerFrame;
use crate::talks::Seen;
use crate::{connection, missed, skillnet, sukuwatto};

/// Sockets of one member that are written to, at most but for the rest of a page.
const MOST: usize = 2_000;
/// Sockets read at once.
const PAGE: usize = 100;
/// Sockets that are written to at once.
const AT_ONCE: usize = 50;
/// How long a socket may take to take a frame.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is remembered that something was told: longer than a queue goes on handing it out.
const REMEMBERED: chrono::Duration = chrono::Duration::hours(1);

/// That something was told.
#[derive(Serialize, Deserialize)]
struct Told {
    event: EventId,
    until: DateTime<Utc>,
}

impl Stored for Told {
    fn key(&self) -> Key {
        keys::delivered(self.event)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.until)
    }
}

/// An open socket of one of the two in a conversation.
struct Listener {
    open: Presence,
    /// Whether it is the second one's.
    is_second: bool,
    /// The other of the two.
    other: MemberId,
}

impl Listener {
    /// Whether it hears more of a message than what lies with the message itself: who the two are, and how far they read.
    fn sees_people(&self) -> bool {
        !matches!(self.open.surface, Surface::SukuwattoChat { .. } | Surface::SukuwattoFeed)
    }
}

/// Tells both members of a conversation what happened there, as far as they are there to hear it.
pub async fn deliver(app: &App, Happened { id, event, .. }: &Happened) -> Result<()> {
    let (one, two) = match event {
        Event::MessageSent { message } | Event::MessageEdited { message } | Event::MessageDeleted { message } => {
            (message.from, message.to)
        }
        Event::MessagesRead { member, other, .. } => (*member, *other),
        _ => return Ok(()),
    };
    let listeners = listeners(app, one, two).await?;
    if listeners.is_empty() {
        return Ok(());
    }
    let told = keys::delivered(*id);
    let mut needed = vec![told.clone()];
    if let Event::MessageSent { message } | Event::MessageEdited { message } = event {
        needed.push(keys::message(message.from, message.to, message.id));
        if listeners.iter().any(Listener::sees_people) {
            needed.extend(Seen::keys(message));
        }
    }
    let found = app.table.get_mixed(&needed).await?;
    if found.read::<Told>(&told)?.is_some() {
        return Ok(());
    }
    let frames = match event {
        Event::MessageSent { message } => match as_it_is(&found, message)? {
            Some(message) => sent(app, &message, Seen::among(&found, &message)?, listeners)?,
            None => vec![],
        },
        Event::MessageEdited { message } => match as_it_is(&found, message)? {
            Some(message) => edited(app, &message, Seen::among(&found, &message)?, listeners)?,
            None => vec![],
        },
        Event::MessageDeleted { message } => deleted(message, listeners)?,
        Event::MessagesRead { member, thread, read_to, .. } => read(*member, *thread, *read_to, listeners)?,
        _ => vec![],
    };
    send_all(app, frames).await;
    note(app, *id).await
}

/// Tells a socket what its client missed, once.
pub async fn catch_up(app: &App, event: EventId, member: MemberId, connection: &str) -> Result<()> {
    if app.table.get::<Told>(keys::delivered(event)).await?.is_some() {
        return Ok(());
    }
    missed::tell(app, member, connection).await?;
    note(app, event).await
}

/// Notes that an event was told.
async fn note(app: &App, event: EventId) -> Result<()> {
    Ok(app.table.put(&Told { event, until: app.clock.now() + REMEMBERED }).await?)
}

/// The message as it is now: what was taken back meanwhile is not told any more.
fn as_it_is(found: &Mixed, message: &Message) -> Result<Option<Message>> {
    let now = found.read::<Message>(&keys::message(message.from, message.to, message.id))?;
    Ok(now.filter(|now| !now.deleted))
}

/// A frame, and the socket that it is for.
type Addressed = (Value, Presence);

/// Asks for every listener which frame it is to hear, if any.
fn each(listeners: Vec<Listener>, frame: impl Fn(&Listener) -> Result<Option<Value>>) -> Result<Vec<Addressed>> {
    let frame = |listener: Listener| Ok(frame(&listener)?.map(|frame| (frame, listener.open)));
    listeners.into_iter().filter_map(|listener| frame(listener).transpose()).collect()
}

fn sent(app: &App, message: &Message, seen: Option<Seen>, listeners: Vec<Listener>) -> Result<Vec<Addressed>> {
    let id = message.id;
    each(listeners, |Listener { open, is_second, other }| match (open.surface, &seen) {
        // It is told with what was missed.
        _ if open.missed.iter().any(|missed| missed.thread == message.thread && id <= missed.to) => Ok(None),
        (Surface::SukuwattoChat { with }, _) if with == *other => {
            text(&sukuwatto::ServerFrame::sent(message)).map(Some)
        }
        (Surface::SukuwattoFeed, _) if *is_second => text(&sukuwatto::ServerFrame::sent(message)).map(Some),
        (Surface::Native, Some(seen)) => {
            text(&ServerFrame::MessageNew { id, data: Box::new(seen.view(app, message)) }).map(Some)
        }
        (Surface::SkillnetRoom { with }, Some(seen)) if with == *other => {
            text(&skillnet::ServerFrame::sent(message, &seen.names[0])).map(Some)
        }
        (Surface::SkillnetNotifications, Some(seen)) if *is_second => {
            let words = format!("New message from {}", seen.names[0]);
            Ok(Some(json!({ "type": "message.new", "id": id, "data": seen.view(app, message), "message": words })))
        }
        _ => Ok(None),
    })
}

fn edited(app: &App, message: &Message, seen: Option<Seen>, listeners: Vec<Listener>) -> Result<Vec<Addressed>> {
    let native =
        seen.map(|seen| ServerFrame::MessageEdited { id: message.id, data: Box::new(seen.view(app, message)) });
    let native = native.as_ref().map(text).transpose()?;
    changed(listeners, native, text(&sukuwatto::ServerFrame::edited(message))?)
}

fn deleted(message: &Message, listeners: Vec<Listener>) -> Result<Vec<Addressed>> {
    let data = json!({ "thread_id": message.thread, "id": message.id });
    let native = json!({ "type": "message.deleted", "id": message.id, "data": data });
    changed(listeners, Some(native), text(&sukuwatto::ServerFrame::deleted(message))?)
}

/// SkillNet's room has no words for what becomes of messages; its client reads them again when it comes back.
fn changed(listeners: Vec<Listener>, native: Option<Value>, chat: Value) -> Result<Vec<Addressed>> {
    each(listeners, |Listener { open, is_second, other }| {
        Ok(match open.surface {
            Surface::Native => native.clone(),
            Surface::SukuwattoChat { with } if with == *other => Some(chat.clone()),
            Surface::SukuwattoFeed if *is_second => Some(chat.clone()),
            _ => None,
        })
    })
}

fn read(member: MemberId, thread: ThreadId, read_to: MessageId, listeners: Vec<Listener>) -> Result<Vec<Addressed>> {
    let data = json!({ "thread_id": thread, "user": member, "read_to": read_to });
    let frame = json!({ "type": "message.read", "id": read_to, "data": data });
    each(listeners, |listener| Ok((listener.open.surface == Surface::Native).then(|| frame.clone())))
}

/// The open sockets of two members.
async fn listeners(app: &App, one: MemberId, two: MemberId) -> Result<Vec<Listener>> {
    let (first, second) = tokio::try_join!(sockets(app, one), sockets(app, two))?;
    let first = first.into_iter().map(|open| Listener { open, is_second: false, other: two });
    let second = second.into_iter().map(|open| Listener { open, is_second: true, other: one });
    Ok(first.chain(second).collect())
}

/// The open sockets of a member.
pub async fn sockets(app: &App, member: MemberId) -> Result<Vec<Presence>> {
    let mut sockets = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::sockets_of(member), PAGE).on_from(next.as_deref())?;
        let page = app.table.query::<Presence>(query).await?;
        sockets.extend(page.items);
        next = page.next;
        if next.is_none() || sockets.len() >= MOST {
            return Ok(sockets);
        }
    }
}

/// Sends one frame to those sockets of a member that speak our own words.
pub async fn tell(app: &App, member: MemberId, frame: &Value) -> Result<()> {
    let native = sockets(app, member).await?.into_iter().filter(|open| open.surface == Surface::Native);
    send_all(app, native.map(|open| (frame.clone(), open)).collect()).await;
    Ok(())
}

/// Sends frames. A slow socket holds up none of the others, and what one did not get its client asks for when it comes
/// back.
pub async fn send_all(app: &App, frames: Vec<Addressed>) {
    let sent = stream::iter(frames).map(|(frame, open)| async move {
        let slow = |cause| Error::internal("A socket did not take a frame in time.", cause);
        let sent = tokio::time::timeout(PATIENCE, connection::send(app, &open, &frame)).await;
        if let Err(error) = sent.map_err(slow).flatten() {
            tracing::warn!("{error}");
        }
    });
    sent.buffer_unordered(AT_ONCE).collect::<()>().await;
}

fn text(frame: &impl Serialize) -> Result<Value> {
    serde_json::to_value(frame).map_err(|cause| Error::internal("A frame could not be written.", cause))
}
