//! SkillNet's accounts as its web client calls them (its contract, section 4.1). What differs from the document has its
//! reason in that client, which nobody can change.

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::auth::entry::{self, Entered};
use shared::auth::refresh::Rotation;
use shared::auth::{Client, Leaver, Member, refresh, sessions, tokens};
use shared::dialect::Dialect;
use shared::dialect::skillnet::people::{ClientProfileView, Closeness, DataView};
use shared::dialect::skillnet_client::{INVALID_CREDENTIALS, REGISTRATION};
use shared::error::{Kind, Problems};
use shared::http::{Body, Created, Html, Json, Path};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::profile::Profile;
use shared::{App, Error, Result, profile};

use super::password::Address;
use super::sign_up::{self, NewUser, Surface};
use super::telling::{self, EditProfile};
use super::{DetailView, REQUIRED};
use crate::native;
use crate::recovery::{self, Wish};

pub use super::document::{ask_reset, change_password, reset_password, verify_email};

/// A member as this client knows itself.
#[derive(Serialize, JsonSchema)]
pub struct UserView {
    id: MemberId,
    username: String,
    email: Option<String>,
    first_name: String,
    last_name: String,
    profile: ClientProfileView,
}

impl UserView {
    fn of(account: &Account, profile: &Profile) -> UserView {
        UserView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            profile: ClientProfileView::of(account, profile, Closeness::Oneself),
        }
    }
}

/// Somebody who has just joined.
#[derive(Serialize, JsonSchema)]
pub struct JoinedView {
    access: String,
    refresh: String,
    user: UserView,
}

/// Makes an account and signs its member in.
pub async fn register(
    client: Client,
    State(app): State<App>,
    input: Result<Body<NewUser>>,
) -> Result<Created<JoinedView>> {
    let joined = async {
        let Body(input) = input?;
        sign_up::join(&app, &client, input, Surface::Client).await
    };
    let joined = joined.await.map_err(|error| match error.kind {
        Kind::Invalid if !error.fields.is_empty() => error.coded(REGISTRATION),
        _ => error,
    })?;
    let Some((session, _)) = joined.entered else { return Err(Error::not_found()) };
    let (access, _) = tokens::issue(&app, &session, Dialect::SkillnetClient.token_lifetime()).await?;
    let (refresh, _) = refresh::token(&app, &session)?;
    Ok(Created(JoinedView { access, refresh, user: UserView::of(&joined.account, &joined.profile) }))
}

/// An address or a name, and a password.
#[derive(Deserialize, JsonSchema)]
pub struct Credentials {
    email: Option<String>,
    /// In place of `email`.
    username: Option<String>,
    #[schemars(required)]
    password: Option<String>,
}

/// The tokens of a session.
#[derive(Serialize, JsonSchema)]
pub struct TokensView {
    access: String,
    refresh: String,
    access_expiration: DateTime<Utc>,
    refresh_expiration: DateTime<Utc>,
}

impl TokensView {
    async fn of(app: &App, session: &shared::model::session::Session) -> Result<TokensView> {
        let (access, access_expiration) = tokens::issue(app, session, Dialect::SkillnetClient.token_lifetime()).await?;
        let (refresh, refresh_expiration) = refresh::token(app, session)?;
        Ok(TokensView { access, refresh, access_expiration, refresh_expiration })
    }
}

/// Somebody who has just signed in.
#[derive(Serialize, JsonSchema)]
pub struct SignedInView {
    #[serde(flatten)]
    tokens: TokensView,
    user: UserView,
}

/// Signs in.
pub async fn login(
    client: Client,
    State(app): State<App>,
    Body(input): Body<Credentials>,
) -> Result<Json<SignedInView>> {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let mut problems = Problems::default();
    let name = problems.check("email", filled(input.email).or(filled(input.username)).ok_or(REQUIRED));
    let password = problems.check("password", input.password.filter(|password| !password.is_empty()).ok_or(REQUIRED));
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(name), Some(password)) = (name, password) else { return Err(Error::not_found()) };
    match entry::sign_in(&app, &client, name.trim(), password).await? {
        Ok(Entered { account, profile, session, .. }) => {
            let tokens = TokensView::of(&app, &session).await?;
            Ok(Json(SignedInView { tokens, user: UserView::of(&account, &profile) }))
        }
        Err(_) => Err(Error::invalid(INVALID_CREDENTIALS, "Unable to log in with provided credentials.")),
    }
}

