//! The OpenID provider that vouches for people, in the role that Google has: where to send them, what their code is
//! worth, and who its token says they are (OpenID Connect Core 1.0; RFC 6749, 7636, 7009).
//!
//! What the provider publishes of itself is remembered for as long as it says; so mostly, one sign-in asks it one thing.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as Patience;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::name::Email;
use crate::outbound::{Client, Failure};

/// What a request to the provider may take. A sign-in asks three things at most, and a function has ten seconds.
const PATIENCE: Patience = Patience::from_millis(2_500);
/// The largest answer that is read.
const LARGEST_ANSWER: usize = 256 * 1024;
/// How long the provider's description is remembered, and its keys at least and at most.
const DESCRIBED_FOR: Duration = Duration::hours(12);
const KEYS_AT_LEAST: Duration = Duration::minutes(5);
const KEYS_AT_MOST: Duration = Duration::days(1);
/// How soon a key that is not known lets us ask for the keys again.
const ASKED_AGAIN: Duration = Duration::minutes(1);
/// How far the provider's clock may be from ours.
const LEEWAY: Duration = Duration::minutes(1);

/// The provider, as one function knows it.
#[derive(Clone, Default)]
pub struct OpenId(Arc<Parts>);

#[derive(Default)]
struct Parts {
    client: Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    description: Option<(Arc<Description>, DateTime<Utc>)>,
    keys: Option<Keys>,
}

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3), as far as we use it.
#[derive(Debug, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    jwks_uri: String,
}

#[derive(Clone)]
struct Keys {
    by_kid: Arc<HashMap<String, DecodingKey>>,
    asked_at: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// What somebody is sent to the provider with.
pub struct Ask<'a> {
    /// What they are asked for, separated by blanks.
    pub scope: &'a str,
    /// Comes back with them.
    pub state: &'a str,
    /// Comes back in the token.
    pub nonce: &'a str,
    /// What the code's redemption must prove to know.
    pub verifier: &'a str,
    /// Where they come back to.
    pub redirect_uri: &'a str,
    /// Whether we want to act for them later, too.
    pub offline: bool,
}

/// Who somebody is, by the provider's word.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider's own name for them, which never changes.
    pub subject: String,
    /// Their address, which the provider has verified.
    pub email: Email,
    /// Given name, may be empty.
    pub first_name: String,
    /// Family name, may be empty.
    pub last_name: String,
    /// What they allowed.
    pub scopes: Vec<String>,
    /// What lets us act for them later.
    pub refresh_token: Option<String>,
}

/// What comes with the tokens of OAuth (OpenID Connect Core 1.0, section 3.1.3.3).
#[derive(Debug, Deserialize, Serialize)]
struct IdToken {
    id_token: String,
}

impl ExtraTokenFields for IdToken {}

type Tokens = StandardTokenResponse<IdToken, BasicTokenType>;

/// The authorization code grant (RFC 6749, section 4.1) with PKCE (RFC 7636).
type Grant = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Value,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Value,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
}

