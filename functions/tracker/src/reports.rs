//! The daily report, which subscribers ask for; it is written and sent elsewhere.

use axum::extract::State;
use chrono::Duration;
use shared::auth::limits;
use shared::error::Kind;
use shared::events::{Event, happened};
use shared::http::Json;
use shared::ids::MemberId;
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
