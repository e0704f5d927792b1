//! Replies: JSON, JSON for something new, and cookies beside either.

use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

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
