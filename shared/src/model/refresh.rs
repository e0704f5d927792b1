//! Refresh runs: every profile of every subscriber is asked for once, and how far that has come.
//!
//! A run is listed shard after shard and page after page ([`Listing`]), each page in one transaction with everything
//! that follows from it, and every profile is settled in one transaction, too. So the figures are exact wherever
//! somebody breaks off and however often anything is delivered, and no function has to live as long as its run.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::coding::{Figures, Heard, NOT_AVAILABLE};
use super::figures::Counted;
use crate::boards::Period;
use crate::ids::{EventId, MemberId, ProfileId};
use crate::platforms::Platform;
use crate::store::{IndexKey, Key, Stored, keys};

/// How often a queue hands out that a profile is due before it goes to the dead letters; `template.yaml` says the same.
/// With its time out of sight that makes an hour, in which a platform that is down may come back.
pub const FETCH_TRIES: u32 = 10;
/// The same of a run that has ended, whose summary waits for its letters: five hours.
pub const SUMMARY_TRIES: u32 = 30;
/// How long a run is remembered.
const REMEMBERED: Duration = Duration::days(90);
/// How long a run holds back the next one. One that takes longer has lost something to the dead letters.
const LONGEST: Duration = Duration::days(1);
/// How long marks are kept: dead letters come back for two weeks.
const MARKED: Duration = Duration::days(15);

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefreshRun {
    /// Names it.
    pub id: EventId,
    /// The week whose report it makes, if it makes one.
    pub week: Option<Period>,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When the last profile was settled.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many subscribers were listed.
    pub subscribers: i64,
    /// How many of them a report was due to: everything of theirs was settled.
    pub due: i64,
    /// Reports that went out.
    pub sent: i64,
    /// Reports for which there was nobody to send them to, or nothing to tell.
    pub needless: i64,
    /// Reports that were given up.
    pub unsent: i64,
}

impl RefreshRun {
    /// A run that begins now.
    pub fn new(id: EventId, week: Option<Period>, began_at: DateTime<Utc>) -> RefreshRun {
        let (ended_at, subscribers, due, sent, needless, unsent) = (None, 0, 0, 0, 0, 0);
        RefreshRun { id, week, began_at, ended_at, subscribers, due, sent, needless, unsent }
    }

    /// The id of the run that makes a week's report: there is one, whoever asks for it and how often.
    pub fn of_week(week: Period) -> EventId {
        keys::id_of(&format!("report-{week}"))
    }

    /// The id of the run that comes after this one, or of the first.
    pub fn after(last: Option<EventId>) -> EventId {
        keys::id_of(&last.map_or("refresh".to_owned(), |last| format!("refresh-after-{last}")))
    }

    /// Whether it goes on.
    pub fn goes_on(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.began_at + LONGEST
    }

    /// How many reports nobody knows yet what became of.
    pub fn outstanding(&self) -> i64 {
        self.due - self.sent - self.needless - self.unsent
    }
}

impl Stored for RefreshRun {
    fn key(&self) -> Key {
        keys::refresh_run(self.id)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_refresh_run(self.week.is_some(), self.began_at))
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.began_at + REMEMBERED)
    }
}

/// How far a run has come with one platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Of which run.
    pub run: EventId,
    /// With which platform.
    pub platform: Platform,
    /// When the run began.
    pub began_at: DateTime<Utc>,
    /// What is still to be done: shards that are not listed to their end, and profiles that were listed and not settled.
    /// Once it is 0 it stays 0.
    pub open: i64,
    /// Profiles listed.
    pub listed: i64,
    /// Profiles of which the platform told everything.
    pub fresh: i64,
    /// Profiles of which it did not, and that keep their last good figures.
    pub failed: i64,
    /// Profiles whose account it does not know any more.
    pub unknown: i64,
    /// Profiles that were gone by then.
    pub gone: i64,
    /// Problems solved since the report before, by all members.
    pub solved: i64,
    /// Contests attended since the report before, by all members.
    pub contests: i64,
}

