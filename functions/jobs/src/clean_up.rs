//! Removes files that nothing refers to any more: pictures of uploads that broke off between keeping and referring,
//! uploads that never came to serve anything, and exports whose links have ended.

use chrono::Duration;
use serde::Serialize;
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::conversation::{ATTACHMENTS, AttachmentHeld};
use shared::model::export;
use shared::model::profile::Profile;
use shared::model::upload::{FOLDER, Upload};
use shared::store::{Condition, Key, StoreError, keys};
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
    let folders = [
        ("avatars/", SPARED),
        ("banners/", SPARED),
        (FOLDER, SPARED),
        (ATTACHMENTS, SPARED),
        (export::FOLDER, export::LINK_WORKS),
    ];
    for (folder, spared) in folders {
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
    if let Some((member, filename)) = Upload::of_file(file) {
        return is_kept(app, keys::upload(member, filename), "serves").await;
    }
    if let Some(([one, other], reference)) = AttachmentHeld::of_file(file) {
        return is_kept(app, keys::attachment(one, other, reference), "message").await;
    }
    let Some(member) = file.split('/').nth(1).and_then(|member| member.parse::<MemberId>().ok()) else {
        // Not a name that we give: leave it to a person.
        return Ok(true);
    };
    let found = app.table.get_two::<Account, Profile>(keys::account(member), keys::profile(member)).await?;
    let (avatar, banner) = (found.0.and_then(|account| account.avatar), found.1.and_then(|profile| profile.banner));
    Ok([avatar, banner].iter().flatten().any(|kept| kept == file))
}

/// Whether a file that was sent is used for anything, which its record says under `purpose`. One that is not is given up,
/// so that it never will.
async fn is_kept(app: &App, record: Key, purpose: &str) -> Result<bool> {
    let idle = Condition::absent_or(Condition::without(purpose));
    match app.table.delete(record, idle).await {
        Ok(()) => Ok(false),
        Err(StoreError::Refused { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
