//! Feeds: what those did whom a member follows, as it was handed out to them, and who has too many followers for that.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::action::Action;
use crate::ids::MemberId;
use crate::store::{IndexKey, Key, Stored, keys};

/// One entry of a member's feed. Whoever reads it looks whether the action is still there, and whether they may see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Whose feed.
    pub reader: MemberId,
    /// What was done.
    pub action: Action,
}

impl Stored for FeedEntry {
    fn key(&self) -> Key {
        keys::feed_entry(self.reader, self.action.id, self.action.actor)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_fed(self.action.actor, self.action.id, self.reader))
    }
}

/// That a member has so many followers that what they do is handed out no more: readers look for it with them.
///
/// It stays when there are fewer again. What was not handed out meanwhile would else be missed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wide {
    /// Who.
    pub member: MemberId,
    /// Whether every follower knows it. Until then what they do is handed out as well.
    pub known: bool,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for Wide {
    fn key(&self) -> Key {
        keys::wide(self.member)
    }
}
