//! Reports: what members tell the staff of (Sukuwatto's contract, part S, sections 2.2 and 3.8).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::thing::{Kind, Thing};
use crate::ids::{MemberId, ReportId};
use crate::store::{IndexKey, Key, Stored, keys};

/// How a report stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has seen to it.
    #[default]
    Open,
    /// It was closed as it was.
    Closed,
    /// Something was done about it.
    Resolved,
}

impl State {
    /// Every state.
    pub const ALL: [State; 3] = [State::Open, State::Closed, State::Resolved];

    /// Its name, in keys.
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Closed => "closed",
            State::Resolved => "resolved",
        }
    }
}

/// How many reports there are in each state. It follows in the transaction of every report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportCounts {
    /// That nobody has seen to.
    #[serde(default)]
    pub open: i64,
    /// That were closed as they were.
    #[serde(default)]
    pub closed: i64,
    /// About which something was done.
    #[serde(default)]
    pub resolved: i64,
}

impl ReportCounts {
    /// How many are in one state, or in any.
    pub fn of(self, state: Option<State>) -> i64 {
        match state {
            Some(State::Open) => self.open,
            Some(State::Closed) => self.closed,
            Some(State::Resolved) => self.resolved,
            None => self.open + self.closed + self.resolved,
        }
    }
}

impl Stored for ReportCounts {
    fn key(&self) -> Key {
        keys::report_counts()
    }
}

/// What a member told the staff of. It outlives the thing that it is about, and the thing's owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which.
    pub id: ReportId,
    /// Who reported; nobody, once they have left.
    #[serde(default)]
    pub reporter: Option<MemberId>,
    /// What they say.
    pub description: String,
    /// What they tell of.
    #[serde(default)]
    pub targets: Vec<Thing>,
    /// What the staff wrote down.
    #[serde(default)]
    pub notes: Option<String>,
    /// How it stands.
    pub state: State,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When the staff last changed it.
    #[serde(default)]
    pub edited_at: Option<DateTime<Utc>>,
}

impl Report {
    /// The thing of this kind that it tells of, by its id.
    pub fn target(&self, kind: Kind) -> Option<u64> {
        self.targets.iter().find(|target| target.kind == kind).map(|target| target.id)
    }

    /// The member whom it tells of.
    pub fn about(&self) -> Option<MemberId> {
        self.target(Kind::Member).map(MemberId)
    }
}

impl Stored for Report {
    fn key(&self) -> Key {
        keys::report(self.id)
    }

    fn index(&self) -> Option<IndexKey> {
        self.reporter.map(|reporter| keys::by_reporter(reporter, self.id))
    }

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_report(self.state.name(), self.id))
    }
}
