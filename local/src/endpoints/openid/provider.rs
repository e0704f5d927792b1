//! What the provider remembers: codes that were not redeemed, refresh tokens that were not revoked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value, json};

use super::{Form, Refusal, keys};
use crate::cloud::Cloud;

/// How long a code works; RFC 6749 recommends ten minutes at most.
const CODE_WORKS: Duration = Duration::minutes(1);
/// How long tokens are good for.
const TOKEN_WORKS: Duration = Duration::hours(1);

/// The provider.
#[derive(Default)]
pub struct Provider {
    issuer: String,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    codes: BTreeMap<String, Code>,
    /// Refresh tokens and their scopes.
    granted: BTreeMap<String, String>,
    /// Codes that were redeemed, with the refresh token that they gave.
    used: BTreeMap<String, Option<String>>,
    /// The number of the key that signs.
    key: usize,
    flaw: Flaw,
    outage: Option<Outage>,
}

/// What is wrong with the id tokens from now on, to try clients with.
#[derive(Clone, Debug, Default)]
pub struct Flaw {
    /// Claims that take another value; `null` takes the claim away.
    pub claims: Map<String, Value>,
    /// How they are signed.
    pub signature: Signature,
}

/// How an id token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// As it should be.
    #[default]
    Own,
    /// By a key that is not in the set, under the name of one that is.
    Foreign,
    /// By a key that is not in the set, under its own name.
    Unknown,
    /// With the client's secret (HS256).
    Secret,
    /// Not at all.
    None,
}

/// How the provider is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// It says so.
    Broken,
    /// It takes requests and never answers.
    Silent,
}

/// Who somebody says to be.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// The account's number; made from the address where it is empty.
    pub(super) subject: String,
    pub(super) email: String,
    pub(super) verified: bool,
    pub(super) name: String,
}

/// An authorization that a known client asks for.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) scope: String,
    client_id: String,
    nonce: String,
    challenge: String,
    access_type: String,
}

impl Request {
    /// What the page sends back of it.
    pub(super) fn fields(&self) -> [(&'static str, &str); 9] {
        [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
            ("scope", &self.scope),
            ("nonce", &self.nonce),
            ("code_challenge", &self.challenge),
            ("code_challenge_method", "S256"),
            ("access_type", &self.access_type),
        ]
    }
}

struct Code {
    request: Request,
    person: Person,
    ends_at: DateTime<Utc>,
}

impl Provider {
    /// A provider that calls itself this.
    pub fn new(issuer: String) -> Provider {
        Provider { issuer, memory: Mutex::default() }
    }

    /// What it calls itself.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Spoils every id token from now on.
    pub fn spoil(&self, flaw: Flaw) {
        self.memory().flaw = flaw;
    }

    /// Takes the provider down, or brings it back.
    pub fn set_outage(&self, outage: Option<Outage>) {
        self.memory().outage = outage;
    }

    /// Signs with another key from now on, and forgets the old one.
    pub fn rotate_keys(&self) {
        self.memory().key += 1;
    }

    /// How many refresh tokens are good.
    pub fn grants(&self) -> usize {
        self.memory().granted.len()
    }

    /// Whether a refresh token is good.
    pub fn is_granted(&self, token: &str) -> bool {
        self.memory().granted.contains_key(token)
    }

    pub(super) fn outage(&self) -> Option<Outage> {
        self.memory().outage
    }

    pub(super) fn key_set(&self) -> Result<Value, String> {
        let number = self.memory().key;
        Ok(json!({ "keys": [keys::key(number)?.public()] }))
    }

    /// Whether this is the client, by its secret.
    pub(super) fn knows(&self, cloud: &Cloud, id: &str, secret: &str) -> bool {
        let known = client(cloud);
        !known.0.is_empty() && !known.1.is_empty() && known == (id, secret)
    }

    /// What a client asks for, if it may.
    pub(super) fn check(&self, cloud: &Cloud, form: &Form) -> Result<Request, Refusal> {
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        if field("client_id") != client(cloud).0 || field("client_id").is_empty() {
            return Err(Refusal::Here("This client is not known here."));
        }
        let (redirect_uri, state) = (field("redirect_uri"), field("state"));
        let home = format!("{}/", cloud.options().public_url);
        if !redirect_uri.starts_with(&home) || redirect_uri.contains('#') {
            return Err(Refusal::Here("The client has not registered this redirect_uri."));
        }
        let request = Request {
            redirect_uri,
            state,
            scope: field("scope"),
            client_id: field("client_id"),
            nonce: field("nonce"),
            challenge: field("code_challenge"),
            access_type: field("access_type"),
        };
        let wrong = if field("response_type") != "code" {
            "unsupported_response_type"
        } else if !request.scope.split(' ').any(|scope| scope == "openid") {
            "invalid_scope"
        } else if field("code_challenge_method") != "S256" || request.challenge.len() != 43 {
            "invalid_request"
        } else {
            return Ok(request);
        };
        Err(Refusal::ToClient { redirect_uri: request.redirect_uri, state: request.state, error: wrong })
    }

