//! Writing to a member.

use super::{TRIES, Text, admit, blocked, busy, count, unblocked};
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::{MemberId, MessageId, ThreadId};
use crate::model::account::Account;
use crate::model::conversation::{Attachment, Message, Said, Talk, Thread};
use crate::store::{Change, Condition, Key, Mixed, StoreError, Write, keys, pause};

/// A message to be.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it says.
    pub text: Text,
    /// The client's own name for it, at most [`super::LONGEST_NAME`] characters: the same name again is the same
    /// message.
    pub client_id: Option<String>,
    /// What comes with it; it lies in the bucket already.
    pub attachment: Option<Attachment>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Sent {
    /// A new message.
    New(Message),
    /// It was sent before, under the same name: this is it.
    Again(Message),
}

impl Sent {
    /// The message, either way.
    pub fn message(self) -> Message {
        match self {
            Sent::New(message) | Sent::Again(message) => message,
        }
    }
}

/// What a write of the transaction makes sure of.
#[derive(Clone, Copy, PartialEq)]
enum Guard {
    Unsaid,
    Sender,
    Recipient,
    Block,
    Attachment,
    Order,
}

/// Keeps a message for the other to read, once, whatever else is said in the same moment.
///
/// # Errors
/// Writing to oneself, to nobody, to whoever is blocked or blocks, and too often.
pub async fn send(app: &App, from: MemberId, to: MemberId, new: NewMessage) -> Result<Sent> {
    if from == to {
        return Err(Error::invalid("oneself", "You cannot write to yourself."));
    }
    let ((), sides) = tokio::try_join!(admit(app, from), Sides::of(app, from, to))?;
    keep(app, sides, new).await
}

/// The same for whoever has read already how the conversation stands.
pub async fn send_knowing(app: &App, sides: Sides, new: NewMessage) -> Result<Sent> {
    admit(app, sides.from).await?;
    keep(app, sides, new).await
}

