//! Entries: how one member stands on one board. They are the truth; the tree only counts them.
//!
//! An entry comes out the same in whatever order its changes arrive, and however often. It follows from the latest
//! setting of the score and from the additions since, each known by the event that it came with.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::board::Board;
use crate::ids::{EventId, MemberId};
use crate::store::{IndexKey, Key, Stored, keys};

/// How long the events of additions are remembered, after the latest one: a stream keeps its records for a day.
const REMEMBERED: Duration = Duration::hours(25);
/// And how many of them at most.
const MOST_REMEMBERED: usize = 2_000;
/// How long a member who left a board is remembered there, so that what comes late does not bring them back.
const LEFT: Duration = Duration::days(7);

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// The member has this score, which they reached by that event. Ends what was set or added before.
    Set {
        /// The score.
        score: i64,
        /// Since which event.
        reached: EventId,
    },
    /// The member has so many points more, or fewer.
    Add(i64),
    /// The member leaves the board, and takes along what it showed.
    Leave,
    /// Whether the board shows the member. The score is kept either way.
    Show(bool),
    /// What the board shows beside the score, as JSON.
    Card(String),
}

/// How a member stands on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// On which board.
    pub board: Board,
    /// Who.
    pub member: MemberId,
    /// What the board shows beside the score, as JSON.
    pub card: Option<String>,
    /// The score; none for a member who has left.
    pub score: Option<i64>,
    reached: EventId,
    /// The score without the additions that are remembered.
    base: Option<i64>,
    base_reached: EventId,
    /// The latest event that set the score, or that is not remembered any more. What is older changes nothing.
    settled_by: EventId,
    /// The additions after it, packed.
    #[serde(with = "serde_bytes", default, skip_serializing_if = "Vec::is_empty")]
    added: Vec<u8>,
    shown: bool,
    shown_by: EventId,
    card_by: EventId,
    /// Grows with every change of the item.
    pub(super) version: u64,
    /// When the item may go.
    ends: Option<DateTime<Utc>>,
}

/// Where an entry is counted: its score, and the event by which it was reached.
pub(super) type Place = (i64, EventId);

impl Entry {
    /// The entry of somebody of whom the board has not heard yet.
    pub(super) fn new(board: &Board, member: MemberId, shown: bool) -> Entry {
        let never = EventId(0);
        Entry {
            board: board.clone(),
            member,
            card: None,
            score: None,
            reached: never,
            base: None,
            base_reached: never,
            settled_by: never,
            added: Vec::new(),
            shown,
            shown_by: never,
            card_by: never,
            version: 0,
            ends: None,
        }
    }

    /// Where the board counts it, if it does.
    pub(super) fn place(&self) -> Option<Place> {
        let score = self.score.filter(|score| self.shown && self.board.name.lowest() <= *score)?;
        Some((score, self.reached))
    }

    /// Where it lies in the index: on from here are those behind it.
    pub fn index_key(&self) -> IndexKey {
        keys::by_place(&self.board, self.score.unwrap_or(i64::MIN), self.reached, self.member)
    }

    /// The event by which they came to the score: among equals the earlier one is ahead.
    pub fn reached(&self) -> EventId {
        self.reached
    }

    /// Whether the board counts it.
    pub fn is_placed(&self) -> bool {
        self.place().is_some()
    }

    /// Takes a change that came with an event. What it knows already, and what came too late, changes nothing.
    pub(super) fn take(&mut self, event: EventId, act: &Act) {
        if *act == Act::Leave && event >= self.card_by {
            (self.card, self.card_by) = (None, event);
        }
        match act {
            Act::Set { score, reached } if event >= self.settled_by => self.settle(event, Some(*score), *reached),
            Act::Leave if event >= self.settled_by => self.settle(event, None, event),
            Act::Add(points) if event > self.settled_by => self.add(event, *points),
            Act::Show(shown) if event >= self.shown_by => (self.shown, self.shown_by) = (*shown, event),
            Act::Card(card) if event >= self.card_by => (self.card, self.card_by) = (Some(card.clone()), event),
            _ => {}
        }
    }

    /// Notes when the item may go, now that it has changed.
    pub(super) fn date(&mut self, now: DateTime<Utc>) {
        let over = self.board.entries_end().and_then(|end| DateTime::from_timestamp(end, 0));
        let left = self.score.is_none().then(|| now + LEFT);
        self.ends = match (over, left) {
            (Some(over), Some(left)) => Some(over.min(left)),
            (over, left) => over.or(left),
        };
    }

    fn settle(&mut self, event: EventId, base: Option<i64>, reached: EventId) {
        let later = self.additions().into_iter().filter(|(added, _)| *added > event).collect();
        (self.base, self.base_reached, self.settled_by) = (base, reached, event);
        self.keep(later);
    }

    fn add(&mut self, event: EventId, points: i64) {
        let mut all = self.additions();
        let Err(place) = all.binary_search_by_key(&event, |(event, _)| *event) else { return };
        all.insert(place, (event, points));
        self.keep(all);
    }

