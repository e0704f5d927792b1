//! What a function answered, as the HTTP response that API Gateway makes of it; and the gateway's own refusals.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

/// What the gateway answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not HTTP that makes sense.
    BadRequest,
    /// No route takes it.
    NotFound,
    /// The body is too large for the gateway or for the function.
    TooLarge,
    /// The headers are too large.
    HeadersTooLarge,
    /// The function failed, or answered what is no response.
    Broken,
    /// The function took too long.
    Unavailable,
}

impl Refusal {
    /// The response, in API Gateway's words.
    pub fn into_response(self) -> Response<Bytes> {
        let (status, message) = match self {
            Refusal::BadRequest => (StatusCode::BAD_REQUEST, "Bad Request"),
            Refusal::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Refusal::HeadersTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large")
            }
            Refusal::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Refusal::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let mut response = Response::new(Bytes::from(format!(r#"{{"message":"{message}"}}"#)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// The response that a function's answer stands for.
pub fn from_answer(answer: &Value) -> Result<Response<Bytes>, Refusal> {
    let Some(status) = answer.get("statusCode") else { return Ok(from_plain(answer)) };
    let status = status.as_u64().and_then(|status| u16::try_from(status).ok()).ok_or(Refusal::Broken)?;
    let status = StatusCode::from_u16(status).map_err(|_| Refusal::Broken)?;
    // A final answer: what announces another one, or a change of protocol, is not a function's to say.
    if status.is_informational() {
        return Err(Refusal::Broken);
    }
    let body = body(answer)?;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    headers(answer, response.headers_mut())?;
    if !response.body().is_empty() && !response.headers().contains_key(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        response.body_mut().clear();
    }
    Ok(response)
}

/// Without a status, all that the function answered is the body, and a success.
fn from_plain(answer: &Value) -> Response<Bytes> {
    let body = match answer {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn body(answer: &Value) -> Result<Bytes, Refusal> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(body) => body.as_str().ok_or(Refusal::Broken)?,
    };
    if answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default() {
        return STANDARD.decode(text).map(Bytes::from).map_err(|_| Refusal::Broken);
    }
    Ok(Bytes::copy_from_slice(text.as_bytes()))
}

fn headers(answer: &Value, headers: &mut HeaderMap) -> Result<(), Refusal> {
    let object = |name| answer.get(name).and_then(Value::as_object).into_iter().flatten();
    for (name, value) in object("headers") {
        headers.insert(header_name(name)?, header_value(value)?);
    }
    for (name, values) in object("multiValueHeaders") {
        let name = header_name(name)?;
        headers.remove(&name);
        for value in values.as_array().ok_or(Refusal::Broken)? {
            headers.append(name.clone(), header_value(value)?);
        }
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(SET_COOKIE, header_value(cookie)?);
    }
    // How the answer travels is the gateway's own affair.
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, Refusal> {
    HeaderName::try_from(name).map_err(|_| Refusal::Broken)
}

fn header_value(value: &Value) -> Result<HeaderValue, Refusal> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(Refusal::Broken),
    };
    HeaderValue::try_from(text).map_err(|_| Refusal::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_becomes_a_response() {
        let response = from_answer(&json!({
            "statusCode": 201,
            "headers": {"Content-Type": "application/json", "x-number": 7, "content-length": "99"},
            "multiValueHeaders": {"x-many": ["a", "b"]},
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "{\"id\":1}",
            "isBase64Encoded": false,
        }))
        .unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["x-number"], "7");
        assert!(!response.headers().contains_key("content-length"));
        let all = |name| response.headers().get_all(name).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(all("x-many"), ["a", "b"]);
        assert_eq!(all("set-cookie"), ["a=1; Path=/", "b=2"]);
        assert_eq!(response.body(), &Bytes::from_static(b"{\"id\":1}"));
    }

    #[test]
    fn bytes_travel_in_base64() {
        let response = from_answer(&json!({"statusCode": 200, "body": "/wD+", "isBase64Encoded": true})).unwrap();
        assert_eq!(response.body(), &Bytes::from_static(&[0xff, 0, 0xfe]));
        assert_eq!(response.headers()["content-type"], "text/plain;charset=UTF-8");
    }

    #[test]
    fn what_has_no_status_is_a_body() {
        let response = from_answer(&json!({"hello": "world"})).unwrap();
        assert_eq!((response.status(), response.body().as_ref()), (StatusCode::OK, br#"{"hello":"world"}"#.as_ref()));
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn what_is_no_response_is_an_error() {
        for answer in [
            json!({"statusCode": "ok"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": 200, "body": {"not": "text"}}),
            json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
            json!({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}),
        ] {
            assert_eq!(from_answer(&answer).map(|_| ()), Err(Refusal::Broken), "{answer}");
        }
    }
}
