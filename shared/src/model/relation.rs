//! What stands between two members: who follows whom, and who has blocked whom.
//!
//! It lies with whoever follows or blocks, and the index finds it from the other side, so that it goes when either of
//! the two leaves. Whoever keeps one makes sure in the same transaction that the other member is still there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ActionId, MemberId};
use crate::store::{IndexKey, Key, Stored, keys};

/// That one member follows another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Follow {
    /// Who follows.
    pub member: MemberId,
    /// Whom.
    pub followed: MemberId,
    /// The name of who follows, folded: lists are in the order of names, which stay as they are.
    #[serde(default)]
    pub name: String,
    /// The name of who is followed, folded.
    #[serde(default)]
    pub followed_name: String,
    /// The action that tells of it, which goes with it.
    #[serde(default)]
    pub action: Option<ActionId>,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for Follow {
    fn key(&self) -> Key {
        keys::follow(self.member, self.followed)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_followed(self.followed, &self.name))
    }

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_following(self.member, &self.followed_name))
    }
}

/// That one member has blocked another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Who blocks.
    pub member: MemberId,
    /// Whom.
    pub blocked: MemberId,
    /// The name of who is blocked, folded.
    #[serde(default)]
    pub blocked_name: String,
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

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_blocking(self.member, &self.blocked_name))
    }
}

/// That one member asks whether they may follow another, who wants to be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowRequest {
    /// Who asks.
    pub member: MemberId,
    /// Whom.
    pub asked: MemberId,
    /// The name of who asks, folded.
    pub name: String,
    /// The name of who is asked, folded.
    pub asked_name: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for FollowRequest {
    fn key(&self) -> Key {
        keys::follow_request(self.member, self.asked)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_asked(self.asked, &self.name))
    }
}

/// That one member follows another who has very many followers, to whose streams nothing is handed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowOfMany {
    /// Who follows.
    pub member: MemberId,
    /// Whom.
    pub followed: MemberId,
}

impl Stored for FollowOfMany {
    fn key(&self) -> Key {
        keys::follow_of_many(self.member, self.followed)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_many(self.followed, self.member))
    }
}
