//! Sessions: begun at sign-in, looked up with every request, ended at once.
//!
//! A browser holds a session by its [`Ticket`], a program by a refresh token ([`super::refresh`]); both name the same
//! item. All sessions of a member end together, in one write, by raising the account's epoch.

use chrono::Duration;

use super::secrets;
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::session::Session;
use crate::store::{Change, Condition, Key, Mixed, Query, StoreError, Write, keys};

/// How long a session lasts that is not refreshed: 14 days (contract of the game's users API, section 1).
pub const LIFETIME: Duration = Duration::seconds(1_209_600);

const LONGEST_USER_AGENT: usize = 200;
/// More sessions than anybody keeps open; the list shows these.
const MOST_SHOWN: usize = 100;

/// What a browser holds of a session. It does not print.
#[derive(Clone)]
pub struct Ticket(String);

impl Ticket {
    /// The text that goes into a cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A new session for `account`, and its ticket. The caller keeps it, together with whatever else signing in changes.
pub fn begin(app: &App, account: &Account, user_agent: &str) -> Result<(Session, Ticket)> {
    let (ticket, id) = secrets::new(account.id)?;
    let now = app.clock.now();
    let session = Session {
        id,
        member: account.id,
        epoch: account.session_epoch,
        created_at: now,
        expires_at: now + LIFETIME,
        user_agent: user_agent.chars().filter(|char| !char.is_control()).take(LONGEST_USER_AGENT).collect(),
        generation: 0,
        refreshed_at: None,
    };
    Ok((session, Ticket(ticket)))
}

/// Whose session a ticket is for, and its id; `None` for text that is no ticket.
pub fn read_ticket(ticket: &str) -> Option<(MemberId, String)> {
    secrets::read(ticket)
}

/// How a session stands.
pub enum Standing {
    /// It goes on.
    Stands(Box<(Session, Account)>),
    /// It was ended, or ran out.
    Ended,
    /// Its account was deactivated, or its member banned.
    Barred,
    /// Its account is gone.
    Gone,
}

/// How a session stands, with its account. One round trip.
pub async fn look_up(app: &App, member: MemberId, session: &str) -> Result<Standing> {
    let [session, account] = keys_of(member, session);
    let (session, account) = app.table.get_two(session, account).await?;
    Ok(standing(app, session, account))
}

fn standing(app: &App, session: Option<Session>, account: Option<Account>) -> Standing {
    let (session, account) = match (session, account) {
        (_, None) => return Standing::Gone,
        (_, Some(account)) if !account.is_usable() => return Standing::Barred,
        (None, Some(_)) => return Standing::Ended,
        (Some(session), Some(account)) => (session, account),
    };
    let goes_on = session.epoch == account.session_epoch && app.clock.now() < session.expires_at;
    if goes_on { Standing::Stands(Box::new((session, account))) } else { Standing::Ended }
}

/// Where a session and its account lie, to be read with what else is needed.
pub fn keys_of(member: MemberId, session: &str) -> [Key; 2] {
    [keys::session(member, session), keys::account(member)]
}

/// Whether a session still stands, by what was read of it.
pub fn stands(app: &App, found: &Mixed, member: MemberId, session: &str) -> Result<bool> {
    let [session, account] = keys_of(member, session);
    let standing = standing(app, found.read(&session)?, found.read(&account)?);
    Ok(matches!(standing, Standing::Stands(_)))
}

/// The session and its account, if both still stand. One round trip.
pub async fn find(app: &App, member: MemberId, session: &str) -> Result<Option<(Session, Account)>> {
    match look_up(app, member, session).await? {
        Standing::Stands(found) => Ok(Some(*found)),
        Standing::Ended | Standing::Barred | Standing::Gone => Ok(None),
    }
}

/// The sessions of a member as they are kept, whether they go on or not: for [`of`].
pub async fn kept(app: &App, member: MemberId) -> Result<Vec<Session>> {
    Ok(app.table.query::<Session>(Query::of(keys::sessions_of(member), MOST_SHOWN)).await?.items)
}

/// Those that go on of the sessions that are kept of a member, the youngest first.
pub fn of(app: &App, account: &Account, kept: Vec<Session>) -> Vec<Session> {
    let now = app.clock.now();
    let goes_on = |session: &Session| session.epoch == account.session_epoch && now < session.expires_at;
    let mut sessions: Vec<_> = kept.into_iter().filter(goes_on).collect();
    sessions.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id.clone())));
    sessions
}

/// Ends one session; `false` if there is none of this id. `also` are writes that belong in the same transaction.
pub async fn end(app: &App, member: MemberId, session: &str, also: impl IntoIterator<Item = Write>) -> Result<bool> {
    let ended = Event::SessionEnded { member, session: session.to_owned() };
    let mut writes = vec![Write::delete(keys::session(member, session), Condition::present()), happened(app, ended)?];
    writes.extend(also);
    match app.table.together(writes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { write: 0, .. }) => Ok(false),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// Ends every session of a member. `also` are writes that belong in the same transaction.
pub async fn end_all(app: &App, member: MemberId, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let epoch = Change::of(keys::account(member)).add("session_epoch", 1);
    let mut writes = vec![Write::change(epoch), happened(app, Event::SessionsEnded { member })?];
    writes.extend(also);
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}
