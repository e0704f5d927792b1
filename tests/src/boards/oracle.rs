//! A board as one would do it with a sorted list.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use shared::boards::{Act, Board};
use shared::ids::{EventId, MemberId};

/// Everything that anybody did on one board.
pub struct Oracle {
    board: Board,
    members: BTreeMap<MemberId, History>,
}

/// What one member did, once each, by its event.
#[derive(Default)]
struct History {
    settings: BTreeMap<EventId, Option<(i64, EventId)>>,
    additions: BTreeMap<EventId, i64>,
    shown: BTreeMap<EventId, bool>,
}

/// A line: score, event by which it was reached, member.
pub type Line = (i64, EventId, MemberId);

impl Oracle {
    /// A board that nobody has been on.
    pub fn new(board: Board) -> Oracle {
        Oracle { board, members: BTreeMap::new() }
    }

    /// Notes what a member did. Noted twice it counts once.
    pub fn note(&mut self, member: MemberId, event: EventId, act: &Act) {
        let history = self.members.entry(member).or_default();
        match act {
            Act::Set { score, reached } => {
                history.settings.insert(event, Some((*score, *reached)));
            }
            Act::Leave => {
                history.settings.insert(event, None);
            }
            Act::Add(points) => {
                history.additions.insert(event, *points);
            }
            Act::Show(shown) => {
                history.shown.insert(event, *shown);
            }
            Act::Card(_) => {}
        }
        // What came before the latest setting makes no difference to anything.
        if let Some((latest, _)) = history.settings.last_key_value() {
            let latest = *latest;
            history.settings.retain(|event, _| *event == latest);
            history.additions.retain(|event, _| *event > latest);
        }
    }

    /// The board's lines, the best first.
    pub fn lines(&self) -> Vec<Line> {
        let lowest = self.board.name.lowest();
        let mut lines: Vec<Line> = self
            .members
            .iter()
            .filter(|(_, history)| history.shown.last_key_value().is_none_or(|(_, shown)| *shown))
            .filter_map(|(member, history)| {
                let (score, reached) = history.score()?;
                (score >= lowest).then_some((score, reached, *member))
            })
            .collect();
        lines.sort_by_key(|(score, reached, member)| (Reverse(*score), *reached, *member));
        lines
    }
}

impl History {
    fn score(&self) -> Option<(i64, EventId)> {
        let set = self.settings.last_key_value().map(|(event, set)| (*event, *set));
        if self.additions.is_empty() && set.is_none_or(|(_, set)| set.is_none()) {
            return None;
        }
        let (base, reached) = match set {
            Some((_, Some((score, reached)))) => (score, reached),
            // Who left begins again with nothing, after having left.
            Some((left, None)) => (0, left),
            None => (0, EventId(0)),
        };
        let sum: i128 = self.additions.values().map(|points| i128::from(*points)).sum();
        let score = (i128::from(base) + sum).clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        let last = self.additions.iter().filter(|(_, points)| **points != 0).map(|(event, _)| *event).max();
        Some((score, last.map_or(reached, |event| event.max(reached))))
    }
}

/// 1 and the lines with a higher score.
pub fn competition(lines: &[Line], score: i64) -> i64 {
    1 + lines.iter().filter(|line| line.0 > score).count() as i64
}

/// 1 and the higher scores.
pub fn dense(lines: &[Line], score: i64) -> i64 {
    let mut higher: Vec<i64> = lines.iter().map(|line| line.0).filter(|other| *other > score).collect();
    higher.dedup();
    1 + higher.len() as i64
}
