//! Refresh tokens: what a program holds of a session, to get new access tokens with.
//!
//! A refresh token is a JWT, since some clients look for its `exp`; but what counts is its session, and how often that
//! was refreshed before (its generation). It follows from the session and the house's secret, so nothing of it is kept
//! and a repeated refresh has the same answer as the first. A token of an older generation has been used: within
//! [`GRACE`] its owner's answer may have been lost on the way, and they get it again; later somebody else must have
//! it, and the session ends (RFC 9700, section 4.14).

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::sessions::{self, LIFETIME, Standing};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::session::Session;
use crate::store::{Change, Condition, StoreError, keys};

/// How long a refresh may be repeated whose answer was lost.
pub const GRACE: Duration = Duration::seconds(10);

const ISSUER: &str = "guildhall";
const AUDIENCE: &str = "guildhall-refresh";
/// A refresh meets others of the same session twice at most: whoever comes after them finds the new generation.
const TRIES: usize = 3;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The member's id.
    sub: String,
    /// The session's id.
    sid: String,
    /// How often the session had been refreshed.
    r#gen: i64,
    token_type: String,
    iat: i64,
    exp: i64,
}

/// Whether a refresh replaces the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It does, and the old one is used up.
    Replace,
    /// It does not, for a client that drops the new one (contract of SkillNet, section 4.1, rule 2).
    Keep,
}

/// A session that goes on.
pub struct Refreshed {
    /// Its account.
    pub account: Account,
    /// The session as it is now.
    pub session: Session,
}

/// The refresh token that a session has now, and when it ends.
pub fn token(app: &App, session: &Session) -> Result<(String, DateTime<Utc>)> {
    let since = session.fresh_since();
    let expires_at = since + LIFETIME;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: session.member.to_string(),
        sid: session.id.clone(),
        r#gen: session.generation,
        token_type: "refresh".to_owned(),
        iat: since.timestamp(),
        exp: expires_at.timestamp(),
    };
    let secrets = app.keys.refresh_secrets();
    let Some(secret) = secrets.first() else {
        return Err(Error::internal("This function cannot make tokens.", "TOKEN_SECRET is not set"));
    };
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))
        .map_err(|cause| Error::internal("A token could not be made.", cause))?;
    Ok((token, expires_at))
}

/// Goes on with the session of a refresh token. At most two round trips one after the other, unless others refresh
/// the same session at the same time.
pub async fn refresh(app: &App, token: &str, rotation: Rotation) -> Result<Refreshed> {
    let claims = read(app, token).ok_or_else(not_valid)?;
    let member: MemberId = claims.sub.parse().map_err(|_| not_valid())?;
    for _ in 0..TRIES {
        let now = app.clock.now();
        let (session, account) = match sessions::look_up(app, member, &claims.sid).await? {
            Standing::Stands(found) => *found,
            Standing::Ended | Standing::Barred | Standing::Gone => return Err(not_valid()),
        };
        let expires_at = now + LIFETIME;
        let change = Change::of(keys::session(member, &session.id))
            .set("expires_at", expires_at)
            .set("ttl", expires_at.timestamp())
            .when(Condition::equals("generation", session.generation));
        let (change, session) = if claims.r#gen == session.generation {
            match rotation {
                Rotation::Keep => (change, Session { expires_at, ..session }),
                Rotation::Replace => {
                    let generation = session.generation + 1;
                    let change = change.set("generation", generation).set("refreshed_at", now);
                    (change, Session { expires_at, generation, refreshed_at: Some(now), ..session })
                }
            }
        } else if claims.r#gen + 1 == session.generation && now < session.fresh_since() + GRACE {
            return Ok(Refreshed { account, session });
        } else {
            tracing::warn!(member.id = member.0, "A refresh token was used twice, so its session ends.");
            sessions::end(app, member, &session.id, []).await?;
            return Err(not_valid());
        };
        match app.table.change::<Session>(change).await {
            Ok(_) => return Ok(Refreshed { account, session }),
            // Refreshed or ended at the same time: look again.
            Err(StoreError::Refused { .. }) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("changed_meanwhile", "The session is being refreshed by others. Try again."))
}

/// Whose session a refresh token is for, and its id, if we made it and its time is not over.
pub fn session_of(app: &App, token: &str) -> Option<(MemberId, String)> {
    let claims = read(app, token)?;
    Some((claims.sub.parse().ok()?, claims.sid))
}

fn read(app: &App, token: &str) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // By our own clock, below.
    validation.validate_exp = false;
    let secrets = app.keys.refresh_secrets();
    let read =
        |secret: &[u8; 32]| jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(secret), &validation).ok();
    let claims = secrets.iter().find_map(read)?.claims;
    (app.clock.now().timestamp() < claims.exp).then_some(claims)
}

fn not_valid() -> Error {
    Error::unauthenticated("token_not_valid", "Token is invalid or expired")
}
