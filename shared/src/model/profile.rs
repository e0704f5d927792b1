//! Profiles: what members tell of themselves, beyond name and picture. One stored profile; each dialect shows the
//! fields that it has words for.
//!
//! A member who has told nothing has no item, and reads as [`Profile::new`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::name::fold;
use crate::ids::{MAX_SAFE_INTEGER, MemberId};
use crate::store::{Key, Stored, keys};
use crate::visibility::Audience;

/// A member's profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// Whose.
    pub member: MemberId,
    /// What they are, in a few words.
    #[serde(default)]
    pub title: Option<String>,
    /// About them.
    #[serde(default)]
    pub bio: Option<String>,
    /// Where they live, as exactly as they care to say.
    #[serde(default)]
    pub location: Option<String>,
    /// A postal address, for those they work with.
    #[serde(default)]
    pub address: Option<String>,
    /// A telephone number, for those they work with.
    #[serde(default)]
    pub phone: Option<String>,
    /// The name of the picture behind their profile, in the bucket.
    #[serde(default)]
    pub banner: Option<String>,
    /// What they know.
    #[serde(default)]
    pub skills: Vec<Skill>,
    /// Male, female or neither, where told.
    #[serde(default)]
    pub gender: Option<Gender>,
    /// The year they were born in.
    #[serde(default)]
    pub year_birth: Option<i32>,
    /// The month they were born in, from 1.
    #[serde(default)]
    pub month_birth: Option<i32>,
    /// In which units they measure.
    #[serde(default)]
    pub units: Units,
    /// Who may see a new workout.
    #[serde(default)]
    pub workouts_audience: Audience,
    /// Who may see a new body measurement.
    #[serde(default)]
    pub body_audience: Audience,
    /// Whether followers need their consent.
    #[serde(default)]
    pub follow_approval: bool,
    /// How much they support the house.
    #[serde(default)]
    pub tier: Tier,
    /// Points from training; everybody begins with a thousand.
    #[serde(default = "first_experience")]
    pub experience: i64,
    /// What their training makes them, computed or of their own choice.
    #[serde(default)]
    pub classes: Classes,
    /// How many follow them.
    #[serde(default)]
    pub followers: i64,
    /// How many they follow.
    #[serde(default)]
    pub followings: i64,
    /// The Google account that they can sign in with, as its link says ([`super::google`]), for whoever shows a profile.
    #[serde(default)]
    pub google: Option<LinkedGoogle>,
    /// The language they read, as a BCP 47 tag.
    #[serde(default)]
    pub language: Option<String>,
    /// Points for swapping skills.
    #[serde(default)]
    pub xp: i64,
    /// How many swaps they completed.
    #[serde(default)]
    pub completed_swaps: i64,
    /// How many reviewed them, and how many stars those gave together.
    #[serde(default)]
    pub rating_count: i64,
    /// See `rating_count`.
    #[serde(default)]
    pub rating_sum: i64,
}

/// What everybody begins with.
fn first_experience() -> i64 {
    1000
}

impl Profile {
    /// The profile of a member who has told nothing.
    pub fn new(member: MemberId) -> Profile {
        Profile {
            member,
            title: None,
            bio: None,
            location: None,
            address: None,
            phone: None,
            banner: None,
            skills: Vec::new(),
            gender: None,
            year_birth: None,
            month_birth: None,
            units: Units::default(),
            workouts_audience: Audience::default(),
            body_audience: Audience::default(),
            follow_approval: false,
            tier: Tier::default(),
            experience: first_experience(),
            classes: Classes::default(),
            followers: 0,
            followings: 0,
            google: None,
            language: None,
            xp: 0,
            completed_swaps: 0,
            rating_count: 0,
            rating_sum: 0,
        }
    }

    /// The stars that they were given on average, to one decimal; none count as 0.
    pub fn rating(&self) -> f64 {
        if self.rating_count < 1 {
            return 0.0;
        }
        (self.rating_sum as f64 / self.rating_count as f64 * 10.0).round() / 10.0
    }

