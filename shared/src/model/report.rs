//! Reports: what members tell the staff of (Sukuwatto's contract, part S, sections 2.2 and 3.8).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::thing::Thing;
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

/// What a member told the staff of. It outlives the thing that it is about, and the thing's owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
