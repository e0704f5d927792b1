//! Reports: the weekly one, which subscribers switch off and on, and the daily one, which they ask for. Both are written
//! and sent elsewhere.

use axum::extract::State;
use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Member, limits};
use shared::coding::subscriber::switch_reports;
use shared::error::Kind;
use shared::events::{Event, happened};
use shared::http::{Body, Json};
use shared::ids::MemberId;
use shared::model::subscription::Subscription;
use shared::store::keys;
use shared::{App, Error, Result};

use crate::caller::{Caller, Missing};
use crate::views::StatusView;

/// Reports per subscriber and day (contract of SkillTracker, section 4.5).
const PER_DAY: u32 = 3;

/// What came of asking.
pub enum Queued {
    /// It will be sent.
    Today,
    /// There were enough of them today; another try makes sense in so many seconds.
    NotAnyMore(u64),
}

/// Has a subscriber's report sent, unless there were enough of them today.
pub async fn queue(app: &App, member: MemberId) -> Result<Queued> {
    match limits::take(app, "daily-report", &member.to_string(), PER_DAY, Duration::days(1)).await {
        Err(error) if error.kind == Kind::TooMany => {
            return Ok(Queued::NotAnyMore(error.retry_after.unwrap_or(1)));
        }
        counted => counted?,
    };
    app.table.together(vec![happened(app, Event::DailyReportAsked { member })?]).await?;
    Ok(Queued::Today)
}

/// Has the caller's report sent.
pub async fn send(caller: Caller, State(app): State<App>) -> Result<Json<StatusView>> {
    let (member, _) = caller.subscriber(Missing::Missing)?;
    match queue(&app, member.id()).await? {
        Queued::Today => Ok(Json(StatusView { status: "queued" })),
        Queued::NotAnyMore(wait) => Err(Error::too_many("rate_limited", "Daily report limit reached", wait)),
    }
}

/// Whether a subscriber gets the weekly report.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ReportsView {
    /// On, until the subscriber switches it off, here or by the link in a report.
    on: bool,
}

/// Shows callers whether they get the weekly report.
pub async fn show(by: Member, State(app): State<App>) -> Result<Json<ReportsView>> {
    let subscription: Option<Subscription> = app.table.get(keys::subscription(by.id())).await?;
    subscription.map(|subscription| Json(ReportsView { on: subscription.reports })).ok_or_else(Error::not_found)
}

/// Switches the weekly report on or off. It goes to a confirmed address only.
pub async fn switch(by: Member, State(app): State<App>, Body(input): Body<ReportsView>) -> Result<Json<ReportsView>> {
    if switch_reports(&app, by.id(), input.on).await? { Ok(Json(input)) } else { Err(Error::not_found()) }
}
