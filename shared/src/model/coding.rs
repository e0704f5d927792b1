//! Coding profiles: what a member is called on a platform, and what is known of them there (contract of SkillTracker,
//! section 2).

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::name::fold;
use crate::boards::Period;
use crate::ids::{MemberId, ProfileId};
use crate::platforms::{Answer, Platform, Report, Told};
use crate::store::{Key, Stored, keys};

/// Stands where a platform says that there is no such figure.
pub const NOT_AVAILABLE: i64 = -1;
/// How long snapshots are kept: sixty weeks.
const KEPT: Duration = Duration::weeks(60);

/// The three figures. `None` was never heard of; [`NOT_AVAILABLE`] does not exist on the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The rating in contests.
    pub rating: Option<i64>,
    /// How many different problems were solved.
    pub solved: Option<i64>,
    /// How many contests were attended.
    pub contests: Option<i64>,
}

impl Figures {
    /// These figures, once a platform has told: what it was silent about stays as it was.
    pub fn after(self, report: &Report) -> Figures {
        let after = |before: Option<i64>, told: Told| match told {
            Told::Number(number) => Some(number),
            Told::None => Some(NOT_AVAILABLE),
            Told::Silence => before,
        };
        Figures {
            rating: after(self.rating, report.rating),
            solved: after(self.solved, report.solved),
            contests: after(self.contests, report.contests),
        }
    }
}

/// How the latest attempt to fetch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fetch {
    /// There was none yet, or the platform was down from the beginning.
    Pending,
    /// The platform told everything.
    Success,
    /// It did not, and what is known is older.
    Failed,
}

/// What a platform said when it was asked about a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// All there is to know.
    Everything,
    /// Nothing that can be trusted, or not all of it.
    TooLittle,
    /// That it knows no such account.
    Unknown,
}

impl Heard {
    /// What this answer says.
    pub fn of(answer: &Answer) -> Heard {
        match answer {
            Answer::Known(Report { rating, solved, contests })
                if [rating, solved, contests].into_iter().all(|told| *told != Told::Silence) =>
            {
                Heard::Everything
            }
            Answer::Unknown => Heard::Unknown,
            Answer::Known(_) | Answer::Failed(_) => Heard::TooLittle,
        }
    }
}

/// A member on a platform. They have one profile on each at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodingProfile {
    /// Names it.
    pub id: ProfileId,
    /// Whose.
    pub member: MemberId,
    /// Where.
    pub platform: Platform,
    /// What they are called there.
    pub username: String,
    /// What is known of them.
    pub figures: Figures,
    /// The group that the member is in, as in their [`super::subscription::Subscription`]: it changes with that.
    pub group: Option<String>,
    /// When anything of this last changed.
    pub updated_at: DateTime<Utc>,
    /// When the platform last told everything.
    pub fetched_at: Option<DateTime<Utc>>,
    /// How the latest attempt went.
    pub fetch: Fetch,
}

impl Stored for CodingProfile {
    fn key(&self) -> Key {
        keys::coding_profile(self.member, self.platform)
    }
}

/// Holds an account on a platform for the member whose it is here; nobody else can have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CoderHeld {
    /// Where.
    pub platform: Platform,
    /// The name there, folded.
    pub username: String,
    /// Who holds it.
    pub member: MemberId,
}

impl CoderHeld {
    /// The hold on this name.
    pub fn new(platform: Platform, username: &str, member: MemberId) -> CoderHeld {
        CoderHeld { platform, username: fold(username), member }
    }
}

impl Stored for CoderHeld {
    fn key(&self) -> Key {
        keys::coder(self.platform, &self.username)
    }
}

/// What was known of a profile when a week's report was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whose.
    pub member: MemberId,
    /// Of which platform.
    pub platform: Platform,
    /// What they are called there.
    pub username: String,
    /// In the report of which week.
    pub week: Period,
    /// The figures.
    pub figures: Figures,
    /// When the platform last told everything of this; long before `taken_at` where it was down.
    pub fetched_at: Option<DateTime<Utc>>,
    /// What the platform said when it was asked for this report.
    pub heard: Heard,
    /// When the snapshot was taken.
    pub taken_at: DateTime<Utc>,
}

impl Stored for Snapshot {
    fn key(&self) -> Key {
        keys::snapshot(self.member, self.platform, self.week)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.taken_at + KEPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_changes_nothing_and_nothing_is_a_figure_too() {
        let before = Figures { rating: Some(1500), solved: Some(10), contests: None };
        let report = Report { rating: Told::Silence, solved: Told::Number(12), contests: Told::None };
        let after = Figures { rating: Some(1500), solved: Some(12), contests: Some(NOT_AVAILABLE) };
        assert_eq!(before.after(&report), after);
    }
}
