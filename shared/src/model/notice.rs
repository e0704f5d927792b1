//! Notices: what a member is told of.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::thing::Thing;
use crate::ids::{MemberId, NoticeId};
use crate::store::{IndexKey, Key, Stored, keys};

/// How long notices are kept.
const KEPT: Duration = Duration::days(90);

/// What a notice tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Somebody follows them.
    Followed,
    /// Somebody asks to follow them.
    FollowAsked,
    /// Somebody likes a thing of theirs.
    Liked,
    /// Somebody commented on a thing of theirs.
    Commented,
    /// Somebody wrote to them.
    Message,
}

/// One thing that a member is told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Which; made from what it tells of, so that the same is told once.
    pub id: NoticeId,
    /// Who is told.
    pub member: MemberId,
    /// What.
    pub kind: NoticeKind,
    /// Who did it.
    pub actor: MemberId,
    /// To what, or with what.
    #[serde(default)]
    pub about: Option<Thing>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Whether the member has seen it.
    #[serde(default)]
    pub seen: bool,
}

impl Stored for Notice {
    fn key(&self) -> Key {
        keys::notice(self.member, self.id)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_cause(self.actor, self.id, self.member))
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.at + KEPT)
    }
}
