//! Leaving: deactivation and ban keep everything and hide it, and can be undone; deletion is final. Boards follow the
//! account ([`crate::boards::standing`]).
//!
//! Who may do it, and what they have to show first, is for the slices to say: a member leaves by themselves
//! (`accounts`), or is made to by the staff (`admin`). `also` are writes that belong in the same transaction.

use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::name::fold;
use crate::store::{Change, Condition, StoreError, Write, keys};

/// Deactivates an account: every session ends, the score leaves the leaderboard, the name stays taken.
pub async fn deactivate(app: &App, member: MemberId, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let account = Change::of(keys::account(member)).set("active", false).add("session_epoch", 1);
    let writes = vec![
        Write::change(account.when(Condition::equals("active", true))),
        happened(app, Event::SessionsEnded { member })?,
    ];
    settle(app, writes, also).await
}

/// Takes a deactivation back: the member may sign in again, and their score is on the leaderboard, unless they are
/// banned.
pub async fn reactivate(app: &App, account: &Account, also: impl IntoIterator<Item = Write>) -> Result<()> {
    // A ban raises the epoch, and the end of one is seen by its mark: neither may come in between.
    let mut seen = Condition::equals("active", false).and(Condition::equals("session_epoch", account.session_epoch));
    if account.banned {
        seen = seen.and(Condition::equals("banned", true));
    }
    let change = Change::of(keys::account(account.id)).set("active", true).when(seen);
    settle(app, vec![Write::change(change)], also).await
}

/// Bans a member: as a deactivation does, but only the staff takes it back. It stands beside a deactivation.
pub async fn ban(app: &App, account: &Account, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let member = account.id;
    // Whoever bans at the same time raises the epoch, too.
    let seen = Condition::equals("session_epoch", account.session_epoch);
    let change = Change::of(keys::account(member)).set("banned", true).add("session_epoch", 1).when(seen);
    let writes = vec![Write::change(change), happened(app, Event::SessionsEnded { member })?];
    settle(app, writes, also).await
}

/// Takes a ban back: the member may sign in again, and their score is on the leaderboard, if the account is active.
pub async fn reinstate(app: &App, account: &Account, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let seen = Condition::equals("banned", true).and(Condition::equals("active", account.active));
    let change = Change::of(keys::account(account.id)).set("banned", false).when(seen);
    settle(app, vec![Write::change(change)], also).await
}

/// Deletes an account: member, score, name and address go at once, and with them every session; what else lies
/// with the member (files, sockets, ended sessions) is cleared up afterwards.
pub async fn delete(app: &App, account: &Account, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let member = account.id;
    let held = Condition::equals("member", member);
    let known = Condition::equals("username", &account.username)
        .and(Condition::equals("email", &account.email))
        .and(Condition::equals("leetcode_username", &account.leetcode_username));
    let mut writes = vec![
        Write::delete(keys::account(member), known),
        Write::delete(keys::score(member), Condition::default()),
        Write::delete(keys::profile(member), Condition::default()),
        Write::delete(keys::name(&account.username.folded()), held.clone()),
        happened(app, Event::MemberDeleted { member })?,
    ];
    if let Some(email) = &account.email {
        writes.push(Write::delete(keys::email(&email.folded()), held.clone()));
    }
    if let Some(name) = &account.leetcode_username {
        writes.push(Write::delete(keys::leetcode_name(&fold(name)), held));
    }
    settle(app, writes, also).await
}

async fn settle(app: &App, mut writes: Vec<Write>, also: impl IntoIterator<Item = Write>) -> Result<()> {
    writes.extend(also);
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}
