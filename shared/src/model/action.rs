//! Actions: what members did, as streams show it (Sukuwatto's contract, part S, section 2.2).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::thing::{Kind, Thing};
use crate::ids::{ActionId, MemberId};
use crate::store::{IndexKey, Key, Stored, keys};
use crate::visibility::Audience;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// They made an account.
    Joined,
    /// They follow the target.
    Followed,
    /// They wrote the object.
    Posted,
    /// They wrote the object about the target.
    Commented,
    /// They like the target.
    Liked,
    /// They finished the object.
    Trained,
    /// They made the object.
    Created,
    /// They took over the object.
    Adopted,
    /// They wrote down the object.
    Measured,
}

/// One thing that a member did. It lies with them, and goes when they, or what it is about, go.
///
/// Its id is that of its object where the action made that: it needs no search then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Which.
    pub id: ActionId,
    /// Who.
    pub actor: MemberId,
    /// What.
    pub verb: Verb,
    /// To what.
    #[serde(default)]
    pub target: Option<Thing>,
    /// Whose that was.
    #[serde(default)]
    pub target_owner: Option<MemberId>,
    /// With what.
    #[serde(default)]
    pub object: Option<Thing>,
    /// Whose that was, if not the actor's.
    #[serde(default)]
    pub object_owner: Option<MemberId>,
    /// Who may see it, as far as that is up to what the actor made. Whoever may not see the actor's profile, the target
    /// or the object does not see it either.
    pub audience: Audience,
    /// When.
    pub at: DateTime<Utc>,
}

impl Action {
    /// The members whose accounts, and the things whose items, show the action.
    pub fn things(&self) -> impl Iterator<Item = Thing> {
        [self.target, self.object].into_iter().flatten()
    }
}

impl Stored for Action {
    fn key(&self) -> Key {
        keys::action(self.actor, self.audience, self.id)
    }

    fn index(&self) -> Option<IndexKey> {
        match (self.target, self.object) {
            (Some(target), _) => Some(keys::by_target(target, self.id)),
            (None, Some(object)) if object.kind != Kind::Member => Some(keys::by_object(object, self.id)),
            // Whoever looks for what made a member has the member, with whom it lies.
            _ => None,
        }
    }

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_action(self.at, self.id))
    }
}
