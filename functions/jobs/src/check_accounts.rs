//! Holds accounts against what must agree with them: the holders of the name, of the address and of the name
//! at LeetCode, and the score.
//!
//! Transactions keep these in step; this job proves it, and says so loudly where it finds otherwise. It mends
//! nothing: a difference is a mistake in the code, and somebody should see it.

use serde::Serialize;
use shared::model::account::{Account, EmailHeld, LeetcodeNameHeld, NameHeld};
use shared::model::name::{Email, fold};
use shared::model::score::Score;
use shared::store::keys;
use shared::{App, Result};

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Accounts looked at.
    accounts: usize,
    /// Accounts that something does not agree with.
    wrong: usize,
}

/// Looks at every account once. A scan, which only a job may do.
pub async fn run(app: &App) -> Result<Report> {
    let mut report = Report::default();
    let mut after = None;
    loop {
        let (accounts, next) = app.table.scan::<Account>("ACCOUNT", after).await?;
        for account in accounts {
            report.accounts += 1;
            if let Some(wrong) = find_wrong(app, &account).await? {
                report.wrong += 1;
                tracing::error!(member.id = account.id.0, wrong, "An account does not agree with the rest.");
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(report),
        }
    }
}

async fn find_wrong(app: &App, account: &Account) -> Result<Option<&'static str>> {
    let (name, score) =
        app.table.get_two::<NameHeld, Score>(keys::name(&account.username.folded()), keys::score(account.id)).await?;
    if name.is_none_or(|name| name.member != account.id) {
        return Ok(Some("name"));
    }
    let agrees = |score: Score| score.username == account.username && score.avatar == account.avatar;
    if !score.is_some_and(agrees) {
        return Ok(Some("score"));
    }
    if let Some(email) = account.email.as_ref().map(Email::folded) {
        let held = app.table.get::<EmailHeld>(keys::email(&email)).await?;
        if held.is_none_or(|held| held.member != account.id) {
            return Ok(Some("email"));
        }
    }
    if let Some(name) = &account.leetcode_username {
        let held = app.table.get::<LeetcodeNameHeld>(keys::leetcode_name(&fold(name))).await?;
        if held.is_none_or(|held| held.member != account.id) {
            return Ok(Some("leetcode"));
        }
    }
    Ok(None)
}
