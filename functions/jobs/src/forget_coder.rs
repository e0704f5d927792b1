//! Removes what was noted week by week of an account on a platform that is no more a member's: what comes after it is of
//! another account, and the difference between the two would say nothing.

use shared::ids::MemberId;
use shared::model::coding::{CodingProfile, Snapshot};
use shared::model::name::fold;
use shared::platforms::Platform;
use shared::store::{Query, Stored, keys};
use shared::{App, Result};

/// Snapshots per page.
const PAGE: usize = 100;

/// Removes the snapshots of this account, unless it is the member's again.
pub async fn run(app: &App, member: MemberId, platform: Platform, username: &str) -> Result<()> {
    let theirs = |other: &str| fold(other) == fold(username);
    let profile = app.table.get::<CodingProfile>(keys::coding_profile(member, platform)).await?;
    if profile.is_some_and(|profile| theirs(&profile.username)) {
        return Ok(());
    }
    let mut after: Option<String> = None;
    loop {
        let query = Query::of(keys::snapshots(member, platform), PAGE).on_from(after.as_deref())?;
        let page = app.table.query::<Snapshot>(query).await?;
        let gone: Vec<_> = page.items.iter().filter(|of| theirs(&of.username)).map(Stored::key).collect();
        app.table.delete_all(&gone).await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
