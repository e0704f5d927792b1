//! Every key of the table, named for the question it answers. Keys are made here and in the files below it, `coding`,
//! `social` and `talk`, and nowhere else.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | who is this member? | `MEMBER#<id>` | `ACCOUNT` |
//! | what is this member's score? | `MEMBER#<id>` | `SCORE` |
//! | what do they tell of themselves? | `MEMBER#<id>` | `PROFILE` |
//! | what is their second factor? | `MEMBER#<id>` | `SECOND` |
//! | which sessions has a member? | `MEMBER#<id>` | `SESSION#<session>` |
//! | is this code good? | `MEMBER#<id>` | `CODE#<purpose>#<code>` |
//! | whom does a member follow, and do they follow this one? | `MEMBER#<id>` | `FOLLOWS#<id>` |
//! | has a member blocked this one? | `MEMBER#<id>` | `BLOCKS#<id>` |
//! | what has a member uploaded? | `MEMBER#<id>` | `UPLOAD#<file name>` |
//! | which Google account has a member? | `MEMBER#<id>` | `GOOGLE` |
//! | which sockets has a member open? | `MEMBER#<id>` | `SOCKET#<connection>` |
//! | have others been told that this member is there? | `MEMBER#<id>` | `PRESENCE` |
//! | has this member asked for their data? | `MEMBER#<id>` | `DATA_REQUEST` |
//! | was this letter sent? | `MEMBER#<id>` | `LETTER#<letter>` |
//! | does anybody watch this board? | `WATCHED#<board>` | `WATCHED` |
//! | which sockets watch this board? | `WATCHED#<board>` | `SOCKET#<connection>` |
//! | whose socket is this? | `SOCKET#<connection>` | `SOCKET` |
//! | who holds this name? | `NAME#<name, folded>` | `NAME` |
//! | who holds this address? | `EMAIL#<address, folded>` | `EMAIL` |
//! | who has this name at LeetCode? | `LEETCODE#<name, folded>` | `LEETCODE` |
//! | who wants to hear of us? | `INTERESTS` | `<address, folded>` |
//! | whose Google account is this? | `GOOGLE#<Google's own name for it>` | `GOOGLE` |
//! | who comes back from Google with this state? | `JOURNEY#<state>` | `JOURNEY` |
//! | how many logins failed for this member, or under this name? | `LOGIN#<id or name, folded>` | `FAILURES#<device>` |
//! | how often did this address do that in this window? | `LIMIT#<what>#<address>#<window>` | `LIMIT` |
//! | was this request answered before? | `ONCE#<scope, hashed>#<key, hashed>` | `ONCE` |
//! | what happened to a member? (until the projector has passed it on) | `MEMBER#<id>` | `OUTBOX#<event>` |
//! | what else happened? (as long) | `OUTBOX#<event>` | `OUTBOX` |
//! | which keys verify access tokens? | `KEYS` | `KEY#<key id>` |
//! | what did the staff do in this month? | `AUDIT#<month>` | `<event>` |
//! | how often did what happen on this day? | `FIGURES#<month>` | `<day>` |
//! | how many members are there? | `TOTALS` | `TOTALS` |
//! | was this counted? | `COUNTED#<what, hashed>` | `COUNTED` |
//! | how did this job's runs go? | `JOB#<name>` | `RUN#<newest first>` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | which names begin like this? | `NAMES` | `<name, folded>` |
//! | who is online? | `ONLINE` | `<member>#<connection>` |
//! | who follows this member? | `FOLLOWERS#<id>` | `<name, folded>` |
//! | who has blocked this member? | `BLOCKED_BY#<id>` | `<member>` |
//! | what did the staff do? | `AUDIT` | `<newest first>` |
//! | which letters were written in this month? | `LETTERS#<month>` | `<newest first>#<letter>` |
//!
//! The boards have a table of their own, so that a busy one cannot throttle accounts.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | how does this member stand on this board? | `MEMBER#<id>` | `ENTRY#<board>` |
//! | where did this member end up on this board? | `MEMBER#<id>` | `FINAL#<board>` |
//! | do boards show this member? | `STANDING#<id, hashed>` | `STANDING` |
//! | how many are counted in this node of a board's tree? | `NODE#<board>#<node>` | `NODE` |
//! | which boards are there of this period? | `BOARDS#<period>` | `<board>` |
//! | are the boards of this period closed? | `CLOSED#<period>` | `CLOSED` |
//! | who was ahead when this board closed? | `FINAL#<board>` | `<place>` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | who is ahead on this board? | `BOARD#<board>` | `<highest first>#<reached by>#<id>` |

