//! Figures: what happened, counted by day, so that nobody has to look through everything to know.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{Key, Stored, keys};

/// What happened on one day. The names of its fields are those under which they are counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Day {
    /// Which day, in UTC.
    pub day: NaiveDate,
    /// Members who joined.
    pub joined: i64,
    /// Logins that succeeded.
    pub sign_ins: i64,
    /// Letters that went out.
    pub letters_sent: i64,
    /// Letters that were given up.
    pub letters_failed: i64,
    /// Names that were locked after too many failures, whether anybody has them or not.
    pub locks: i64,
    /// Members who were banned.
    pub bans: i64,
}

/// How many there are now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Members.
    pub members: i64,
    /// Those of them who are banned.
    pub banned: i64,
}

/// The mark of something that was counted, once however often it comes. What it was is hashed into its key and stands
/// nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counted {
    /// Names what was counted.
    #[serde(skip)]
    pub what: String,
    /// When the mark may go, since it comes no more.
    pub until: DateTime<Utc>,
}

impl Stored for Counted {
    fn key(&self) -> Key {
        keys::counted(&self.what)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.until)
    }
}