    /// A code for what was allowed.
    pub(super) fn grant(&self, cloud: &Cloud, request: Request, person: Person) -> String {
        let code = random();
        let ends_at = cloud.clock().now() + CODE_WORKS;
        self.memory().codes.insert(code.clone(), Code { request, person, ends_at });
        code
    }

    /// The tokens that a code is good for. One that comes twice was stolen from somebody, so what it gave ends, too.
    pub(super) fn redeem(
        &self,
        cloud: &Cloud,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Option<Value>, String> {
        let mut memory = self.memory();
        if let Some(given) = memory.used.get(code).cloned() {
            given.and_then(|token| memory.granted.remove(&token));
            return Ok(None);
        }
        let Some(Code { request, person, ends_at }) = memory.codes.remove(code) else { return Ok(None) };
        let challenge = URL_SAFE_NO_PAD.encode(keys::sha256(verifier.as_bytes()));
        let now = cloud.clock().now();
        if now >= ends_at || request.redirect_uri != redirect_uri || request.challenge != challenge {
            return Ok(None);
        }
        let refresh_token = (request.access_type == "offline").then(random);
        if let Some(token) = &refresh_token {
            memory.granted.insert(token.clone(), request.scope.clone());
        }
        memory.used.insert(code.to_owned(), refresh_token.clone());
        let (number, flaw) = (memory.key, memory.flaw.clone());
        drop(memory);
        let mut tokens = access(&request.scope);
        tokens["id_token"] = json!(self.id_token(cloud, number, &flaw, &request, person, now)?);
        if let Some(token) = refresh_token {
            tokens["refresh_token"] = json!(token);
        }
        Ok(Some(tokens))
    }

    /// Another access token for a refresh token that is good.
    pub(super) fn refresh(&self, token: &str) -> Result<Option<Value>, String> {
        Ok(self.memory().granted.get(token).map(|scope| access(scope)))
    }

    /// Ends a refresh token, if it is good.
    pub(super) fn revoke(&self, token: &str) -> bool {
        self.memory().granted.remove(token).is_some()
    }

    fn id_token(
        &self,
        cloud: &Cloud,
        number: usize,
        flaw: &Flaw,
        request: &Request,
        person: Person,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let subject = match person.subject.as_str() {
            "" => keys::sha256(person.email.to_lowercase().as_bytes())[..8]
                .iter()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
                .to_string(),
            subject => subject.to_owned(),
        };
        let mut claims = json!({
            "iss": self.issuer,
            "aud": request.client_id,
            "azp": request.client_id,
            "sub": subject,
            "email": person.email,
            "email_verified": person.verified,
            "name": person.name,
            "nonce": request.nonce,
            "iat": now.timestamp(),
            "exp": (now + TOKEN_WORKS).timestamp(),
        });
        for (name, value) in &flaw.claims {
            claims[name] = value.clone();
        }
        if let Some(claims) = claims.as_object_mut() {
            claims.retain(|_, value| !value.is_null());
        }
        let key = keys::key(number)?;
        match flaw.signature {
            Signature::Own => key.sign(&key.kid, &claims),
            Signature::Foreign => keys::key(number + 1)?.sign(&key.kid, &claims),
            Signature::Unknown => {
                let other = keys::key(number + 1)?;
                other.sign(&other.kid, &claims)
            }
            Signature::Secret => Ok(keys::sign_with_secret(client(cloud).1, &key.kid, &claims)),
            Signature::None => Ok(keys::sign_by_nobody(&key.kid, &claims)),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one client: its name and secret, as the functions know them.
fn client(cloud: &Cloud) -> (&str, &str) {
    let environment = cloud.functions().environment("accounts");
    let variable = |name| environment.and_then(|environment| environment.get(name)).map_or("", String::as_str);
    (variable("GOOGLE_CLIENT_ID"), variable("GOOGLE_CLIENT_SECRET"))
}

fn access(scope: &str) -> Value {
    json!({
        "access_token": random(),
        "token_type": "Bearer",
        "expires_in": TOKEN_WORKS.num_seconds(),
        "scope": scope,
    })
}

fn random() -> String {
    URL_SAFE_NO_PAD.encode(crate::gateway::random_bytes::<24>())
}
