//! Tokens and the cookies that carry them (contract of Sukuwatto, part S, section 1.4).

use axum::extract::State;
use chrono::Duration;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::entry::{self, Entered};
use shared::auth::refresh::Rotation;
use shared::auth::{Client, Leaver, refresh, secrets, sessions, tokens};
use shared::dialect::Dialect;
use shared::error::{Kind, Problems};
use shared::http::cookies::{self, Reach, SameSite};
use shared::http::{Body, Field, Json, SetCookies};
use shared::model::session::Session;
use shared::{App, Error, Result};

use super::filled;
use super::views::UserFullView;

/// The cookie with the refresh token.
const REFRESH_COOKIE: &str = "Authorization_refresh";
/// The cookie that the client sends back as a header. What counts is where a request comes from; but other clients of
/// the original expect it.
const CSRF_COOKIE: &str = "csrftoken";
/// How long browsers keep the tokens. The access token in its cookie ends long before: a browser that shows it hears
/// of that, and refreshes.
const KEPT: Duration = Duration::days(7);
const CSRF_KEPT: Duration = Duration::seconds(31_449_600);

const ACCESS_REACH: Reach = Reach { same_site: SameSite::Strict, ..Reach::USUAL };
const REFRESH_REACH: Reach = Reach { path: "/api/refresh/", ..ACCESS_REACH };
const CSRF_REACH: Reach = Reach { scripts: true, ..Reach::USUAL };

/// A name, or an address, and a password.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["username", "password"]))]
pub struct Credentials {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1))]
    username: Field<String>,
    #[serde(default)]
    #[schemars(with = "String", length(min = 1))]
    password: Field<String>,
}

/// Somebody who has just signed in.
#[derive(Serialize, JsonSchema)]
pub struct EnteredView {
    refresh: String,
    access: String,
    user: UserFullView,
}

/// Signs in.
pub async fn obtain(
    client: Client,
    State(app): State<App>,
    Body(input): Body<Credentials>,
) -> Result<(SetCookies, Json<EnteredView>)> {
    let mut problems = Problems::default();
    let username = filled(&mut problems, "username", input.username);
    let password = filled(&mut problems, "password", input.password);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(username), Some(password)) = (username, password) else { return Err(Error::not_found()) };
    let Ok(entered) = entry::sign_in(&app, &client, &username, password).await? else {
        let message = "No active account found with the given credentials";
        return Err(Error::unauthenticated("no_active_account", message));
    };
    let Entered { account, profile, session, .. } = entered;
    let (mut cookies, TokensView { access, refresh }) = tokens_of(&app, &session).await?;
    cookies.push(cookies::set_within(&app, CSRF_REACH, CSRF_COOKIE, &secrets::random()?, CSRF_KEPT));
    cookies.push(client.remember(&app, account.id));
    Ok((SetCookies(cookies), Json(EnteredView { refresh, access, user: UserFullView::of(&account, &profile) })))
}

/// The tokens of a session.
#[derive(Serialize, JsonSchema)]
pub struct TokensView {
    access: String,
    refresh: String,
}

/// A refresh token; none, where the cookie has it.
#[derive(Deserialize, JsonSchema)]
pub struct Refresh {
    #[serde(default)]
    refresh: Field<String>,
    /// Without a token, there must be nothing else.
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

/// Gives whoever has a refresh token new tokens, and uses the old one up.
pub async fn renew(
    State(app): State<App>,
    headers: HeaderMap,
    Body(input): Body<Refresh>,
) -> Result<(SetCookies, Json<TokensView>)> {
    let token = match input.refresh {
        Field::Absent if input.others.is_empty() => cookies::find(&headers, REFRESH_COOKIE),
        field => {
            let mut problems = Problems::default();
            let token = field.required(&mut problems, "refresh");
            problems.finish()?;
            token
        }
    };
    let none = || {
        let message = "Refresh cookie not set. Try to authenticate first.";
        Error::unauthenticated("no_refresh_cookie", message)
    };
    let token = token.filter(|token| !token.is_empty()).ok_or_else(none)?;
    let refreshed = refresh::refresh(&app, &token, Rotation::Replace).await.map_err(|error| match error.kind {
        Kind::Unauthenticated => Error::unauthenticated("refresh_not_valid", "Token is invalid or expired"),
        _ => error,
    })?;
    let (cookies, tokens) = tokens_of(&app, &refreshed.session).await?;
    Ok((SetCookies(cookies), Json(tokens)))
}

/// Nothing.
#[derive(Serialize, JsonSchema)]
pub struct NothingView {}

/// Signs out whoever is signed in, even with a token that has run out: the session ends at once, everywhere.
pub async fn leave(Leaver(leaver): Leaver, State(app): State<App>) -> Result<(SetCookies, Json<NothingView>)> {
    if let Some((member, session)) = leaver {
        // One that is gone already has ended.
        sessions::end(&app, member, &session, []).await?;
    }
    let cookies = vec![
        cookies::clear_within(&app, ACCESS_REACH, access_cookie()),
        cookies::clear_within(&app, REFRESH_REACH, REFRESH_COOKIE),
    ];
    Ok((SetCookies(cookies), Json(NothingView {})))
}

/// New tokens for a session, and the cookies that carry them.
async fn tokens_of(app: &App, session: &Session) -> Result<(Vec<String>, TokensView)> {
    let (access, _) = tokens::issue(app, session, Dialect::Sukuwatto.token_lifetime()).await?;
    let (refresh, _) = refresh::token(app, session)?;
    let cookies = vec![
        cookies::set_within(app, ACCESS_REACH, access_cookie(), &access, KEPT),
        cookies::set_within(app, REFRESH_REACH, REFRESH_COOKIE, &refresh, KEPT),
    ];
    Ok((cookies, TokensView { access, refresh }))
}

fn access_cookie() -> &'static str {
    Dialect::Sukuwatto.token_cookie().unwrap_or_default()
}
