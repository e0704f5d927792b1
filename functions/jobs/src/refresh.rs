//! Begins refresh runs. What follows, `fetcher` does from queues; nothing here takes longer with more members.

use serde::Serialize;
use shared::boards::{Period, Span};
use shared::events::{Event, happened};
use shared::ids::EventId;
use shared::model::refresh::{Listing, RefreshRun, Tally};
use shared::platforms::Platform;
use shared::store::{Query, StoreError, Write, keys};
use shared::{App, Result};

/// What was done.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The run that is under way, or is over already.
    run: EventId,
    /// Whether it began here.
    began: bool,
}

/// Begins to refresh every profile, unless such a run is under way: a queue that is filled faster than it empties would
/// only grow. The id follows from the last run's, so of several who ask at once one begins.
pub async fn profiles(app: &App) -> Result<Report> {
    let latest = app.table.query::<RefreshRun>(Query::of(keys::refreshes(false), 1)).await?.items.pop();
    match latest {
        Some(run) if run.goes_on(app.clock.now()) => Ok(Report { run: run.id, began: false }),
        latest => begin(app, RefreshRun::after(latest.map(|run| run.id)), None).await,
    }
}

/// Begins the report of this week, unless it was made or begun before.
pub async fn report(app: &App) -> Result<Report> {
    let week = Span::Week.at(app.clock.now());
    begin(app, RefreshRun::of_week(week), Some(week)).await
}

async fn begin(app: &App, id: EventId, week: Option<Period>) -> Result<Report> {
    let run = RefreshRun::new(id, week, app.clock.now());
    let mut writes = vec![Write::create(&run)?];
    for platform in Platform::ALL {
        writes.push(Write::create(&Tally::new(&run, platform))?);
    }
    for shard in 0..keys::SUBSCRIBER_SHARDS {
        let listing = Listing { run: id, shard, began_at: run.began_at, after: None, over: false };
        writes.push(Write::create(&listing)?);
        writes.push(happened(app, Event::ProfilesDue { run: id, shard, after: None })?);
    }
    match app.table.together(writes).await {
        Ok(()) => Ok(Report { run: id, began: true }),
        Err(StoreError::Refused { write: 0, .. }) => Ok(Report { run: id, began: false }),
        Err(error) => Err(error.into()),
    }
}
