//! Signing in, going on and signing out where SkillNet and LeetTrack share a path: what either sends is taken, and each
//! finds its own words in the answer (contract of SkillNet, section 3.1; of LeetTrack, section 3).

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::entry::{self, Entered};
use shared::auth::refresh::Rotation;
use shared::auth::{Bearer, Client, Member, extract, refresh, sessions, tokens};
use shared::dialect::Dialect;
use shared::dialect::joint::MISSING_FIELDS;
use shared::error::Problems;
use shared::http::{Body, Json};
use shared::model::account::Account;
use shared::model::profile::Profile;
use shared::model::session::Session;
use shared::{App, Error, Result};

use crate::skillnet::{OwnProfileView, REQUIRED};

/// A name or an address, and a password.
#[derive(Deserialize, JsonSchema)]
pub struct Credentials {
    /// The address, or the name.
    email: Option<String>,
    /// The name, or the address, where there is no `email`.
    username: Option<String>,
    #[schemars(required)]
    password: Option<String>,
}

/// The tokens of a session.
#[derive(Serialize, JsonSchema)]
pub struct TokensView {
    access: String,
    /// The same again.
    access_token: String,
    access_expiration: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    /// The same again.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expiration: Option<DateTime<Utc>>,
}

impl TokensView {
    async fn of(app: &App, session: &Session) -> Result<TokensView> {
        let (refresh, expires_at) = refresh::token(app, session)?;
        let tokens = TokensView::of_access(app, session).await?;
        let (refresh, refresh_token) = (Some(refresh.clone()), Some(refresh));
        Ok(TokensView { refresh, refresh_token, refresh_expiration: Some(expires_at), ..tokens })
    }

    async fn of_access(app: &App, session: &Session) -> Result<TokensView> {
        let (access, access_expiration) = tokens::issue(app, session, Dialect::Joint.token_lifetime()).await?;
        let access_token = access.clone();
        let (refresh, refresh_token, refresh_expiration) = (None, None, None);
        Ok(TokensView { access, access_token, access_expiration, refresh, refresh_token, refresh_expiration })
    }
}

/// Somebody who has just signed in.
#[derive(Serialize, JsonSchema)]
pub struct SignedInView {
    /// Always `success`.
    status: &'static str,
    message: &'static str,
    #[serde(flatten)]
    tokens: TokensView,
    user: UserView,
}

/// Who has signed in.
#[derive(Serialize, JsonSchema)]
pub struct UserView {
    #[serde(flatten)]
    profile: OwnProfileView,
    first_name: String,
    last_name: String,
    leetcode_username: Option<String>,
    is_admin: bool,
}

impl SignedInView {
    /// What a new session brings its member.
    pub async fn of(
        app: &App,
        session: &Session,
        account: &Account,
        profile: &Profile,
        message: &'static str,
    ) -> Result<SignedInView> {
        let user = UserView {
            profile: OwnProfileView::of(account, profile),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            leetcode_username: account.leetcode_username.clone(),
            is_admin: account.role.is_some(),
        };
        Ok(SignedInView { status: "success", message, tokens: TokensView::of(app, session).await?, user })
    }
}

/// Signs in.
pub async fn login(
    client: Client,
    State(app): State<App>,
    Body(input): Body<Credentials>,
) -> Result<Json<SignedInView>> {
    let name = filled(input.email).or(filled(input.username));
    let password = input.password.filter(|password| !password.is_empty());
    let (Some(name), Some(password)) = (&name, password) else {
        return Err(missing(if name.is_none() { &["email", "password"] } else { &["password"] }));
    };
    match entry::sign_in(&app, &client, name.trim(), password).await? {
        Ok(Entered { account, profile, session, .. }) => {
            SignedInView::of(&app, &session, &account, &profile, "Login successful").await.map(Json)
        }
        // Why is nobody's business.
        Err(_) => Err(Error::unauthenticated("invalid_credentials", "Invalid email or password")),
    }
}

/// A refresh token, in either of its names.
#[derive(Deserialize, JsonSchema)]
pub struct Refresh {
    refresh: Option<String>,
    refresh_token: Option<String>,
}

/// Goes on with a session: by a refresh token in the body or in the header, which is used up and replaced, or by an
/// access token that is still good, which brings another one for the same session and nothing else.
pub async fn go_on(
    Bearer(shown): Bearer,
    State(app): State<App>,
    Body(input): Body<Refresh>,
) -> Result<Json<TokensView>> {
    let sent = filled(input.refresh).or(filled(input.refresh_token));
    let in_header = shown.as_ref().filter(|token| refresh::session_of(&app, token).is_some());
    if let Some(token) = sent.as_ref().or(in_header) {
        let refreshed = refresh::refresh(&app, token, Rotation::Replace).await?;
        return TokensView::of(&app, &refreshed.session).await.map(Json);
    }
    let token = shown.ok_or_else(|| missing(&["refresh"]))?;
    let by = extract::by_token(&app, &token).await?;
    TokensView::of_access(&app, &by.session).await.map(Json)
}

/// What else to end.
#[derive(Deserialize, JsonSchema)]
pub struct Farewell {
    /// A refresh token of the member, whose session ends as well.
    refresh: Option<String>,
    /// The same in another name.
    refresh_token: Option<String>,
    /// Whether to end all of the member's sessions.
    all: Option<bool>,
}

/// That it is done.
#[derive(Serialize, JsonSchema)]
pub struct LeftView {
    /// Always `success`.
    status: &'static str,
    message: &'static str,
    detail: &'static str,
}

/// Signs out: the session ends at once, with every token of it.
pub async fn logout(by: Member, State(app): State<App>, Body(input): Body<Farewell>) -> Result<Json<LeftView>> {
    if input.all == Some(true) {
        sessions::end_all(&app, by.id(), []).await?;
    } else {
        entry::sign_out(&app, &by).await?;
        let other = filled(input.refresh).or(filled(input.refresh_token));
        if let Some((member, session)) = other.and_then(|token| refresh::session_of(&app, &token))
            && member == by.id()
            && session != by.session.id
        {
            sessions::end(&app, member, &session, []).await?;
        }
    }
    let (message, detail) = ("Successfully logged out", "Successfully logged out.");
    Ok(Json(LeftView { status: "success", message, detail }))
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn missing(fields: &[&'static str]) -> Error {
    let mut problems = Problems::default();
    fields.iter().for_each(|field| problems.add(*field, REQUIRED));
    match problems.finish() {
        Err(error) => error.coded(MISSING_FIELDS),
        Ok(()) => Error::invalid(MISSING_FIELDS, REQUIRED),
    }
}
