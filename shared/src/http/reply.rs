//! Replies: JSON, JSON for something new, JSON that a client may keep, and cookies beside either.

use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// 200 with a JSON body.
pub struct Json<T>(pub T);

/// 201 with a JSON body.
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(cause) => Error::internal("A reply could not be written.", cause).into_response(),
        }
    }
}

/// 200 with a JSON body and its tag, by which whoever has kept the body asks whether it is still the same.
pub struct Tagged<T>(pub T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.0) {
            Ok(body) => body,
            Err(cause) => return Error::internal("A reply could not be written.", cause).into_response(),
        };
        // Half of the digest: of two bodies nobody finds that share it.
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]));
        // Kept by one browser alone, since not everybody sees the same, and asked after each time.
        let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "private, no-cache"), (ETAG, tag.as_str())];
        (headers, body).into_response()
    }
}

/// The tags that a client has kept bodies of (RFC 9110, 13.1.2).
#[derive(Clone, Debug)]
pub(super) struct Kept(Vec<HeaderValue>);

impl Kept {
    /// Those that a request names.
    pub(super) fn of(headers: &HeaderMap) -> Kept {
        Kept(headers.get_all(IF_NONE_MATCH).iter().cloned().collect())
    }

    /// The response, or 304 in its place where the client has its body.
    pub(super) fn spare(&self, mut response: Response) -> Response {
        let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        if response.status() == StatusCode::OK && tag.is_some_and(|tag| self.has(tag)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = axum::body::Body::empty();
            response.headers_mut().remove(CONTENT_TYPE);
        }
        response
    }

    /// Compares weakly, since who asks wants to read: a tag may have lost its strength on the way.
    fn has(&self, tag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let named = self.0.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        named.map(opaque).any(|named| named == "*" || named == opaque(tag))
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// 202 with a JSON body: it will be done.
pub struct Accepted<T>(pub T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

/// 204: it is done, and there is nothing to say.
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Cookies to set, as [`super::cookies`] writes them.
pub struct SetCookies(pub Vec<String>);

impl IntoResponseParts for SetCookies {
    type Error = Error;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Error> {
        for cookie in self.0 {
            let value = HeaderValue::try_from(cookie)
                .map_err(|cause| Error::internal("A cookie could not be written.", cause))?;
            response.headers_mut().append(SET_COOKIE, value);
        }
        Ok(response)
    }
}

/// An error on its way to the route's dialect, which finds it in the response's extensions.
#[derive(Clone)]
pub(super) struct Refused(pub std::sync::Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Refused(std::sync::Arc::new(self)));
        response
    }
}

/// 303 to another page of ours, as after a form: loading that again repeats nothing.
pub struct SeeOther(pub String);

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        match HeaderValue::try_from(self.0) {
            Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
            Err(cause) => Error::internal("An address could not be written.", cause).into_response(),
        }
    }
}

/// 200 with a page of HTML that has its style and its script from us, and nothing from elsewhere.
pub struct Page(pub String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
            frame-ancestors 'none'; base-uri 'none'";
        page(policy, self.0)
    }
}

/// 200 with a page of HTML, which may load nothing and send its form only back to us.
pub struct Html(pub String);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        page(policy, self.0)
    }
}

fn page(policy: &'static str, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (http::header::CONTENT_SECURITY_POLICY, policy),
        // Not `no-referrer`: that would also take the origin from the forms, and a write without its true origin is
        // refused.
        (http::header::REFERRER_POLICY, "same-origin"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_the_client_has_is_spared() {
        let status = |kept: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in kept {
                headers.append(IF_NONE_MATCH, value.parse().unwrap());
            }
            Kept::of(&headers).spare(Tagged(7).into_response()).status().as_u16()
        };
        let tag = Tagged(7).into_response().headers()[ETAG].to_str().unwrap().to_owned();
        let other = Tagged(8).into_response().headers()[ETAG].to_str().unwrap().to_owned();
        assert_ne!(tag, other);
        for kept in [tag.as_str(), "*", &format!("W/{tag}"), &format!("{other} , {tag}")] {
            assert_eq!(status(&[kept]), 304, "{kept}");
        }
        assert_eq!(status(&[&other, &tag]), 304);
        for kept in [&[][..], &[""], &[&other], &[tag.trim_matches('"')], &["\u{e4}"]] {
            assert_eq!(status(kept), 200, "{kept:?}");
        }
        let failed = Error::not_found().into_response();
        assert_eq!(Kept(vec![HeaderValue::from_static("*")]).spare(failed).status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
