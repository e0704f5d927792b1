//! Keys of conversations. A conversation is of two members and lies in one partition; each of the two has a side of it.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | what was said between these two? | `PAIR#<id>#<id>` | `MESSAGE#<message>` |
//! | was this said already, by the client's own name for it? | `PAIR#<id>#<id>` | `SAID#<name, hashed>` |
//! | whose conversation is this? | `THREAD#<id>` | `THREAD` |
//! | how does a conversation stand for a member? | `MEMBER#<id>` | `TALK#<id>` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | which conversations has a member, by their latest message? | `TALKS#<id>` | `<message>` |

use super::{Index, IndexKey, Key, Range, digest, key, member_partition};
use crate::ids::{MemberId, MessageId, ThreadId};

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

/// Was this said between these two already? Takes the client's own name for it, which is hashed.
pub fn said(one: MemberId, other: MemberId, client_id: &str) -> Key {
    key(pair(one, other), format!("SAID#{}", digest(client_id)))
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
