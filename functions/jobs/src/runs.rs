//! Runs: every run of a scheduled job is noted, when it begins and when it is over.

use chrono::{DateTime, Utc};
use shared::ids::EventId;
use shared::model::job::{Outcome, Run};
use shared::store::{Change, StoreError, keys};
use shared::{App, Error, Result};

use crate::{Done, Job};

/// Runs a job that a schedule started, and says what it came to.
pub async fn on_schedule(app: &App, job: Job) -> Result<Done> {
    // Jobs that only ever run by hand are answered to whoever started them.
    let Some(name) = job.schedule() else { return job.run(app).await };
    let id = app.new_event_id();
    begin(app, name, id, false).await?;
    run(app, job, name, id).await
}

/// Runs a job that somebody asked for, once however often the event arrives. That it failed is noted and seen by
/// whoever asked; trying again is for them to say.
pub async fn as_asked(app: &App, name: &str, id: EventId) -> Result<()> {
    let unknown = |cause| Error::internal("There is no such job.", cause);
    let job: Job = serde_json::from_value(serde_json::json!({ "job": name })).map_err(unknown)?;
    let Some(name) = job.schedule() else { return Ok(()) };
    if begin(app, name, id, true).await?
        && let Err(error) = run(app, job, name, id).await
    {
        tracing::error!(job = name, "{error}");
    }
    Ok(())
}

/// Notes that a run begins; `false` if it did before.
async fn begin(app: &App, job: &str, id: EventId, asked: bool) -> Result<bool> {
    let (began_at, outcome) = (app.clock.now(), Outcome::Running);
    let run = Run { job: job.to_owned(), id, began_at, took_ms: None, outcome, report: None, asked };
    match app.table.create(&run).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn run(app: &App, job: Job, name: &str, id: EventId) -> Result<Done> {
    let began_at = app.clock.now();
    let done = job.run(app).await;
    let (outcome, report) = match &done {
        Ok(done) => (Outcome::Done, serde_json::to_string(done).ok()),
        // The cause is in the log.
        Err(_) => (Outcome::Failed, None),
    };
    end(app, name, id, began_at, outcome, report).await?;
    done
}

async fn end(
    app: &App,
    job: &str,
    id: EventId,
    began_at: DateTime<Utc>,
    outcome: Outcome,
    report: Option<String>,
) -> Result<()> {
    let took = (app.clock.now() - began_at).num_milliseconds();
    let change = Change::of(keys::run(job, id)).set("took_ms", took).set("outcome", outcome).set("report", report);
    app.table.change::<Run>(change).await?;
    Ok(())
}
