//! Guildhall's own routes: access tokens, their keys, and the confirmation of addresses.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::ACCEPT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::tokens::PublicKeyView;
use shared::auth::{Member, tokens};
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Html, Json, Query};
use shared::model::link;
use shared::{App, Error, Result};

use crate::email;

/// An access token.
#[derive(Serialize, JsonSchema)]
pub struct TokenView {
    /// The token, for an `Authorization: Bearer` header or to open a socket.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// When it ends.
    expires_at: DateTime<Utc>,
}

/// Gives the caller an access token for the session that they called with.
pub async fn issue_token(by: Member, State(app): State<App>) -> Result<Json<TokenView>> {
    let (access_token, expires_at) = tokens::issue(&app, &by.session).await?;
    Ok(Json(TokenView { access_token, token_type: "Bearer", expires_at }))
}

/// A set of public keys (RFC 7517, section 5).
#[derive(Serialize, JsonSchema)]
pub struct KeySetView {
    /// The keys.
    keys: Vec<PublicKeyView>,
}

/// Shows anyone the keys that verify access tokens.
pub async fn key_set(State(app): State<App>) -> Result<Json<KeySetView>> {
    Ok(Json(KeySetView { keys: tokens::public_keys(&app).await? }))
}

/// What a link in a letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The sealed note from the letter.
    code: String,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    title: &'a str,
    text: &'a str,
    code: Option<&'a str>,
}

impl ConfirmPage<'_> {
    fn show(&self) -> Result<Html> {
        self.render().map(Html).map_err(|cause| Error::internal("A page could not be written.", cause))
    }
}

/// Shows a page with a button. Opening the link changes nothing: programs that look into letters open links, too.
pub async fn ask_to_confirm(State(app): State<App>, Query(Code { code }): Query<Code>) -> Result<Html> {
    if link::open(&app, &code).is_some() {
        let text = "You gave this address to Guildhall. Confirm that it is yours, and we will send letters to it.";
        ConfirmPage { title: "Confirm your address", text, code: Some(&code) }.show()
    } else {
        let text = "This link is no longer valid. Set the address in your profile again to get a new one.";
        ConfirmPage { title: "Too late", text, code: None }.show()
    }
}

/// What came of a confirmation.
#[derive(Serialize, JsonSchema)]
pub struct ConfirmedView {
    /// Always `confirmed`.
    status: &'static str,
}

/// A confirmation, as a page for browsers and as JSON for everyone else.
pub enum Confirmed {
    /// For a browser.
    Page(Html),
    /// For a program.
    Data(Json<ConfirmedView>),
}

impl IntoResponse for Confirmed {
    fn into_response(self) -> Response {
        match self {
            Confirmed::Page(page) => page.into_response(),
            Confirmed::Data(data) => data.into_response(),
        }
    }
}

impl Describe for Confirmed {
    fn describe(operation: &mut Operation<'_>) {
        Json::<ConfirmedView>::describe(operation);
        Html::describe(operation);
    }
}

/// Confirms an address for whoever has the code from the letter.
pub async fn confirm_email(
    State(app): State<App>,
    headers: HeaderMap,
    Body(Code { code }): Body<Code>,
) -> Result<Confirmed> {
    let browser =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    match email::confirm(&app, &code).await {
        Ok(()) if browser => {
            let text = "Thank you. You can close this page.";
            Ok(Confirmed::Page(ConfirmPage { title: "Address confirmed", text, code: None }.show()?))
        }
        Ok(()) => Ok(Confirmed::Data(Json(ConfirmedView { status: "confirmed" }))),
        Err(error) => Err(error),
    }
}
