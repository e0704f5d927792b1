//! What stands between two members: who follows whom, and who has blocked whom.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::store::{Key, Stored, keys};

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
}
