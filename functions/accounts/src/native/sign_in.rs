//! Signing in by a link in a letter.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use shared::auth::{Client, sessions};
use shared::dialect::Dialect;
use shared::http::describe::{Describe, Operation};
use shared::http::{Accepted, Body, Html, Json, Query, SetCookies, cookies};
use shared::{App, Result};

use super::email::Code;
use super::password::Address;
use super::tokens::TokensView;
use super::{Form, Notice, StatusView, wants_page};
use crate::recovery::{self, Wish};

/// Sends a letter with a link to sign in, if somebody has this address; which is not told.
pub async fn ask(client: Client, State(app): State<App>, Body(address): Body<Address>) -> Result<Accepted<StatusView>> {
    recovery::ask(&app, &client, &address.parse()?, Wish::SignIn).await?;
    Ok(Accepted(StatusView { status: "sent" }))
}

/// Shows a page with a button. Opening the link uses nothing up: programs that look into letters open links, too.
pub async fn page(Query(Code { code }): Query<Code>) -> Result<Html> {
    let form = Form { action: "/v1/sign-in", code: &code, button: "Sign in" };
    Notice { title: "Welcome back", text: "Press the button, and you are signed in.", form: Some(form) }.show()
}

/// Somebody who has just signed in: a cookie for a browser, tokens for a program.
pub enum SignedIn {
    /// For a browser.
    Page(SetCookies, Html),
    /// For a program.
    Tokens(Json<TokensView>),
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        match self {
            SignedIn::Page(cookies, page) => (cookies, page).into_response(),
            SignedIn::Tokens(tokens) => tokens.into_response(),
        }
    }
}

impl Describe for SignedIn {
    fn describe(operation: &mut Operation<'_>) {
        Json::<TokensView>::describe(operation);
        <(SetCookies, Html)>::describe(operation);
    }
}

/// Signs in whoever has the code from the letter.
pub async fn sign_in(
    client: Client,
    State(app): State<App>,
    headers: HeaderMap,
    Body(Code { code }): Body<Code>,
) -> Result<SignedIn> {
    let entered = recovery::sign_in(&app, &client, &code).await?;
    if !wants_page(&headers) {
        return Ok(SignedIn::Tokens(Json(TokensView::of(&app, &entered.session).await?)));
    }
    let name = Dialect::Native.session_cookie().unwrap_or_default();
    let session = cookies::set(&app, name, entered.ticket.expose(), sessions::LIFETIME);
    let page = Notice { title: "Signed in", text: "You are signed in. You can close this page.", form: None }.show()?;
    Ok(SignedIn::Page(SetCookies(vec![session, client.remember(&app, entered.account.id)]), page))
}
