//! The boards of coding profiles: by rating and by solved problems, among all of them, on one platform, in one group, and
//! in one group on one platform.
//!
//! Who stands on these boards is a profile and not a member, since a member has one on every platform; the boards know it
//! by its id. Ids of profiles and of members never meet there: no other board has profiles, and none of these members.
//!
//! A figure is the score. What has none (the platform tells of none, or nobody has asked yet) stands below all that have
//! one, at scores from -1 down to [`LOWEST`]: the other figure says where. So does it among equals, by the event that they
//! are said to have reached their score with, and at last the id does.

use serde::{Deserialize, Serialize};

use crate::boards::{Act, Board, Name, Period, RATING, SOLVED, Scope};
use crate::error::{Error, Result};
use crate::ids::{EventId, MemberId, ProfileId};
use crate::model::coding::{CodingProfile, Figures};
use crate::model::name::fold;
use crate::platforms::Platform;
use crate::store::keys;

/// The lowest score of all: of a profile without any figure.
pub const LOWEST: i64 = -4_096;
/// The largest figure that is told apart from others where it decides between equals.
const MOST: i64 = u32::MAX as i64;

/// Which figure decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The rating in contests.
    Rating,
    /// How many problems were solved.
    Solved,
}

/// What a board shows of a profile: everything that a line has but the rank, so that a page is read from the board alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Names it.
    pub id: ProfileId,
    /// Whose.
    pub member: MemberId,
    /// Where.
    pub platform: Platform,
    /// What they are called there.
    pub username: String,
    /// What is known of them.
    pub figures: Figures,
}

impl From<&CodingProfile> for Card {
    fn from(CodingProfile { id, member, platform, username, figures, .. }: &CodingProfile) -> Card {
        Card { id: *id, member: *member, platform: *platform, username: username.clone(), figures: *figures }
    }
}

impl By {
    /// Both.
    pub const ALL: [By; 2] = [By::Rating, By::Solved];

    /// The board on a platform, in a group; `None` stands for all.
    pub fn board(self, platform: Option<Platform>, group: Option<&str>) -> Board {
        let name = match self {
            By::Rating => RATING,
            By::Solved => SOLVED,
        };
        let scope = match (group.map(|group| keys::digest(&fold(group))), platform) {
            (None, None) => Scope::all(),
            (None, Some(platform)) => Scope::of("platform", platform.name()),
            (Some(group), None) => Scope::of("group", &group),
            (Some(group), Some(platform)) => Scope::of("group", &format!("{group} {}", platform.name())),
        };
        Board { name: Name::of(name), scope, period: Period::AllTime }
    }

    /// Every board of this figure that shows the profile.
    pub fn boards_of(self, profile: &CodingProfile) -> Vec<Board> {
        let groups = [None, profile.group.as_deref()];
        let groups = groups.into_iter().take(if profile.group.is_some() { 2 } else { 1 });
        groups.flat_map(|group| [None, Some(profile.platform)].map(|platform| self.board(platform, group))).collect()
    }

    /// The score, and the event by which equals are put in order.
    pub fn place(self, figures: Figures) -> (i64, EventId) {
        let (own, other) = match self {
            By::Rating => (figures.rating, figures.solved),
            By::Solved => (figures.solved, figures.rating),
        };
        let known = |figure: Option<i64>| figure.filter(|figure| *figure >= 0);
        // What is not known comes after nothing at all.
        let other = known(other).map_or(0, |other| other.min(MOST) + 1);
        let score = known(own).unwrap_or(LOWEST + other.min(-LOWEST - 1));
        (score, EventId((MOST + 1 - other).unsigned_abs()))
    }
}

/// What puts a profile on one of its boards.
pub fn acts(by: By, profile: &CodingProfile) -> Result<[Act; 2]> {
    let (score, reached) = by.place(profile.figures);
    let card = serde_json::to_string(&Card::from(profile))
        .map_err(|cause| Error::internal("A card could not be written.", cause))?;
    Ok([Act::Set { score, reached }, Act::Card(card)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(rating: Option<i64>, solved: Option<i64>) -> (i64, EventId) {
        By::Rating.place(Figures { rating, solved, contests: None })
    }

    #[test]
    fn the_order_is_that_of_the_figure_then_of_the_other_and_what_has_none_comes_last() {
        // From the last to the first.
        let ascending = [
            place(None, None),
            place(Some(-1), Some(0)),
            place(None, Some(1)),
            place(Some(-1), Some(4_000)),
            place(Some(-1), Some(5_000)),
            place(None, Some(i64::from(u32::MAX) - 1)),
            place(Some(0), Some(-1)),
            place(Some(0), Some(0)),
            place(Some(0), Some(7)),
            place(Some(1), None),
        ];
        // Of two equals the one who came to it first is ahead.
        let rank = |(score, reached): (i64, EventId)| (score, std::cmp::Reverse(reached));
        assert!(ascending.map(rank).is_sorted_by(|one, other| one < other), "{ascending:?}");
        assert_eq!((ascending[0].0, ascending[5].0, ascending[6].0), (LOWEST, -1, 0));
        assert_eq!(place(None, Some(i64::MAX)).0, -1);
        assert_eq!(By::Solved.place(Figures { rating: Some(9), solved: Some(5), contests: None }).0, 5);
    }

    #[test]
    fn every_board_has_a_name_that_is_read_back() {
        for by in By::ALL {
            for platform in [None, Some(Platform::LeetCode)] {
                for group in [None, Some("Ünï çø∂é"), Some("a b")] {
                    let board = by.board(platform, group);
                    assert_eq!(board.to_string().parse(), Ok(board));
                }
            }
        }
        assert_eq!(By::Rating.board(None, Some("Night Owls")), By::Rating.board(None, Some("night owls")));
        assert_ne!(By::Rating.board(None, Some("a")), By::Rating.board(Some(Platform::LeetCode), Some("a")));
    }
}
