//! One-time codes: made where the letter is written, so that no event and no queue ever carries one; used up in the
//! transaction of what they are for.

use subtle::ConstantTimeEq;

use super::secrets;
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::code::{Code, Purpose, SignInCode};
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

/// What the digits of a [`SignInCode`] are sealed for.
const DIGITS: &str = "sign-in digits";

/// Six digits for a member to sign in with, and the text of a link that does the same, to be sent to this address. What
/// they had before is void.
pub async fn issue_digits(app: &App, account: &Account, email: &Email) -> Result<(String, String)> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|cause| Error::internal("There is no randomness.", cause.to_string()))?;
    let digits = format!("{:06}", u64::from_le_bytes(random) % 1_000_000);
    let (link, secret) = secrets::new(account.id)?;
    let code = SignInCode {
        member: account.id,
        digits: digest_of(app, account.id, &digits),
        link: secret,
        email: email.clone(),
        epoch: account.session_epoch,
        expires_at: app.clock.now() + SignInCode::LIFETIME,
    };
    app.table.put(&code).await?;
    Ok((digits, link))
}

/// What a member shows of a [`SignInCode`].
pub enum Shown<'a> {
    /// What they typed.
    Digits(&'a str),
    /// The digest of a link's secret.
    Link(&'a str),
}

/// The write that uses a code up, if this is it and it is good for the account as it is. Says nothing of how often somebody
/// may try.
pub fn use_up_digits(app: &App, account: &Account, code: &SignInCode, shown: &Shown<'_>) -> Option<Write> {
    let (kept, shown) = match shown {
        Shown::Digits(typed) => (&code.digits, digest_of(app, account.id, typed)),
        Shown::Link(secret) => (&code.link, (*secret).to_owned()),
    };
    let same: bool = kept.as_bytes().ct_eq(shown.as_bytes()).into();
    let good = account.is_usable()
        && code.expires_at > app.clock.now()
        && code.epoch == account.session_epoch
        && account.email.as_ref() == Some(&code.email);
    (same && good).then(|| Write::delete(code.key(), Condition::equals("link", &code.link)))
}

/// Of a million codes everybody could try all, so the digest takes our secret; and the member, so that equal ones of two
/// members look different.
fn digest_of(app: &App, member: MemberId, digits: &str) -> String {
    app.seal.digest(DIGITS, &format!("{member}/{digits}"))
}
