//! Tokens: an access token for a session, a refresh token for whoever keeps no cookies, and the keys that verify.

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::refresh::Rotation;
use shared::auth::tokens::PublicKeyView;
use shared::auth::{Member, refresh, tokens};
use shared::dialect::Dialect;
use shared::http::{Body, Json};
use shared::model::session::Session;
use shared::{App, Result};

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
pub async fn issue(by: Member, State(app): State<App>) -> Result<Json<TokenView>> {
    let (access_token, expires_at) = tokens::issue(&app, &by.session, Dialect::Native.token_lifetime()).await?;
    Ok(Json(TokenView { access_token, token_type: "Bearer", expires_at }))
}

/// The tokens of a session.
#[derive(Serialize, JsonSchema)]
pub struct TokensView {
    /// The session, as it is listed.
    session: String,
    /// For an `Authorization: Bearer` header or to open a socket.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// When the access token ends.
    expires_at: DateTime<Utc>,
    /// Gets new tokens, once: each answer brings another.
    refresh_token: String,
    /// When the refresh token ends.
    refresh_expires_at: DateTime<Utc>,
}

impl TokensView {
    pub(super) async fn of(app: &App, session: &Session) -> Result<TokensView> {
        let (access_token, expires_at) = tokens::issue(app, session, Dialect::Native.token_lifetime()).await?;
        let (refresh_token, refresh_expires_at) = refresh::token(app, session)?;
        let session = session.id.clone();
        Ok(TokensView { session, access_token, token_type: "Bearer", expires_at, refresh_token, refresh_expires_at })
    }
}

/// A refresh token.
#[derive(Deserialize, JsonSchema)]
pub struct Refresh {
    refresh_token: String,
}

/// Gives whoever has a refresh token new tokens. The old one is used up; shown again after ten seconds, it ends the
/// session.
pub async fn refresh(State(app): State<App>, Body(input): Body<Refresh>) -> Result<Json<TokensView>> {
    let refreshed = refresh::refresh(&app, &input.refresh_token, Rotation::Replace).await?;
    Ok(Json(TokensView::of(&app, &refreshed.session).await?))
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
