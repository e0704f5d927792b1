//! An OpenID provider in Google's place, so that signing in with Google works without any network: discovery, keys, a
//! page that asks who one is today, tokens (OpenID Connect Core 1.0, RFC 6749, 7636 and 7009).
//!
//! It is as strict as the real one where that matters: the client's secret, the one redirect address, codes that work
//! once, and the verifier that belongs to the challenge.

mod keys;
mod provider;

use std::collections::BTreeMap;

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::reply;
use crate::cloud::Cloud;

pub use self::provider::{Flaw, Outage, Provider, Signature};
use self::provider::{Person, Request};

/// Where it is below the services' address.
const PATH: &str = "/openid";

/// How long clients may remember the keys, in seconds.
const KEYS_REMEMBERED: u32 = 3600;

/// The page may send its form here and from here to the client, and do nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// The fields of a query or a form.
type Form = BTreeMap<String, String>;

/// What the provider calls itself, if the services are at this address.
pub fn issuer(services: &str) -> String {
    format!("{services}{PATH}")
}

/// Whether a path belongs to the provider.
pub fn owns(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.starts_with('/'))
}

/// Answers a request below [`PATH`].
pub async fn answer(cloud: &Cloud, method: &Method, uri: &http::Uri, headers: &HeaderMap, body: &Bytes) -> Response {
    let provider = cloud.openid();
    match provider.outage() {
        None => {}
        Some(Outage::Broken) => return oauth_error(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        // Until the client loses its patience.
        Some(Outage::Silent) => std::future::pending::<()>().await,
    }
    let path = uri.path().strip_prefix(PATH).unwrap_or_default();
    let query: Form = serde_urlencoded::from_str(uri.query().unwrap_or_default()).unwrap_or_default();
    let form: Form = serde_urlencoded::from_bytes(body).unwrap_or_default();
    match (method.as_str(), path) {
        ("GET", "/.well-known/openid-configuration") => described(&discovery(provider.issuer())),
        ("GET", "/keys") => match provider.key_set() {
            Ok(keys) => described(&keys),
            Err(reason) => broken(&reason),
        },
        ("GET", "/authorize") => match provider.check(cloud, &query) {
            Ok(request) => page(&request),
            Err(refusal) => refuse(&refusal),
        },
        ("POST", "/authorize") => match provider.check(cloud, &form) {
            Ok(request) => decide(cloud, request, &form),
            Err(refusal) => refuse(&refusal),
        },
        ("POST", "/token") => token(cloud, headers, &form),
        ("POST", "/revoke") => match provider.revoke(form.get("token").map_or("", String::as_str)) {
            true => json_reply(StatusCode::OK, &json!({})),
            false => oauth_error(StatusCode::BAD_REQUEST, "invalid_token"),
        },
        _ => reply(StatusCode::NOT_FOUND, "text/plain", Bytes::from_static(b"There is no such page.")),
    }
}

/// Why an authorization cannot even be asked for.
pub(super) enum Refusal {
    /// Nobody may be sent anywhere: the client or its address is not known.
    Here(&'static str),
    /// The client is told.
    ToClient {
        /// Where.
        redirect_uri: String,
        /// What it said to know its request by.
        state: String,
        /// One of RFC 6749's words.
        error: &'static str,
    },
}

fn refuse(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Here(reason) => {
            reply(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", Bytes::from_static(reason.as_bytes()))
        }
        Refusal::ToClient { redirect_uri, state, error } => {
            redirect(redirect_uri, &[("error", error), ("state", state)])
        }
    }
}

fn decide(cloud: &Cloud, request: Request, form: &Form) -> Response {
    let text = |name: &str| form.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let (redirect_uri, state) = (request.redirect_uri.clone(), request.state.clone());
    if text("decision") != "allow" {
        return redirect(&redirect_uri, &[("error", "access_denied"), ("state", &state)]);
    }
    let email = text("email");
    if !email.contains('@') {
        return page(&request);
    }
    let person =
        Person { subject: text("subject"), email, verified: form.contains_key("verified"), name: text("name") };
    let code = cloud.openid().grant(cloud, request, person);
    redirect(&redirect_uri, &[("code", &code), ("state", &state)])
}

fn token(cloud: &Cloud, headers: &HeaderMap, form: &Form) -> Response {
    let (id, secret) = credentials(headers, form);
    if !cloud.openid().knows(cloud, &id, &secret) {
        return oauth_error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let granted = match field("grant_type") {
        "authorization_code" => {
            cloud.openid().redeem(cloud, field("code"), field("redirect_uri"), field("code_verifier"))
        }
        "refresh_token" => cloud.openid().refresh(field("refresh_token")),
        _ => return oauth_error(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    };
    match granted {
        Ok(Some(tokens)) => json_reply(StatusCode::OK, &tokens),
        Ok(None) => oauth_error(StatusCode::BAD_REQUEST, "invalid_grant"),
        Err(reason) => broken(&reason),
    }
}

/// The client's name and secret, from the header or from the form (RFC 6749, 2.3.1).
fn credentials(headers: &HeaderMap, form: &Form) -> (String, String) {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = header.and_then(|value| value.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok());
    if let Some((id, secret)) = basic.and_then(|bytes| String::from_utf8(bytes).ok()?.split_once(':').map(owned)) {
        return (id, secret);
    }
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    (field("client_id"), field("client_secret"))
}

fn owned((first, second): (&str, &str)) -> (String, String) {
    (first.to_owned(), second.to_owned())
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "azp", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
        "code_challenge_methods_supported": ["S256"],
    })
}

fn described(value: &Value) -> Response {
    let mut response = json_reply(StatusCode::OK, value);
    if let Ok(lifetime) = HeaderValue::from_str(&format!("public, max-age={KEYS_REMEMBERED}")) {
        response.headers_mut().insert(CACHE_CONTROL, lifetime);
    }
    response
}

fn json_reply(status: StatusCode, value: &Value) -> Response {
    let mut response = reply(status, "application/json", Bytes::from(value.to_string()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn oauth_error(status: StatusCode, error: &str) -> Response {
    json_reply(status, &json!({ "error": error }))
}

fn broken(reason: &str) -> Response {
    tracing::error!("The OpenID provider failed: {reason}");
    oauth_error(StatusCode::INTERNAL_SERVER_ERROR, "server_error")
}

fn redirect(to: &str, parameters: &[(&str, &str)]) -> Response {
    let query = serde_urlencoded::to_string(parameters).unwrap_or_default();
    let address = format!("{to}{}{query}", if to.contains('?') { '&' } else { '?' });
    let mut response = reply(StatusCode::SEE_OTHER, "text/plain", Bytes::new());
    if let Ok(address) = HeaderValue::try_from(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

/// The page that asks who one is today.
fn page(request: &Request) -> Response {
    let hidden: String = request
        .fields()
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escape(value)))
        .collect();
    let page =
        include_str!("openid/page.html").replace("{{scope}}", &escape(&request.scope)).replace("{{hidden}}", &hidden);
    let mut response = reply(StatusCode::OK, "text/html; charset=utf-8", Bytes::from(page));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
