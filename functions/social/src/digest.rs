//! The digest: a letter a day about what a member has not seen, for those who ask for it. Whoever reads it stops it with
//! one click ([`crate::stopping`]).

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Member;
use shared::http::{Body, Json};
use shared::model::notice::Digest;
use shared::notices;
use shared::store::{Condition, StoreError, Write, keys};
use shared::{App, Result};

/// Whether the caller gets the letter.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct DigestView {
    /// Off, until the member switches it on.
    on: bool,
}

/// Shows callers whether they get the letter.
pub async fn read(by: Member, State(app): State<App>) -> Result<Json<DigestView>> {
    let on = app.table.get::<Digest>(keys::wants_digest(by.id())).await?.is_some();
    Ok(Json(DigestView { on }))
}

/// Switches the letter on or off. It goes to a confirmed address only.
pub async fn switch(by: Member, State(app): State<App>, Body(input): Body<DigestView>) -> Result<Json<DigestView>> {
    if !input.on {
        notices::stop_digest(&app, by.id()).await?;
        return Ok(Json(input));
    }
    let digest = Digest { member: by.id(), since: app.clock.now(), told: None };
    let here = Write::check(keys::account(by.id()), Condition::present());
    match app.table.together(vec![Write::create(&digest)?, here]).await {
        // It was on.
        Ok(()) | Err(StoreError::Refused { write: 0, .. }) => Ok(Json(input)),
        Err(error) => Err(error.into()),
    }
}
