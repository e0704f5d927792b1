//! Subscriptions: what makes a member a subscriber of SkillTracker, and the groups that they form (its contract,
//! section 2).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::name::fold;
use crate::ids::MemberId;
use crate::store::{IndexKey, Key, Stored, keys};

/// That a member subscribed. Letters go to the address of their account, once that is confirmed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Who.
    pub member: MemberId,
    /// Their group, by its name as its founder wrote it.
    pub group: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether they get the weekly report; the link in it switches that off.
    pub reports: bool,
}

impl Stored for Subscription {
    fn key(&self) -> Key {
        keys::subscription(self.member)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_subscriber(self.member))
    }
}

/// A group: there while somebody is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodingGroup {
    /// Its name as its founder wrote it; two names that differ in their case only are one.
    pub name: String,
    /// How many are in it.
    pub members: i64,
}

impl Stored for CodingGroup {
    fn key(&self) -> Key {
        keys::coding_group(&fold(&self.name))
    }
}
