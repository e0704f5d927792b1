//! Signing in and out.
//!
//! Every login is counted before the password is looked at, and takes the same calls and the same hashing whether
//! the name exists or not.

use super::sessions::{self, Ticket};
use super::{Client, Member, extract, limits, passwords};
use crate::app::App;
use crate::error::Result;
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::{Account, NameHeld};
use crate::model::session::Session;
use crate::store::{Change, Condition, StoreError, Write, keys};

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
    /// Name and password are right, but the account was deactivated, or its member banned.
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
    if !account.active || account.banned {
        attempt.succeeded(app).await?;
        return Ok(Err(Refused::Deactivated));
    }
    let (session, ticket) = sessions::begin(app, &account, &client.user_agent)?;
    let seen = Change::of(keys::account(account.id))
        .set("last_login", app.clock.now())
        .when(Condition::equals("active", true).and(Condition::equals("session_epoch", account.session_epoch)));
    let writes = vec![Write::change(seen), Write::create(&session)?, attempt.forget()];
    let (entered, counted) = tokio::join!(app.table.together(writes), attempt.succeeded(app));
    counted?;
    match entered {
        Ok(()) => Ok(Ok(Entered { account, ticket })),
        // Deactivated, banned, deleted, or given another password while we were hashing.
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
