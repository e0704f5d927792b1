//! Jobs that run on a schedule: which there are, and how their runs went.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::EventId;
use crate::store::{Key, Stored, keys};

/// How long a run is remembered.
const REMEMBERED: Duration = Duration::days(90);
/// No run takes longer: the function may not.
const LONGEST: Duration = Duration::minutes(15);

/// A job that a schedule starts. `template.yaml` has the schedules; a test holds the two against each other.
#[derive(Clone, Copy, Debug)]
pub struct ScheduledJob {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its schedule, as the template writes it.
    pub schedule: &'static str,
    /// The same in words.
    pub when: &'static str,
}

/// Every job that a schedule starts.
pub const SCHEDULED: &[ScheduledJob] = &[
    ScheduledJob {
        name: "clean-up",
        about: "Deletes what nobody needs any more.",
        schedule: "rate(1 day)",
        when: "Once a day",
    },
    ScheduledJob {
        name: "check-accounts",
        about: "Holds accounts against their reservations.",
        schedule: "cron(30 4 ? * MON *)",
        when: "On Mondays at 04:30 UTC",
    },
    ScheduledJob {
        name: "check-boards",
        about: "Holds boards against their entries.",
        schedule: "cron(45 4 * * ? *)",
        when: "Every day at 04:45 UTC",
    },
    ScheduledJob {
        name: "check-counts",
        about: "Holds likes and comments against how many there are said to be.",
        schedule: "cron(0 5 ? * MON *)",
        when: "On Mondays at 05:00 UTC",
    },
    ScheduledJob {
        name: "close-week",
        about: "Closes the boards of the week that is over.",
        schedule: "cron(15 0 ? * MON *)",
        when: "On Mondays at 00:15 UTC",
    },
    ScheduledJob {
        name: "close-month",
        about: "Closes the boards of the month that is over.",
        schedule: "cron(15 0 1 * ? *)",
        when: "On the 1st at 00:15 UTC",
    },
    ScheduledJob {
        name: "close-year",
        about: "Closes the boards of the year that is over.",
        schedule: "cron(15 0 1 1 ? *)",
        when: "On 1 January at 00:15 UTC",
    },
    ScheduledJob {
        name: "send-digests",
        about: "Tells members by letter what is new, if they asked for it.",
        schedule: "cron(0 6 * * ? *)",
        when: "Every day at 06:00 UTC",
    },
    ScheduledJob {
        name: "refresh-profiles",
        about: "Asks platforms about every coding profile.",
        schedule: "rate(6 hours)",
        when: "Every six hours",
    },
    ScheduledJob {
        name: "weekly-report",
        about: "Asks platforms about every coding profile, and has everybody's week told by letter.",
        schedule: "cron(0 9 ? * MON *)",
        when: "On Mondays at 09:00 UTC",
    },
];

/// The scheduled job of this name.
pub fn find(name: &str) -> Option<&'static ScheduledJob> {
    SCHEDULED.iter().find(|job| job.name == name)
}

/// How a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody has said yet.
    Running,
    /// It came to its end.
    Done,
    /// It did not.
    Failed,
}

/// One run of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Which job.
    pub job: String,
    /// Names the run: the event that asked for it, or an id of its own.
    pub id: EventId,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// How long it took, in milliseconds, once it is over.
    pub took_ms: Option<i64>,
    /// How it went.
    pub outcome: Outcome,
    /// What it came to, as JSON.
    pub report: Option<String>,
    /// Whether somebody asked for it, and no schedule.
    pub asked: bool,
}

impl Run {
    /// Whether it broke off without a word.
    pub fn was_lost(&self, now: DateTime<Utc>) -> bool {
        self.outcome == Outcome::Running && now > self.began_at + LONGEST
    }
}

impl Stored for Run {
    fn key(&self) -> Key {
        keys::run(&self.job, self.id)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.began_at + REMEMBERED)
    }
}