mod coding;
mod social;
mod talk;

pub use coding::*;
pub use social::*;
pub use talk::*;

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use crate::boards::{Board, Node, Period};
use crate::ids::{EventId, MAX_SAFE_INTEGER, MemberId};

/// Where an item lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

/// Where an index finds an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexKey {
    pub(super) pk: String,
    pub(super) sk: String,
}

/// A run of items that one query reads in order.
#[derive(Clone, Debug)]
pub struct Range {
    pub(super) pk: String,
    pub(super) prefix: String,
    pub(super) index: Option<Index>,
}

/// An index of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    First,
    Second,
}

impl Index {
    /// As the template calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Index::First => "gsi1",
            Index::Second => "gsi2",
        }
    }
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// Who is this member?
pub fn account(member: MemberId) -> Key {
    key(member_partition(member), "ACCOUNT")
}

/// What is this member's score?
pub fn score(member: MemberId) -> Key {
    key(member_partition(member), "SCORE")
}

/// What does this member tell of themselves?
pub fn profile(member: MemberId) -> Key {
    key(member_partition(member), "PROFILE")
}

/// What is this member's second factor?
pub fn second_factor(member: MemberId) -> Key {
    key(member_partition(member), "SECOND")
}

/// One code that was sent to a member. Takes its digest.
pub fn code(member: MemberId, purpose: &str, id: &str) -> Key {
    key(member_partition(member), format!("CODE#{purpose}#{id}"))
}

/// The six digits that were sent to a member to sign in with.
pub fn sign_in_code(member: MemberId) -> Key {
    key(member_partition(member), "CODE#sign-in-code")
}

/// Does `member` follow `other`?
pub fn follow(member: MemberId, other: MemberId) -> Key {
    key(member_partition(member), format!("FOLLOWS#{:016}", other.0))
}

/// Whom does a member follow? In the order of their ids.
pub fn followed_by(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "FOLLOWS#".to_owned(), index: None }
}

/// Has `member` blocked `other`?
pub fn block(member: MemberId, other: MemberId) -> Key {
    key(member_partition(member), format!("BLOCKS#{:016}", other.0))
}

/// A member's place among those who follow `followed`: by their name.
pub fn by_followed(followed: MemberId, name: &str) -> IndexKey {
    IndexKey { pk: format!("FOLLOWERS#{followed}"), sk: name.to_owned() }
}

/// Who follows this member? By their names.
pub fn followers(followed: MemberId) -> Range {
    Range { pk: format!("FOLLOWERS#{followed}"), prefix: String::new(), index: Some(Index::First) }
}

/// A member's place among those who have blocked `blocked`.
pub fn by_blocked(blocked: MemberId, member: MemberId) -> IndexKey {
    IndexKey { pk: format!("BLOCKED_BY#{blocked}"), sk: format!("{:016}", member.0) }
}

/// Who has blocked this member? In the order of their ids.
pub fn blocked_by(blocked: MemberId) -> Range {
    Range { pk: format!("BLOCKED_BY#{blocked}"), prefix: String::new(), index: Some(Index::First) }
}

/// Which sessions has a member?
pub fn sessions_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "SESSION#".to_owned(), index: None }
}

