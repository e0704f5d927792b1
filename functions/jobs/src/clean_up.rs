//! Removes files that nothing refers to any more: pictures of uploads that broke off between keeping and referring, and
//! exports whose links have ended.

use chrono::Duration;
use serde::Serialize;
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::export;
use shared::store::keys;
use shared::{App, Result};

/// Younger files may belong to an upload that is still under way.
const SPARED: Duration = Duration::days(1);

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Files looked at.
    files: usize,
    /// Files removed.
    removed: usize,
}

/// Looks at every picture and every export once.
pub async fn run(app: &App) -> Result<Report> {
    let mut report = Report::default();
    for (folder, spared) in [("avatars/", SPARED), (export::FOLDER, export::LINK_WORKS)] {
        let mut after: Option<String> = None;
        loop {
            let listed = app.media.list(folder, after.as_deref()).await?;
            let Some(last) = listed.last() else { break };
            after = Some(last.name.clone());
            for file in listed {
                report.files += 1;
                let old = file.kept_at < app.clock.now() - spared;
                if old && (folder == export::FOLDER || !is_referred_to(app, &file.name).await?) {
                    app.media.delete(&file.name).await?;
                    report.removed += 1;
                }
            }
        }
    }
    Ok(report)
}

async fn is_referred_to(app: &App, file: &str) -> Result<bool> {
    let Some(member) = file.split('/').nth(1).and_then(|member| member.parse::<MemberId>().ok()) else {
        // Not a name that we give: leave it to a person.
        return Ok(true);
    };
    let account = app.table.get::<Account>(keys::account(member)).await?;
    Ok(account.is_some_and(|account| account.avatar.as_deref() == Some(file)))
}
