//! Signing in and out.
//!
//! Every login is counted before the password is looked at, and takes the same calls and the same hashing whether
//! the name exists or not.

use super::second_factor::{self, Factor, Proof, Shown};
use super::sessions::{self, Ticket};
use super::{Client, Member, extract, limits, passwords};
use crate::app::App;
use crate::error::Result;
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::{Account, EmailHeld, NameHeld};
use crate::model::name::Email;
use crate::model::profile::Profile;
use crate::model::second_factor::SecondFactor;
use crate::model::session::Session;
use crate::store::{Change, Condition, StoreError, Write, keys};

/// A member who has just signed in.
pub struct Entered {
    /// Their account.
    pub account: Account,
    /// Their profile.
    pub profile: Profile,
    /// The session that has begun.
    pub session: Session,
    /// What a cookie carries of it.
    pub ticket: Ticket,
}

/// Why a login was refused, for the dialect to word. A lockout comes as an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody has this name.
    UnknownName,
    /// The password is another, or the code typed behind it is.
    WrongPassword,
    /// The password is right, and the second factor is missing.
    CodeMissing,
    /// The password is right, and the code in its own field is another, or was used before.
    WrongCode,
    /// Name and password are right, but the account was deactivated, or its member banned.
    Barred,
}

/// Signs in with a name, which may be the member's e-mail address, a password and, where the member has a second
/// factor, a code: in its own field or directly behind the password.
pub async fn sign_in(
    app: &App,
    client: &Client,
    typed: &str,
    shown: impl Into<Shown>,
) -> Result<Result<Entered, Refused>> {
    let name = extract::login_name(typed);
    let holder = holder(app, typed, &name).await?;
    let device = client.known_to(app, holder);
    // The same read for a name that nobody has; no member has the id 0.
    let member = holder.unwrap_or(MemberId(0));
    let (attempt, found) = tokio::join!(
        limits::login(app, holder, &name, device.as_deref(), &client.address),
        app.table.get_three::<Account, Profile, SecondFactor>(
            keys::account(member),
            keys::profile(member),
            keys::second_factor(member),
        ),
    );
    let (attempt, (account, profile, factor)) = (attempt?, found?);
    let hash = account.as_ref().and_then(|account| account.password.clone());
    let (password, factor) = second_factor::part(app, account.as_ref(), factor.as_ref(), shown.into());
    let right = passwords::verify(password, hash).await?;
    let refused = match (account.filter(|_| right), factor) {
        (Some(account), Factor::Passed(proof)) => return finish(app, client, attempt, account, profile, proof).await,
        (Some(_), Factor::Missing) => Refused::CodeMissing,
        (Some(_), Factor::Wrong) => Refused::WrongCode,
        (None, _) if holder.is_some() => Refused::WrongPassword,
        (None, _) => Refused::UnknownName,
    };
    // Half of a proof counts as a failure, too, until the other half comes with it.
    if attempt.is_last() {
        // Written for unknown names, too: the two must not differ in what they take.
        let notice = happened(app, Event::NameLocked { member: holder })?;
        app.table.together(vec![notice]).await?;
        return Err(attempt.locked(app));
    }
    Ok(Err(refused))
}

/// Begins the session of somebody who has shown everything, and forgets their failures.
async fn finish(
    app: &App,
    client: &Client,
    attempt: limits::Attempt,
    account: Account,
    profile: Option<Profile>,
    proof: Proof,
) -> Result<Result<Entered, Refused>> {
    if !account.is_usable() {
        attempt.succeeded(app).await?;
        return Ok(Err(Refused::Barred));
    }
    let profile = profile.unwrap_or_else(|| Profile::new(account.id));
    let entered = enter(app, client, account, profile, proof.with(attempt.forget()));
    let (entered, counted) = tokio::join!(entered, attempt.succeeded(app));
    counted?;
    // Deactivated, deleted, or given another password while we were hashing; or the code was used by somebody else.
    entered.map(|entered| entered.ok_or(Refused::WrongPassword))
}

/// Begins a session for a member who has proved who they are, together with the writes of that proof. `None` if the
/// account has changed since in a way that ends sessions or asks for more, or the proof was used by somebody else.
pub async fn enter(
    app: &App,
    client: &Client,
    account: Account,
    profile: Profile,
    proof: Proof,
) -> Result<Option<Entered>> {
    let unchanged = Condition::equals("active", true)
        .and(Condition::equals("session_epoch", account.session_epoch))
        .and(Condition::equals("second_factor", account.second_factor.then_some(true)));
    let mut seen = Change::of(keys::account(account.id)).set("last_login", app.clock.now()).when(unchanged);
    let (mut writes, address) = proof.into_parts();
    let (member, mut account) = (account.id, account);
    if let Some(email) = address.filter(|_| !account.email_confirmed) {
        // Whoever is signed in there has never shown that the address is theirs, and may be somebody else.
        seen = seen.set("email_confirmed", true).add("session_epoch", 1).when(Condition::equals("email", &email));
        writes.push(happened(app, Event::SessionsEnded { member })?);
        writes.push(happened(app, Event::EmailConfirmed { member })?);
        (account.email_confirmed, account.session_epoch) = (true, account.session_epoch + 1);
    }
    let (session, ticket) = sessions::begin(app, &account, &client.user_agent)?;
    writes.extend([Write::change(seen), Write::create(&session)?]);
    match app.table.together(writes).await {
        Ok(()) => Ok(Some(Entered { account, profile, session, ticket })),
        Err(StoreError::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a member's letters are their only way in: there is no password, and no Google account.
pub fn is_by_letters_alone(account: &Account, profile: Option<&Profile>) -> bool {
    account.password.is_none() && profile.is_none_or(|profile| profile.google.is_none())
}

/// Whether a member may sign in by what is sent to their address. While nobody has proved that it is theirs, only where
/// there is no other way in: whoever uses that may be somebody else.
pub fn opens_by_letter(account: &Account, profile: Option<&Profile>) -> bool {
    account.email_confirmed || is_by_letters_alone(account, profile)
}

/// Who has this name or, where it may be one, this address. One round trip.
async fn holder(app: &App, typed: &str, name: &str) -> Result<Option<MemberId>> {
    let Ok(email) = Email::parse(typed.trim()) else {
        return Ok(app.table.get::<NameHeld>(keys::name(name)).await?.map(|held| held.member));
    };
    // A name may look like an address. Whoever has it as a name was first to be known by it.
    let found = app.table.get_two::<NameHeld, EmailHeld>(keys::name(name), keys::email(&email.folded())).await?;
    Ok(found.0.map(|held| held.member).or(found.1.map(|held| held.member)))
}

/// Ends the session that a member called with.
pub async fn sign_out(app: &App, by: &Member) -> Result<()> {
    sessions::end(app, by.id(), &by.session.id, []).await.map(drop)
}
