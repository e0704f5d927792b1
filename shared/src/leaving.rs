//! Leaving: deactivation keeps everything and hides it, and can be undone; deletion is final.
//!
//! Who may do it, and what they have to show first, is for the slices to say: a member leaves by themselves
//! (`accounts`), or is made to by the staff (`admin`). `also` is a write that belongs in the same transaction.

use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::name::fold;
use crate::model::score::Score;
use crate::store::{Change, Condition, StoreError, Stored, Write, keys};

/// Deactivates an account: every session ends, the score leaves the leaderboard, the name stays taken.
pub async fn deactivate(app: &App, member: MemberId, also: Option<Write>) -> Result<()> {
    let account = Change::of(keys::account(member)).set("active", false).add("session_epoch", 1);
    let score = Change::of(keys::score(member)).set("shown", false).index(None);
    let mut writes = vec![
        Write::change(account.when(Condition::equals("active", true))),
        Write::change(score),
        happened(app, Event::SessionsEnded { member })?,
    ];
    writes.extend(also);
    settle(app.table.together(writes).await)
}

/// Takes a deactivation back: the member may sign in again, and their score is on the leaderboard.
pub async fn reactivate(app: &App, score: Score) -> Result<()> {
    let shown = Score { shown: true, ..score };
    let account = Change::of(keys::account(shown.member)).set("active", true);
    let score = Change::of(keys::score(shown.member)).set("shown", true).index(shown.index());
    let writes = vec![
        Write::change(account.when(Condition::equals("active", false))),
        // Its place on the leaderboard follows from the points.
        Write::change(score.when(Condition::equals("score", shown.score))),
    ];
    settle(app.table.together(writes).await)
}

/// Deletes an account: member, score, name and address go at once, and with them every session; what else lies
/// with the member (files, sockets, ended sessions) is cleared up afterwards.
pub async fn delete(app: &App, account: &Account, also: Option<Write>) -> Result<()> {
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
    writes.extend(also);
    settle(app.table.together(writes).await)
}

fn settle(done: Result<(), StoreError>) -> Result<()> {
    match done {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}
