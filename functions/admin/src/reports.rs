//! Reports: what members reported of others, for the staff to look into.

use askama::Template;
use axum::extract::State;
use shared::auth::Staff;
use shared::http::Page;
use shared::{App, Result};

use crate::page::{self, Frame, REPORTS};

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage<'a> {
    frame: Frame<'a>,
}

/// Shows the staff what is reported. There is nothing yet that members could report.
pub async fn list(Staff(by): Staff, State(app): State<App>) -> Result<Page> {
    page::show(&ReportsPage { frame: Frame::of(&app, &by, REPORTS) })
}
