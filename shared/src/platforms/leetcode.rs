//! LeetCode: one query of its GraphQL interface.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, Response};
use serde_json::{Value, json};

use super::{Answer, MOST_CONTESTS, MOST_RATING, MOST_SOLVED, Platform, Report, Told, whole};
use crate::app::App;
use crate::error::{Error, Result};
use crate::outbound::{Limits, Trouble};

const QUERY: &str = "query figures($username: String!) {
  matchedUser(username: $username) {
    username
    submitStats: submitStatsGlobal { acSubmissionNum { difficulty count } }
  }
  userContestRanking(username: $username) { attendedContestsCount rating }
}";
/// What it says where an account is not there.
const NO_SUCH_USER: &str = "That user does not exist.";

/// What LeetCode tells of an account.
pub(super) async fn ask(app: &App, username: &str, limits: Limits) -> Result<Answer> {
    // The name is a variable: within the query it could be anything.
    let body = json!({ "query": QUERY, "variables": { "username": username } });
    let request = Request::post(&app.config.leetcode_graphql_url)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "Guildhall")
        .body(Bytes::from(body.to_string()))
        .map_err(|cause| Error::internal("LeetCode has no address.", cause))?;
    let heard = app.platforms.of(Platform::LeetCode).ask(app, &request, limits, read).await?;
    Ok(heard.unwrap_or_else(Answer::Failed))
}

pub(super) fn read(answer: &Response<Bytes>) -> Result<Answer, Trouble> {
    if !answer.status().is_success() {
        return Err(Trouble::status(answer.status()));
    }
    let body = super::json(answer)?;
    let errors = body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(user) = body["data"].get("matchedUser") else {
        return Err(Trouble::passing("it tells of no user"));
    };
    if user.is_null() {
        // Without that word, something went wrong there, and there may well be such an account.
        let missing = errors.is_empty() || errors.iter().any(|error| error["message"] == NO_SUCH_USER);
        return if missing { Ok(Answer::Unknown) } else { Err(Trouble::passing("it failed to look")) };
    }
    let (rating, contests) = match &body["data"]["userContestRanking"] {
        Value::Null if errors.is_empty() => (Told::None, Told::None),
        ranking => (
            Told::up_to(MOST_RATING, whole(&ranking["rating"])),
            Told::up_to(MOST_CONTESTS, whole(&ranking["attendedContestsCount"])),
        ),
    };
    let report = Report { rating, solved: Told::up_to(MOST_SOLVED, solved(user)), contests };
    if report.is_silent() { Err(Trouble::passing("it tells no figure")) } else { Ok(Answer::Known(report)) }
}

/// How many problems of any difficulty.
fn solved(user: &Value) -> Option<i64> {
    // By its own name where our word for it was not heard.
    let stats = user.get("submitStats").or_else(|| user.get("submitStatsGlobal"))?;
    let of_all = stats["acSubmissionNum"].as_array()?.iter().find(|line| line["difficulty"] == "All")?;
    whole(&of_all["count"])
}
