//! Accounts: what is stored about a member.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::name::{Email, Username};
use super::role::Role;
use crate::ids::MemberId;
use crate::store::{Condition, IndexKey, Key, Stored, keys};
use crate::visibility::Audience;

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
    /// The hash of their password, in PHC string format; none for those who come in another way.
    pub password: Option<String>,
    /// Whether signing in takes a code as well (see [`super::second_factor`]). Kept only where it does, so that "off"
    /// has one form.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_factor: bool,
    /// Raised to end every session begun before (see [`crate::auth::sessions`]).
    pub session_epoch: i64,
    /// Whether the account can be used: its owner, or the staff, can switch it off.
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
    /// Who may see their profile.
    #[serde(default)]
    pub audience: Audience,
    /// Their name at LeetCode, which nobody else here has.
    #[serde(default)]
    pub leetcode_username: Option<String>,
    /// When account or profile last changed.
    #[serde(default)]
    pub updated_at: Option<DateTime<Utc>>,
}

impl Account {
    /// The account of somebody who joins now, with a name and nothing else.
    pub fn new(id: MemberId, username: Username, joined_at: DateTime<Utc>) -> Account {
        Account {
            id,
            username,
            email: None,
            email_confirmed: false,
            first_name: String::new(),
            last_name: String::new(),
            avatar: None,
            password: None,
            second_factor: false,
            session_epoch: 0,
            active: true,
            banned: false,
            role: None,
            joined_at,
            last_login: None,
            audience: Audience::default(),
            leetcode_username: None,
            updated_at: None,
        }
    }

    /// Whether its owner may sign in.
    pub fn is_usable(&self) -> bool {
        self.active && !self.banned
    }

    /// The condition that an account is there and its owner may sign in.
    pub fn usable() -> Condition {
        Condition::equals("active", true).and(Condition::equals("banned", false))
    }

    /// When account or profile last changed, which is when it was made where they never did.
    pub fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.unwrap_or(self.joined_at)
    }

    /// Given and family name in one, as far as there are any.
    pub fn full_name(&self) -> String {
        [self.first_name.as_str(), &self.last_name].join(" ").trim().to_owned()
    }
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

/// Holds a name at LeetCode for its member, in the same way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeetcodeNameHeld {
    /// The name, folded.
    pub leetcode_username: String,
    /// Who holds it.
    pub member: MemberId,
}

impl Stored for LeetcodeNameHeld {
    fn key(&self) -> Key {
        keys::leetcode_name(&self.leetcode_username)
    }
}
