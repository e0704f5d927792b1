//! Conversations of two members: writing, changing, taking back, reading. Every dialect, and every socket, comes here.
//!
//! Each of the two has a side of the conversation ([`Talk`]), and both sides change in the transaction that keeps a
//! message: which is the latest, how many the other has not read. Messages of a conversation are numbered in the order
//! in which they are kept, so that whoever asks for what came after one misses nothing.

mod change;
mod leave;
mod read;
mod send;
mod text;

pub use change::{Removal, edit, remove};
pub use leave::forget_all;
pub use read::{
    LONGEST_LIST, between, by_name, conversations, mark_read, other_sides, page_of_all, side, since, thread, unread,
};
pub use send::{NewMessage, Sent, Sides, send, send_knowing};
pub use text::{LONGEST, LONGEST_NAME, Text};

use chrono::Duration;

use crate::app::App;
use crate::auth::limits;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::model::conversation::{Message, Talk};
use crate::store::{Change, Condition, Write, keys};

/// How often a change is tried that met another one in the same conversation.
const TRIES: u32 = 8;

/// What one member writes, changes and takes back in a minute.
const PER_MINUTE: u32 = 60;

/// Counts what a member says.
async fn admit(app: &App, member: MemberId) -> Result<()> {
    limits::take(app, "message", &member.to_string(), PER_MINUTE, Duration::minutes(1)).await.map(drop)
}

/// That neither of these two has blocked the other.
pub fn unblocked(one: MemberId, other: MemberId) -> [Write; 2] {
    [(one, other), (other, one)]
        .map(|(member, blocked)| Write::check(keys::block(member, blocked), Condition::absent()))
}

/// A change of a side that nobody has changed since it was read, but for reading.
fn as_known(side: &Talk) -> Change {
    let known = Condition::equals("said_to", side.said_to).and(Condition::equals("changes", side.changes));
    Change::of(keys::talk(side.member, side.other)).when(known)
}

/// Counts a conversation of a member, or one less.
fn count(member: MemberId, by: i64) -> Write {
    Write::change(Change::of(keys::talk_count(member)).or_create().add("count", by))
}

/// A message without what it says, for events: these outlive it, and whoever tells of it reads it again.
fn bare(message: &Message) -> Message {
    Message { text: String::new(), attachment: None, ..message.clone() }
}

fn blocked() -> Error {
    Error::forbidden("blocked", "You cannot write to this member.")
}

fn busy() -> Error {
    Error::conflict("busy_conversation", "Too much is being said here at once. Try again.")
}
