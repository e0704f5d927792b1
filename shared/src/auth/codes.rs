//! One-time codes: made where the letter is written, so that no event and no queue ever carries one; used up in the
//! transaction of what they are for.

use super::secrets;
use crate::app::App;
use crate::error::Result;
use crate::model::account::Account;
use crate::model::code::{Code, Purpose};
use crate::model::name::Email;
use crate::store::{Condition, Stored, Write, keys};

/// Why a code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// It was never given out, was used, or something has happened since that voids it.
    Unknown,
    /// Its time is over.
    Expired,
}

/// A new code for a member, to be sent to this address.
pub async fn issue(app: &App, account: &Account, purpose: Purpose, email: &Email) -> Result<String> {
    let (text, id) = secrets::new(account.id)?;
    let code = Code {
        member: account.id,
        purpose,
        id,
        email: email.clone(),
        epoch: account.session_epoch,
        expires_at: app.clock.now() + purpose.lifetime(),
    };
    app.table.put(&code).await?;
    Ok(text)
}

/// What a code stands for, with its member's account, if it is still good. One round trip; uses nothing up.
pub async fn look_up(app: &App, purpose: Purpose, text: &str) -> Result<Result<(Code, Account), Void>> {
    let Some((member, id)) = secrets::read(text) else { return Ok(Err(Void::Unknown)) };
    let found =
        app.table.get_two::<Code, Account>(keys::code(member, purpose.name(), &id), keys::account(member)).await?;
    let (Some(code), Some(account)) = found else { return Ok(Err(Void::Unknown)) };
    if code.expires_at <= app.clock.now() {
        return Ok(Err(Void::Expired));
    }
    let good =
        account.is_usable() && code.epoch == account.session_epoch && account.email.as_ref() == Some(&code.email);
    Ok(if good { Ok((code, account)) } else { Err(Void::Unknown) })
}

/// The write that uses a code up; refused if somebody did before.
pub fn use_up(code: &Code) -> Write {
    Write::delete(code.key(), Condition::present())
}