/// One session of a member.
pub fn session(member: MemberId, session: &str) -> Key {
    key(member_partition(member), format!("SESSION#{session}"))
}

/// One upload of a member, by its name in their folder.
pub fn upload(member: MemberId, filename: &str) -> Key {
    key(member_partition(member), format!("UPLOAD#{filename}"))
}

/// Which Google account has a member?
pub fn google_link(member: MemberId) -> Key {
    key(member_partition(member), "GOOGLE")
}

/// Whose Google account is this? Takes Google's own name for it, which is hashed to a fixed length.
pub fn google(subject: &str) -> Key {
    key(format!("GOOGLE#{}", digest(subject)), "GOOGLE")
}

/// Who comes back from Google with this state? Takes the state's digest.
pub fn google_journey(state: &str) -> Key {
    key(format!("JOURNEY#{state}"), "JOURNEY")
}

/// Which sockets has a member open?
pub fn sockets_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "SOCKET#".to_owned(), index: None }
}

/// One socket among its member's.
pub fn socket_of(member: MemberId, connection: &str) -> Key {
    key(member_partition(member), format!("SOCKET#{connection}"))
}

/// Have others been told that this member is there?
pub fn presence_told(member: MemberId) -> Key {
    key(member_partition(member), "PRESENCE")
}

/// Has this member asked for their data, and not got it yet?
pub fn data_request(member: MemberId) -> Key {
    key(member_partition(member), "DATA_REQUEST")
}

/// Everything that lies with a member, to hand it to them or to remove what is left of them.
pub fn all_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: String::new(), index: None }
}

/// Whose socket is this?
pub fn socket(connection: &str) -> Key {
    key(format!("SOCKET#{connection}"), "SOCKET")
}

/// Does anybody watch this board?
pub fn watched(board: &Board) -> Key {
    key(format!("WATCHED#{board}"), "WATCHED")
}

/// One of the sockets that watch this board.
pub fn watcher(board: &Board, connection: &str) -> Key {
    key(format!("WATCHED#{board}"), format!("SOCKET#{connection}"))
}

/// Which sockets watch this board?
pub fn watchers(board: &Board) -> Range {
    Range { pk: format!("WATCHED#{board}"), prefix: "SOCKET#".to_owned(), index: None }
}

/// Who holds this name? Takes the folded form.
pub fn name(folded: &str) -> Key {
    key(format!("NAME#{folded}"), "NAME")
}

/// Who holds this e-mail address? Takes the folded form.
pub fn email(folded: &str) -> Key {
    key(format!("EMAIL#{folded}"), "EMAIL")
}

/// Who has this name at LeetCode? Takes the folded form.
pub fn leetcode_name(folded: &str) -> Key {
    key(format!("LEETCODE#{folded}"), "LEETCODE")
}

/// Who wants to hear of us? Takes the folded address.
pub fn interest(folded: &str) -> Key {
    key("INTERESTS".to_owned(), folded)
}

/// How many logins failed for this member, whichever of their names was typed, or under this name that nobody has?
/// That may be anything, so it is hashed to a fixed length. A device that the member signed in from before counts by
/// itself.
pub fn login_failures(holder: Option<MemberId>, folded: &str, device: Option<&str>) -> Key {
    let partition = match holder {
        Some(member) => login_partition(member),
        None => format!("LOGIN#{}", digest(folded)),
    };
    key(partition, format!("FAILURES#{}", device.unwrap_or_default()))
}

/// How many logins failed for this member, on whichever device?
pub fn all_login_failures(member: MemberId) -> Range {
    Range { pk: login_partition(member), prefix: "FAILURES#".to_owned(), index: None }
}

/// How often did this address do that in this window?
pub fn limit(what: &str, address: &str, window: i64) -> Key {
    key(format!("LIMIT#{what}#{}#{window}", digest(address)), "LIMIT")
}

