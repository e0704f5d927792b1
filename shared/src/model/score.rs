//! Scores in the game, with what a leaderboard shows beside them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::name::Username;
use crate::ids::MemberId;
use crate::store::{Key, Stored, keys};

/// A member's score. The name and the picture are kept along, for the leaderboard shows them beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Score {
    /// Whose.
    pub member: MemberId,
    /// Their name.
    pub username: Username,
    /// The name of their picture in the bucket.
    pub avatar: Option<String>,
    /// Points; more is better, and less than nothing is possible.
    pub score: i64,
    /// Games played.
    pub games_played: i64,
    /// Games won.
    pub games_won: i64,
    /// When anything of this was last written.
    pub updated_at: DateTime<Utc>,
    /// When the points last changed: among equals the earlier one is ahead.
    pub scored_at: DateTime<Utc>,
}

impl Score {
    /// The score of somebody who joins now.
    pub fn new(member: MemberId, username: Username, joined_at: DateTime<Utc>) -> Score {
        Score {
            member,
            username,
            avatar: None,
            score: 0,
            games_played: 0,
            games_won: 0,
            updated_at: joined_at,
            scored_at: joined_at,
        }
    }
}

impl Stored for Score {
    fn key(&self) -> Key {
        keys::score(self.member)
    }
}
