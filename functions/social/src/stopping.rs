//! Stopping letters that come again and again, for whoever has the link from one: with one click, and without signing in
//! (RFC 8058).

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::http::{Html, Query};
use shared::stopping::{self, Letters, Sort};
use shared::{App, Result};

/// What the link in a letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The code from the letter.
    #[serde(default)]
    code: String,
}

/// Shows a page with a button. Opening the link changes nothing: programs that look into letters open links, too.
pub async fn ask(State(app): State<App>, Query(Code { code }): Query<Code>) -> Html {
    let Some(Letters { sort, .. }) = stopping::letters_of(&app, &code) else { return invalid() };
    let what = match sort {
        Sort::Digest => "You get a letter a day about what is new for you.",
        Sort::Reports => "You get a letter a week about your coding.",
    };
    // A code that was given out by us needs no escaping.
    page(
        "Stop the letter?",
        &format!(
            "<p>{what}</p><form method=\"post\" action=\"/v1/letters/stop?code={code}\"><button>Stop it</button></form>"
        ),
    )
}

/// Stops the letters that the link is from.
pub async fn stop(State(app): State<App>, Query(Code { code }): Query<Code>) -> Result<Html> {
    let Some(letters) = stopping::letters_of(&app, &code) else { return Ok(invalid()) };
    stopping::stop(&app, letters).await?;
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
