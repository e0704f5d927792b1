//! Cross-origin requests by the template's `CorsConfiguration`: the gateway answers preflights by itself, and on every
//! other reply its own headers take the place of whatever a function says.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::template::Cors;

/// Whether a browser asks what it may send, rather than sending it.
pub fn is_preflight(request: &Request<Bytes>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight. A foreign origin gets the same answer without a single header that would let it in.
pub fn preflight(cors: &Cors, headers: &HeaderMap) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allow(cors, headers, response.headers_mut()) {
        let allowed = response.headers_mut();
        insert(allowed, ACCESS_CONTROL_ALLOW_METHODS, &cors.allow_methods.join(","));
        insert(allowed, ACCESS_CONTROL_ALLOW_HEADERS, &cors.allow_headers.join(","));
        if let Some(seconds) = cors.max_age {
            insert(allowed, ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
    }
    response
}

/// Lets an allowed origin read this reply.
pub fn admit(cors: &Cors, headers: &HeaderMap, reply: &mut HeaderMap) {
    let of_the_function: Vec<HeaderName> =
        reply.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in of_the_function {
        reply.remove(name);
    }
    if allow(cors, headers, reply) {
        insert(reply, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers.join(","));
    }
}

fn allow(cors: &Cors, headers: &HeaderMap, reply: &mut HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let Some(allowed) = allowed_origin(cors, origin) else { return false };
    reply.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if cors.allow_credentials {
        reply.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}

/// `*` allows everyone, `https://*` everyone over TLS.
fn allowed_origin(cors: &Cors, origin: &HeaderValue) -> Option<HeaderValue> {
    let text = origin.to_str().ok()?;
    cors.allow_origins.iter().find_map(|allowed| match allowed.strip_suffix("://*") {
        _ if allowed == "*" => Some(HeaderValue::from_static("*")),
        Some(scheme) => text.split_once("://").is_some_and(|(of, _)| of == scheme).then(|| origin.clone()),
        None => (allowed == text).then(|| origin.clone()),
    })
}

/// An empty list is no header, and so is one that the template made unsendable.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors() -> Cors {
        Cors {
            allow_origins: vec!["http://localhost:5173".into(), "https://*".into()],
            allow_methods: vec!["GET".into(), "POST".into()],
            allow_headers: vec!["content-type".into()],
            expose_headers: vec!["etag".into()],
            allow_credentials: true,
            max_age: Some(60),
        }
    }

    fn from(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))])
    }

    #[test]
    fn a_preflight_from_an_allowed_origin_hears_what_it_may_send() {
        let response = preflight(&cors(), &from("http://localhost:5173"));
        assert_eq!(response.status(), 204);
        assert_eq!(response.headers()["access-control-allow-origin"], "http://localhost:5173");
        assert_eq!(response.headers()["access-control-allow-credentials"], "true");
        assert_eq!(response.headers()["access-control-allow-methods"], "GET,POST");
        assert_eq!(response.headers()["access-control-allow-headers"], "content-type");
        assert_eq!(response.headers()["access-control-max-age"], "60");
    }

    #[test]
    fn a_foreign_origin_hears_nothing() {
        assert!(preflight(&cors(), &from("http://evil.example")).headers().is_empty());
        assert!(preflight(&cors(), &from("null")).headers().is_empty());
        let mut reply = HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))]);
        admit(&cors(), &from("http://evil.example"), &mut reply);
        assert!(reply.is_empty(), "what a function says of origins is dropped");
    }

    #[test]
    fn a_reply_to_an_allowed_origin_may_be_read() {
        let mut reply = HeaderMap::new();
        admit(&cors(), &from("https://anywhere.example"), &mut reply);
        assert_eq!(reply["access-control-allow-origin"], "https://anywhere.example");
        assert_eq!(reply["access-control-expose-headers"], "etag");
        assert!(!reply.contains_key("access-control-allow-methods"));
    }

    #[test]
    fn only_an_options_request_that_asks_for_a_method_is_a_preflight() {
        let request = |method: &str, asks: bool| {
            let mut request = Request::builder().method(method).header("origin", "http://localhost:5173");
            if asks {
                request = request.header("access-control-request-method", "PUT");
            }
            request.body(Bytes::new()).unwrap()
        };
        assert!(is_preflight(&request("OPTIONS", true)));
        assert!(!is_preflight(&request("OPTIONS", false)));
        assert!(!is_preflight(&request("PUT", true)));
    }
}
