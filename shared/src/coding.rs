//! Coding profiles as they change: what a platform tells is kept, and what it does not tell stays.

pub mod boards;
pub mod subscriber;

use std::time::Duration;

use crate::app::App;
use crate::error::Result;
use crate::ids::EventId;
use crate::model::coding::{CodingProfile, Fetch};
use crate::platforms::{self, Answer, Told};
use crate::store::{Change, Condition, StoreError, Stored, Write};

/// What came of a refresh.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The profile as it is now.
    pub profile: CodingProfile,
    /// What the platform said.
    pub answer: Answer,
    /// Whether it was kept: not if the profile has changed or gone meanwhile, or its run saw to it before.
    pub kept: bool,
}

/// Asks the platform about a profile, and keeps what it tells. A figure about which it is silent stays as it was, and
/// so does everything of an account that is unknown by now. `run` is the run that this is a part of; `also` makes the
/// writes that belong in the same transaction, of the profile as it is to be and the answer.
pub async fn refresh(
    app: &App,
    profile: &CodingProfile,
    patience: Duration,
    run: Option<EventId>,
    also: impl FnOnce(&CodingProfile, &Answer) -> Result<Vec<Write>>,
) -> Result<Refreshed> {
    let answer = platforms::ask(app, profile.platform, &profile.username, patience).await?;
    let now = app.clock.now();
    let mut after = profile.clone();
    (after.updated_at, after.run) = (now, run.or(profile.run));
    match &answer {
        Answer::Known(report) => {
            after.figures = profile.figures.after(report);
            let whole = [report.rating, report.solved, report.contests].iter().all(|told| *told != Told::Silence);
            after.fetch = if whole { Fetch::Success } else { Fetch::Failed };
            after.fetched_at = if whole { Some(now) } else { profile.fetched_at };
        }
        Answer::Unknown | Answer::Failed(_) => after.fetch = Fetch::Failed,
    }
    // Never over a name that was changed meanwhile, nor twice in one run.
    let same = Condition::equals("id", profile.id)
        .and(Condition::equals("username", &profile.username))
        .and(Condition::equals("run", profile.run));
    let change = Change::of(after.key())
        .set("figures", after.figures)
        .set("fetch", after.fetch)
        .set("fetched_at", after.fetched_at)
        .set("updated_at", after.updated_at)
        .set("run", after.run)
        .when(same);
    let mut writes = vec![Write::change(change)];
    writes.extend(also(&after, &answer)?);
    match app.table.together(writes).await {
        Ok(()) => Ok(Refreshed { profile: after, answer, kept: true }),
        Err(StoreError::Refused { .. }) => Ok(Refreshed { profile: profile.clone(), answer, kept: false }),
        Err(error) => Err(error.into()),
    }
}
