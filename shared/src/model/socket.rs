//! Open sockets: whose they are, and which session opened them.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::name::Username;
use crate::boards::Board;
use crate::ids::{MemberId, MessageId, ThreadId};
use crate::store::{IndexKey, Key, Stored, keys};

/// API Gateway closes every socket after two hours; what it failed to tell us is forgotten soon after.
pub(crate) const LONGEST: Duration = Duration::minutes(125);

/// Which of the clients' sockets one is: what is said on it, and what is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// Our own frames, whatever they are about.
    #[default]
    Native,
    /// Sukuwatto's conversation with one member (its contract, part S, section 5).
    SukuwattoChat {
        /// With whom.
        with: MemberId,
    },
    /// Sukuwatto's feed of what is said to its owner.
    SukuwattoFeed,
    /// SkillNet's room of two (its contract, section 5.1).
    SkillnetRoom {
        /// With whom.
        with: MemberId,
    },
    /// SkillNet's notifications (its contract, section 5.2).
    SkillnetNotifications,
}

/// A socket, found by its connection: whose frames these are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Socket {
    /// The gateway's name for it.
    pub connection: String,
    /// Whose.
    pub member: MemberId,
    /// The session that opened it.
    pub session: String,
    /// Which of the clients' sockets it is.
    #[serde(default)]
    pub surface: Surface,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// The boards that it watches.
    #[serde(default)]
    pub boards: Vec<Board>,
}

impl Stored for Socket {
    fn key(&self) -> Key {
        keys::socket(&self.connection)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.opened_at + LONGEST)
    }
}

/// The same socket among its member's, and among those online.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The gateway's name for it.
    pub connection: String,
    /// Whose.
    pub member: MemberId,
    /// Their name.
    pub username: Username,
    /// The session that opened it.
    pub session: String,
    /// Which of the clients' sockets it is.
    #[serde(default)]
    pub surface: Surface,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// What was said while its client was away, as far as it asked; it is told by itself, and not as it happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Missed>,
}

/// What a client missed of one conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// With whom.
    pub with: MemberId,
    /// Which.
    pub thread: ThreadId,
    /// The last message that the client has.
    pub after: MessageId,
    /// The last one there was when the socket was let in.
    pub to: MessageId,
}

impl Stored for Presence {
    fn key(&self) -> Key {
        keys::socket_of(self.member, &self.connection)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_presence(self.member, &self.connection))
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.opened_at + LONGEST)
    }
}

/// What others were last told: whether a member is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PresenceTold {
    /// Who.
    pub member: MemberId,
    /// Whether they are.
    pub online: bool,
    /// When it was told.
    pub at: DateTime<Utc>,
}

impl Stored for PresenceTold {
    fn key(&self) -> Key {
        keys::presence_told(self.member)
    }
}
