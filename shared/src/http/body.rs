//! Request bodies and queries: bounded, parsed into a type, and refused in the dialect of the route.

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::input::Input;
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
        receive(request).await?.read().map(Body)
    }
}

/// What the body says, whatever it is to be.
async fn receive(request: Request) -> Result<Input> {
    let media = media_type(request.headers());
    if media == "multipart/form-data" {
        return Ok(Input::of_form(multipart::texts(request).await?.as_bytes()));
    }
    let bytes = read(request.into_body(), LARGEST).await?;
    match media.as_str() {
        "" | "application/json" => Input::of_json(&bytes),
        "application/x-www-form-urlencoded" => Ok(Input::of_form(&bytes)),
        other if other.ends_with("+json") => Input::of_json(&bytes),
        other => Err(Error::unsupported_media(other)),
    }
}

/// The parameters of the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Query<T>> {
        Input::of_form(parts.uri.query().unwrap_or_default().as_bytes()).read().map(Query)
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
