//! The accounts on the platforms, and what is asked about them.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use shared::platforms::Platform;

use super::Fault;

/// The number of the first submission to Codeforces.
const FIRST_SUBMISSION: usize = 100_000_000;
/// How many problems of Codeforces a contest has.
const PROBLEMS: usize = 5;

/// What an account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The rating, if they took part in a contest.
    pub rating: Option<i64>,
    /// How many problems were solved.
    pub solved: usize,
    /// How many contests were attended, if any.
    pub contests: Option<usize>,
    /// How many of the problems were solved just now, where a platform tells when. Their verdicts may still change.
    pub fresh: usize,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// LeetCode's query.
    Figures,
    /// Codeforces' `user.info`.
    Info,
    /// Codeforces' `user.status`.
    Status,
    /// Codeforces' `user.rating`.
    Rating,
    /// CodeChef's page.
    Page,
}

impl Call {
    /// Whom it is asked.
    pub fn platform(self) -> Platform {
        match self {
            Call::Figures => Platform::LeetCode,
            Call::Info | Call::Status | Call::Rating => Platform::Codeforces,
            Call::Page => Platform::CodeChef,
        }
    }
}

/// Calls that are to fail.
#[derive(Clone, Debug)]
pub struct Outage {
    platform: Platform,
    call: Option<Call>,
    skipped: usize,
    times: usize,
    fault: Fault,
}

impl Outage {
    /// Every call to a platform, from now on.
    pub fn of(platform: Platform, fault: Fault) -> Outage {
        Outage { platform, call: None, skipped: 0, times: usize::MAX, fault }
    }

    /// Only calls of this sort.
    pub fn at(call: Call, fault: Fault) -> Outage {
        Outage { call: Some(call), ..Outage::of(call.platform(), fault) }
    }

    /// Only the next ones, so many of them.
    pub fn times(self, times: usize) -> Outage {
        Outage { times, ..self }
    }

    /// Only after so many that go well.
    pub fn after(self, skipped: usize) -> Outage {
        Outage { skipped, ..self }
    }

    /// How the next of these calls fails, if it does.
    fn strikes(&mut self, call: Call) -> Option<Fault> {
        if call.platform() != self.platform || self.call.is_some_and(|only| only != call) {
            return None;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.fault.clone())
    }
}

/// What the platforms remember.
#[derive(Default)]
pub(super) struct Memory {
    /// By platform and name; none where an account is known not to be there.
    accounts: BTreeMap<(Platform, String), Option<Account>>,
    pub(super) outages: Vec<Outage>,
    pub(super) calls: Vec<Call>,
}

impl Memory {
    pub(super) fn set(&mut self, platform: Platform, username: &str, account: Option<Account>) {
        self.accounts.insert((platform, username.to_lowercase()), account);
    }

    /// Notes a call; whom it is about, and how it fails if it does.
    pub(super) fn asked(&mut self, call: Call, username: &str) -> (Option<Account>, Option<Fault>) {
        self.calls.push(call);
        let name = username.to_lowercase();
        let account = match self.accounts.get(&(call.platform(), name.clone())) {
            Some(account) => account.clone(),
            None => Account::of(&name),
        };
        (account, self.outages.iter_mut().find_map(|outage| outage.strikes(call)))
    }
}

impl Account {
    /// So much, on every platform.
    pub fn new(rating: i64, solved: usize, contests: usize) -> Account {
        Account { rating: Some(rating), solved, contests: Some(contests), fresh: 0 }
    }

    /// What somebody of this name has, if nobody said otherwise.
    fn of(name: &str) -> Option<Account> {
        // FNV-1a: the same name has the same figures at every start.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let solved = 20 + hash as usize % 480;
        match name {
            name if name.starts_with("ghost") => None,
            name if name.starts_with("nocontest") => Some(Account { rating: None, solved, contests: None, fresh: 0 }),
            _ => Some(Account::new(1000 + i64::from(hash >> 8) % 1200, solved, 1 + (hash >> 20) as usize % 60)),
        }
    }