    /// Remembers these additions, but for the oldest if they are too many or too old, which become part of the base.
    fn keep(&mut self, mut additions: Vec<(EventId, i64)>) {
        let latest = additions.last().map_or(EventId(0), |(event, _)| *event);
        let old = additions.partition_point(|(event, _)| *event < latest.earlier(REMEMBERED));
        let forgotten = old.max(additions.len().saturating_sub(MOST_REMEMBERED));
        for (event, points) in additions.drain(..forgotten) {
            self.base = Some(self.base.unwrap_or(0).saturating_add(points));
            self.base_reached = self.base_reached.max(event);
            self.settled_by = event;
        }
        let sum: i128 = additions.iter().map(|(_, points)| i128::from(*points)).sum();
        let total = i128::from(self.base.unwrap_or(0)) + sum;
        let known = self.base.is_some() || !additions.is_empty();
        self.score = known.then(|| total.clamp(i64::MIN.into(), i64::MAX.into()) as i64);
        let moved = additions.iter().filter(|(_, points)| *points != 0).map(|(event, _)| *event).max();
        self.reached = moved.map_or(self.base_reached, |event| event.max(self.base_reached));
        self.added = pack(&additions);
    }

    /// The additions that are remembered, the first first.
    fn additions(&self) -> Vec<(EventId, i64)> {
        unpack(&self.added)
    }
}

impl Stored for Entry {
    fn key(&self) -> Key {
        keys::entry(self.member, &self.board)
    }

    fn index(&self) -> Option<IndexKey> {
        self.is_placed().then(|| self.index_key())
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        self.ends
    }
}

/// Additions as bytes: each event as its distance from the one before, each amount with its sign in the lowest bit;
/// numbers are LEB128.
fn pack(additions: &[(EventId, i64)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0;
    for (event, points) in additions {
        leb128(&mut bytes, event.0 - last);
        leb128(&mut bytes, ((points << 1) ^ (points >> 63)) as u64);
        last = event.0;
    }
    bytes
}

fn unpack(mut bytes: &[u8]) -> Vec<(EventId, i64)> {
    let mut additions = Vec::new();
    let mut last = 0_u64;
    while let (Some(distance), Some(points)) = (read_leb128(&mut bytes), read_leb128(&mut bytes)) {
        last = last.saturating_add(distance);
        additions.push((EventId(last), (points >> 1) as i64 ^ -((points & 1) as i64)));
    }
    additions
}

/// Appends a number, seven bits a byte, the lowest first.
pub(super) fn leb128(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads such a number off the front; `None` if there is none.
pub(super) fn read_leb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(changes: &[(u64, Act)]) -> Entry {
        let mut entry = Entry::new(&"points/all/all".parse().unwrap(), MemberId(1), true);
        for (event, act) in changes {
            entry.take(EventId(*event), act);
        }
        entry
    }

    fn set(score: i64, event: u64) -> (u64, Act) {
        (event, Act::Set { score, reached: EventId(event) })
    }

    #[test]
    fn the_order_of_changes_and_their_repetition_make_no_difference() {
        let changes = [
            (1, Act::Add(5)),
            set(100, 2),
            (3, Act::Add(-7)),
            (4, Act::Add(0)),
            (5, Act::Show(false)),
            (6, Act::Show(true)),
            (7, Act::Card("a".to_owned())),
        ];
        let expected = entry(&changes);
        assert_eq!(
            (expected.score, expected.reached, expected.place()),
            (Some(93), EventId(3), Some((93, EventId(3))))
        );
        for turn in 0..changes.len() {
            let mut other = changes.to_vec();
            other.rotate_left(turn);
            other.extend(changes.iter().cloned());
            assert_eq!(entry(&other), expected);
            other.reverse();
            assert_eq!(entry(&other), expected);
        }
    }

    #[test]
    fn who_left_comes_back_by_what_is_newer_only() {
        let changes = [set(9, 1), (5, Act::Leave), (3, Act::Add(1))];
        assert_eq!(entry(&changes).score, None);
        assert_eq!(entry(&[changes.to_vec(), vec![(6, Act::Add(2))]].concat()).score, Some(2));
    }

    #[test]
    fn who_left_leaves_nothing_that_was_shown() {
        let card = |event, text: &str| (event, Act::Card(text.to_owned()));
        let changes = [set(9, 1), card(1, "a"), (5, Act::Leave), card(3, "b")];
        let left = entry(&changes);
        assert_eq!((left.score, left.card.as_deref()), (None, None));
        let mut other = changes.to_vec();
        other.reverse();
        assert_eq!(entry(&other), left);
        assert_eq!(entry(&[changes.to_vec(), vec![set(9, 6), card(6, "c")]].concat()).card.as_deref(), Some("c"));
    }

    #[test]
    fn additions_beyond_memory_are_kept_and_their_events_still_known() {
        let hours = |hours: i64| EventId::at(DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::hours(hours)).0;
        let changes =
            [(hours(0), Act::Add(1)), (hours(1), Act::Add(2)), (hours(26), Act::Add(4)), (hours(40), Act::Add(8))];
        let entry = entry(&[changes.to_vec(), changes.to_vec()].concat());
        assert_eq!((entry.score, entry.reached.0), (Some(15), hours(40)));
        assert_eq!(entry.additions().len(), 2);
    }

    #[test]
    fn amounts_of_any_size_are_packed() {
        let additions =
            [(1, i64::MIN), (2, -1), (200, 0), (70_000, 1), (1 << 52, i64::MAX)].map(|(id, n)| (EventId(id), n));
        assert_eq!(unpack(&pack(&additions)), additions);
    }
}
