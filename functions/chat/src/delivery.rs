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

/// Sockets of one member that are written to at most.
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

/// Tells both members of a conversation what happened there.
pub async fn deliver(app: &App, happened: &Happened) -> Result<()> {
    let told = keys::delivered(happened.id);
    let mut needed = vec![told.clone()];
    if let Event::MessageSent { message } | Event::MessageEdited { message } = &happened.event {
        needed.push(keys::message(message.from, message.to, message.id));
        needed.extend(Seen::keys(message));
    }
    let found = app.table.get_mixed(&needed).await?;
    if found.read::<Told>(&told)?.is_some() {
        return Ok(());
    }
    match &happened.event {
        Event::MessageSent { message } => sent(app, as_it_is(&found, message)?).await?,
        Event::MessageEdited { message } => edited(app, as_it_is(&found, message)?).await?,
        Event::MessageDeleted { message } => deleted(app, message).await?,
        Event::MessagesRead { member, other, thread, read_to } => read(app, *member, *other, *thread, *read_to).await?,
        Event::MissedAsked { member, connection } => missed::tell(app, *member, connection).await?,
        _ => return Ok(()),
    }
    Ok(app.table.put(&Told { event: happened.id, until: app.clock.now() + REMEMBERED }).await?)
}

/// The message as it is now: what was taken back meanwhile is not told any more.
fn as_it_is(found: &Mixed, message: &Message) -> Result<Option<(Message, Seen)>> {
    let now = found.read::<Message>(&keys::message(message.from, message.to, message.id))?;
    Ok(now.filter(|now| !now.deleted).zip(Seen::among(found, message)?))
}

async fn sent(app: &App, as_it_is: Option<(Message, Seen)>) -> Result<()> {
    let Some((message, seen)) = as_it_is else { return Ok(()) };
    let view = seen.view(app, &message);
    let [writer, _] = &seen.names;
    let native = text(&ServerFrame::MessageNew { id: message.id, data: Box::new(view.clone()) })?;
    let notice = json!({
        "type": "message.new", "id": message.id, "data": view, "message": format!("New message from {writer}"),
    });
    let chat = text(&sukuwatto::ServerFrame::sent(&message))?;
    let room = text(&skillnet::ServerFrame::sent(&message, writer))?;
    tell_both(app, message.from, message.to, |to_reader, other, open| match open.surface {
        // It is told with what was missed.
        _ if open.missed.iter().any(|missed| missed.thread == message.thread && message.id <= missed.to) => None,
        Surface::Native => Some(native.clone()),
        Surface::SukuwattoChat { with } if with == other => Some(chat.clone()),
        Surface::SukuwattoFeed if to_reader => Some(chat.clone()),
        Surface::SkillnetRoom { with } if with == other => Some(room.clone()),
        Surface::SkillnetNotifications if to_reader => Some(notice.clone()),
        _ => None,
    })
    .await
}

async fn edited(app: &App, as_it_is: Option<(Message, Seen)>) -> Result<()> {
    let Some((message, seen)) = as_it_is else { return Ok(()) };
    let native = text(&ServerFrame::MessageEdited { id: message.id, data: Box::new(seen.view(app, &message)) })?;
    let chat = text(&sukuwatto::ServerFrame::edited(&message))?;
    changed(app, &message, &native, &chat).await
}

async fn deleted(app: &App, message: &Message) -> Result<()> {
    let data = json!({ "thread_id": message.thread, "id": message.id });
    let native = json!({ "type": "message.deleted", "id": message.id, "data": data });
    let chat = text(&sukuwatto::ServerFrame::deleted(message))?;
    changed(app, message, &native, &chat).await
}

/// SkillNet's room has no words for what becomes of messages; its client reads them again when it comes back.
async fn changed(app: &App, message: &Message, native: &Value, chat: &Value) -> Result<()> {
    tell_both(app, message.from, message.to, |to_reader, other, open| match open.surface {
        Surface::Native => Some(native.clone()),
        Surface::SukuwattoChat { with } if with == other => Some(chat.clone()),
        Surface::SukuwattoFeed if to_reader => Some(chat.clone()),
        _ => None,
    })
    .await
}

async fn read(app: &App, member: MemberId, other: MemberId, thread: ThreadId, read_to: MessageId) -> Result<()> {
    let data = json!({ "thread_id": thread, "user": member, "read_to": read_to });
    let frame = json!({ "type": "message.read", "id": read_to, "data": data });
    tell_both(app, member, other, |_, _, open| (open.surface == Surface::Native).then(|| frame.clone())).await
}

/// Tells two members what is for each: `frame` is asked whether it is the second one's socket, with whom the other side
/// is, and which socket.
async fn tell_both(
    app: &App,
    one: MemberId,
    two: MemberId,
    frame: impl Fn(bool, MemberId, &Presence) -> Option<Value>,
) -> Result<()> {
    let first = tell(app, one, |open| frame(false, two, open));
    let second = tell(app, two, |open| frame(true, one, open));
    tokio::try_join!(first, second).map(drop)
}

/// Sends to every open socket of a member the frame that is for it. A slow one holds up none of the others, and what one
/// did not get its client asks for when it comes back.
pub async fn tell(app: &App, member: MemberId, frame: impl Fn(&Presence) -> Option<Value>) -> Result<()> {
    let mut frames = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::sockets_of(member), PAGE).on_from(next.as_deref())?;
        let page = app.table.query::<Presence>(query).await?;
        frames.extend(page.items.into_iter().filter_map(|open| Some((frame(&open)?, open))));
        next = page.next;
        if next.is_none() || frames.len() >= MOST {
            break;
        }
    }
    let sent = stream::iter(frames).map(|(frame, open)| async move {
        let slow = |cause| Error::internal("A socket did not take a frame in time.", cause);
        let sent = tokio::time::timeout(PATIENCE, connection::send(app, &open, &frame)).await;
        if let Err(error) = sent.map_err(slow).flatten() {
            tracing::warn!("{error}");
        }
    });
    sent.buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

fn text(frame: &impl Serialize) -> Result<Value> {
    serde_json::to_value(frame).map_err(|cause| Error::internal("A frame could not be written.", cause))
}
