//! Platforms where members solve problems: what is known there of an account, asked of servers that are not ours.
//!
//! Each platform is one file, which knows its addresses and reads its answers; how often and how long a server is asked
//! is the same for all ([`crate::outbound::Host`]). What they answer is never trusted: a figure that is none, or that
//! nobody could have, is as good as none told. `docs/platforms.md` tells how it all works.

mod codechef;
mod codeforces;
mod leetcode;
mod looking_up;

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::app::App;
use crate::error::Result;
use crate::outbound::{Client, Host, Limits, NoAnswer, Trouble};

pub use looking_up::look_up;

/// How long one try may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The largest answer that is read: about three times the largest that a platform gives.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;
/// The longest name that is asked for (contract of SkillTracker, section 2).
const LONGEST_NAME: usize = 100;
/// What nobody has more of.
const MOST_RATING: i64 = 10_000;
const MOST_SOLVED: i64 = 100_000;
const MOST_CONTESTS: i64 = 10_000;
/// What stands for itself in a path and in a query (RFC 3986, 2.3).
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Asks a platform about an account, and answers within `patience`, which covers every try and the waits between them.
///
/// # Errors
/// If our own table does not answer. That the platform does not is an [`Answer`].
pub async fn ask(app: &App, platform: Platform, username: &str, patience: Duration) -> Result<Answer> {
    let deadline = Instant::now() + patience;
    ask_within(app, platform, username, Limits { deadline, attempt: ATTEMPT, largest: LARGEST_ANSWER }).await
}

async fn ask_within(app: &App, platform: Platform, username: &str, limits: Limits) -> Result<Answer> {
    if !may_be_name(username) {
        return Ok(Answer::Unknown);
    }
    match platform {
        Platform::LeetCode => leetcode::ask(app, username, limits).await,
        Platform::CodeChef => codechef::ask(app, username, limits).await,
        Platform::Codeforces => codeforces::ask(app, username, limits).await,
    }
}

/// Whether anybody could have this name anywhere.
fn may_be_name(username: &str) -> bool {
    !username.trim().is_empty() && username.chars().count() <= LONGEST_NAME && !username.chars().any(char::is_control)
}

/// A name as it stands in an address.
fn encoded(username: &str) -> impl std::fmt::Display {
    utf8_percent_encode(username, &UNRESERVED)
}

/// The servers of the platforms, as one function knows them.
#[derive(Clone)]
pub struct Hosts {
    leetcode: Host,
    codechef: Host,
    codeforces: Host,
}

impl Default for Hosts {
    fn default() -> Hosts {
        let client = Client::default();
        let host = |platform: Platform, spacing| Host::new(platform.name(), client.clone(), spacing);
        Hosts {
            leetcode: host(Platform::LeetCode, Duration::ZERO),
            codechef: host(Platform::CodeChef, Duration::ZERO),
            // It says "Call limit exceeded" to whoever calls more often.
            codeforces: host(Platform::Codeforces, Duration::from_secs(2)),
        }
    }
}

impl Hosts {
    /// The server of a platform.
    pub fn of(&self, platform: Platform) -> &Host {
        match platform {
            Platform::LeetCode => &self.leetcode,
            Platform::CodeChef => &self.codechef,
            Platform::Codeforces => &self.codeforces,
        }
    }
}

/// A platform. Its name is the one that people know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Platform {
    /// leetcode.com
    LeetCode,
    /// codechef.com
    CodeChef,
    /// codeforces.com
    Codeforces,
}

impl Platform {
    /// All of them.
    pub const ALL: [Platform; 3] = [Platform::LeetCode, Platform::CodeChef, Platform::Codeforces];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Platform::LeetCode => "LeetCode",
            Platform::CodeChef => "CodeChef",
            Platform::Codeforces => "Codeforces",
        }
    }

    /// The platform of this name.
    pub fn find(name: &str) -> Option<Platform> {
        Platform::ALL.into_iter().find(|platform| platform.name() == name)
    }
}

/// One figure as its platform tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// So many.
    Number(i64),
    /// There is none, such as the rating of somebody who never took part.
    None,
    /// The platform did not say this time.
    Silence,
}

impl Told {
    /// So many, if anybody can have that many.
    fn up_to(most: i64, number: Option<i64>) -> Told {
        match number {
            Some(number) if (0..=most).contains(&number) => Told::Number(number),
            _ => Told::Silence,
        }
    }
}

/// What a platform tells of an account. Each figure stands by itself, since some platforms are asked in several calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The rating in contests.
    pub rating: Told,
    /// How many different problems were solved.
    pub solved: Told,
    /// How many contests were attended.
    pub contests: Told,
}

impl Report {
    /// Whether the platform said something of every figure.
    pub fn is_whole(&self) -> bool {
        [self.rating, self.solved, self.contests].iter().all(|told| *told != Told::Silence)
    }

    /// Whether it said nothing at all.
    fn is_silent(&self) -> bool {
        [self.rating, self.solved, self.contests].iter().all(|told| *told == Told::Silence)
    }
}

/// What came of asking about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is one.
    Known(Report),
    /// There is none of this name.
    Unknown,
    /// The platform did not answer, or not in a way that can be trusted. Why, for the log; and whether it was asked at
    /// all: while [`NoAnswer::not_before`] says that it is left alone, asking can be put off without a loss.
    Failed(NoAnswer),
}

/// A number out of an answer, without its fraction: as it should be, or in a text.
fn whole(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // Beyond that, not every whole number is one here.
    (number.abs() < 9e15).then_some(number.trunc() as i64)
}

/// The JSON of an answer, which may be a page that somebody put in its place.
fn json(answer: &http::Response<bytes::Bytes>) -> Result<Value, Trouble> {
    serde_json::from_slice(answer.body()).map_err(|_| Trouble::passing("its answer is not JSON"))
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_taken_as_they_come_and_nothing_else_passes_for_one() {
        for (value, number) in [(json!(7), 7), (json!("1507.43"), 1507), (json!(1507.99), 1507), (json!(" 8 "), 8)] {
            assert_eq!(whole(&value), Some(number), "{value}");
        }
        for value in [json!(null), json!("many"), json!(true), json!([1]), json!(1e300), json!("inf"), json!("")] {
            assert_eq!(whole(&value), None, "{value}");
        }
        assert_eq!(Told::up_to(10, Some(11)), Told::Silence);
        assert_eq!(Told::up_to(10, Some(-1)), Told::Silence);
        assert_eq!(Told::up_to(10, Some(0)), Told::Number(0));
    }

    #[test]
    fn names_that_nobody_can_have_are_not_asked_for() {
        assert!(may_be_name("tourist") && may_be_name("ada lovelace/../x?") && may_be_name(&"ä".repeat(100)));
        for name in ["", "  ", "a\nb", "a\0", &"a".repeat(101)] {
            assert!(!may_be_name(name), "{name:?}");
        }
        assert_eq!(encoded("a/b?c=ä;d.e_f-g~").to_string(), "a%2Fb%3Fc%3D%C3%A4%3Bd.e_f-g~");
    }
}
