//! Holds every board that is open against its entries, and mends what does not agree.

use serde::Serialize;
use shared::boards::{Span, check, close};
use shared::{App, Result};

use crate::close_period::LAG;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Boards looked at.
    boards: usize,
    /// Members on them.
    members: u64,
    /// Nodes that were not as they should be.
    wrong: usize,
    /// Nodes that were mended.
    mended: usize,
    /// Nodes that others kept changing, so that nothing could be said of them.
    busy: usize,
}

/// Looks at the boards of all time, and of the week, the month and the year that it is.
pub async fn run(app: &App) -> Result<Report> {
    let mut report = Report::default();
    for span in Span::ALL {
        for board in close::boards_of(app, span.at(app.clock.now())).await? {
            let found = check::check(app, &board, LAG).await?;
            report.boards += 1;
            report.members += found.members;
            report.wrong += found.wrong;
            report.mended += found.mended;
            report.busy += found.busy;
        }
    }
    Ok(report)
}
