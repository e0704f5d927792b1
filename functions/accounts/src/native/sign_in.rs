//! Signing in by a link in a letter.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Client, second_factor, sessions};
use shared::dialect::Dialect;
use shared::http::describe::{Describe, Operation};
use shared::http::notice::{Form, Notice, SecondFactorPage, show, wants_page};
use shared::http::{Accepted, Body, Html, Json, Query, SetCookies, cookies};
use shared::{App, Result};

use super::StatusView;
use super::email::Code;
use super::password::Address;
use super::tokens::TokensView;
use crate::recovery::{self, Wish};

/// Where the link in the letter leads, and the button there.
const PAGE: &str = "/v1/sign-in";

/// Sends a letter with a link to sign in, if somebody has this address; which is not told.
pub async fn ask(client: Client, State(app): State<App>, Body(address): Body<Address>) -> Result<Accepted<StatusView>> {
    recovery::ask(&app, &client, &address.parse()?, Wish::SignIn).await?;
    Ok(Accepted(StatusView { status: "sent" }))
}

/// Shows a page with a button. Opening the link uses nothing up: programs that look into letters open links, too.
pub async fn page(Query(Code { code }): Query<Code>) -> Result<Html> {
    let form = Form { action: PAGE, code: &code, button: "Sign in" };
    Notice { title: "Welcome back", text: "Press the button, and you are signed in.", form: Some(form) }.show()
}

/// Somebody who has just signed in: a cookie for a browser, tokens for a program.
pub enum SignedIn {
    /// For a browser.
    Page(SetCookies, Html),
    /// For a browser, not signed in yet: the second factor is asked for.
    Asked(Html),
    /// For a program.
    Tokens(Json<TokensView>),
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        match self {
            SignedIn::Page(cookies, page) => (cookies, page).into_response(),
            SignedIn::Asked(page) => page.into_response(),
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

/// What a letter brought, and the second factor of whoever has one.
#[derive(Deserialize, JsonSchema)]
pub struct Codes {
    /// The code from the letter.
    code: String,
    /// A code from the authenticator, or one for recovery.
    #[serde(default)]
    second_factor: Option<String>,
}

/// Signs in whoever has the code from the letter. Where the member has a second factor, the letter's code stays good
/// until that is shown along with it.
pub async fn sign_in(
    client: Client,
    State(app): State<App>,
    headers: HeaderMap,
    Body(Codes { code, second_factor: second }): Body<Codes>,
) -> Result<SignedIn> {
    let page = wants_page(&headers);
    let entered = match recovery::sign_in(&app, &client, &code, second.as_deref()).await {
        Err(error) if page && second_factor::is_half(&error) => {
            let problem = second.as_ref().map(|_| error.message.as_ref());
            return show(&SecondFactorPage { action: PAGE, code: &code, problem }).map(SignedIn::Asked);
        }
        entered => entered?,
    };
    if !page {
        return Ok(SignedIn::Tokens(Json(TokensView::of(&app, &entered.session).await?)));
    }
    let name = Dialect::Native.session_cookie().unwrap_or_default();
    let session = cookies::set(&app, name, entered.ticket.expose(), sessions::LIFETIME);
    let page = Notice { title: "Signed in", text: "You are signed in. You can close this page.", form: None }.show()?;
    Ok(SignedIn::Page(SetCookies(vec![session, client.remember(&app, entered.account.id)]), page))
}
