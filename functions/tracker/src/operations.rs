//! What the operator has done by hand that schedules do otherwise.

use axum::extract::State;
use shared::auth::Operator;
use shared::events::{Event, happened};
use shared::http::Json;
use shared::{App, Error, Result};

use crate::views::StatusView;

/// Has the figures of every profile fetched.
pub async fn fetch_all(by: Result<Operator>, State(app): State<App>) -> Result<Json<StatusView>> {
    ask_for(&app, by, "refresh-profiles").await?;
    Ok(Json(StatusView { status: "success" }))
}

/// Has this week's reports written.
pub async fn report(by: Result<Operator>, State(app): State<App>) -> Result<Json<StatusView>> {
    ask_for(&app, by, "weekly-report").await?;
    Ok(Json(StatusView { status: "weekly_processed" }))
}

async fn ask_for(app: &App, by: Result<Operator>, job: &str) -> Result<()> {
    by.map_err(|_| Error::unauthenticated("unauthorized", ""))?;
    Ok(app.table.together(vec![happened(app, Event::JobAsked { job: job.to_owned() })?]).await?)
}
