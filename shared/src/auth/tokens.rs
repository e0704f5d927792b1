//! Access tokens: JWTs signed with Ed25519, verified by anyone who has the public key.
//!
//! Only `accounts` has the private keys, derived from its `TOKEN_SECRET`. Before a key signs its first token, its
//! public half is kept in the table; there every other function finds it by the token's `kid`, once per cold start.
//! So keys rotate by putting a new secret in front of the old one, and no function is told anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::ids::MemberId;
use crate::model::session::Session;
use crate::store::{Key, Query, Stored, keys};

const ISSUER: &str = "guildhall";
const AUDIENCE: &str = "guildhall";
/// How often a key in use is published anew, and how long one that is not stays known.
const PUBLISHED_EVERY: Duration = Duration::days(1);
const KNOWN_FOR: Duration = Duration::days(30);
/// More keys than any rotation needs.
const MOST_KEYS: usize = 20;

/// What a token says (RFC 7519).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The member's id.
    sub: String,
    /// The session's id.
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// Whose token it is, and of which session.
    pub fn session(&self) -> Option<(MemberId, &str)> {
        Some((self.sub.parse().ok()?, &self.sid))
    }
}

/// A public key as the table keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PublicKey {
    kid: String,
    /// The 32 bytes of the key, base64url (RFC 8037).
    x: String,
    published_at: DateTime<Utc>,
}

impl Stored for PublicKey {
    fn key(&self) -> Key {
        keys::public_key(&self.kid)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.published_at + KNOWN_FOR)
    }
}

/// A public key as the world sees it (RFC 7517, RFC 8037).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PublicKeyView {
    /// `OKP`: an octet key pair.
    kty: &'static str,
    /// `Ed25519`.
    crv: &'static str,
    /// `EdDSA`.
    alg: &'static str,
    /// `sig`: it verifies signatures.
    r#use: &'static str,
    /// Names the key in a token's header.
    kid: String,
    /// The key, base64url.
    x: String,
}

struct Signer {
    key: EncodingKey,
    kid: String,
    x: String,
}

/// The keys that one function knows.
#[derive(Clone)]
pub struct KeyRing {
    secrets: Arc<[String]>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    signer: Option<Arc<Signer>>,
    published_at: Option<DateTime<Utc>>,
    verifiers: HashMap<String, DecodingKey>,
}

impl KeyRing {
    /// The keys made from these secrets, separated by commas; the first signs. Made when first needed.
    pub fn new(secrets: &str) -> KeyRing {
        let secrets = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(str::to_owned);
        KeyRing { secrets: secrets.collect(), known: Arc::default() }
    }

    /// The secrets behind refresh tokens, the one in use first; the others let tokens from before a rotation through.
    pub(super) fn refresh_secrets(&self) -> Vec<[u8; 32]> {
        let made_from = |secret: &String| {
            Sha256::new().chain_update("guildhall refresh tokens\0").chain_update(secret).finalize().into()
        };
        self.secrets.iter().map(made_from).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signer(&self) -> Result<Arc<Signer>> {
        if let Some(signer) = &self.known().signer {
            return Ok(signer.clone());
        }
        let signer = Arc::new(Signer::from_secret(self.secrets.first().map_or("", String::as_str))?);
        self.known().signer = Some(signer.clone());
        Ok(signer)
    }
}

impl Signer {
    fn from_secret(secret: &str) -> Result<Signer> {
        if secret.is_empty() {
            return Err(Error::internal("This function cannot sign tokens.", "TOKEN_SECRET is not set"));
        }
        // A PKCS #8 wrapping (RFC 8410, 7) around 32 bytes that follow from the secret.
        const PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let seed = Sha256::new().chain_update("guildhall access tokens\0").chain_update(secret).finalize();
        let key = EncodingKey::from_ed_der(&[PREFIX.as_slice(), seed.as_slice()].concat());
        let jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)
            .map_err(|cause| Error::internal("A signing key could not be made.", cause))?;
        let AlgorithmParameters::OctetKeyPair(public) = jwk.algorithm else {
            return Err(Error::internal("A signing key could not be made.", "not an octet key pair"));
        };
        let kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(&public.x)[..9]);
        Ok(Signer { key, kid, x: public.x })
    }
}

/// A token for a session that is good for `lifetime` unless the session ends first, and when that is.
pub async fn issue(app: &App, session: &Session, lifetime: Duration) -> Result<(String, DateTime<Utc>)> {
    let now = app.clock.now();
    let signer = app.keys.signer()?;
    let published_at = app.keys.known().published_at;
    if published_at.is_none_or(|at| at + PUBLISHED_EVERY < now) {
        app.table.put(&PublicKey { kid: signer.kid.clone(), x: signer.x.clone(), published_at: now }).await?;
        app.keys.known().published_at = Some(now);
    }
    let expires_at = (now + lifetime).min(session.expires_at);
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: session.member.to_string(),
        sid: session.id.clone(),
        jti: app.ids.next(now).to_string(),
        iat: now.timestamp(),
        exp: expires_at.timestamp(),
    };
    let header = Header { kid: Some(signer.kid.clone()), ..Header::new(Algorithm::EdDSA) };
    let token = jsonwebtoken::encode(&header, &claims, &signer.key)
        .map_err(|cause| Error::internal("A token could not be signed.", cause))?;
    Ok((token, expires_at))
}

/// What a token says, if we signed it and its time is not over. Whether its session still stands is for the caller
/// to look up.
pub async fn verify(app: &App, token: &str) -> Result<Claims> {
    let claims = read(app, token).await?;
    if claims.exp <= app.clock.now().timestamp() {
        return Err(Error::unauthenticated("token_expired", "The token has expired"));
    }
    Ok(claims)
}

/// Whose session a token was given out for, even if its time is over.
pub(super) async fn session_of(app: &App, token: &str) -> Result<Option<(MemberId, String)>> {
    match read(app, token).await {
        Ok(claims) => Ok(claims.session().map(|(member, session)| (member, session.to_owned()))),
        Err(error) if error.kind == Kind::Unauthenticated => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read(app: &App, token: &str) -> Result<Claims> {
    let refused = || Error::unauthenticated("token_not_valid", "Given token not valid for any token type");
    let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
    let kid = header.kid.filter(|kid| kid.len() <= 64 && header.alg == Algorithm::EdDSA).ok_or_else(refused)?;
    let known = app.keys.known().verifiers.get(&kid).cloned();
    let key = match known {
        Some(key) => key,
        None => {
            let public: PublicKey = app.table.get(keys::public_key(&kid)).await?.ok_or_else(refused)?;
            let key = DecodingKey::from_ed_components(&public.x)
                .map_err(|cause| Error::internal("A public key could not be read.", cause))?;
            app.keys.known().verifiers.insert(kid, key.clone());
            key
        }
    };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // By our own clock, in `verify`.
    validation.validate_exp = false;
    Ok(jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| refused())?.claims)
}

/// The public keys of tokens that may still be good.
pub async fn public_keys(app: &App) -> Result<Vec<PublicKeyView>> {
    let page = app.table.query::<PublicKey>(Query::of(keys::public_keys(), MOST_KEYS)).await?;
    let view = |key: PublicKey| PublicKeyView {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid: key.kid,
        x: key.x,
    };
    Ok(page.items.into_iter().map(view).collect())
}
