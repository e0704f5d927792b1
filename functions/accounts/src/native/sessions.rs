//! Sessions: signing in with a password, who is signed in where, and ending it.

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::entry::{self, Entered, Refused};
use shared::auth::second_factor::{self, Shown};
use shared::auth::{Client, Member, sessions};
use shared::http::{Body, Created, Json, NoContent, Path};
use shared::model::session::Session;
use shared::{App, Error, Result};

use super::tokens::TokensView;

/// A name, a password and perhaps a code.
#[derive(Deserialize, JsonSchema)]
pub struct Credentials {
    /// A member's name, or their address.
    name: String,
    password: String,
    /// Where the member has a second factor: a code from their authenticator, or one for recovery. It may also stand
    /// directly behind the password.
    #[serde(default)]
    code: Option<String>,
}

/// Signs in, and gives tokens for the new session. A right password without the code that it takes besides is refused
/// with `second_factor_required`, and counts as a failure until the code comes with it.
pub async fn begin(
    client: Client,
    State(app): State<App>,
    Body(input): Body<Credentials>,
) -> Result<Created<TokensView>> {
    let Credentials { name, password, code } = input;
    match entry::sign_in(&app, &client, &name, Shown { password, code }).await? {
        Ok(Entered { session, .. }) => Ok(Created(TokensView::of(&app, &session).await?)),
        Err(Refused::CodeMissing) => Err(second_factor::required()),
        Err(Refused::WrongCode) => Err(second_factor::wrong()),
        // Which of the two is wrong is nobody's business.
        Err(_) => Err(Error::unauthenticated("wrong_credentials", "Name and password do not match.")),
    }
}

/// One of the caller's sessions.
#[derive(Serialize, JsonSchema)]
pub struct SessionView {
    id: String,
    /// What it was begun with, as the client called itself.
    user_agent: String,
    created_at: DateTime<Utc>,
    /// When it last got new tokens.
    refreshed_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    /// Whether it is the one that this was asked with.
    current: bool,
}

/// The caller's sessions.
#[derive(Serialize, JsonSchema)]
pub struct SessionsView {
    items: Vec<SessionView>,
    /// Always null: there are never so many.
    next: Option<String>,
}

/// Lists the caller's own sessions, the youngest first.
pub async fn list(by: Member, State(app): State<App>) -> Result<Json<SessionsView>> {
    let view = |session: Session| SessionView {
        current: session.id == by.session.id,
        id: session.id,
        user_agent: session.user_agent,
        created_at: session.created_at,
        refreshed_at: session.refreshed_at,
        expires_at: session.expires_at,
    };
    let kept = sessions::kept(&app, by.id()).await?;
    let items = sessions::of(&app, &by.account, kept).into_iter().map(view).collect();
    Ok(Json(SessionsView { items, next: None }))
}

/// Ends one of the caller's own sessions; one that has ended already is as good as ended.
pub async fn end(by: Member, State(app): State<App>, Path(session): Path<String>) -> Result<NoContent> {
    // A key has 2 KB at most, and ids are far shorter.
    if session.len() > 64 {
        return Err(Error::not_found());
    }
    sessions::end(&app, by.id(), &session, []).await?;
    Ok(NoContent)
}

/// Ends all of the caller's sessions, this one included.
pub async fn end_all(by: Member, State(app): State<App>) -> Result<NoContent> {
    sessions::end_all(&app, by.id(), []).await?;
    Ok(NoContent)
}