    /// What LeetCode tells.
    pub(super) fn figures(&self, name: &str) -> Value {
        let (easy, hard) = (self.solved * 2 / 5, self.solved / 10);
        let line = |difficulty, count| json!({ "difficulty": difficulty, "count": count, "submissions": count * 2 });
        let solved = [
            line("All", self.solved),
            line("Easy", easy),
            line("Medium", self.solved - easy - hard),
            line("Hard", hard),
        ];
        let ranking = self.contests.map(|contests| {
            json!({ "attendedContestsCount": contests, "rating": self.rating.map(|rating| rating as f64 + 0.4321) })
        });
        let user = json!({ "username": name, "submitStats": { "acSubmissionNum": solved } });
        json!({ "data": { "matchedUser": user, "userContestRanking": ranking } })
    }

    /// What Codeforces tells of the user.
    pub(super) fn info(&self, name: &str) -> Value {
        let mut user = json!({ "handle": name, "contribution": 0, "friendOfCount": 17 });
        if let Some(rating) = self.rating {
            user["rating"] = json!(rating);
            user["maxRating"] = json!(rating + 50);
        }
        json!([user])
    }

    /// What Codeforces tells of the contests.
    pub(super) fn contests(&self, name: &str) -> Value {
        let contest = |number: usize| {
            json!({
                "contestId": 1000 + number,
                "contestName": format!("Round {}", number + 1),
                "handle": name,
                "rank": 100 + number,
                "oldRating": 1200 + number,
                "newRating": 1201 + number,
            })
        };
        (0..self.contests.unwrap_or_default()).map(contest).collect()
    }

    /// A page of what Codeforces tells of the submissions, the latest first: for every problem one that failed and one
    /// that did not, and for every third problem another one that did not.
    pub(super) fn submissions(&self, name: &str, (from, count): (usize, usize), now: DateTime<Utc>) -> Value {
        let verdicts = |problem: usize| {
            let again = (problem % 3 == 0).then_some("OK");
            ["WRONG_ANSWER", "OK"].into_iter().chain(again).map(move |verdict| (problem, verdict))
        };
        let all: Vec<_> = (0..self.solved).flat_map(verdicts).enumerate().collect();
        let submission = |(number, (problem, verdict)): &(usize, (usize, &str))| {
            let (contest, index) = (1 + problem / PROBLEMS, ["A", "B", "C", "D", "E"][problem % PROBLEMS]);
            // Nothing changes any more about those that are old enough.
            let at = if problem + self.fresh >= self.solved { now } else { now - Duration::days(30) };
            json!({
                "id": FIRST_SUBMISSION + number,
                "contestId": contest,
                "creationTimeSeconds": at.timestamp(),
                "problem": { "contestId": contest, "index": index, "name": format!("P{problem}"), "type": "PROGRAMMING" },
                "author": { "contestId": contest, "members": [{ "handle": name }], "participantType": "PRACTICE" },
                "programmingLanguage": "Rust 2021",
                "verdict": verdict,
            })
        };
        all.iter().rev().skip(from - 1).take(count).map(submission).collect()
    }

    /// CodeChef's page.
    pub(super) fn page(&self, name: &str) -> String {
        let name = name.replace('&', "&amp;").replace('<', "&lt;");
        let number =
            self.rating.map_or(String::new(), |rating| format!(r#"<div class="rating-number">{rating}</div>"#));
        let contests = self.contests.map_or(String::new(), |contests| {
            format!(r#"<div class="contest-participated-count">No. of Contests Participated: <b>{contests}</b></div>"#)
        });
        format!(
            r#"<!doctype html><html><head><title>{name} | CodeChef User Profile</title></head><body>
<section class="user-details"><h1 class="h2-style">Somebody</h1>
<span class="m-username--link">{name}</span></section>
<div class="rating-header text-center">{number}<div class="rating-star"></div></div>{contests}
<section class="rating-data-section submissions"><h3>Submissions</h3></section>
<section class="rating-data-section problems-solved"><h3>Learning Paths (0)</h3><h3>Practice Paths (0)</h3>
<h3>Total Problems Solved: {}</h3></section></body></html>"#,
            self.solved
        )
    }
}