/// Text that nobody guesses: 256 bits.
pub fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| Error::internal("There is no randomness.", cause.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 as text; of a verifier, its challenge (RFC 7636, 4.2).
pub fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

impl OpenId {
    /// The address to send somebody to.
    pub async fn authorization_url(&self, app: &App, ask: &Ask<'_>) -> Result<String> {
        let described = self.describe(app).await?;
        let grant = grant(app, &described, ask.redirect_uri)?;
        let verifier = PkceCodeVerifier::new(ask.verifier.to_owned());
        let mut request = grant
            .authorize_url(|| CsrfToken::new(ask.state.to_owned()))
            .add_scopes(ask.scope.split_whitespace().map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("nonce", ask.nonce);
        if ask.offline {
            // Google gives a refresh token only when it asks.
            request = request
                .add_extra_param("access_type", "offline")
                .add_extra_param("include_granted_scopes", "true")
                .add_extra_param("prompt", "consent");
        }
        Ok(request.url().0.into())
    }

    /// Whose code this is, if the provider's token is for us, now, and for the one who was sent with this nonce.
    pub async fn redeem(
        &self,
        app: &App,
        code: &str,
        verifier: &str,
        nonce: &str,
        redirect_uri: &str,
    ) -> Result<Identity> {
        let described = self.describe(app).await?;
        let grant = grant(app, &described, redirect_uri)?;
        let exchange = grant
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let tokens = match exchange.request_async(self).await {
            Ok(tokens) => tokens,
            Err(RequestTokenError::ServerResponse(told)) if *told.error() == BasicErrorResponseType::InvalidGrant => {
                return Err(Error::invalid("invalid_code", "This code is not valid, or not any more."));
            }
            Err(RequestTokenError::ServerResponse(told)) => {
                return Err(failed(format!("the token endpoint said {}", told.error().as_ref())));
            }
            Err(RequestTokenError::Request(error)) => return Err(error),
            // Neither of them may go to the log as it is: there may be tokens in it.
            Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => {
                return Err(failed("its answer is not what it should be".to_owned()));
            }
        };
        let claims = self.verify(app, &described, &tokens.extra_fields().id_token).await?;
        check(app, &claims, nonce).map_err(|wrong| failed(format!("the token's {wrong} is wrong")))?;
        let verified = claims.email_verified == true || claims.email_verified == "true";
        let email = claims.email.as_deref().and_then(|email| Email::parse(email).ok()).filter(|_| verified);
        let Some(email) = email else {
            let message = "Google has not verified an e-mail address of this account.";
            return Err(Error::forbidden("email_not_verified", message));
        };
        let name = claims.name.unwrap_or_default();
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        Ok(Identity {
            subject: claims.sub,
            email,
            first_name: claims.given_name.unwrap_or_else(|| first.to_owned()),
            last_name: claims.family_name.unwrap_or_else(|| last.to_owned()),
            scopes: tokens.scopes().into_iter().flatten().map(|scope| scope.to_string()).collect(),
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
        })
    }

    /// Gives back what lets us act for somebody. A token that is not good any more is as good as given back.
    pub async fn revoke(&self, app: &App, token: &str) -> Result<()> {
        let described = self.describe(app).await?;
        let Some(endpoint) = &described.revocation_endpoint else { return Ok(()) };
        let answer = self.post(app, endpoint, &[("token", token)]).await?;
        if answer.status() == StatusCode::BAD_REQUEST {
            return Ok(());
        }
        expect_success(answer).map(drop)
    }

    /// What a token says, if the provider signed it for us.
    async fn verify(&self, app: &App, described: &Description, token: &str) -> Result<Claims> {
        let unverified = |why: &'static str| failed(format!("its token was not verified: {why}"));
        let header = jsonwebtoken::decode_header(token).map_err(|_| unverified("header"))?;
        let kid = header.kid.filter(|_| header.alg == Algorithm::RS256).ok_or_else(|| unverified("algorithm"))?;
        let key = self.key(app, described, &kid).await?.ok_or_else(|| unverified("key"))?;
        let mut validation = Validation::new(Algorithm::RS256);
        // Google's tokens name it with and without the scheme.
        let bare = described.issuer.strip_prefix("https://").unwrap_or(&described.issuer);
        validation.set_issuer(&[described.issuer.as_str(), bare]);
        validation.set_audience(&[&app.config.google_client_id]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // By our own clock, in `check`.
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation);
        decoded.map(|token| token.claims).map_err(|cause| failed(format!("its token was not verified: {cause}")))
    }

    async fn key(&self, app: &App, described: &Description, kid: &str) -> Result<Option<DecodingKey>> {
        let now = app.clock.now();
        if let Some(keys) = self.known().keys.clone().filter(|keys| now < keys.until) {
            let key = keys.by_kid.get(kid).cloned();
            // One that is not known may be new; but whoever makes names up must not make us ask each time.
            if key.is_some() || now < keys.asked_at + ASKED_AGAIN {
                return Ok(key);
            }
        }
        let answer = expect_success(self.get(&described.jwks_uri).await?)?;
        let lifetime = lifetime_of(&answer).clamp(KEYS_AT_LEAST, KEYS_AT_MOST);
        let set: Value = read(&answer)?;
        let by_kid: HashMap<_, _> = set["keys"].as_array().into_iter().flatten().filter_map(usable_key).collect();
        let key = by_kid.get(kid).cloned();
        self.known().keys = Some(Keys { by_kid: Arc::new(by_kid), asked_at: now, until: now + lifetime });
        Ok(key)
    }

    async fn describe(&self, app: &App) -> Result<Arc<Description>> {
        let now = app.clock.now();
        if let Some((description, _)) = self.known().description.clone().filter(|(_, until)| now < *until) {
            return Ok(description);
        }
        let issuer = &app.config.google_issuer;
        let answer = self.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let description: Description = read(&expect_success(answer)?)?;
        // Whoever answers for another issuer is not the one that the operator trusts.
        if description.issuer != *issuer {
            return Err(failed("it calls itself something else".to_owned()));
        }
        let description = Arc::new(description);
        self.known().description = Some((description.clone(), now + DESCRIBED_FOR));
        Ok(description)
    }

    async fn get(&self, endpoint: &str) -> Result<Response<Bytes>> {
        self.send(Request::get(endpoint).body(Bytes::new())).await
    }

    async fn post(&self, app: &App, endpoint: &str, form: &[(&str, &str)]) -> Result<Response<Bytes>> {
        let ourselves = [
            ("client_id", app.config.google_client_id.as_str()),
            ("client_secret", app.config.google_client_secret.expose()),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).extend_pairs(ourselves).finish();
        let request = Request::post(endpoint).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(body.into())).await
    }

    async fn send(&self, request: http::Result<Request<Bytes>>) -> Result<Response<Bytes>> {
        let request = request.map_err(|_| failed(NO_ADDRESS.to_owned()))?;
        // Neither codes nor tokens stand in the causes, which go to the log.
        self.0.client.ask(request, PATIENCE, LARGEST_ANSWER).await.map_err(|failure| match failure {
            Failure::TooSlow => {
                Error::too_slow("google_too_slow", "Google took too long. Try again later.", "timed out")
            }
            Failure::TooLarge => failed("its answer is too large".to_owned()),
            Failure::NotReached(cause) => {
                Error::elsewhere("google_failed", "Google could not be asked. Try again later.", cause)
            }
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn grant(app: &App, described: &Description, redirect_uri: &str) -> Result<Grant> {
    let unusable = |_| failed(NO_ADDRESS.to_owned());
    let ours = RedirectUrl::new(redirect_uri.to_owned());
    let ours = ours.map_err(|cause| Error::internal("Google could not be told the way back.", cause))?;
    Ok(oauth2::Client::new(ClientId::new(app.config.google_client_id.clone()))
        .set_client_secret(ClientSecret::new(app.config.google_client_secret.expose().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(described.authorization_endpoint.clone()).map_err(unusable)?)
        .set_token_uri(TokenUrl::new(described.token_endpoint.clone()).map_err(unusable)?)
        .set_redirect_uri(ours))
}

impl<'c> AsyncHttpClient<'c> for OpenId {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse>> + Send + 'c>>;

    /// Takes a request of the grant to the provider.
    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.send(Ok(request.map(Bytes::from))).await?;
            Ok(answer.map(Vec::from))
        })
    }
}

/// What else must be right about a token that the provider signed for us; or the claim that is not.
fn check(app: &App, claims: &Claims, nonce: &str) -> Result<(), &'static str> {
    let (now, us) = (app.clock.now(), app.config.google_client_id.as_str());
    let for_us_alone = match &claims.aud {
        Value::Array(several) if several.len() > 1 => claims.azp.is_some(),
        _ => true,
    };
    if !for_us_alone || claims.azp.as_deref().is_some_and(|party| party != us) {
        return Err("azp");
    }
    if claims.exp <= (now - LEEWAY).timestamp() {
        return Err("exp");
    }
    if claims.iat > (now + LEEWAY).timestamp() {
        return Err("iat");
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return Err("nonce");
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err("sub");
    }
    Ok(())
}

/// A key of a set (RFC 7517) that may sign tokens, with its name.
fn usable_key(key: &Value) -> Option<(String, DecodingKey)> {
    let text = |name: &str| key[name].as_str();
    let fits = text("kty") == Some("RSA")
        && text("use").is_none_or(|word| word == "sig")
        && text("alg").is_none_or(|word| word == "RS256");
    let public = DecodingKey::from_rsa_components(text("n")?, text("e")?).ok().filter(|_| fits)?;
    Some((text("kid")?.to_owned(), public))
}

/// How long an answer may be remembered (RFC 9111, 5.2.2.1).
fn lifetime_of(answer: &Response<Bytes>) -> Duration {
    let header = answer.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let seconds = header.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    Duration::seconds(seconds.unwrap_or(0_i64).clamp(0, KEYS_AT_MOST.num_seconds()))
}

fn expect_success(answer: Response<Bytes>) -> Result<Response<Bytes>> {
    if answer.status().is_success() { Ok(answer) } else { Err(failed(format!("status {}", answer.status().as_u16()))) }
}

fn read<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T> {
    serde_json::from_slice(answer.body()).map_err(|_| failed("its answer is not what it should be".to_owned()))
}

const NO_ADDRESS: &str = "an address that it gives is none";

fn failed(why: String) -> Error {
    Error::elsewhere("google_failed", "Google did not answer as it should. Try again later.", why)
}
