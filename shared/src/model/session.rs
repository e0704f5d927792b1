//! Sessions: one per sign-in, kept until it is ended or runs out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::store::{Key, Stored, keys};

/// A session. Its secret is with the member only; what is kept is the secret's digest, as the session's id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The digest of its secret.
    pub id: String,
    /// Whose.
    pub member: MemberId,
    /// The account's epoch when it began; an older one than the account's has ended.
    pub epoch: i64,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it runs out.
    pub expires_at: DateTime<Utc>,
    /// What it was begun with, as the client called itself.
    pub user_agent: String,
    /// How often its refresh token was replaced; older tokens than this are used up.
    #[serde(default)]
    pub generation: i64,
    /// When that was last; never, where there is none.
    #[serde(default)]
    pub refreshed_at: Option<DateTime<Utc>>,
}

impl Session {
    /// When it was begun or last refreshed.
    pub fn fresh_since(&self) -> DateTime<Utc> {
        self.refreshed_at.unwrap_or(self.created_at)
    }
}

impl Stored for Session {
    fn key(&self) -> Key {
        keys::session(self.member, &self.id)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at)
    }
}
