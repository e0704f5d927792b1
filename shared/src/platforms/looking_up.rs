//! Looking an account up, whosoever it is: what a platform told lately is not asked again.

use std::time::Duration as Patience;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Answer, LARGEST_ANSWER, Platform, Report, ask_within, may_be_name};
use crate::app::App;
use crate::error::Result;
use crate::model::name::fold;
use crate::outbound::Limits;
use crate::store::{Key, Stored, keys};

/// How long it may take, since somebody waits; and how long one try may, which is more for a page that is made for
/// people.
const PATIENCE: Patience = Patience::from_secs(15);
const ATTEMPT: Patience = Patience::from_secs(5);
const ATTEMPT_AT_A_PAGE: Patience = Patience::from_secs(10);
/// How long an answer is good for; and how long one is that may soon be another.
const GOOD_FOR: Duration = Duration::minutes(15);
const DOUBTFUL_FOR: Duration = Duration::seconds(60);

/// What a platform told of a name.
#[derive(Serialize, Deserialize)]
struct LookedUp {
    platform: Platform,
    folded: String,
    /// None where there is no such account.
    report: Option<Report>,
    until: DateTime<Utc>,
}

impl Stored for LookedUp {
    fn key(&self) -> Key {
        keys::looked_up(self.platform, &self.folded)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.until)
    }
}

/// What a platform tells of an account, or told in the last quarter of an hour. That there is none, or that the platform
/// did not tell everything, is remembered for a minute; that it told nothing is not.
///
/// # Errors
/// If our own table does not answer.
pub async fn look_up(app: &App, platform: Platform, username: &str) -> Result<Answer> {
    if !may_be_name(username) {
        return Ok(Answer::Unknown);
    }
    let folded = fold(username);
    if let Some(told) = app.table.lately().get::<LookedUp>(keys::looked_up(platform, &folded)).await? {
        return Ok(told.report.map_or(Answer::Unknown, Answer::Known));
    }
    let attempt = if platform == Platform::CodeChef { ATTEMPT_AT_A_PAGE } else { ATTEMPT };
    let limits = Limits { deadline: Instant::now() + PATIENCE, attempt, largest: LARGEST_ANSWER };
    let answer = ask_within(app, platform, username, limits).await?;
    let (report, good_for) = match &answer {
        Answer::Known(report) if report.is_whole() => (Some(*report), GOOD_FOR),
        Answer::Known(report) => (Some(*report), DOUBTFUL_FOR),
        Answer::Unknown => (None, DOUBTFUL_FOR),
        Answer::Failed(_) => return Ok(answer),
    };
    app.table.put(&LookedUp { platform, folded, report, until: app.clock.now() + good_for }).await?;
    Ok(answer)
}