async fn keep(app: &App, mut sides: Sides, new: NewMessage) -> Result<Sent> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            pause(attempt).await;
            sides = Sides::of(app, sides.from, sides.to).await?;
        }
        let message = number(app, &new, &sides);
        let (guards, writes): (Vec<_>, Vec<_>) = writes(app, &message, &sides)?.into_iter().unzip();
        let (guard, found) = match app.table.together(writes).await {
            Ok(()) => return Ok(Sent::New(message)),
            Err(StoreError::Refused { write, found }) => (guards.get(write).copied(), found),
            Err(StoreError::Busy(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        match guard {
            Some(Guard::Unsaid) => {
                let Some(found) = found else { continue };
                return again(app, found.read()?).await;
            }
            Some(Guard::Sender | Guard::Recipient) => return Err(Error::not_found()),
            Some(Guard::Block) => return Err(blocked()),
            Some(Guard::Attachment) => {
                let sentence = "There is no such file, or it came with another message.";
                return Err(Error::invalid_field("attachment_reference", sentence));
            }
            // Somebody else was first: look again.
            Some(Guard::Order) | None => {}
        }
    }
    Err(busy())
}

/// How a conversation stands for who writes and who reads.
#[derive(Clone, Debug)]
pub struct Sides {
    /// Who writes.
    pub from: MemberId,
    /// Who reads.
    pub to: MemberId,
    own: Option<Talk>,
    other: Option<Talk>,
}

impl Sides {
    async fn of(app: &App, from: MemberId, to: MemberId) -> Result<Sides> {
        let [own, other] = Sides::keys(from, to);
        let (own, other) = app.table.get_two(own, other).await?;
        Ok(Sides { from, to, own, other })
    }

    /// Where they lie, to be read with what else is needed.
    pub fn keys(from: MemberId, to: MemberId) -> [Key; 2] {
        [keys::talk(from, to), keys::talk(to, from)]
    }

    /// The same among what was read.
    pub fn among(found: &Mixed, from: MemberId, to: MemberId) -> Result<Sides> {
        let [own, other] = Sides::keys(from, to);
        Ok(Sides { from, to, own: found.read(&own)?, other: found.read(&other)? })
    }
}

/// The message with a number greater than any in the conversation, whatever the time is elsewhere.
fn number(app: &App, new: &NewMessage, sides: &Sides) -> Message {
    let now = app.clock.now();
    let known = sides.own.as_ref().or(sides.other.as_ref());
    let id = app.ids.next(now).max(known.map_or(0, |side| side.said_to.0 + 1));
    Message {
        id: MessageId(id),
        thread: known.map_or_else(|| ThreadId(app.ids.next(now)), |side| side.thread),
        from: sides.from,
        to: sides.to,
        text: new.text.as_str().to_owned(),
        client_id: new.client_id.clone(),
        attachment: new.attachment.clone(),
        written_at: now,
        edited_at: None,
        deleted: false,
    }
}

fn writes(app: &App, message: &Message, sides: &Sides) -> Result<Vec<(Guard, Write)>> {
    let Message { id, thread, from, to, .. } = *message;
    let mut writes = Vec::new();
    // The first refusal counts, so what was said before comes before what stands against it now.
    if let Some(client_id) = message.client_id.clone() {
        writes.push((Guard::Unsaid, Write::create(&Said { from, to, client_id, message: id })?));
    }
    writes.push((Guard::Sender, Write::check(keys::account(from), Account::usable())));
    writes.push((Guard::Recipient, Write::check(keys::account(to), Account::usable())));
    writes.extend(unblocked(from, to).map(|write| (Guard::Block, write)));
    if let Some(attachment) = &message.attachment {
        let claim = Change::of(keys::attachment(from, to, &attachment.reference)).set("message", id);
        let free = Condition::without("message").and(Condition::equals("from", from));
        writes.push((Guard::Attachment, Write::change(claim.when(free))));
    }
    writes.push((Guard::Order, Write::create(message)?));
    let order = |write| (Guard::Order, write);
    match (&sides.own, &sides.other) {
        (Some(own), Some(other)) => {
            writes
                .push(order(Write::change(moved(own, message).set("unread", 0).set("read_to", id).second_index(None))));
            let unread = moved(other, message).add("unread", 1).second_index(Some(keys::by_unread(to, id)));
            writes.push(order(Write::change(unread)));
            if own.latest.is_none() {
                writes.extend([from, to].map(|member| order(count(member, 1))));
            }
        }
        _ => {
            let own = first(message, from);
            writes.push(order(Write::create(&Talk { read_to: Some(id), ..own })?));
            writes.push(order(Write::create(&Talk { unread: 1, ..first(message, to) })?));
            let members = [from.min(to), from.max(to)];
            writes.push(order(Write::create(&Thread { id: thread, members, begun_at: message.written_at })?));
            writes.extend([from, to].map(|member| order(count(member, 1))));
        }
    }
    writes.push(order(happened(app, Event::MessageSent { message: super::bare(message) })?));
    Ok(writes)
}

/// A side that has one message more, unless a later one is there already. Of those that are sent at once it takes each,
/// in the order of their numbers; only the first one in a conversation where nothing was left must find it so.
fn moved(side: &Talk, message: &Message) -> Change {
    let earlier = match side.latest {
        Some(_) => Condition::less("said_to", message.id),
        None => Condition::equals("said_to", side.said_to),
    };
    Change::of(keys::talk(side.member, side.other))
        .when(earlier.and(Condition::equals("changes", side.changes)))
        .set("latest", message)
        .set("said_to", message.id)
        .set("moved_at", message.written_at)
        .add("messages", 1)
        .index(Some(keys::by_talk(side.member, message.id)))
}

/// The side of `member`, after the first message.
fn first(message: &Message, member: MemberId) -> Talk {
    Talk {
        member,
        other: message.other_than(member),
        thread: message.thread,
        latest: Some(message.clone()),
        unread: 0,
        read_to: None,
        said_to: message.id,
        messages: 1,
        changes: 0,
        moved_at: message.written_at,
        begun_at: message.written_at,
    }
}

/// What was sent before under the same name.
async fn again(app: &App, said: Said) -> Result<Sent> {
    let message = app.table.get(keys::message(said.from, said.to, said.message)).await?;
    let gone = || Error::conflict("message_deleted", "This message was sent before, and taken back.");
    message.map(Sent::Again).ok_or_else(gone)
}
