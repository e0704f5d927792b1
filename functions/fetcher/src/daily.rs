//! A report that a member wants now: everything of theirs is asked for at once, and what is known then goes into it.

use std::time::Duration;

use futures_util::future::try_join_all;
use shared::coding;
use shared::events::{Event, OutboxRecord, happened_as};
use shared::ids::{EventId, MemberId};
use shared::model::coding::CodingProfile;
use shared::platforms::Platform;
use shared::store::{StoreError, keys};
use shared::{App, Result};

/// How long platforms are asked: somebody waits for the letter.
const PATIENCE: Duration = Duration::from_secs(20);

/// Refreshes a member's profiles as far as their platforms answer, and has the letter written. `asked` names the wish,
/// for which there is one letter however often it arrives.
pub async fn refresh(app: &App, member: MemberId, asked: EventId) -> Result<()> {
    let due = keys::id_of(&format!("daily-{asked}"));
    if app.table.get::<OutboxRecord>(keys::outbox(due, Some(member))).await?.is_some() {
        return Ok(());
    }
    let wanted = Platform::ALL.map(|platform| keys::coding_profile(member, platform));
    let profiles: Vec<CodingProfile> = app.table.get_many(&wanted).await?.into_iter().flatten().collect();
    try_join_all(profiles.iter().map(|profile| coding::refresh(app, profile, PATIENCE))).await?;
    let told = happened_as(due, app.clock.now(), Event::DailyReportDue { member })?;
    match app.table.together(vec![told]).await {
        // Another delivery was faster.
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
