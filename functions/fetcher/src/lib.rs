//! The fetcher: what platforms tell of members is fetched, profile by profile.
//!
//! [`listing`] finds the profiles of a refresh run, [`profile`] asks about one and settles it, [`daily`] sees to those of
//! a member who wants a report now. Each is a message of a queue: one queue per platform, so that one which is slow or
//! down holds up no other, and so that each has a cap of its own.

pub mod daily;
pub mod listing;
pub mod profile;

use shared::events::{Event, happened};
use shared::ids::EventId;
use shared::lambda::Function;
use shared::model::refresh::{FETCH_TRIES, Tally};
use shared::platforms::Platform;
use shared::queue::{self, Batch, Delivery, Then};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Result};

use crate::profile::Due;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "LEETCODE_GRAPHQL_URL", "CODEFORCES_API_URL", "CODECHEF_BASE_URL"];

/// The function.
pub fn function(app: App) -> Function {
    Function::event(app, |app, batch: Batch| async move { Ok(queue::each_delivery(&app, batch, follow_up).await) })
}

async fn follow_up(app: App, delivery: Delivery) -> Result<Then> {
    let (id, is_last) = (delivery.happened.id, delivery.is_last(FETCH_TRIES));
    match delivery.happened.event {
        Event::ProfileDue { member, platform, profile, run } => {
            profile::see_to(&app, Due { member, platform, profile }, run, is_last).await
        }
        Event::ProfilesDue { run, shard, after } => {
            listing::read_on(&app, run, shard, after).await.map(|()| Then::Done)
        }
        Event::DailyReportAsked { member } => daily::refresh(&app, member, id).await.map(|()| Then::Done),
        // The template's rules send nothing else here; what they do send by mistake needs nothing done.
        _ => Ok(Then::Done),
    }
}

/// Ends a run of which everything is listed and settled, and tells so once.
async fn end_if_over(app: &App, run: EventId) -> Result<()> {
    let tallies = app.table.get_many::<Tally>(&Platform::ALL.map(|platform| keys::tally(run, platform))).await?;
    if tallies.iter().any(|tally| tally.as_ref().is_none_or(|tally| tally.open > 0)) {
        return Ok(());
    }
    let end = Change::of(keys::refresh_run(run)).set("ended_at", app.clock.now()).when(Condition::without("ended_at"));
    match app.table.together(vec![Write::change(end), happened(app, Event::RunEnded { run })?]).await {
        // Somebody else found the same, or this is a message of long ago.
        Ok(()) | Err(StoreError::Refused { write: 0, .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