    /// What their points for swapping skills make them (contract of SkillNet, section 3.7).
    pub fn level(&self) -> i64 {
        1 + (self.xp.max(0) / 100).isqrt()
    }
}

impl Stored for Profile {
    fn key(&self) -> Key {
        keys::profile(self.member)
    }
}

/// A Google account, as its member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedGoogle {
    /// Its address.
    pub email: String,
    /// What we may do there.
    pub scopes: Vec<String>,
}

/// Something that members know. The same name has the same id, whoever wrote it and in whichever case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// Made from the folded name, so that it needs no registry; 52 bits keep a million names apart.
    pub id: u64,
    /// The name as its member wrote it.
    pub name: String,
    /// When the member added it.
    pub added_at: DateTime<Utc>,
}

impl Skill {
    /// The skill of this name, added now.
    pub fn new(name: &str, now: DateTime<Utc>) -> Skill {
        Skill { id: Skill::id_of(name), name: name.to_owned(), added_at: now }
    }

    /// The id that a name has.
    pub fn id_of(name: &str) -> u64 {
        let digest = Sha256::digest(fold(name).as_bytes());
        let number = digest[..8].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        (number & (MAX_SAFE_INTEGER >> 1)).max(1)
    }
}

/// A gender, as far as a client asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither.
    Neutral,
}

/// Systems of measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Kilograms and kilometres.
    #[default]
    Metric,
    /// Pounds and miles.
    Imperial,
}

/// In which units a member measures. The numbers are ids of Sukuwatto's unit table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// The system.
    pub system: System,
    /// Of weight; kilograms unless told.
    pub weight: i64,
    /// Of speed; kilometres per hour unless told.
    pub speed: i64,
    /// Of distance; kilometres unless told.
    pub distance: i64,
    /// Of energy; kilocalories unless told.
    pub energy: i64,
}

impl Default for Units {
    fn default() -> Units {
        Units { system: System::Metric, weight: 1, speed: 11, distance: 5, energy: 15 }
    }
}

/// How much a member supports the house; operators say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Not yet.
    #[default]
    Novice,
    /// Some.
    Intermediate,
    /// Much.
    Advanced,
}

/// What a member's training makes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// The first class shown.
    pub primary: Option<String>,
    /// The second class shown.
    pub secondary: Option<String>,
    /// What the first one would be by their training.
    pub primary_computed: Option<String>,
    /// What the second one would be.
    pub secondary_computed: Option<String>,
    /// Whether those shown are of their own choice and stay.
    pub custom: bool,
}

impl Default for Classes {
    fn default() -> Classes {
        let athlete = Some("Athlete".to_owned());
        Classes {
            primary: athlete.clone(),
            secondary: None,
            primary_computed: athlete,
            secondary_computed: None,
            custom: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_is_the_same_in_every_case_and_its_id_is_safe() {
        assert_eq!(Skill::id_of("Rust"), Skill::id_of("RUST"));
        assert_ne!(Skill::id_of("Rust"), Skill::id_of("Dust"));
        assert!((1..=MAX_SAFE_INTEGER).contains(&Skill::id_of("")));
    }

    #[test]
    fn ratings_have_one_decimal_and_levels_grow_with_the_root_of_the_points() {
        let profile =
            |rating_sum, rating_count, xp| Profile { rating_sum, rating_count, xp, ..Profile::new(MemberId(1)) };
        for (sum, count, average) in [(0, 0, 0.0), (5, 1, 5.0), (14, 3, 4.7), (13, 3, 4.3)] {
            assert_eq!(profile(sum, count, 0).rating(), average);
        }
        for (xp, level) in [(0, 1), (99, 1), (100, 2), (399, 2), (400, 3), (10_000, 11)] {
            assert_eq!(profile(0, 0, xp).level(), level);
        }
    }
}
