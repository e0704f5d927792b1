//! How many different problems were solved at Codeforces, which only tells every submission that was ever made. What was
//! read of them is kept, so that later only the new ones are.
//!
//! Submissions come the latest first, a page at a time. What is younger than two days may still change: it is under
//! test, or is tested again when its contest ends, or somebody finds a case in which it fails. So it is read anew each
//! time, and only what is older is kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call;
use crate::app::App;
use crate::error::Result;
use crate::model::name::fold;
use crate::outbound::{Limits, Trouble};
use crate::platforms::{Platform, encoded, whole};
use crate::store::{Key, Stored, keys};

/// How many submissions a page has: while a history is read for the first time, and later, when few are new.
const WHOLE_PAGE: i64 = 1000;
const NEW_PAGE: i64 = 100;
/// How many pages are read in one go; a longer history is read on the next time.
const MOST_PAGES: u32 = 20;
/// More problems than anybody has solved there, and as many as one item holds.
const MOST_KEPT: i64 = 20_000;
/// The longest name of a contest or of a problem in it.
const LONGEST_WORD: usize = 12;
/// How old a submission is when its verdict stands.
const SETTLED: Duration = Duration::days(2);
/// How long a history is kept. Nobody's name stands in it.
const KEPT: Duration = Duration::days(30);

/// What was read of an account's submissions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct History {
    /// Names the item.
    folded: String,
    /// The latest of those that are in here; all before it are, too, once there is no `rest`.
    latest: i64,
    /// Where the reading of older ones goes on, counted from the latest of all.
    rest: Option<i64>,
    /// The problems that were solved, by their contests.
    solved: Solved,
    /// When something was added.
    at: DateTime<Utc>,
}

type Solved = BTreeMap<String, BTreeSet<String>>;

impl Stored for History {
    fn key(&self) -> Key {
        keys::solved(Platform::Codeforces, &self.folded)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.at + KEPT)
    }
}

/// One submission, as far as it matters here.
pub(super) struct Submission {
    id: i64,
    at: DateTime<Utc>,
    contest: String,
    problem: String,
    accepted: bool,
}

/// How many problems somebody has solved, if Codeforces tells of all of their submissions that are not known yet.
pub(super) async fn solved(app: &App, handle: &str, limits: Limits) -> Result<Option<i64>> {
    let folded = fold(handle);
    let kept: Option<History> = app.table.get(keys::solved(Platform::Codeforces, &folded)).await?;
    let before = kept.unwrap_or_else(|| History { folded, rest: Some(1), ..History::default() });
    let now = app.clock.now();
    let mut history = before.clone();
    let mut reader =
        Reader { app, handle, limits, settled_before: now - SETTLED, pages: MOST_PAGES, unsettled: Solved::new() };
    // The first time, the new ones are among the others.
    let is_known = reader.older(&mut history).await? && (before.rest == Some(1) || reader.newer(&mut history).await?);
    if count(&history.solved) > MOST_KEPT {
        return Ok(None);
    }
    if history != before {
        history.at = now;
        app.table.put(&history).await?;
    }
    let unsettled =
        reader.unsettled.iter().flat_map(|(contest, problems)| problems.iter().map(move |one| (contest, one)));
    let kept = |contest, problem| history.solved.get(contest).is_some_and(|problems| problems.contains(problem));
    let new = unsettled.filter(|(contest, problem)| !kept(*contest, *problem)).count();
    Ok(is_known.then(|| count(&history.solved) + i64::try_from(new).unwrap_or(i64::MAX)))
}

fn count(solved: &Solved) -> i64 {
    i64::try_from(solved.values().map(BTreeSet::len).sum::<usize>()).unwrap_or(i64::MAX)
}

/// Reads a history on.
struct Reader<'a> {
    app: &'a App,
    handle: &'a str,
    limits: Limits,
    settled_before: DateTime<Utc>,
    /// How many more pages are read.
    pages: u32,
    /// What was solved, but may still change.
    unsettled: Solved,
}

