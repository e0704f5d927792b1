//! Keys of conversations. A conversation is of two members and lies in one partition; each of the two has a side of it.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | what was said between these two? | `PAIR#<id>#<id>` | `MESSAGE#<message>` |
//! | did a member say this already, by the client's own name for it? | `PAIR#<id>#<id>` | `SAID#<member>#<name, hashed>` |
//! | what is this file that came with a message, or will? | `PAIR#<id>#<id>` | `ATTACHMENT#<reference>` |
//! | whose conversation is this? | `THREAD#<id>` | `THREAD` |
//! | how does a conversation stand for a member? | `MEMBER#<id>` | `TALK#<id>` |
//! | how many conversations has a member? | `MEMBER#<id>` | `TALKS` |
//! | were the sockets told of this? | `DELIVERED#<event>` | `DELIVERED` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | which conversations has a member, by their latest message? | `TALKS#<id>` | `<message>` |
//! | what has a member written to anybody? | `WROTE#<id>` | `<message>` |
//!
//! | question | index `gsi2` partition | sort key |
//! | --- | --- | --- |
//! | in which conversations has a member not read everything? | `UNREAD#<id>` | `<message>` |
//! | what has anybody written to a member? | `HEARD#<id>` | `<message>` |

use super::{Index, IndexKey, Key, Range, digest, key, member_partition};
use crate::ids::{EventId, MemberId, MessageId, ThreadId};

fn pair(one: MemberId, other: MemberId) -> String {
    let (low, high) = (one.min(other), one.max(other));
    format!("PAIR#{low}#{high}")
}

/// One message between two members, whichever of them is named first.
pub fn message(one: MemberId, other: MemberId, message: MessageId) -> Key {
    key(pair(one, other), format!("MESSAGE#{:016}", message.0))
}

/// What was said between these two? The first first.
pub fn messages(one: MemberId, other: MemberId) -> Range {
    Range { pk: pair(one, other), prefix: "MESSAGE#".to_owned(), index: None }
}

/// Did `from` say this to `to` already? Takes the client's own name for it, which is hashed.
pub fn said(from: MemberId, to: MemberId, client_id: &str) -> Key {
    key(pair(from, to), format!("SAID#{from}#{}", digest(client_id)))
}

/// What is this file that came with a message between these two, or will?
pub fn attachment(one: MemberId, other: MemberId, reference: &str) -> Key {
    key(pair(one, other), format!("ATTACHMENT#{reference}"))
}

/// The files that came with messages between these two, or will.
pub fn attachments(one: MemberId, other: MemberId) -> Range {
    Range { pk: pair(one, other), prefix: "ATTACHMENT#".to_owned(), index: None }
}

/// All that lies between these two.
pub fn all_between(one: MemberId, other: MemberId) -> Range {
    Range { pk: pair(one, other), prefix: String::new(), index: None }
}

/// Whose conversation is this?
pub fn thread(thread: ThreadId) -> Key {
    key(format!("THREAD#{thread}"), "THREAD")
}

/// How does the conversation with `other` stand for `member`?
pub fn talk(member: MemberId, other: MemberId) -> Key {
    key(member_partition(member), format!("TALK#{:016}", other.0))
}

/// With whom has this member talked? In the order of their ids.
pub fn talks_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "TALK#".to_owned(), index: None }
}

/// A conversation's place among a member's: by its latest message.
pub fn by_talk(member: MemberId, latest: MessageId) -> IndexKey {
    IndexKey { pk: format!("TALKS#{member}"), sk: format!("{:016}", latest.0) }
}

/// Which conversations has this member? The one that has been quiet for longest first.
pub fn talks(member: MemberId) -> Range {
    Range { pk: format!("TALKS#{member}"), prefix: String::new(), index: Some(Index::First) }
}

/// A conversation's place among those in which a member has not read everything: by its latest message.
pub fn by_unread(member: MemberId, latest: MessageId) -> IndexKey {
    IndexKey { pk: format!("UNREAD#{member}"), sk: format!("{:016}", latest.0) }
}

/// In which conversations has this member not read everything? The one that has been quiet for longest first.
pub fn unread_talks(member: MemberId) -> Range {
    Range { pk: format!("UNREAD#{member}"), prefix: String::new(), index: Some(Index::Second) }
}

/// A message's place among all that a member wrote.
pub fn by_writer(member: MemberId, message: MessageId) -> IndexKey {
    IndexKey { pk: format!("WROTE#{member}"), sk: format!("{:016}", message.0) }
}

/// What has this member written to anybody? The first first.
pub fn written_by(member: MemberId) -> Range {
    Range { pk: format!("WROTE#{member}"), prefix: String::new(), index: Some(Index::First) }
}

/// A message's place among all that was written to a member.
pub fn by_reader(member: MemberId, message: MessageId) -> IndexKey {
    IndexKey { pk: format!("HEARD#{member}"), sk: format!("{:016}", message.0) }
}

/// What has anybody written to this member? The first first.
pub fn written_to(member: MemberId) -> Range {
    Range { pk: format!("HEARD#{member}"), prefix: String::new(), index: Some(Index::Second) }
}

/// How many conversations has this member?
pub fn talk_count(member: MemberId) -> Key {
    key(member_partition(member), "TALKS")
}

/// Were the sockets told of this?
pub fn delivered(event: EventId) -> Key {
    key(format!("DELIVERED#{event}"), "DELIVERED")
}
