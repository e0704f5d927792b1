//! Likes: one per member and thing (Sukuwatto's contract, sections 3.6 and 4.7).

use axum::extract::State;
use futures_util::future::try_join;
use shared::auth::Member;
use shared::clearing::{busy, counter, unlike};
use shared::events::{Event, happened};
use shared::http::{Body, Json, NoContent, Query};
use shared::ids::{ActionId, MemberId};
use shared::model::action::{Action, Verb};
use shared::model::post::Like;
use shared::model::thing::{Kind, Thing};
use shared::store::{StoreError, Write, keys};
use shared::visibility::Audience;
use shared::{App, Error, Result, things};

use crate::content_types::{Meaning, Named};
use crate::written::{TRIES, not_permitted};

/// Whether a member may like a thing, or comment on it.
pub enum Reached {
    /// They may; whose it is.
    Open(Option<MemberId>),
    /// One of the two has blocked the other.
    Blocked,
    /// For them there is no such thing.
    Hidden,
}

/// Looks whether a member may like a thing, or comment on it. Two round trips.
pub async fn reach(app: &App, by: MemberId, thing: Thing) -> Result<Reached> {
    let sight = things::find(app, Some(by), &[thing]).await?;
    let owner = match thing.kind {
        Kind::Member => Some(MemberId(thing.id)),
        _ => sight.head(thing).and_then(|head| head.owner),
    };
    Ok(if owner.is_some_and(|owner| sight.relation(owner).blocked) {
        Reached::Blocked
    } else if sight.shows(thing) {
        Reached::Open(owner)
    } else {
        Reached::Hidden
    })
}

fn can_be_liked(kind: Kind) -> bool {
    matches!(kind, Kind::Post | Kind::Workout | Kind::Plan | Kind::Exercise | Kind::Measurement)
}

/// Likes a thing, or likes it no more.
pub async fn toggle(by: Member, State(app): State<App>, Body(named): Body<Named>) -> Result<NoContent> {
    let not_likeable = || Error::invalid_field("content_type_id", "Nothing of this kind can be liked.");
    let thing = match named.meaning() {
        Meaning::Thing(thing) if can_be_liked(thing.kind) => thing,
        Meaning::Nobody(kind) if can_be_liked(kind) => return Err(Error::not_found()),
        Meaning::Thing(_) | Meaning::Nobody(_) => return Err(not_likeable()),
        Meaning::Nothing => return Err(Error::not_found()),
    };
    let own = || app.table.get::<Like>(keys::like(by.id(), thing));
    let (reached, mut like) = try_join(reach(&app, by.id(), thing), own()).await?;
    for _ in 0..TRIES {
        let done = match (&like, &reached) {
            // What somebody may not see any more they may still like no longer.
            (Some(like), _) => unlike(&app, like).await?,
            (None, Reached::Open(owner)) => keep(&app, by.id(), thing, *owner).await?,
            (None, Reached::Blocked) => return Err(not_permitted()),
            (None, Reached::Hidden) => return Err(Error::not_found()),
        };
        if done {
            return Ok(NoContent);
        }
        like = own().await?;
    }
    Err(busy())
}

/// Keeps a like; says whether it is the one that was kept.
async fn keep(app: &App, member: MemberId, on: Thing, owner: Option<MemberId>) -> Result<bool> {
    let since = app.clock.now();
    let id = ActionId(app.ids.next(since));
    let like = Like { member, on, action: id, since };
    let action = Action {
        id,
        actor: member,
        verb: Verb::Liked,
        target: Some(on),
        target_owner: owner,
        object: None,
        object_owner: None,
        audience: Audience::Everyone,
        at: since,
    };
    let mut writes = vec![Write::create(&like)?, Write::create(&action)?, happened(app, Event::Acted { action })?];
    writes.extend(counter(on, "likes", 1));
    match app.table.together(writes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { write: 3, .. }) => Err(Error::not_found()),
        // Another toggle was first, an id was made twice, or many like the same thing at once.
        Err(StoreError::Refused { .. } | StoreError::Busy(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Tells whether the caller likes a thing.
pub async fn liked(by: Member, State(app): State<App>, Query(named): Query<Named>) -> Result<Json<bool>> {
    match named.meaning() {
        Meaning::Nothing => Err(Error::not_found()),
        Meaning::Nobody(_) => Ok(Json(false)),
        Meaning::Thing(thing) => Ok(Json(app.table.get::<Like>(keys::like(by.id(), thing)).await?.is_some())),
    }
}