impl Reader<'_> {
    /// Reads what was never read, and says whether it came to the end.
    async fn older(&mut self, history: &mut History) -> Result<bool> {
        let mut oldest = i64::MAX;
        while let Some(from) = history.rest {
            let Some(page) = self.page(from, WHOLE_PAGE).await? else { return Ok(false) };
            self.take(&page, history);
            if history.latest == 0 {
                history.latest = self.latest_settled(&page);
            }
            history.rest = goes_on(&page, WHOLE_PAGE, &mut oldest).then(|| from + WHOLE_PAGE);
        }
        Ok(true)
    }

    /// Reads what is later than the latest that was read, and says whether it came to that.
    async fn newer(&mut self, history: &mut History) -> Result<bool> {
        let (known, mut latest) = (history.latest, history.latest);
        let (mut from, mut size, mut oldest) = (1, NEW_PAGE, i64::MAX);
        loop {
            let Some(page) = self.page(from, size).await? else { return Ok(false) };
            self.take(&page, history);
            latest = latest.max(self.latest_settled(&page));
            if oldest_of(&page) <= known || !goes_on(&page, size, &mut oldest) {
                history.latest = latest;
                return Ok(true);
            }
            (from, size) = (from + size, WHOLE_PAGE);
        }
    }

    async fn page(&mut self, from: i64, size: i64) -> Result<Option<Vec<Submission>>> {
        let Some(left) = self.pages.checked_sub(1) else { return Ok(None) };
        self.pages = left;
        let query = format!("handle={}&from={from}&count={size}", encoded(self.handle));
        let heard = call(self.app, "user.status", &query, self.limits, submissions).await?;
        Ok(heard.ok().flatten())
    }

    fn take(&mut self, page: &[Submission], history: &mut History) {
        for Submission { at, contest, problem, .. } in page.iter().filter(|submission| submission.accepted) {
            let solved = if *at < self.settled_before { &mut history.solved } else { &mut self.unsettled };
            solved.entry(contest.clone()).or_default().insert(problem.clone());
        }
    }

    fn latest_settled(&self, page: &[Submission]) -> i64 {
        let settled = page.iter().filter(|submission| submission.at < self.settled_before);
        settled.map(|submission| submission.id).max().unwrap_or_default()
    }
}

fn oldest_of(page: &[Submission]) -> i64 {
    page.iter().map(|submission| submission.id).min().unwrap_or(i64::MAX)
}

/// Whether there may be another page: this one is full, and older than those before it.
fn goes_on(page: &[Submission], size: i64, oldest: &mut i64) -> bool {
    let before = std::mem::replace(oldest, oldest_of(page));
    i64::try_from(page.len()).is_ok_and(|length| length >= size) && *oldest < before
}

pub(super) fn submissions(result: &Value) -> Result<Vec<Submission>, Trouble> {
    let all = result.as_array().and_then(|all| all.iter().map(submission).collect());
    all.ok_or_else(|| Trouble::passing("it tells of no submissions"))
}

fn submission(value: &Value) -> Option<Submission> {
    let problem = &value["problem"];
    // Problems of another judge have the name of their set in place of a contest.
    let contest = match whole(&problem["contestId"]).or_else(|| whole(&value["contestId"])) {
        Some(contest) => contest.to_string(),
        None => problem["problemsetName"].as_str()?.to_owned(),
    };
    let index = match &problem["index"] {
        Value::String(index) => index.clone(),
        index => whole(index)?.to_string(),
    };
    let submission = Submission {
        id: whole(&value["id"])?,
        at: DateTime::from_timestamp(whole(&value["creationTimeSeconds"])?, 0)?,
        contest,
        problem: index,
        accepted: value["verdict"] == "OK",
    };
    let fits = submission.contest.len() <= LONGEST_WORD && submission.problem.len() <= LONGEST_WORD;
    fits.then_some(submission)
}
