//! Blocking, in Sukuwatto's words (its contract, part S, sections 3.5 and 4.6).

use axum::extract::State;
use shared::auth::{Beside, Member};
use shared::dialect::sukuwatto::people::{Named, UserMinView};
use shared::graph;
use shared::http::scroll::Scroll;
use shared::http::{Body, Json, NumberedView};
use shared::model::relation::Block;
use shared::store::keys;
use shared::{App, Error, Result};

use crate::follows::{Whom, counted, list};
use crate::replies::Done;

/// Lets the caller block a member: neither follows the other from then on.
pub async fn block(by: Member, State(app): State<App>, Body(whom): Body<Whom>) -> Result<Done> {
    graph::block(&app, &by.account, whom.member()?).await.map(Done::of)
}

/// Takes a block of the caller's back.
pub async fn unblock(by: Member, State(app): State<App>, Body(whom): Body<Whom>) -> Result<Done> {
    graph::unblock(&app, by.id(), whom.member()?).await.map(Done::of)
}

/// Tells callers whether they have blocked a member.
pub async fn is_blocked(Beside(by, named): Beside<Member, Named>, State(app): State<App>) -> Result<Json<bool>> {
    if !named.is_given {
        return Ok(Json(false));
    }
    let other = named.holder.ok_or_else(Error::not_found)?;
    Ok(Json(app.table.get::<Block>(keys::block(by.id(), other)).await?.is_some()))
}

/// Lists whom the caller has blocked.
pub async fn blocked(
    Beside(by, scroll): Beside<Member, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<UserMinView>>> {
    let range = keys::blocking(by.id());
    let count = counted(&app, range.clone());
    // Between them and the caller there is a block, of course.
    list(&app, Some(by.id()), &scroll, range, count, |block: &Block| block.blocked, None).await
}
