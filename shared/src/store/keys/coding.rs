//! Keys of coding profiles, and of those who subscribed to hear of theirs.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | does this member subscribe, and which group are they in? | `MEMBER#<id>` | `SUBSCRIPTION` |
//! | what is known of a member on this platform? | `MEMBER#<id>` | `CODING#<platform>` |
//! | how did a profile stand in this week's report? | `MEMBER#<id>` | `SNAPSHOT#<platform>#<week>` |
//! | whose account on a platform is this? | `CODER#<platform>#<name, folded>` | `CODER` |
//! | is there a group of this name, and how many are in it? | `GROUP#<name, folded>` | `GROUP` |
//! | is this server down? | `CIRCUIT#<its name>` | `CIRCUIT` |
//! | what did a platform last tell of this name? | `LOOKED_UP#<platform>#<name, hashed>` | `LOOKED_UP` |
//! | which problems were solved there, as far as they were read? | `SOLVED#<platform>#<name, hashed>` | `SOLVED` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | who subscribes? in so many shards | `SUBSCRIBERS#<shard>` | `<member>` |

use super::{Index, IndexKey, Key, Range, digest, key, member_partition};
use crate::boards::Period;
use crate::ids::MemberId;
use crate::platforms::Platform;

/// In how many parts the list of those who subscribe lies, each of which is read by itself.
pub const SUBSCRIBER_SHARDS: u64 = 16;

/// Does this member subscribe, and which group are they in?
pub fn subscription(member: MemberId) -> Key {
    key(member_partition(member), "SUBSCRIPTION")
}

/// What is known of a member on this platform?
pub fn coding_profile(member: MemberId, platform: Platform) -> Key {
    key(member_partition(member), format!("CODING#{}", platform.name()))
}

/// What is known of a member on any platform?
pub fn coding_profiles(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "CODING#".to_owned(), index: None }
}

/// How did a profile stand in this week's report?
pub fn snapshot(member: MemberId, platform: Platform, week: Period) -> Key {
    key(member_partition(member), format!("SNAPSHOT#{}#{week}", platform.name()))
}

/// How did a profile stand, week after week? The first first.
pub fn snapshots(member: MemberId, platform: Platform) -> Range {
    Range { pk: member_partition(member), prefix: format!("SNAPSHOT#{}#", platform.name()), index: None }
}

/// How did a member's profiles stand, platform after platform and week after week?
pub fn snapshots_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "SNAPSHOT#".to_owned(), index: None }
}

/// Whose account on a platform is this? Takes the folded name.
pub fn coder(platform: Platform, folded: &str) -> Key {
    key(format!("CODER#{}#{folded}", platform.name()), "CODER")
}

/// Is there a group of this name, and how many are in it? Takes the folded name.
pub fn coding_group(folded: &str) -> Key {
    key(format!("GROUP#{folded}"), "GROUP")
}

/// Is this server, which is not ours, down?
pub fn circuit(host: &str) -> Key {
    key(format!("CIRCUIT#{host}"), "CIRCUIT")
}

/// What did a platform last tell of this name? Takes the folded form, which may be anything and is hashed to a fixed
/// length.
pub fn looked_up(platform: Platform, folded: &str) -> Key {
    key(format!("LOOKED_UP#{}#{}", platform.name(), digest(folded)), "LOOKED_UP")
}

/// Which problems were solved on a platform under this name, as far as they were read? Takes the folded form, too.
pub fn solved(platform: Platform, folded: &str) -> Key {
    key(format!("SOLVED#{}#{}", platform.name(), digest(folded)), "SOLVED")
}

/// A member's place among those who subscribe.
pub fn by_subscriber(member: MemberId) -> IndexKey {
    let shard = member.0 % SUBSCRIBER_SHARDS;
    IndexKey { pk: format!("SUBSCRIBERS#{shard}"), sk: format!("{:016}", member.0) }
}

/// Who subscribes? One of [`SUBSCRIBER_SHARDS`] parts of the answer.
pub fn subscribers(shard: u64) -> Range {
    Range { pk: format!("SUBSCRIBERS#{shard}"), prefix: String::new(), index: Some(Index::First) }
}

/// Whether a stored sort key is that of a coding profile.
pub fn is_coding_profile(sk: &str) -> bool {
    sk.starts_with("CODING#")
}