/// Was this request answered before? `scope` says whose and which, and the key is the client's own; both are hashed, for
/// what is kept may outlive its member.
pub fn once(scope: &str, idempotency_key: &str) -> Key {
    key(format!("ONCE#{}#{}", digest(scope), digest(idempotency_key)), "ONCE")
}

/// What happened? It lies with the member whom it is about, if it is about one, and goes with them.
pub fn outbox(event: EventId, member: Option<MemberId>) -> Key {
    match member {
        Some(member) => key(member_partition(member), format!("OUTBOX#{event}")),
        None => key(format!("OUTBOX#{event}"), "OUTBOX"),
    }
}

/// Was this letter sent? Takes an id made from what the letter is about.
pub fn letter(member: Option<MemberId>, letter: &str) -> Key {
    let sk = format!("LETTER#{letter}");
    key(member.map_or_else(|| sk.clone(), member_partition), sk)
}

/// A letter's place among those of its month.
pub fn by_letter(written_at: DateTime<Utc>, letter: &str) -> IndexKey {
    let sk = format!("{:020}#{letter}", descending(written_at.timestamp_micros()));
    IndexKey { pk: format!("LETTERS#{}", month(written_at)), sk }
}

/// Which letters were written in the month of this time? The latest first.
pub fn letters(at: DateTime<Utc>) -> Range {
    Range { pk: format!("LETTERS#{}", month(at)), prefix: String::new(), index: Some(Index::First) }
}

/// One public key.
pub fn public_key(kid: &str) -> Key {
    key("KEYS".to_owned(), format!("KEY#{kid}"))
}

/// Which keys verify access tokens?
pub fn public_keys() -> Range {
    Range { pk: "KEYS".to_owned(), prefix: "KEY#".to_owned(), index: None }
}

/// A name's place among all names, which is alphabetical by Unicode's numbers. Takes the folded form.
pub fn by_name(folded: &str) -> IndexKey {
    IndexKey { pk: "NAMES".to_owned(), sk: folded.to_owned() }
}

/// Which names begin like this? Takes the folded form; none means all of them.
pub fn names(folded_prefix: &str) -> Range {
    Range { pk: "NAMES".to_owned(), prefix: folded_prefix.to_owned(), index: Some(Index::First) }
}

/// A member's place among those online.
pub fn by_presence(member: MemberId, connection: &str) -> IndexKey {
    IndexKey { pk: "ONLINE".to_owned(), sk: format!("{:016}#{connection}", member.0) }
}

/// Who is online? In the order of their ids, a row per socket.
pub fn online() -> Range {
    Range { pk: "ONLINE".to_owned(), prefix: String::new(), index: Some(Index::First) }
}

/// What sort of thing lies under a sort key, such as `SESSION` under `SESSION#<session>`.
pub fn kind(sk: &str) -> &str {
    sk.split('#').next().unwrap_or_default()
}

/// One thing that the staff did.
pub fn audit(at: DateTime<Utc>, entry: EventId) -> Key {
    key(format!("AUDIT#{}", month(at)), format!("{:016}", entry.0))
}

/// Its place among all that the staff did.
pub fn by_audit(entry: EventId) -> IndexKey {
    IndexKey { pk: "AUDIT".to_owned(), sk: newest_first(entry) }
}

/// What did the staff do? The latest first.
pub fn audit_trail() -> Range {
    Range { pk: "AUDIT".to_owned(), prefix: String::new(), index: Some(Index::First) }
}

/// How often did what happen on this day?
pub fn figures(day: NaiveDate) -> Key {
    key(format!("FIGURES#{}", day.format("%Y-%m")), day.to_string())
}

/// How often did what happen in the month of this day? A row per day on which anything did, the first first.
pub fn figures_of_month(day: NaiveDate) -> Range {
    Range { pk: format!("FIGURES#{}", day.format("%Y-%m")), prefix: String::new(), index: None }
}

/// How many members are there?
pub fn totals() -> Key {
    key("TOTALS".to_owned(), "TOTALS")
}

