//! Coding profiles as they change: what a platform tells is kept, and what it does not tell stays.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::error::Result;
use crate::model::coding::{CodingProfile, Fetch, Heard};
use crate::platforms::{self, Answer};
use crate::store::{Change, Condition, StoreError, Stored};

/// What came of a refresh.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The profile as it is now.
    pub profile: CodingProfile,
    /// What the platform said.
    pub answer: Answer,
    /// Whether it was kept: not if the profile has changed or gone meanwhile.
    pub kept: bool,
}

/// Asks the platform about a profile, and keeps what it tells.
pub async fn refresh(app: &App, profile: &CodingProfile, patience: Duration) -> Result<Refreshed> {
    let answer = platforms::ask(app, profile.platform, &profile.username, patience).await?;
    let (after, change) = once_told(profile, &answer, app.clock.now());
    match app.table.change::<CodingProfile>(change).await {
        Ok(_) => Ok(Refreshed { profile: after, answer, kept: true }),
        Err(StoreError::Refused { .. }) => Ok(Refreshed { profile: profile.clone(), answer, kept: false }),
        Err(error) => Err(error.into()),
    }
}

/// A profile as it is once its platform has answered, and the change that makes it so. A figure about which the platform
/// is silent stays as it was, and so does everything of an account that is unknown by now.
pub fn once_told(profile: &CodingProfile, answer: &Answer, now: DateTime<Utc>) -> (CodingProfile, Change) {
    let mut after = CodingProfile { updated_at: now, fetch: Fetch::Failed, ..profile.clone() };
    if let Answer::Known(report) = answer {
        after.figures = profile.figures.after(report);
    }
    if Heard::of(answer) == Heard::Everything {
        (after.fetch, after.fetched_at) = (Fetch::Success, Some(now));
    }
    // Never over a name that was changed meanwhile.
    let same = Condition::equals("id", profile.id).and(Condition::equals("username", &profile.username));
    let change = Change::of(after.key())
        .set("figures", after.figures)
        .set("fetch", after.fetch)
        .set("fetched_at", after.fetched_at)
        .set("updated_at", after.updated_at)
        .when(same);
    (after, change)
}
