//! Proving that it is oneself, and changing the password.

use shared::auth::passwords::Weakness;
use shared::auth::sessions::{self, Ticket};
use shared::auth::{Client, Member, limits, passwords};
use shared::events::{Event, happened};
use shared::model::account::Account;
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

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
        let attempt = limits::guess(app, by.id(), "signed-in").await?;
        if passwords::verify(password, by.account.password.clone()).await? {
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
pub async fn change(app: &App, by: &Member, client: &Client, proof: Proof, password: String) -> Result<Ticket> {
    let account = Account { session_epoch: by.account.session_epoch + 1, ..by.account.clone() };
    let (session, ticket) = sessions::begin(app, &account, &client.user_agent)?;
    set(app, by, proof, password, Write::create(&session)?).await?;
    Ok(ticket)
}

/// Sets a new password, and ends every other session: the caller's goes on, and so do its tokens.
pub async fn change_and_stay(app: &App, by: &Member, proof: Proof, password: String) -> Result<()> {
    let stays = Change::of(keys::session(by.id(), &by.session.id)).set("epoch", by.account.session_epoch + 1);
    set(app, by, proof, password, Write::change(stays)).await
}

/// Sets a password together with the write of the one session that is left afterwards.
async fn set(app: &App, by: &Member, proof: Proof, password: String, session: Write) -> Result<()> {
    let account = &by.account;
    let hash = passwords::hash(password).await?;
    let unchanged = Condition::equals("session_epoch", account.session_epoch).and(Condition::equals("active", true));
    let change = Change::of(keys::account(account.id)).set("password", hash).add("session_epoch", 1).when(unchanged);
    let mut writes = vec![
        Write::change(change),
        session,
        happened(app, Event::PasswordChanged { member: account.id })?,
        happened(app, Event::SessionsEnded { member: account.id })?,
    ];
    writes.extend(proof.write());
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        // The password, or the caller's session, was changed at the same time.
        Err(StoreError::Refused { write: 0 | 1, .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// What is weak about a password, in the words that the clients know.
pub fn sentence(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::TooShort => "This password is too short. It must contain at least 8 characters.",
        Weakness::TooLong => "This password is too long. It may have at most 1024 bytes.",
        Weakness::Common => "This password is too common.",
        Weakness::Numeric => "This password is entirely numeric.",
        Weakness::Similar => "The password is too similar to the username.",
    }
}