/// Was this counted? What was may have a member's id in its name, which the mark does not tell: it stays when they leave.
pub fn counted(what: &str) -> Key {
    key(format!("COUNTED#{}", digest(what)), "COUNTED")
}

/// One run of a job.
pub fn run(job: &str, run: EventId) -> Key {
    key(format!("JOB#{job}"), format!("RUN#{}", newest_first(run)))
}

/// How did this job's runs go? The latest first.
pub fn runs(job: &str) -> Range {
    Range { pk: format!("JOB#{job}"), prefix: "RUN#".to_owned(), index: None }
}

/// How does this member stand on this board?
pub fn entry(member: MemberId, board: &Board) -> Key {
    key(member_partition(member), format!("ENTRY#{board}"))
}

/// On which boards is this member?
pub fn entries_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "ENTRY#".to_owned(), index: None }
}

/// Where did this member end up on this board?
pub fn final_rank(member: MemberId, board: &Board) -> Key {
    key(member_partition(member), format!("FINAL#{board}"))
}

/// Do boards show this member? Hashed, since it outlives the member by a while.
pub fn standing(member: MemberId) -> Key {
    key(format!("STANDING#{}", digest(&member.to_string())), "STANDING")
}

/// How many are counted in this node of a board's tree? A busy node has several shards.
pub fn node(board: &Board, node: Node, shard: u16) -> Key {
    let name = match node {
        Node::Root => "root".to_owned(),
        Node::Branch { side, level, prefix } => format!("{side}.{level}.{prefix:x}"),
        Node::Leaf { side, prefix } => format!("{side}.0.{prefix:x}"),
    };
    let shard = if shard == 0 { String::new() } else { format!("#{shard}") };
    key(format!("NODE#{board}#{name}{shard}"), "NODE")
}

/// One of the boards of its period.
pub fn board(board: &Board) -> Key {
    key(format!("BOARDS#{}", board.period), board.to_string())
}

/// Which boards are there of this period?
pub fn boards(period: Period) -> Range {
    Range { pk: format!("BOARDS#{period}"), prefix: String::new(), index: None }
}

/// Are the boards of this period closed?
pub fn closed_period(period: &str) -> Key {
    key(format!("CLOSED#{period}"), "CLOSED")
}

/// Who was in this place when the board closed? Counted from 1.
pub fn final_place(board: &Board, place: u64) -> Key {
    key(format!("FINAL#{board}"), format!("{place:016}"))
}

/// Who was ahead when this board closed? The best first.
pub fn final_places(board: &Board) -> Range {
    Range { pk: format!("FINAL#{board}"), prefix: String::new(), index: None }
}

/// A member's place on a board: equal scores in the order of the events by which they were reached.
pub fn by_place(board: &Board, score: i64, reached: EventId, member: MemberId) -> IndexKey {
    let sk = format!("{:020}#{:016}#{:016}", descending(score), reached.0, member.0);
    IndexKey { pk: format!("BOARD#{board}"), sk }
}

/// The place before everybody with this score.
pub fn before_score(board: &Board, score: i64) -> IndexKey {
    IndexKey { pk: format!("BOARD#{board}"), sk: format!("{:020}", descending(score)) }
}

/// Who is ahead on this board? The best first.
pub fn places(board: &Board) -> Range {
    Range { pk: format!("BOARD#{board}"), prefix: String::new(), index: Some(Index::First) }
}

/// What a place in the index tells: the event by which its score was reached.
pub fn reached_at_place(sk: &str) -> Option<EventId> {
    Some(EventId(sk.split('#').nth(1)?.parse().ok()?))
}

/// Whether a stored sort key is that of an account.
pub fn is_account(sk: &str) -> bool {
    sk == "ACCOUNT"
}

/// Whether a stored sort key is that of a score.
pub fn is_score(sk: &str) -> bool {
    sk == "SCORE"
}

/// The member in whose partition something lies.
pub fn member_of(pk: &str) -> Option<MemberId> {
    pk.strip_prefix("MEMBER#")?.parse().ok()
}

