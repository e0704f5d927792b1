//! Changing a message, and taking it back: by whoever wrote it, and nobody else.

use chrono::Duration;

use super::{TRIES, Text, admit, as_known, bare, blocked, busy, count, unblocked};
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::{MemberId, MessageId};
use crate::model::conversation::{Message, Talk};
use crate::store::{Change, Condition, Query, StoreError, Write, keys, pause};

/// What is left of a message that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing.
    Whole,
    /// Its place, and who wrote it when.
    Trace,
}

/// A message with both sides of its conversation, and the latest two messages there.
struct Scene {
    message: Message,
    own: Talk,
    other: Talk,
    latest: Vec<Message>,
}

/// Changes what a message of `by` to `to` says. It may be done for as long as `within` says, or for ever.
pub async fn edit(
    app: &App,
    by: MemberId,
    to: MemberId,
    message: MessageId,
    text: &Text,
    within: Option<Duration>,
) -> Result<Message> {
    admit(app, by).await?;
    for attempt in 0..TRIES {
        let scene = look(app, by, to, message, within, attempt).await?;
        let edited_at = Some(app.clock.now());
        let edited = Message { text: text.as_str().to_owned(), edited_at, ..scene.message.clone() };
        let change = Change::of(keys::message(by, to, message)).set("text", &edited.text).set("edited_at", edited_at);
        let mut writes = Vec::from(unblocked(by, to));
        writes.push(Write::change(change));
        for side in [&scene.own, &scene.other] {
            let mut change = as_known(side).add("changes", 1);
            if is_latest(side, message) {
                change = change.set("latest", &edited);
            }
            writes.push(Write::change(change));
        }
        writes.push(happened(app, Event::MessageEdited { message: bare(&edited) })?);
        if done(app, writes).await? {
            return Ok(edited);
        }
    }
    Err(busy())
}

/// Takes back a message of `by` to `to`. Whoever had not read it has one less to read.
pub async fn remove(
    app: &App,
    by: MemberId,
    to: MemberId,
    message: MessageId,
    removal: Removal,
    within: Option<Duration>,
) -> Result<Message> {
    admit(app, by).await?;
    for attempt in 0..TRIES {
        let scene = look(app, by, to, message, within, attempt).await?;
        let trace = Message { deleted: true, ..bare(&scene.message) };
        let mut writes = Vec::from(unblocked(by, to));
        writes.push(match removal {
            Removal::Whole => Write::delete(keys::message(by, to, message), Condition::present()),
            Removal::Trace => {
                let change = Change::of(keys::message(by, to, message)).set("text", "").set("deleted", true);
                Write::change(change.remove("attachment"))
            }
        });
        let next = match removal {
            Removal::Whole => scene.latest.iter().find(|other| other.id != message).cloned(),
            Removal::Trace => Some(trace.clone()),
        };
        for side in [&scene.own, &scene.other] {
            writes.push(Write::change(without(side, &scene.message, next.as_ref(), removal)));
            if is_latest(side, message) && next.is_none() {
                writes.push(count(side.member, -1));
            }
        }
        if let Some(attachment) = &scene.message.attachment {
            let gone = Event::FilesOrphaned { member: by, files: vec![attachment.file.clone()] };
            writes.push(happened(app, gone)?);
            writes.push(Write::delete(keys::attachment(by, to, &attachment.reference), Condition::default()));
        }
        writes.push(happened(app, Event::MessageDeleted { message: trace.clone() })?);
        if done(app, writes).await? {
            return Ok(trace);
        }
    }
    Err(busy())
}

/// A side after the message is gone from it; `next` is then the latest, if it was that.
fn without(side: &Talk, message: &Message, next: Option<&Message>, removal: Removal) -> Change {
    // Whether it is among the unread must still be as it was.
    let mut change = as_known(side).add("changes", 1).when(Condition::equals("read_to", side.read_to));
    if removal == Removal::Whole {
        change = change.add("messages", -1);
    }
    let was_unread = message.to == side.member && side.read_to.is_none_or(|read_to| read_to < message.id);
    let unread = (side.unread - i64::from(was_unread)).max(0);
    if unread < side.unread {
        change = change.add("unread", -1);
    }
    let latest = if is_latest(side, message.id) { next } else { side.latest.as_ref() };
    if is_latest(side, message.id) {
        change = change.set("latest", latest).index(latest.map(|latest| keys::by_talk(side.member, latest.id)));
    }
    let place = latest.filter(|_| unread > 0).map(|latest| keys::by_unread(side.member, latest.id));
    change.second_index(place)
}

fn is_latest(side: &Talk, message: MessageId) -> bool {
    side.latest.as_ref().is_some_and(|latest| latest.id == message)
}

async fn look(
    app: &App,
    by: MemberId,
    to: MemberId,
    message: MessageId,
    within: Option<Duration>,
    attempt: u32,
) -> Result<Scene> {
    if attempt > 0 {
        pause(attempt).await;
    }
    let found = app.table.get_three(keys::message(by, to, message), keys::talk(by, to), keys::talk(to, by));
    let latest = app.table.query(Query::of(keys::messages(by, to), 2).backwards());
    let (found, latest) = tokio::try_join!(found, latest)?;
    let (Some(message), Some(own), Some(other)) = found else { return Err(Error::not_found()) };
    let message: Message = message;
    if message.from != by {
        return Err(Error::forbidden("not_yours", "Only whoever wrote a message may change it."));
    }
    if message.deleted {
        return Err(Error::not_found());
    }
    if within.is_some_and(|within| app.clock.now() - message.written_at > within) {
        return Err(Error::forbidden("too_late", "It is too late to change this message."));
    }
    Ok(Scene { message, own, other, latest: latest.items })
}

/// Whether it was done; if not, it is worth another look.
async fn done(app: &App, writes: Vec<Write>) -> Result<bool> {
    match app.table.together(writes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { write: 0 | 1, .. }) => Err(blocked()),
        Err(StoreError::Refused { .. } | StoreError::Busy(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