impl Tally {
    /// How a run begins.
    pub fn new(run: &RefreshRun, platform: Platform) -> Tally {
        Tally {
            run: run.id,
            platform,
            began_at: run.began_at,
            open: keys::SUBSCRIBER_SHARDS as i64,
            listed: 0,
            fresh: 0,
            failed: 0,
            unknown: 0,
            gone: 0,
            solved: 0,
            contests: 0,
        }
    }

    /// The name of the figure that counts profiles of which this was heard; none stands for one that is gone.
    pub fn figure(heard: Option<Heard>) -> &'static str {
        match heard {
            Some(Heard::Everything) => "fresh",
            Some(Heard::TooLittle) => "failed",
            Some(Heard::Unknown) => "unknown",
            None => "gone",
        }
    }
}

impl Stored for Tally {
    fn key(&self) -> Key {
        keys::tally(self.run, self.platform)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.began_at + REMEMBERED)
    }
}

/// How far a shard of the subscribers is listed for a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// For which run.
    pub run: EventId,
    /// Which shard.
    pub shard: u64,
    /// When the run began.
    pub began_at: DateTime<Utc>,
    /// Where the next page begins; none stands for the first.
    pub after: Option<String>,
    /// Whether there is no further page.
    pub over: bool,
}

impl Stored for Listing {
    fn key(&self) -> Key {
        keys::listing(self.run, self.shard)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.began_at + REMEMBERED)
    }
}

/// A member's report that waits until everything of theirs is settled. It is gone once it is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AwaitedReport {
    /// Whose.
    pub member: MemberId,
    /// In which run.
    pub run: EventId,
    /// The report of which week.
    pub week: Period,
    /// When the run began.
    pub began_at: DateTime<Utc>,
    /// How many profiles it waits for.
    pub waiting: i64,
}

impl Stored for AwaitedReport {
    fn key(&self) -> Key {
        keys::awaited_report(self.member, self.run)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.began_at + MARKED)
    }
}

/// The mark of a profile that a run has settled.
pub fn settled(run: EventId, profile: ProfileId, now: DateTime<Utc>) -> Counted {
    Counted { what: format!("settled-{run}-{profile}"), until: now + MARKED }
}

/// The mark of a report of which is known what became of it.
pub fn reported(run: EventId, member: MemberId, now: DateTime<Utc>) -> Counted {
    Counted { what: format!("reported-{run}-{member}"), until: now + MARKED }
}

/// By how much a figure has changed, where it is known before and after.
pub fn change(before: Option<i64>, after: Option<i64>) -> Option<i64> {
    let known = |figure: Option<i64>| figure.filter(|figure| *figure != NOT_AVAILABLE);
    Some(known(after)? - known(before)?)
}

/// By how many problems and contests figures have grown, where that is known.
pub fn growth(before: Figures, after: Figures) -> (i64, i64) {
    let change = |before, after| change(before, after).unwrap_or_default();
    (change(before.solved, after.solved), change(before.contests, after.contests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_available_is_no_number_to_reckon_with() {
        assert_eq!(change(Some(1500), Some(1488)), Some(-12));
        for (before, after) in [(Some(NOT_AVAILABLE), Some(1500)), (Some(1500), Some(NOT_AVAILABLE)), (None, Some(0))] {
            assert_eq!(change(before, after), None);
        }
        let before = Figures { rating: None, solved: Some(NOT_AVAILABLE), contests: Some(2) };
        let after = Figures { rating: Some(1500), solved: Some(7), contests: Some(5) };
        assert_eq!(growth(before, after), (0, 3));
    }

    #[test]
    fn a_run_holds_back_the_next_one_until_it_ends_or_for_a_day() {
        let began_at = DateTime::UNIX_EPOCH;
        let run = RefreshRun::new(RefreshRun::after(None), None, began_at);
        assert!(run.goes_on(began_at + Duration::hours(23)) && !run.goes_on(began_at + Duration::hours(24)));
        assert!(!RefreshRun { ended_at: Some(began_at), ..run }.goes_on(began_at));
    }
}
