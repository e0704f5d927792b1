//! Leaving: deactivation keeps everything and hides it; deletion is final.

use shared::auth::Member;
use shared::events::{Event, happened};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Result};

use crate::entry::{Proof, changed_meanwhile};

/// Deactivates the account: every session ends, the score leaves the leaderboard, the name stays taken.
pub async fn deactivate(app: &App, by: &Member, proof: Proof) -> Result<()> {
    let member = by.id();
    let account = Change::of(keys::account(member)).set("active", false).add("session_epoch", 1);
    let score = Change::of(keys::score(member)).set("shown", false).index(None);
    let mut writes = vec![
        Write::change(account.when(Condition::equals("active", true))),
        Write::change(score),
        happened(app, Event::SessionsEnded { member })?,
    ];
    writes.extend(proof.write());
    settle(app.table.together(writes).await)
}

/// Deletes the account: member, score, name and address go at once, and with them every session; what else lies
/// with the member (files, sockets, ended sessions) is cleared up afterwards.
pub async fn delete(app: &App, by: &Member, proof: Proof) -> Result<()> {
    let (member, account) = (by.id(), &by.account);
    let held = Condition::equals("member", member);
    let known = Condition::equals("username", &account.username).and(Condition::equals("email", &account.email));
    let mut writes = vec![
        Write::delete(keys::account(member), known),
        Write::delete(keys::score(member), Condition::default()),
        Write::delete(keys::name(&account.username.folded()), held.clone()),
        happened(app, Event::MemberDeleted { member })?,
    ];
    if let Some(email) = &account.email {
        writes.push(Write::delete(keys::email(&email.folded()), held));
    }
    writes.extend(proof.write());
    settle(app.table.together(writes).await)
}

fn settle(done: Result<(), StoreError>) -> Result<()> {
    match done {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}
