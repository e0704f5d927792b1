//! Things: what can be liked, commented on, reported or shown in streams, named by kind and id.
//!
//! Whatever its kind, a thing's item says whose it is, who may see it, how many like it and how many comments hang on it,
//! under the same names ([`Head`]), so that likes and comments need not know the kinds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{CommentId, MemberId, NotAnId, PostId, parse};
use crate::visibility::Audience;

/// What sort of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A member.
    Member,
    /// A post.
    Post,
    /// A comment.
    Comment,
    /// A workout.
    Workout,
    /// A training plan.
    Plan,
    /// An exercise.
    Exercise,
    /// A measurement of a body.
    Measurement,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] =
        [Kind::Member, Kind::Post, Kind::Comment, Kind::Workout, Kind::Plan, Kind::Exercise, Kind::Measurement];

    /// Its name, in keys and events.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Member => "member",
            Kind::Post => "post",
            Kind::Comment => "comment",
            Kind::Workout => "workout",
            Kind::Plan => "plan",
            Kind::Exercise => "exercise",
            Kind::Measurement => "measurement",
        }
    }
}

/// One thing, such as `post-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    /// What sort of.
    pub kind: Kind,
    /// Which.
    pub id: u64,
}

impl From<PostId> for Thing {
    fn from(id: PostId) -> Thing {
        Thing { kind: Kind::Post, id: id.0 }
    }
}

impl From<CommentId> for Thing {
    fn from(id: CommentId) -> Thing {
        Thing { kind: Kind::Comment, id: id.0 }
    }
}

impl From<MemberId> for Thing {
    fn from(id: MemberId) -> Thing {
        Thing { kind: Kind::Member, id: id.0 }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.kind.name(), self.id)
    }
}

impl FromStr for Thing {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Thing, NotAnId> {
        let (kind, id) = text.split_once('-').ok_or(NotAnId)?;
        let kind = Kind::ALL.into_iter().find(|known| known.name() == kind).ok_or(NotAnId)?;
        Ok(Thing { kind, id: parse(id)? })
    }
}

impl Serialize for Thing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Thing, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What every thing but a member says of itself, whatever its kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Whose it is; nobody's where its owner has left and it stays.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Who may see it; none where it is as visible as its owner's profile.
    #[serde(default)]
    pub audience: Option<Audience>,
    /// What it hangs on: it is as visible as that.
    #[serde(default)]
    pub on: Option<Thing>,
    /// Whose that is.
    #[serde(default)]
    pub on_owner: Option<MemberId>,
    /// How many like it.
    #[serde(default)]
    pub likes: i64,
    /// How many comments hang on it.
    #[serde(default)]
    pub comments: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_read_from_what_it_is_written_as() {
        for kind in Kind::ALL {
            let thing = Thing { kind, id: 7 };
            assert_eq!(thing.to_string().parse(), Ok(thing));
            let json = serde_json::to_string(&thing).unwrap();
            assert_eq!(serde_json::from_str::<Thing>(&json).unwrap(), thing);
        }
        for text in ["", "post", "post-", "post-0", "post-07", "Post-7", "post-7 ", "7"] {
            assert_eq!(text.parse::<Thing>(), Err(NotAnId), "{text:?}");
        }
    }
}
