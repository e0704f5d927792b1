//! What SkillNet tells of members beside their score, whatever the board: how they stand on all of them for all time.
//! The boards know it, and it is read nowhere else.

use futures_util::future::try_join_all;
use serde::Deserialize;
use shared::boards::{Board, Entry, Name, Period, REVIEWS, SWAPS, Scope, XP};
use shared::ids::MemberId;
use shared::store::{Key, keys};
use shared::{App, Result};

/// Keys of one batch, three for each member.
const BATCH: usize = 99;

/// How a member stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Points.
    pub xp: i64,
    /// Swaps completed.
    pub completed_swaps: i64,
    /// What reviewers gave on average.
    pub rating: Rating,
}

/// What reviewers gave: the card of a line on the board of reviews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Rating {
    /// On average, to one decimal.
    pub rating: f64,
    /// How many there were.
    pub count: i64,
}

impl Figures {
    /// What the points make of the member (contract of SkillNet, section 3.7).
    pub fn level(&self) -> i64 {
        1 + (self.xp.max(0) / 100).isqrt()
    }

    fn of(entries: &[Option<Entry>]) -> Figures {
        let entry = |place: usize| entries.get(place).and_then(Option::as_ref);
        let score = |place| entry(place).and_then(|entry| entry.score).unwrap_or_default().max(0);
        let card = entry(2).filter(|entry| entry.is_placed()).and_then(|entry| entry.card.as_deref());
        let rating = card.and_then(|card| serde_json::from_str(card).ok()).unwrap_or_default();
        Figures { xp: score(0), completed_swaps: score(1), rating }
    }
}

/// How each of these members stands, in their order. One round trip.
pub async fn of(app: &App, members: &[MemberId]) -> Result<Vec<Figures>> {
    let all_time = |name| Board { name: Name::of(name), scope: Scope::all(), period: Period::AllTime };
    let boards = [XP, SWAPS, REVIEWS].map(all_time);
    let keys: Vec<Key> =
        members.iter().flat_map(|member| boards.iter().map(|board| keys::entry(*member, board))).collect();
    let table = app.boards.table.lately();
    let batches = keys.chunks(BATCH).map(|some| table.get_all::<Entry>(some));
    let entries: Vec<Option<Entry>> = try_join_all(batches).await?.into_iter().flatten().collect();
    Ok(entries.chunks(boards.len()).map(Figures::of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lift_a_level_with_every_square_of_ten() {
        let level = |xp| Figures { xp, ..Figures::default() }.level();
        assert_eq!([-5, 0, 99, 100, 399, 400, 10_000].map(level), [1, 1, 1, 2, 2, 3, 11]);
    }
}
