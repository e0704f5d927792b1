//! Signing in, signing out, and changing the password.
//!
//! Every login is counted before the password is looked at, and takes the same calls and the same hashing whether
//! the name exists or not.

use shared::auth::sessions::{self, Ticket};
use shared::auth::{Client, Member, extract, limits, passwords};
use shared::events::{Event, happened};
use shared::ids::MemberId;
use shared::model::account::{Account, NameHeld};
use shared::model::session::Session;
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

/// A member who has just signed in.
pub struct Entered {
    /// Their account.
    pub account: Account,
    /// What their cookie carries.
    pub ticket: Ticket,
}

/// Why a login was refused, for the dialect to word. A lockout comes as an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody has this name.
    UnknownName,
    /// The password is another.
    WrongPassword,
    /// Name and password are right, but the account was deactivated.
    Deactivated,
}

/// Signs in with name and password.
pub async fn sign_in(app: &App, client: &Client, name: &str, password: String) -> Result<Result<Entered, Refused>> {
    let name = extract::login_name(name);
    let holder = app.table.get::<NameHeld>(keys::name(&name)).await?.map(|held| held.member);
    let device = client.known_to(app, holder);
    let (attempt, account) = tokio::join!(
        limits::login(app, &name, device.as_deref(), &client.address),
        // The same read for a name that nobody has; no member has the id 0.
        app.table.get::<Account>(keys::account(holder.unwrap_or(MemberId(0)))),
    );
    let (attempt, account) = (attempt?, account?);
    let right = passwords::verify(password, account.as_ref().map(|account| account.password.clone())).await?;
    let Some(account) = account.filter(|_| right) else {
        if attempt.is_last() {
            // Written for unknown names, too: the two must not differ in what they take.
            let notice = happened(app, Event::NameLocked { member: holder })?;
            app.table.together(vec![notice]).await?;
            return Err(attempt.locked(app));
        }
        return Ok(Err(if holder.is_some() { Refused::WrongPassword } else { Refused::UnknownName }));
    };
    if !account.active {
        attempt.succeeded(app).await?;
        return Ok(Err(Refused::Deactivated));
    }
    let (session, ticket) = sessions::begin(app, &account, &client.user_agent)?;
    let seen = Change::of(account_key(&account))
        .set("last_login", app.clock.now())
        .when(Condition::equals("active", true).and(Condition::equals("session_epoch", account.session_epoch)));
    let writes = vec![Write::change(seen), Write::create(&session)?, attempt.forget()];
    let (entered, counted) = tokio::join!(app.table.together(writes), attempt.succeeded(app));
    counted?;
    match entered {
        Ok(()) => Ok(Ok(Entered { account, ticket })),
        // Deactivated, deleted, or given another password while we were hashing.
        Err(StoreError::Refused { write: 0, .. }) => Ok(Err(Refused::WrongPassword)),
        Err(error) => Err(error.into()),
    }
}

/// Ends the session that a member called with.
pub async fn sign_out(app: &App, by: &Member) -> Result<()> {
    let Session { id, member, .. } = &by.session;
    let ended = Event::SessionEnded { member: *member, session: id.clone() };
    let writes = vec![Write::delete(keys::session(*member, id), Condition::default()), happened(app, ended)?];
    Ok(app.table.together(writes).await?)
}

/// What a member showed, beside their session, to prove that it is them.
#[derive(Debug)]
pub enum Proof {
    /// Nothing: the session is proof enough.
    Session,
    /// Their password. The attempt is forgotten together with whatever the proof was for.
    Password(limits::Attempt),
}

impl Proof {
    /// Checks a password; `None` if it is another. Guesses are counted by themselves: someone at a signed-in device
    /// has five, too, and cannot lock the owner's login with them.
    pub async fn by_password(app: &App, by: &Member, password: String) -> Result<Option<Proof>> {
        let attempt = limits::guess(app, &by.account.username.folded(), Some("signed-in")).await?;
        if passwords::verify(password, Some(by.account.password.clone())).await? {
            return Ok(Some(Proof::Password(attempt)));
        }
        if attempt.is_last() { Err(attempt.locked(app)) } else { Ok(None) }
    }

    /// The write that belongs in the transaction of what the proof was for.
    pub fn write(&self) -> Option<Write> {
        match self {
            Proof::Session => None,
            Proof::Password(attempt) => Some(attempt.forget()),
        }
    }
}

/// Sets a new password, ends every session, and begins a new one for the caller.
pub async fn change_password(
    app: &App,
    by: &Member,
    client: &Client,
    proof: Proof,
    password: String,
) -> Result<Ticket> {
    let mut account = by.account.clone();
    let hash = passwords::hash(password).await?;
    let change = Change::of(account_key(&account))
        .set("password", hash)
        .add("session_epoch", 1)
        .when(Condition::equals("session_epoch", account.session_epoch).and(Condition::equals("active", true)));
    account.session_epoch += 1;
    let (session, ticket) = sessions::begin(app, &account, &client.user_agent)?;
    let mut writes = vec![
        Write::change(change),
        Write::create(&session)?,
        happened(app, Event::PasswordChanged { member: account.id })?,
        happened(app, Event::SessionsEnded { member: account.id })?,
    ];
    writes.extend(proof.write());
    match app.table.together(writes).await {
        Ok(()) => Ok(ticket),
        Err(StoreError::Refused { write: 0, .. }) => Err(changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// The answer where two changes of one account met.
pub fn changed_meanwhile() -> Error {
    Error::conflict("changed_meanwhile", "The account was changed at the same time. Try again.")
}

fn account_key(account: &Account) -> shared::store::Key {
    keys::account(account.id)
}
