//! Notices: what a member is told of.
//!
//! What is new to them is what came after the last one that they have seen, so there is nothing to count and nothing
//! to keep in step when notices go.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::thing::Thing;
use crate::ids::{MemberId, MessageId, NoticeId};
use crate::store::{IndexKey, Key, Stored, keys};

/// How long notices are kept.
pub const KEPT: Duration = Duration::days(90);

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

impl NoticeKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            NoticeKind::Followed => "followed",
            NoticeKind::FollowAsked => "follow_asked",
            NoticeKind::Liked => "liked",
            NoticeKind::Commented => "commented",
            NoticeKind::Message => "message",
        }
    }
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

/// Up to where a member has seen what they are told of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Who.
    pub member: MemberId,
    /// The last one that they have seen; all before it count as seen.
    pub up_to: NoticeId,
}

impl Stored for Seen {
    fn key(&self) -> Key {
        keys::notices_seen(self.member)
    }
}

/// That a member was told that another wrote: once, until they have seen it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// Who was told.
    pub member: MemberId,
    /// Of whose message.
    pub other: MemberId,
    /// The latest message, of those that they were told of or need not be.
    pub latest: MessageId,
    /// By which notice.
    pub notice: NoticeId,
    /// When.
    pub at: DateTime<Utc>,
}

impl Stored for Told {
    fn key(&self) -> Key {
        keys::told(self.member, self.other)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_told(self.other, self.member))
    }
}

/// That a member wants a letter a day about what they have not seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Digest {
    /// Who.
    pub member: MemberId,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The last notice that a letter told of.
    #[serde(default)]
    pub told: Option<NoticeId>,
}

impl Stored for Digest {
    fn key(&self) -> Key {
        keys::wants_digest(self.member)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_digest(self.member))
    }
}
