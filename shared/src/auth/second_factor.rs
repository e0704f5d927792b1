//! The second factor at the door: a code from the member's authenticator, or one of their recovery codes.
//!
//! Clients that know nothing of it survive it: where it is on, the member types the code directly behind the password,
//! into the same field. Which part of what was typed is the password is settled before anything is hashed, by whether
//! the rest is a good code; so there is one hash per attempt, and a wrong code is a wrong password.

use super::limits;
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::name::Email;
use crate::model::second_factor::{self, DIGITS, RECOVERY_CODES, RECOVERY_LENGTH, SecondFactor};
use crate::store::{Change, Condition, StoreError, Write, keys};

/// What somebody shows who signs in with a password.
pub struct Shown {
    /// What they typed as their password, perhaps with a code behind it.
    pub password: String,
    /// What they typed as a code, where the client has a field for it.
    pub code: Option<String>,
}

impl From<String> for Shown {
    fn from(password: String) -> Shown {
        Shown { password, code: None }
    }
}

/// That the second factor was asked for: shown, where a member has one. A session begins with nothing less, and nothing
/// outside this file makes one, so no way in can forget to ask.
///
/// It holds the writes that use up what was shown; others of the same transaction join them.
#[must_use]
pub struct Proof {
    writes: Vec<Write>,
    address: Option<Email>,
}

impl Proof {
    fn of(writes: Vec<Write>) -> Proof {
        Proof { writes, address: None }
    }

    /// The same proof, with another write of the transaction that it is for.
    pub fn with(mut self, write: Write) -> Proof {
        self.writes.push(write);
        self
    }

    /// The same proof, by which it is shown besides that this address is the member's own.
    pub fn of_address(self, email: &Email) -> Proof {
        Proof { address: Some(email.clone()), ..self }
    }

    /// The writes of the transaction, and the address that is proved by it.
    pub(super) fn into_parts(self) -> (Vec<Write>, Option<Email>) {
        (self.writes, self.address)
    }
}

/// What came of the second factor, before the first has been looked at.
pub(super) enum Factor {
    /// It is off, or the code is good and the proof uses it up.
    Passed(Proof),
    /// It is on, and nothing was shown that could be a good code.
    Missing,
    /// It is on, and the code in its own field is not good.
    Wrong,
}

/// Which part of what was shown is the password, and what came of the rest.
pub(super) fn part(
    app: &App,
    account: Option<&Account>,
    factor: Option<&SecondFactor>,
    shown: Shown,
) -> (String, Factor) {
    let Shown { password, code } = shown;
    if !account.is_some_and(|account| account.second_factor) {
        return (password, Factor::Passed(Proof::of(Vec::new())));
    }
    let code = code.filter(|code| !code.trim().is_empty());
    // An account that says it has one, without one, lets nobody in.
    let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else {
        return (password, if code.is_some() { Factor::Wrong } else { Factor::Missing });
    };
    let using = |code: &str| {
        let after = factor.after(code, app.clock.now())?;
        Some(Factor::Passed(Proof::of(vec![Write::change(factor.becomes(&after))])))
    };
    if let Some(code) = code {
        return (password, using(&code).unwrap_or(Factor::Wrong));
    }
    for length in [DIGITS, RECOVERY_LENGTH] {
        let cut = password.len().checked_sub(length);
        let parts = cut.and_then(|cut| password.split_at_checked(cut));
        if let Some((password, passed)) = parts.and_then(|(password, code)| Some((password, using(code)?))) {
            return (password.to_owned(), passed);
        }
    }
    (password, Factor::Missing)
}

/// Asks for the second factor of a member who has proved who they are in another way than by a password. Where they have
/// none, that is the proof.
pub async fn demand(app: &App, account: &Account, code: Option<&str>) -> Result<Proof> {
    if !account.second_factor {
        return Ok(Proof::of(Vec::new()));
    }
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else { return Err(required()) };
    let (factor, after, forget) = check(app, account.id, code).await?.ok_or_else(wrong)?;
    Ok(Proof::of(vec![Write::change(factor.becomes(&after)), forget]))
}

/// Checks a code of a member: the second factor as it is, as it is once the code was used, and the write that forgets
/// the guesses. `None` if the code is another, or there is no second factor. Guesses are counted by themselves.
pub async fn check(app: &App, member: MemberId, code: &str) -> Result<Option<(SecondFactor, SecondFactor, Write)>> {
    let (attempt, factor) = tokio::join!(
        limits::guess(app, member, "second-factor"),
        app.table.get::<SecondFactor>(keys::second_factor(member)),
    );
    let (attempt, factor) = (attempt?, factor?);
    match factor.and_then(|factor| Some((factor.after(code, app.clock.now())?, factor))) {
        Some((after, factor)) => Ok(Some((factor, after, attempt.forget()))),
        None if attempt.is_last() => Err(attempt.locked(app)),
        None => Ok(None),
    }
}

/// Takes a member's second factor away, which they have lost, and ends their sessions: whoever has the rest of it may be
/// signed in. They are told by letter. `also` are writes that belong in the same transaction.
pub async fn take_away(app: &App, account: &Account, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let member = account.id;
    let seen = Condition::equals("second_factor", true).and(Condition::equals("session_epoch", account.session_epoch));
    let change = Change::of(keys::account(member)).remove("second_factor").add("session_epoch", 1).when(seen);
    let mut writes = vec![
        Write::change(change),
        Write::delete(keys::second_factor(member), Condition::default()),
        happened(app, Event::SecondFactorRemoved { member })?,
        happened(app, Event::SessionsEnded { member })?,
    ];
    writes.extend(also);
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// Signed in by half: the code is missing.
pub fn required() -> Error {
    Error::unauthenticated("second_factor_required", "A code of your second factor is required.")
}

/// Signed in by half: the code is another, or was used before.
pub fn wrong() -> Error {
    Error::unauthenticated("second_factor_wrong", "This code is not right, or was used before.")
}

/// Whether an error says that only the second factor is wanting.
pub fn is_half(error: &Error) -> bool {
    ["second_factor_required", "second_factor_wrong"].contains(&error.code)
}

/// A secret for an authenticator.
pub fn new_secret() -> Result<[u8; 20]> {
    random()
}

/// New recovery codes.
pub fn new_recovery_codes() -> Result<Vec<String>> {
    (0..RECOVERY_CODES).map(|_| random().map(second_factor::recovery_code)).collect()
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| Error::internal("There is no randomness.", cause.to_string()))?;
    Ok(bytes)
}
