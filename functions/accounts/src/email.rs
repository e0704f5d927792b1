//! Addresses: the code in a letter proves that its reader owns the address. It works once.

use shared::auth::codes;
use shared::auth::{Member, limits};
use shared::events::{Event, happened};
use shared::model::account::Account;
use shared::model::code::Purpose;
use shared::model::name::Email;
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

/// Letters with codes per account, or address, and hour.
pub const LETTERS_PER_HOUR: u32 = 5;

/// Confirms the address that a code was sent to.
pub async fn confirm(app: &App, code: &str) -> Result<Account> {
    let void = || Error::invalid_field("code", "This link is no longer valid. Ask for a new one.");
    let (code, account) = codes::look_up(app, Purpose::ConfirmEmail, code).await?.map_err(|_| void())?;
    let change = Change::of(keys::account(account.id)).set("email_confirmed", true);
    let mut writes = vec![
        codes::use_up(&code),
        Write::change(change.when(Condition::equals("email", &code.email).and(Condition::equals("active", true)))),
    ];
    if !account.email_confirmed {
        writes.push(happened(app, Event::EmailConfirmed { member: account.id })?);
    }
    match app.table.together(writes).await {
        Ok(()) => Ok(Account { email_confirmed: true, ..account }),
        // Used, or the address changed, a moment ago.
        Err(StoreError::Refused { .. }) => Err(void()),
        Err(error) => Err(error.into()),
    }
}

/// Sends the letter again, where there is an address to confirm.
pub async fn ask_again(app: &App, by: &Member) -> Result<()> {
    limits::take(app, "letter", &by.id().to_string(), LETTERS_PER_HOUR, chrono::Duration::hours(1)).await?;
    let Account { id, email, email_confirmed, .. } = &by.account;
    if email.as_ref().map(Email::folded).is_none() || *email_confirmed {
        return Ok(());
    }
    Ok(app.table.together(vec![happened(app, Event::EmailChanged { member: *id })?]).await?)
}
