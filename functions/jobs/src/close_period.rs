//! Closes the boards of the last period that is over: a week's, a month's or a year's.

use chrono::Duration;
use shared::boards::{Span, close};
use shared::events::{Event, happened};
use shared::{App, Result};

pub use shared::boards::close::Report;

/// How long one run goes on; the function may take five minutes.
const LONGEST: Duration = Duration::minutes(4);

/// Closes what is over. What there is no time for is left to another run, which it asks for.
pub async fn run(app: &App, span: Span, name: &str) -> Result<Report> {
    let now = app.clock.now();
    let Some(period) = span.ended_by(now) else { return Ok(Report::default()) };
    let report = close::close(app, period, now + LONGEST).await?;
    if report.unfinished {
        app.table.together(vec![happened(app, Event::JobAsked { job: name.to_owned() })?]).await?;
    }
    Ok(report)
}
