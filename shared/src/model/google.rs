//! Signing in with Google: whose Google account is whose, and those who are under way.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::store::{Key, Stored, keys};

/// How long somebody may take at Google.
pub const UNDER_WAY: Duration = Duration::minutes(10);
/// How long a one-time code works.
pub const CODE_WORKS: Duration = Duration::seconds(60);

/// A member's Google account.
#[derive(Clone, Serialize, Deserialize)]
pub struct GoogleLink {
    /// Whose.
    pub member: MemberId,
    /// Google's own name for it.
    pub subject: String,
    /// Its address when it was last used.
    pub email: String,
    /// What the member allowed.
    pub scopes: Vec<String>,
    /// What lets us act for the member, locked away.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// Since when.
    pub linked_at: DateTime<Utc>,
}

impl Stored for GoogleLink {
    fn key(&self) -> Key {
        keys::google_link(self.member)
    }
}

/// Holds a Google account for its member; it has one member because this item's key is unique.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GoogleHeld {
    /// Google's own name for it.
    pub subject: String,
    /// Who has it.
    pub member: MemberId,
}

impl Stored for GoogleHeld {
    fn key(&self) -> Key {
        keys::google(&self.subject)
    }
}

/// Somebody who was sent to Google and has not come back.
#[derive(Clone, Serialize, Deserialize)]
pub struct Journey {
    /// The digest of the state that they come back with.
    pub id: String,
    /// The digest of what their browser has.
    pub browser: String,
    /// What belongs to the challenge.
    pub verifier: String,
    /// What the token must say.
    pub nonce: String,
    /// Where they go afterwards.
    pub next: String,
    /// The member who wants to link their account; nobody yet, where it is to sign in.
    pub member: Option<MemberId>,
    /// That member's epoch at the time; whatever ends all sessions ends this journey, too.
    pub epoch: i64,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Stored for Journey {
    fn key(&self) -> Key {
        keys::google_journey(&self.id)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at)
    }
}

/// A one-time code for somebody who came back: their client changes it for tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Who.
    pub member: MemberId,
    /// The digest of the code.
    pub id: String,
    /// The account's epoch at the time; whatever ends all sessions voids the code.
    pub epoch: i64,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Stored for Arrival {
    fn key(&self) -> Key {
        keys::code(self.member, "google", &self.id)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at)
    }
}