/// Whether a stored sort key is that of an entry on a board.
pub fn is_entry(sk: &str) -> bool {
    sk.starts_with("ENTRY#")
}

/// Whether a stored sort key is that of a letter's record.
pub fn is_letter(sk: &str) -> bool {
    sk.starts_with("LETTER#")
}

/// Whether a stored sort key is that of a socket among its member's.
pub fn is_socket(sk: &str) -> bool {
    sk.starts_with("SOCKET#")
}

/// Whether a stored sort key is that of an outbox record.
pub fn is_outbox(sk: &str) -> bool {
    kind(sk) == "OUTBOX"
}

fn login_partition(member: MemberId) -> String {
    format!("LOGIN#{member}")
}

fn member_partition(member: MemberId) -> String {
    format!("MEMBER#{member}")
}

/// The month of a time, such as `2026-01`.
fn month(at: DateTime<Utc>) -> String {
    at.format("%Y-%m").to_string()
}

/// Ids ascend in time; this descends, since a range is read in the order of its sort keys.
fn newest_first(id: EventId) -> String {
    format!("{:016}", MAX_SAFE_INTEGER.saturating_sub(id.0))
}

/// Maps 64-bit numbers to such that ascend where those descend, negative ones included.
fn descending(number: i64) -> u64 {
    !(number as u64 ^ (1 << 63))
}

/// An id that is made from what it is about, so that whoever makes it makes the same.
pub fn id_of(text: &str) -> EventId {
    let bytes: [u8; 8] = std::array::from_fn(|place| Sha256::digest(text.as_bytes())[place]);
    EventId(u64::from_le_bytes(bytes) & MAX_SAFE_INTEGER)
}

/// 128 bits of SHA-256 in hexadecimal: keys of a fixed length from text of any length.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_ascend_where_scores_descend_and_the_earlier_of_equals_is_ahead() {
        let board = "points/all/all".parse().unwrap();
        let place = |score, reached, member| by_place(&board, score, EventId(reached), MemberId(member)).sk;
        let scores = [i64::MAX, 10, 9, 1, 0, -1, -10, i64::MIN];
        assert!(scores.map(|score| place(score, 1, 1)).is_sorted());
        assert!(place(5, 9, 2) < place(5, 10, 1) && place(5, 9, 1) < place(5, 9, 2));
        assert!(before_score(&board, 5).sk < place(5, 0, 0) && place(6, 99, 99) < before_score(&board, 5).sk);
    }

    #[test]
    fn a_later_entry_comes_first() {
        let keys: Vec<_> = [MAX_SAFE_INTEGER, 10, 9, 1].map(|id| by_audit(EventId(id)).sk).to_vec();
        assert!(keys.is_sorted());
    }

    #[test]
    fn a_later_letter_comes_first() {
        let at = |seconds| by_letter(DateTime::from_timestamp(seconds, 0).unwrap(), "7").sk;
        assert!([at(2_000_000_000), at(1_000_000_000), at(0), at(-1)].is_sorted());
    }

    #[test]
    fn what_happened_is_known_by_its_sort_key_wherever_it_lies() {
        for member in [None, Some(MemberId(7))] {
            assert!(is_outbox(&outbox(EventId(9), member).sk), "{member:?}");
        }
        assert!(!is_outbox(&account(MemberId(7)).sk));
        assert_eq!(outbox(EventId(9), Some(MemberId(7))).pk, all_of(MemberId(7)).pk);
    }

    #[test]
    fn a_key_of_a_name_cannot_reach_into_another() {
        assert_ne!(login_failures(None, "a#b", None), login_failures(None, "a", Some("b")));
        assert_ne!(login_failures(None, "7", None), login_failures(Some(MemberId(7)), "7", None));
        assert_eq!(login_failures(None, &"x".repeat(10_000), None).pk.len(), "LOGIN#".len() + 32);
    }
}
