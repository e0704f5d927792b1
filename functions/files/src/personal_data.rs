//! Personal data that was too large for a letter: the link in the letter leads here, and on to the file for a minute.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::http::{Query, SeeOther};
use shared::model::export;
use shared::{App, Error, Result};

/// What a link in a letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The sealed note from the letter.
    code: String,
}

/// Leads whoever has the link from the letter to the file.
pub async fn fetch(State(app): State<App>, Query(Code { code }): Query<Code>) -> Result<SeeOther> {
    let ended = || Error::invalid_field("code", "This link is no longer valid. Ask for your data again.");
    let file = export::open_link(&app, &code).ok_or_else(ended)?;
    if !app.media.exists(&file).await? {
        return Err(ended());
    }
    app.media.address(&file).map(SeeOther)
}
