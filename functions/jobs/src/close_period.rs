//! Closes the boards of periods that are over: of weeks, months or years.
//!
//! It runs a quarter of an hour after a period's end, when what was earned in its last seconds has arrived. Besides the
//! last period it looks at those before, in case a run broke off.

use std::time::Duration;

use shared::boards::{Span, close};
use shared::events::{Event, happened};
use shared::{App, Result};

pub use shared::boards::close::Report;

/// How long one run goes on; the function may take five minutes.
const LONGEST: chrono::Duration = chrono::Duration::minutes(4);
/// Periods looked at.
const PERIODS: usize = 3;
/// How long the index may be behind the table.
pub(crate) const LAG: Duration = Duration::from_secs(2);

/// Closes what is over. What there is no time for is left to another run, which it asks for.
pub async fn run(app: &App, span: Span, name: &str) -> Result<Report> {
    let deadline = app.clock.now() + LONGEST;
    let mut report = Report::default();
    let mut at = app.clock.now();
    for _ in 0..PERIODS {
        let Some(period) = span.ended_by(at) else { break };
        report += close::close(app, period, deadline, LAG).await?;
        at = period.bounds().map_or(at, |(begin, _)| begin);
    }
    if report.unfinished {
        app.table.together(vec![happened(app, Event::JobAsked { job: name.to_owned() })?]).await?;
    }
    Ok(report)
}
