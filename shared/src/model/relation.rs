//! What stands between two members: who follows whom, and who has blocked whom.
//!
//! It lies with whoever follows or blocks, and the index finds it from the other side, so that it goes when either of
//! the two leaves. Whoever keeps one makes sure in the same transaction that the other member is still there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::store::{IndexKey, Key, Stored, keys};

/// That one member follows another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Follow {
    /// Who follows.
    pub member: MemberId,
    /// Whom.
    pub followed: MemberId,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for Follow {
    fn key(&self) -> Key {
        keys::follow(self.member, self.followed)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_followed(self.followed, self.member))
    }
}

/// That one member has blocked another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Who blocks.
    pub member: MemberId,
    /// Whom.
    pub blocked: MemberId,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for Block {
    fn key(&self) -> Key {
        keys::block(self.member, self.blocked)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_blocked(self.blocked, self.member))
    }
}
