//! Addresses: the link in a letter proves that its reader owns the address.
//!
//! The link carries a sealed note of who confirms which address until when; nothing of it is stored. It works once
//! in effect: confirming what is confirmed changes nothing, and a changed address needs another link.

use shared::events::{Event, happened};
use shared::model::account::Account;
use shared::model::link::{self, ConfirmEmail};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

/// Confirms the address that a link is about.
pub async fn confirm(app: &App, code: &str) -> Result<()> {
    let void = || Error::invalid_field("code", "This link is no longer valid. Ask for a new one.");
    let ConfirmEmail { member, email, .. } = link::open(app, code).ok_or_else(void)?;
    let account = app.table.get::<Account>(keys::account(member)).await?.ok_or_else(void)?;
    if account.email.as_ref() != Some(&email) {
        return Err(void());
    }
    if account.email_confirmed {
        return Ok(());
    }
    let change = Change::of(keys::account(member))
        .set("email_confirmed", true)
        .when(Condition::equals("email", &email).and(Condition::equals("email_confirmed", false)));
    let writes = vec![Write::change(change), happened(app, Event::EmailConfirmed { member })?];
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        // Confirmed a moment ago, or changed: the next try tells which.
        Err(StoreError::Refused { .. }) => Err(void()),
        Err(error) => Err(error.into()),
    }
}
