//! The digest: a letter a day about what a member has not seen, for those who ask for it. Whoever reads it stops it with
//! one click (RFC 8058).

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Member;
use shared::http::{Body, Html, Json, Query};
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

/// What the link in the letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The code from the letter.
    #[serde(default)]
    code: String,
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

/// Shows a page with a button. Opening the link changes nothing: programs that look into letters open links, too.
pub async fn ask_to_stop(State(app): State<App>, Query(Code { code }): Query<Code>) -> Html {
    match notices::reader_of(&app, &code) {
        // A code that was given out by us needs no escaping.
        Some(_) => page(
            "Stop the letter?",
            &format!(
                "<p>You get a letter a day about what is new for you.</p>\
                 <form method=\"post\" action=\"/v1/notices/digest/stop?code={code}\"><button>Stop it</button></form>"
            ),
        ),
        None => invalid(),
    }
}

/// Stops the letter for whoever has the link from one.
pub async fn stop(State(app): State<App>, Query(Code { code }): Query<Code>) -> Result<Html> {
    let Some(member) = notices::reader_of(&app, &code) else { return Ok(invalid()) };
    notices::stop_digest(&app, member).await?;
    Ok(page("Stopped", "<p>You get no more of these letters. You can close this page.</p>"))
}

fn invalid() -> Html {
    page(
        "This link is not valid",
        "<p>Follow the link in the letter, or switch the letter off where you signed in.</p>",
    )
}

fn page(title: &str, content: &str) -> Html {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Guildhall</title>\
         <style>body{{font:16px/1.6 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem}}\
         button{{font:inherit;padding:.5rem 1.25rem}}</style></head>\
         <body><main><h1>{title}</h1>{content}</main></body></html>"
    ))
}
