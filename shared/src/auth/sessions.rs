//! Sessions: begun at sign-in, looked up with every request, ended at once.
//!
//! What the member holds is `base64url(member id, 8 bytes ‖ secret, 24 bytes)`; the table has the secret's digest
//! only. Since the member is in it, session and account are read in one round trip. All sessions of a member end
//! together, in one write, by raising the account's epoch.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::session::Session;
use crate::store::{Change, Condition, Query, StoreError, Write, keys};

/// How long a session lasts: 14 days (contract of the game's users API, section 1).
pub const LIFETIME: Duration = Duration::seconds(1_209_600);

const SECRET_BYTES: usize = 24;
const MEMBER_BYTES: usize = 8;
const LONGEST_USER_AGENT: usize = 200;

/// What a member holds of a session. It does not print.
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
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|cause| Error::internal("There is no randomness.", cause.to_string()))?;
    let now = app.clock.now();
    let session = Session {
        id: digest(&secret),
        member: account.id,
        epoch: account.session_epoch,
        created_at: now,
        expires_at: now + LIFETIME,
        user_agent: user_agent.chars().filter(|char| !char.is_control()).take(LONGEST_USER_AGENT).collect(),
    };
    let ticket = URL_SAFE_NO_PAD.encode([account.id.0.to_be_bytes().as_slice(), &secret].concat());
    Ok((session, Ticket(ticket)))
}

/// Whose session a ticket is for, and its id; `None` for text that is no ticket.
pub fn read_ticket(ticket: &str) -> Option<(MemberId, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(ticket).ok().filter(|bytes| bytes.len() == MEMBER_BYTES + SECRET_BYTES)?;
    let (member, secret) = bytes.split_at(MEMBER_BYTES);
    Some((MemberId(u64::from_be_bytes(member.try_into().ok()?)), digest(secret)))
}

/// The session and its account, if both still stand. One round trip.
pub async fn find(app: &App, member: MemberId, session: &str) -> Result<Option<(Session, Account)>> {
    let found = app.table.get_two::<Session, Account>(keys::session(member, session), keys::account(member)).await?;
    let (Some(session), Some(account)) = found else { return Ok(None) };
    let usable = account.active && !account.banned;
    let stands = usable && session.epoch == account.session_epoch && app.clock.now() < session.expires_at;
    Ok(stands.then_some((session, account)))
}

/// The sessions of an account that still stand; at most as many as `limit` ones are looked at.
pub async fn standing(app: &App, account: &Account, limit: usize) -> Result<Vec<Session>> {
    let mut sessions = app.table.query::<Session>(Query::of(keys::sessions_of(account.id), limit)).await?.items;
    sessions.retain(|session| session.epoch == account.session_epoch && app.clock.now() < session.expires_at);
    Ok(sessions)
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

/// 128 bits of SHA-256; the secret has 192 bits, so there is nothing to guess or to look up.
fn digest(secret: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(secret)[..16])
}
