//! Request bodies and queries: bounded, parsed into a type, and refused in the dialect of the route.

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::multipart;
use crate::app::App;
use crate::error::{Error, Result};

/// The largest body but for uploads, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// A JSON body, or a form of the same fields, in either of the two ways that browsers send forms. No body at all is an
/// empty object.
///
/// JSON nests at most 128 deep (`serde_json`'s own limit), and unknown fields are left alone. So are files.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Body<T>> {
        let media = media_type(request.headers());
        if media == "multipart/form-data" {
            return from_form(multipart::texts(request).await?.as_bytes()).map(Body);
        }
        let bytes = read(request.into_body(), LARGEST).await?;
        match media.as_str() {
            "" | "application/json" => from_json(&bytes).map(Body),
            "application/x-www-form-urlencoded" => from_form(&bytes).map(Body),
            other if other.ends_with("+json") => from_json(&bytes).map(Body),
            other => Err(Error::unsupported_media(other)),
        }
    }
}

/// The parameters of the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Query<T>> {
        from_form(parts.uri.query().unwrap_or_default().as_bytes()).map(Query)
    }
}

/// The whole body, unless it is larger than `limit` bytes.
pub async fn read(body: axum::body::Body, limit: usize) -> Result<Bytes> {
    // An event holds the whole body, so reading it can only fail by its size.
    axum::body::to_bytes(body, limit).await.map_err(|_| Error::too_large(limit))
}

/// The media type without its parameters, in lower case; empty where none is named.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// For fields that may be left out but not be `null`: `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // No body at all is an empty object; one of nothing but blanks is no JSON.
    let bytes = match bytes.trim_ascii() {
        [] if bytes.is_empty() => b"{}",
        object @ [b'{', ..] => object,
        // A list would pass for a struct, by the order of its fields.
        _ => return Err(malformed()),
    };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() { wrong_type(&field, &cause) } else { malformed() }
    })?;
    json.end().map_err(|_| malformed())?;
    Ok(value)
}

fn from_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let fields = serde_urlencoded::Deserializer::new(form_urlencoded::parse(bytes));
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let field = error.path().to_string();
        wrong_type(&field, &error.into_inner())
    })
}

fn malformed() -> Error {
    Error::unreadable("malformed", "The body is not valid JSON.")
}

/// A value of another type than the field has. Serde's own words tell what was expected, but quote the value too,
/// which may be a secret: only what comes after it is passed on.
fn wrong_type(field: &str, cause: &impl std::fmt::Display) -> Error {
    let cause = cause.to_string();
    let expected = cause.split_once("expected ").map(|(_, expected)| expected.split(" at line ").next());
    match expected.flatten() {
        Some(expected) if field != "." => Error::invalid_field(field.to_owned(), format!("Expected {expected}.")),
        _ => Error::unreadable("malformed", "The body does not have the expected form."),
    }
}
