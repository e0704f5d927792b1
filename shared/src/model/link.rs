//! Links in letters: sealed notes that a letter carries out and a member brings back.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::name::Email;
use crate::app::App;
use crate::ids::MemberId;

/// How long a link in a letter works.
pub const LIFETIME: Duration = Duration::days(2);

const PURPOSE: &str = "confirm-email";

/// Who confirms which address, until when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConfirmEmail {
    /// Whose address.
    pub member: MemberId,
    /// Which.
    pub email: Email,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// The address of the page that confirms an e-mail address.
pub fn confirm_email(app: &App, member: MemberId, email: &Email) -> String {
    let note = ConfirmEmail { member, email: email.clone(), expires_at: app.clock.now() + LIFETIME };
    format!("{}/v1/email/confirm?code={}", app.config.public_url, app.seal.seal(PURPOSE, &note))
}

/// The note in a link, if it is ours and its time is not over.
pub fn open(app: &App, code: &str) -> Option<ConfirmEmail> {
    app.seal.open::<ConfirmEmail>(PURPOSE, code).filter(|note| app.clock.now() < note.expires_at)
}
