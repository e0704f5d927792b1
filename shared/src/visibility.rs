//! Who may see a thing: one pure function over viewer, owner, audience and what stands between the two.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::ids::MemberId;
use crate::store::keys;

/// Who may see a thing, widest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone, signed in or not.
    #[default]
    Everyone,
    /// Whoever is signed in.
    Members,
    /// Whoever follows the owner.
    Followers,
    /// The owner alone.
    Owner,
}

/// What stands between a viewer and an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// The viewer follows the owner.
    pub follows: bool,
    /// One of them has blocked the other.
    pub blocked: bool,
}

/// Whether `viewer` (nobody signed in: `None`) may see a thing of `owner` that is meant for `audience`.
pub fn may_see(viewer: Option<MemberId>, owner: MemberId, audience: Audience, relation: Relation) -> bool {
    match viewer {
        Some(viewer) if viewer == owner => true,
        None => audience == Audience::Everyone,
        Some(_) if relation.blocked => false,
        Some(_) => match audience {
            Audience::Everyone | Audience::Members => true,
            Audience::Followers => relation.follows,
            Audience::Owner => false,
        },
    }
}

/// What stands between a viewer and each of these owners, in their order. One round trip; nobody signed in has no
/// relations.
pub async fn relations(app: &App, viewer: Option<MemberId>, owners: &[MemberId]) -> Result<Vec<Relation>> {
    let Some(viewer) = viewer else { return Ok(vec![Relation::default(); owners.len()]) };
    between(app, &owners.iter().map(|owner| (viewer, *owner)).collect::<Vec<_>>()).await
}

/// What stands between each of these viewers and an owner, in their order. One round trip.
pub async fn relations_to(app: &App, viewers: &[MemberId], owner: MemberId) -> Result<Vec<Relation>> {
    between(app, &viewers.iter().map(|viewer| (*viewer, owner)).collect::<Vec<_>>()).await
}

/// What stands between each of these viewers and owners.
async fn between(app: &App, pairs: &[(MemberId, MemberId)]) -> Result<Vec<Relation>> {
    let three = |(viewer, owner): &(MemberId, MemberId)| {
        [keys::follow(*viewer, *owner), keys::block(*viewer, *owner), keys::block(*owner, *viewer)]
    };
    // Three keys each, and a batch has a hundred.
    let batches = pairs.chunks(30).map(|pairs| async move {
        let keys: Vec<_> = pairs.iter().flat_map(three).collect();
        app.table.get_all::<IgnoredAny>(&keys).await
    });
    let found = futures_util::future::try_join_all(batches).await?.concat();
    let relation = |found: &[Option<IgnoredAny>]| Relation {
        follows: found[0].is_some(),
        blocked: found[1].is_some() || found[2].is_some(),
    };
    Ok(found.chunks(3).map(relation).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_sees_everything_and_a_blocked_viewer_nothing() {
        let (owner, viewer) = (MemberId(1), MemberId(2));
        let blocked = Relation { follows: true, blocked: true };
        for audience in [Audience::Everyone, Audience::Members, Audience::Followers, Audience::Owner] {
            assert!(may_see(Some(owner), owner, audience, Relation::default()));
            assert!(!may_see(Some(viewer), owner, audience, blocked));
        }
    }

    #[test]
    fn each_audience_lets_in_its_own() {
        let (owner, viewer) = (MemberId(1), MemberId(2));
        let (stranger, follower) = (Relation::default(), Relation { follows: true, blocked: false });
        let sees = |audience| {
            (
                may_see(None, owner, audience, stranger),
                may_see(Some(viewer), owner, audience, stranger),
                may_see(Some(viewer), owner, audience, follower),
            )
        };
        assert_eq!(sees(Audience::Everyone), (true, true, true));
        assert_eq!(sees(Audience::Members), (false, true, true));
        assert_eq!(sees(Audience::Followers), (false, false, true));
        assert_eq!(sees(Audience::Owner), (false, false, false));
    }
}
