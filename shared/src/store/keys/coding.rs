//! Keys of coding profiles, and of those who subscribed to hear of theirs.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | does this member subscribe, and which group are they in? | `MEMBER#<id>` | `SUBSCRIPTION` |
//! | what is known of a member on this platform? | `MEMBER#<id>` | `CODING#<platform>` |
//! | how did a profile stand in this week's report? | `MEMBER#<id>` | `SNAPSHOT#<platform>#<week>` |
//! | whose account on a platform is this? | `CODER#<platform>#<name, folded>` | `CODER` |
//! | is there a group of this name, and how many are in it? | `GROUP#<name, folded>` | `GROUP` |
//! | what does a member's report wait for, in this refresh run? | `MEMBER#<id>` | `AWAITED#<run>` |
//! | how does a refresh run stand? | `REFRESH#<run>` | `RUN` |
//! | how does it stand with this platform? | `REFRESH#<run>` | `TALLY#<platform>` |
//! | how far is this shard of the subscribers listed for it? | `REFRESH#<run>` | `LISTING#<shard>` |
//! | is this server down? | `CIRCUIT#<its name>` | `CIRCUIT` |
//! | what did a platform last tell of this name? | `LOOKED_UP#<platform>#<name, hashed>` | `LOOKED_UP` |
//! | which problems were solved there, as far as they were read? | `SOLVED#<platform>#<name, hashed>` | `SOLVED` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | who subscribes? in so many shards | `SUBSCRIBERS#<shard>` | `<member>` |
//! | which refresh runs were there, which that made reports? | `REFRESHES`, `REPORTS_MADE` | `<latest first>` |

use chrono::{DateTime, Utc};

use super::{Index, IndexKey, Key, Range, descending, digest, key, member_partition};
use crate::boards::Period;
use crate::ids::{EventId, MemberId};
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

/// What does a member's report wait for, in this refresh run?
pub fn awaited_report(member: MemberId, run: EventId) -> Key {
    key(member_partition(member), format!("AWAITED#{run}"))
}

/// How does a refresh run stand?
pub fn refresh_run(run: EventId) -> Key {
    key(refresh_partition(run), "RUN")
}

/// How does a refresh run stand with this platform?
pub fn tally(run: EventId, platform: Platform) -> Key {
    key(refresh_partition(run), format!("TALLY#{}", platform.name()))
}

/// How far is this shard of the subscribers listed for a refresh run?
pub fn listing(run: EventId, shard: u64) -> Key {
    key(refresh_partition(run), format!("LISTING#{shard}"))
}

/// A refresh run's place among the others, or among those that make reports.
pub fn by_refresh_run(reports: bool, began_at: DateTime<Utc>) -> IndexKey {
    IndexKey { pk: refreshes(reports).pk, sk: format!("{:020}", descending(began_at.timestamp_micros())) }
}

/// Which refresh runs were there, or which that made reports? The latest first.
pub fn refreshes(reports: bool) -> Range {
    let pk = if reports { "REPORTS_MADE" } else { "REFRESHES" };
    Range { pk: pk.to_owned(), prefix: String::new(), index: Some(Index::First) }
}

fn refresh_partition(run: EventId) -> String {
    format!("REFRESH#{run}")
}

/// Whether a stored sort key is that of a coding profile.
pub fn is_coding_profile(sk: &str) -> bool {
    sk.starts_with("CODING#")
}
