//! Codeforces: three methods of its API, one for each figure.

mod history;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{Request, Response};
use serde_json::Value;
use tokio::time::Instant;

use super::{Answer, MOST_CONTESTS, MOST_RATING, MOST_SOLVED, Platform, Report, Told, encoded, whole};
use crate::app::App;
use crate::error::{Error, Result};
use crate::outbound::{Limits, NoAnswer, Trouble};

/// The lowest rating that somebody can fall to; below nothing, it counts as nothing.
const LEAST_RATING: i64 = -1_000;

/// What Codeforces tells of an account.
pub(super) async fn ask(app: &App, handle: &str, limits: Limits) -> Result<Answer> {
    // It separates handles, and those of others are not asked for.
    if handle.contains(';') {
        return Ok(Answer::Unknown);
    }
    // First the one that says whether there is such an account. If it hangs, half of the time is left to the others.
    let now = Instant::now();
    let half = Limits { deadline: now + limits.deadline.saturating_duration_since(now) / 2, ..limits };
    let query = format!("handles={}", encoded(handle));
    let rating = match call(app, "user.info", &query, half, rating).await? {
        Ok(None) => return Ok(Answer::Unknown),
        Ok(Some(rating)) => Ok(rating),
        // Known to be down: so it is to the others.
        Err(no_answer) if no_answer.not_before.is_some() => return Ok(Answer::Failed(no_answer)),
        Err(no_answer) => Err(no_answer),
    };
    let query = format!("handle={}", encoded(handle));
    let (solved, contests) =
        tokio::join!(history::solved(app, handle, limits), call(app, "user.rating", &query, limits, contests));
    let (solved, contests) = (solved?, contests?);
    if rating.is_err() && matches!(contests, Ok(None)) {
        return Ok(Answer::Unknown);
    }
    let report = Report {
        rating: *rating.as_ref().unwrap_or(&Told::Silence),
        solved: solved.map_or(Told::Silence, |solved| Told::up_to(MOST_SOLVED, Some(solved))),
        contests: contests.ok().flatten().unwrap_or(Told::Silence),
    };
    match rating {
        Err(no_answer) if report.is_silent() => Ok(Answer::Failed(no_answer)),
        _ => Ok(Answer::Known(report)),
    }
}

/// What `read` makes of the result of a method, or nothing where there is no such account.
async fn call<T>(
    app: &App,
    method: &str,
    query: &str,
    limits: Limits,
    read: impl Fn(&Value) -> Result<T, Trouble>,
) -> Result<Result<Option<T>, NoAnswer>> {
    let request = Request::get(format!("{}/{method}?{query}", app.config.codeforces_api_url))
        .header(USER_AGENT, "Guildhall")
        .body(Bytes::new())
        .map_err(|cause| Error::internal("Codeforces has no address.", cause))?;
    let read = |answer: &Response<Bytes>| result(answer)?.as_ref().map(&read).transpose();
    app.platforms.of(Platform::Codeforces).ask(app, &request, limits, read).await
}

/// What a method answers, or nothing where there is no such account.
fn result(answer: &Response<Bytes>) -> Result<Option<Value>, Trouble> {
    let status = answer.status();
    let mut body = match super::json(answer) {
        Err(_) if !status.is_success() => return Err(Trouble::status(status)),
        body => body?,
    };
    if status.is_success() && body["status"] == "OK" {
        return Ok(Some(body["result"].take()));
    }
    let comment = body["comment"].as_str().unwrap_or_default();
    if comment.ends_with("not found") {
        return Ok(None);
    }
    let passes = status.is_success() || comment == "Call limit exceeded";
    Err(if passes { Trouble::passing("it failed") } else { Trouble::status(status) })
}

fn rating(result: &Value) -> Result<Told, Trouble> {
    let user = &result[0];
    if !user["handle"].is_string() {
        return Err(Trouble::passing("it tells of no user"));
    }
    Ok(match user.get("rating") {
        None => Told::None,
        Some(rating) => match whole(rating) {
            Some(LEAST_RATING..0) => Told::Number(0),
            rating => Told::up_to(MOST_RATING, rating),
        },
    })
}

fn contests(result: &Value) -> Result<Told, Trouble> {
    let contests = result.as_array().filter(|all| all.iter().all(|contest| whole(&contest["contestId"]).is_some()));
    let contests = contests.ok_or_else(|| Trouble::passing("it tells of no contests"))?;
    Ok(Told::up_to(MOST_CONTESTS, i64::try_from(contests.len()).ok()))
}

/// Reads an answer as that of any method.
#[cfg(test)]
pub(super) fn read_anything(answer: &Response<Bytes>, told: impl Fn(Told)) {
    let Ok(Some(result)) = result(answer) else { return };
    [rating(&result), contests(&result)].into_iter().flatten().for_each(told);
    drop(history::submissions(&result));
}