/// Ends the session of whatever token is shown, even of one that has run out. There is no other answer: a refusal would
/// send the client into an endless loop.
pub async fn logout(Leaver(leaver): Leaver, State(app): State<App>) -> Result<Json<DetailView>> {
    if let Some((member, session)) = leaver {
        sessions::end(&app, member, &session, []).await?;
    }
    Ok(Json(DetailView { detail: "Successfully logged out." }))
}

/// A refresh token.
#[derive(Deserialize, JsonSchema)]
pub struct Refresh {
    #[schemars(required)]
    refresh: Option<String>,
}

/// Gives a new access token, and the same refresh token again: half of this client drops a new one, and what it kept
/// would pass for stolen. A token that is not taken is forbidden rather than unauthorised, since the client answers that
/// by refreshing again.
pub async fn go_on(State(app): State<App>, Body(input): Body<Refresh>) -> Result<Json<TokensView>> {
    let token = input.refresh.ok_or_else(|| Error::invalid_field("refresh", REQUIRED))?;
    let refreshed = refresh::refresh(&app, &token, Rotation::Keep).await.map_err(|error| match error.kind {
        Kind::Unauthenticated => Error::forbidden("token_not_valid", "Token is invalid or expired"),
        _ => error,
    })?;
    TokensView::of(&app, &refreshed.session).await.map(Json)
}

/// Shows the caller their account.
pub async fn show_user(by: Member, State(app): State<App>) -> Result<Json<UserView>> {
    let profile = profile::of(&app, by.id()).await?;
    Ok(Json(UserView::of(&by.account, &profile)))
}

/// Edits the caller's names.
pub async fn edit_user(by: Member, State(app): State<App>, Body(input): Body<EditUser>) -> Result<Json<UserView>> {
    let (account, profile) = telling::edit(&app, &by, input.names()).await?;
    Ok(Json(UserView::of(&account, &profile)))
}

/// Shows the caller their profile.
pub async fn show(by: Member, State(app): State<App>) -> Result<Json<DataView<ClientProfileView>>> {
    let profile = profile::of(&app, by.id()).await?;
    Ok(shown(&by.account, &profile))
}

/// What may change about oneself, names outside and everything else inside.
#[derive(Deserialize, JsonSchema)]
pub struct EditUser {
    #[serde(default, deserialize_with = "shared::http::body::given")]
    #[schemars(with = "String", length(max = 150))]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "shared::http::body::given")]
    #[schemars(with = "String", length(max = 150))]
    last_name: Option<String>,
    profile: Option<EditProfile>,
}

impl EditUser {
    fn names(self) -> EditProfile {
        EditProfile { first_name: self.first_name, last_name: self.last_name, ..EditProfile::default() }
    }
}

/// Edits the caller's profile. What is left out stays.
pub async fn edit(
    by: Member,
    State(app): State<App>,
    Body(mut input): Body<EditUser>,
) -> Result<Json<DataView<ClientProfileView>>> {
    let inside = input.profile.take().unwrap_or_default();
    let names = input.names();
    let input = EditProfile {
        first_name: names.first_name.or(inside.first_name),
        last_name: names.last_name.or(inside.last_name),
        ..inside
    };
    let (account, profile) = telling::edit(&app, &by, input).await?;
    Ok(shown(&account, &profile))
}

/// What a member knows.
#[derive(Deserialize, JsonSchema)]
pub struct Skills {
    #[schemars(with = "Vec<String>", required)]
    skills: Option<Value>,
}

/// Replaces the caller's skills.
pub async fn set_skills(
    by: Member,
    State(app): State<App>,
    Body(Skills { skills }): Body<Skills>,
) -> Result<Json<DataView<ClientProfileView>>> {
    let skills = Some(skills.ok_or_else(|| Error::invalid_field("skills", REQUIRED))?);
    let (account, profile) = telling::edit(&app, &by, EditProfile { skills, ..EditProfile::default() }).await?;
    Ok(shown(&account, &profile))
}

/// Sends the letter again that confirms an address, if somebody has it and has not confirmed it; which is not told.
pub async fn resend_email(
    client: Client,
    State(app): State<App>,
    Body(input): Body<Address>,
) -> Result<Json<DetailView>> {
    recovery::ask(&app, &client, &input.parse()?, Wish::Confirmation).await?;
    Ok(Json(DetailView { detail: "ok" }))
}

/// Shows whoever has the code from the letter a page with a button. Opening the link changes nothing: programs that look
/// into letters open links, too.
pub async fn confirm_email(State(app): State<App>, Path(code): Path<String>) -> Result<Html> {
    native::email::page(&app, &code).await
}

fn shown(account: &Account, profile: &Profile) -> Json<DataView<ClientProfileView>> {
    Json(DataView::of(ClientProfileView::of(account, profile, Closeness::Oneself)))
}
