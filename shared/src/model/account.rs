//! Accounts: what is stored about a member.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::name::{Email, Username};
use super::role::Role;
use crate::ids::MemberId;
use crate::store::{IndexKey, Key, Stored, keys};

/// A member's account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// Who.
    pub id: MemberId,
    /// The name they sign in with and are known by.
    pub username: Username,
    /// Where letters go, once confirmed.
    pub email: Option<Email>,
    /// Whether they proved that the address is theirs.
    pub email_confirmed: bool,
    /// Given name, may be empty.
    pub first_name: String,
    /// Family name, may be empty.
    pub last_name: String,
    /// The name of their picture in the bucket.
    pub avatar: Option<String>,
    /// The hash of their password, in PHC string format.
    pub password: String,
    /// Raised to end every session begun before (see [`crate::auth::sessions`]).
    pub session_epoch: i64,
    /// Whether the account can be used.
    pub active: bool,
    /// Whether the staff shut them out.
    #[serde(default)]
    pub banned: bool,
    /// What they may do of what the staff may do; none for almost everybody.
    pub role: Option<Role>,
    /// When they joined.
    pub joined_at: DateTime<Utc>,
    /// When they last signed in.
    pub last_login: Option<DateTime<Utc>>,
}

impl Stored for Account {
    fn key(&self) -> Key {
        keys::account(self.id)
    }
}

/// Holds a name for its member; names are unique because this item's key is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NameHeld {
    /// The folded name.
    pub name: String,
    /// Who holds it.
    pub member: MemberId,
}

impl Stored for NameHeld {
    fn key(&self) -> Key {
        keys::name(&self.name)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_name(&self.name))
    }
}

/// Holds an e-mail address for its member, in the same way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmailHeld {
    /// The folded address.
    pub email: String,
    /// Who holds it.
    pub member: MemberId,
}

impl Stored for EmailHeld {
    fn key(&self) -> Key {
        keys::email(&self.email)
    }
}
