//! Skills that members train, as Sukuwatto counts them (its contract, part S, sections 2.2 and 4.9).

use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::store::{Key, Stored, keys};

/// How far a member has come with one skill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedSkill {
    /// Whose.
    pub member: MemberId,
    /// Which skill.
    pub skill: u64,
    /// What it is called.
    pub name: String,
    /// What it makes of those who are best at it.
    pub class_name: String,
    /// Points; everybody begins with a thousand.
    pub experience: i64,
}

impl Stored for TrainedSkill {
    fn key(&self) -> Key {
        keys::trained_skill(self.member, self.skill)
    }
}
