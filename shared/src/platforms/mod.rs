//! Platforms where members solve problems: what is known there of an account, asked of servers that are not ours.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;

/// Asks a platform about an account, and answers within `patience`, which covers every try and the waits between them.
///
/// # Errors
/// If our own table does not answer. That the platform does not is an [`Answer`].
pub async fn ask(_app: &App, platform: Platform, _username: &str, _patience: Duration) -> Result<Answer> {
    Ok(Answer::Failed(format!("{} is not connected", platform.name())))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// So many.
    Number(i64),
    /// There is none, such as the rating of somebody who never took part.
    None,
    /// The platform did not say this time.
    Silence,
}

/// What a platform tells of an account. Each figure stands by itself, since some platforms are asked in several calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The rating in contests.
    pub rating: Told,
    /// How many different problems were solved.
    pub solved: Told,
    /// How many contests were attended.
    pub contests: Told,
}

/// What came of asking about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is one.
    Known(Report),
    /// There is none of this name.
    Unknown,
    /// The platform did not answer, or not in a way that can be trusted. Why, for the log.
    Failed(String),
}
