//! The door: signing in with name and password, by the same rules as everywhere, and signing out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use shared::auth::entry::{self, Entered};
use shared::auth::{Client, Staff, sessions};
use shared::dialect::Dialect;
use shared::http::describe::{Describe, Operation};
use shared::http::{Page, Query, SeeOther, SetCookies, cookies};
use shared::{App, Result};

use crate::form::{Browser, Button, Form};
use crate::page::{self, OVERVIEW};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    token: &'a str,
    next: &'a str,
    name: &'a str,
    refused: bool,
}

impl SignInPage<'_> {
    fn show(&self) -> Result<Page> {
        page::show(self)
    }
}

/// Where to go afterwards.
#[derive(Deserialize, JsonSchema)]
pub struct Way {
    /// A page of the staff's; anything else leads to the first one.
    next: Option<String>,
}

/// Shows anyone the form to sign in.
pub async fn ask(browser: Browser, State(app): State<App>, Query(way): Query<Way>) -> Result<(SetCookies, Page)> {
    let (token, cookie) = browser.token(&app);
    let next = own_page(way.next.as_deref());
    let page = SignInPage { token: &token, next, name: "", refused: false }.show()?;
    Ok((SetCookies(cookie.into_iter().collect()), page))
}

/// A name and a password.
#[derive(Deserialize, JsonSchema)]
pub struct Credentials {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    /// Where to go afterwards.
    next: Option<String>,
}

/// What came of it.
pub enum Outcome {
    /// On to the page that was asked for.
    Entered(SetCookies, SeeOther),
    /// The form again.
    Refused(Page),
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        match self {
            Outcome::Entered(cookies, page) => (cookies, page).into_response(),
            Outcome::Refused(form) => (StatusCode::UNAUTHORIZED, form).into_response(),
        }
    }
}

impl Describe for Outcome {
    fn describe(operation: &mut Operation<'_>) {
        <(SetCookies, SeeOther)>::describe(operation);
        operation.answer(StatusCode::UNAUTHORIZED, "text/html; charset=utf-8", json!({ "type": "string" }));
    }
}

/// Signs in. What was wrong is not told, and whether the member is of the staff is for the pages to say.
pub async fn sign_in(
    client: Client,
    browser: Browser,
    State(app): State<App>,
    Form(input): Form<Credentials>,
) -> Result<Outcome> {
    let Credentials { username, password, next } = input;
    let next = own_page(next.as_deref());
    if !username.is_empty()
        && !password.is_empty()
        && let Ok(Entered { account, ticket, .. }) = entry::sign_in(&app, &client, &username, password).await?
    {
        let session = cookies::set(&app, session_cookie(), ticket.expose(), sessions::LIFETIME);
        let cookies = SetCookies(vec![session, client.remember(&app, account.id)]);
        return Ok(Outcome::Entered(cookies, SeeOther(next.to_owned())));
    }
    // The form was sent from a browser that we know, so it needs no cookie.
    let (token, _) = browser.token(&app);
    SignInPage { token: &token, next, name: &username, refused: true }.show().map(Outcome::Refused)
}

/// Signs out, and leads back to the form.
pub async fn sign_out(
    Staff(by): Staff,
    State(app): State<App>,
    Form(Button {}): Form<Button>,
) -> Result<(SetCookies, SeeOther)> {
    entry::sign_out(&app, &by).await?;
    let cookies = SetCookies(vec![cookies::clear(&app, session_cookie())]);
    Ok((cookies, SeeOther(Dialect::Staff.sign_in_page().unwrap_or(OVERVIEW).to_owned())))
}

fn session_cookie() -> &'static str {
    Dialect::Staff.session_cookie().unwrap_or_default()
}

/// The page to go to, if it is one of ours; who sends a link to the form must not choose another site.
fn own_page(next: Option<&str>) -> &str {
    next.filter(|next| next.starts_with(OVERVIEW) && next.bytes().all(|byte| byte.is_ascii_graphic()))
        .unwrap_or(OVERVIEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_staff_come_next() {
        for next in ["/admin/", "/admin/?name=a%20b", "/admin/users/7/"] {
            assert_eq!(own_page(Some(next)), next);
        }
        for next in ["", "/", "//evil.example/admin/", "https://evil.example/admin/", "/admin", "/admin/\r\nx: y"] {
            assert_eq!(own_page(Some(next)), OVERVIEW, "{next:?}");
        }
        assert_eq!(own_page(None), OVERVIEW);
    }
}
