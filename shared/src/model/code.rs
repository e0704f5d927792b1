//! One-time codes: what a letter carries out and a member brings back, once.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::name::Email;
use crate::ids::MemberId;
use crate::store::{Key, Stored, keys};

/// How long a code is kept that is over, so that its reader is told so.
const REMEMBERED: Duration = Duration::days(7);

/// What a code is good for, and for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Proves that an address is the member's own.
    ConfirmEmail,
    /// Allows a new password.
    ResetPassword,
    /// Signs in.
    SignIn,
    /// Ends a subscription.
    Unsubscribe,
}

impl Purpose {
    /// How long a code of this purpose works.
    pub fn lifetime(self) -> Duration {
        match self {
            // Contract of SkillNet, section 3.1, "E-mail".
            Purpose::ConfirmEmail => Duration::days(3),
            // Contract of Sukuwatto, section 4.2.
            Purpose::ResetPassword => Duration::days(1),
            Purpose::SignIn => Duration::minutes(15),
            Purpose::Unsubscribe => Duration::days(1),
        }
    }

    /// Its name in keys.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::ConfirmEmail => "confirm-email",
            Purpose::ResetPassword => "reset-password",
            Purpose::SignIn => "sign-in",
            Purpose::Unsubscribe => "unsubscribe",
        }
    }
}

/// A code that waits to be used. The code itself is in the letter only; what is kept is its digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// Whose.
    pub member: MemberId,
    /// What for.
    pub purpose: Purpose,
    /// The digest of its secret.
    pub id: String,
    /// The address it was sent to.
    pub email: Email,
    /// The account's epoch at the time; whatever ends all sessions voids all codes.
    pub epoch: i64,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Stored for Code {
    fn key(&self) -> Key {
        keys::code(self.member, self.purpose.name(), &self.id)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at + REMEMBERED)
    }
}

/// Six digits to sign in with, and the secret of a link that does the same. A member has one of these at a time, and
/// whichever of the two is used uses up both.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInCode {
    /// Whose.
    pub member: MemberId,
    /// The digest of the digits, made with our own secret.
    pub digits: String,
    /// The digest of the link's secret.
    pub link: String,
    /// The address they were sent to.
    pub email: Email,
    /// The account's epoch at the time; whatever ends all sessions voids them.
    pub epoch: i64,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl SignInCode {
    /// How long it works (contract of SkillTracker, section 4.6).
    pub const LIFETIME: Duration = Duration::minutes(10);
}

impl Stored for SignInCode {
    fn key(&self) -> Key {
        keys::sign_in_code(self.member)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at)
    }
}
