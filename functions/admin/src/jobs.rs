//! Jobs: when each runs, how its last runs went, and running it now.

use askama::Template;
use axum::extract::State;
use futures_util::future::try_join_all;
use serde_json::Value;
use shared::auth::{Administrator, Staff};
use shared::events::{Event, happened};
use shared::http::{Page, Path, Query, SeeOther};
use shared::model::job::{self, Outcome, Run, SCHEDULED, ScheduledJob};
use shared::store::{self, keys};
use shared::{App, Error, Result, audit};

use crate::form::{Button, Form};
use crate::page::{self, Done, Frame, JOBS, Moment};

/// Runs shown of each job.
const RUNS: usize = 8;

/// A job with its latest runs.
struct Card {
    job: &'static ScheduledJob,
    rows: Vec<Row>,
}

/// One run.
struct Row {
    at: Moment,
    asked: bool,
    outcome: &'static str,
    is_bad: bool,
    took: String,
    report: String,
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage<'a> {
    frame: Frame<'a>,
    cards: Vec<Card>,
}

/// Shows the staff every scheduled job with its latest runs.
pub async fn list(Staff(by): Staff, State(app): State<App>, Query(Done { done }): Query<Done>) -> Result<Page> {
    let cards = SCHEDULED.iter().map(async |job| {
        let runs = app.table.query::<Run>(store::Query::of(keys::runs(job.name), RUNS)).await?.items;
        Ok::<_, Error>(Card { job, rows: runs.into_iter().map(|run| row(&app, run)).collect() })
    });
    let cards = try_join_all(cards).await?;
    page::show(&JobsPage { frame: Frame::of(&app, &by, JOBS).after(done.as_deref()), cards })
}

/// Has a job run now.
pub async fn run(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(name): Path<String>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let job = job::find(&name).ok_or_else(Error::not_found)?;
    let asked = happened(&app, Event::JobAsked { job: job.name.to_owned() })?;
    let note = audit::note(&app, &by.account, "job_asked", None, Some(job.name.to_owned()))?;
    app.table.together(vec![asked, note]).await?;
    Ok(SeeOther(format!("{JOBS}?done=job_asked")))
}

fn row(app: &App, run: Run) -> Row {
    let is_lost = run.was_lost(app.clock.now());
    let (outcome, is_bad) = match run.outcome {
        Outcome::Done => ("Done", false),
        Outcome::Failed => ("Failed", true),
        Outcome::Running if is_lost => ("Broken off", true),
        Outcome::Running => ("Running", false),
    };
    let took = run.took_ms.map(|millis| match millis {
        0..1_000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
    });
    Row {
        at: Moment(run.began_at),
        asked: run.asked,
        outcome,
        is_bad,
        took: took.unwrap_or_default(),
        report: run.report.as_deref().map(in_words).unwrap_or_default(),
    }
}

/// A report's numbers: `files 2, removed 0`.
fn in_words(report: &str) -> String {
    let report = serde_json::from_str::<Value>(report).unwrap_or_default();
    let numbers = report.as_object().into_iter().flatten().filter(|(name, _)| *name != "job");
    numbers.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_out() {
        assert_eq!(in_words(r#"{"job":"clean-up","files":2,"files_removed":0}"#), "files 2, files removed 0");
        assert_eq!(in_words("nonsense"), "");
    }
}
