//! What a function hears of a socket: the events that API Gateway sends for a WebSocket API.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::super::event::domain;
use super::super::{new_id, new_trace_id, written};
use super::{Ending, Frame};
use crate::template::SocketApi;

/// Who is at the other end, and under which address we were asked.
#[derive(Clone, Debug)]
pub struct Identity {
    pub source_ip: String,
    pub user_agent: String,
    api: String,
    stage: String,
    domain: String,
}

impl Identity {
    pub fn new(api: &SocketApi, headers: &HeaderMap, client: SocketAddr) -> Identity {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Identity {
            source_ip: client.ip().to_canonical().to_string(),
            user_agent: text(USER_AGENT),
            api: api.id.clone(),
            stage: api.stage.clone(),
            domain: domain(&text(HOST)).to_owned(),
        }
    }
}

/// What every event of a socket says.
pub struct About<'a> {
    pub id: &'a str,
    pub identity: &'a Identity,
    pub connected_at: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

/// The handshake: the only event with the client's headers and query. The path is nobody's business: a WebSocket API
/// has none below its stage.
pub fn connect(about: &About<'_>, headers: &HeaderMap, query: &str) -> Value {
    let mut sent = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        sent.entry(title(name)).or_default().push(value);
    }
    sent.insert("X-Amzn-Trace-Id".into(), vec![new_trace_id(about.now)]);
    sent.insert("X-Forwarded-For".into(), vec![about.identity.source_ip.clone()]);
    sent.insert("X-Forwarded-Proto".into(), vec!["http".into()]);
    let mut event = json!({
        "headers": lasts(&sent),
        "multiValueHeaders": sent,
        "requestContext": context(about, "$connect", "CONNECT"),
        "isBase64Encoded": false,
    });
    let mut parameters = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in serde_urlencoded::from_str::<Vec<(String, String)>>(query).unwrap_or_default() {
        parameters.entry(name).or_default().push(value);
    }
    if !parameters.is_empty() {
        event["queryStringParameters"] = json!(lasts(&parameters));
        event["multiValueQueryStringParameters"] = json!(parameters);
    }
    event
}

/// A message; bytes travel in base64.
pub fn message(about: &About<'_>, route: &str, frame: Frame) -> Value {
    let (body, is_base64) = match frame {
        Frame::Text(text) => (text, false),
        Frame::Binary(bytes) => (STANDARD.encode(bytes), true),
        Frame::Close(_) => (String::new(), false),
    };
    let mut context = context(about, route, "MESSAGE");
    context["messageId"] = new_id().into();
    json!({ "requestContext": context, "body": body, "isBase64Encoded": is_base64 })
}

/// The end.
pub fn disconnect(about: &About<'_>, ending: &Ending) -> Value {
    let headers =
        [("Host", about.identity.domain.as_str()), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")];
    let multiple: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name, [value])).collect();
    let mut context = context(about, "$disconnect", "DISCONNECT");
    context["disconnectStatusCode"] = ending.code.into();
    context["disconnectReason"] = ending.reason.as_str().into();
    json!({
        "headers": BTreeMap::from(headers),
        "multiValueHeaders": multiple,
        "requestContext": context,
        "isBase64Encoded": false,
    })
}

fn context(about: &About<'_>, route: &str, kind: &str) -> Value {
    let request_id = new_id();
    json!({
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": request_id,
        "requestTime": written(about.now),
        "messageDirection": "IN",
        "stage": about.identity.stage,
        "connectedAt": about.connected_at.timestamp_millis(),
        "requestTimeEpoch": about.now.timestamp_millis(),
        "identity": { "sourceIp": about.identity.source_ip, "userAgent": about.identity.user_agent },
        "requestId": request_id,
        "domainName": about.identity.domain,
        "connectionId": about.id,
        "apiId": about.identity.api,
    })
}

/// Of several values, the form with one of each has the last.
fn lasts(values: &BTreeMap<String, Vec<String>>) -> BTreeMap<&str, &str> {
    values.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str()))).collect()
}

/// A header's name as browsers write it, which is how it arrives in the cloud.
fn title(name: &HeaderName) -> String {
    let parts = name.as_str().split('-').map(|part| match part {
        "websocket" => "WebSocket".to_owned(),
        part => {
            let (first, rest) = part.split_at(part.len().min(1));
            first.to_ascii_uppercase() + rest
        }
    });
    parts.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn identity() -> Identity {
        let api = SocketApi { id: "socketapi".into(), stage: "live".into(), ..SocketApi::default() };
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost:8000"))]);
        Identity::new(&api, &headers, SocketAddr::from(([192, 0, 2, 7], 1)))
    }

    fn about(identity: &Identity) -> About<'_> {
        let now = DateTime::from_timestamp(1_795_167_000, 0).unwrap();
        About { id: "BkPsacT6FiACEPQ=", identity, connected_at: now, now }
    }

    #[test]
    fn the_handshake_carries_headers_and_query() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("guildhall, bearer.abc"));
        headers.append("x-twice", HeaderValue::from_static("one"));
        headers.append("x-twice", HeaderValue::from_static("two"));
        let event = connect(&about(&identity()), &headers, "token=a%20b&token=c");
        assert_eq!(event["headers"]["Sec-WebSocket-Protocol"], "guildhall, bearer.abc");
        assert_eq!(event["headers"]["X-Twice"], "two");
        assert_eq!(event["multiValueHeaders"]["X-Twice"], json!(["one", "two"]));
        assert_eq!(event["headers"]["X-Forwarded-For"], "192.0.2.7");
        assert_eq!(event["queryStringParameters"], json!({"token": "c"}));
        assert_eq!(event["multiValueQueryStringParameters"], json!({"token": ["a b", "c"]}));
        let context = &event["requestContext"];
        assert_eq!((&context["routeKey"], &context["eventType"]), (&json!("$connect"), &json!("CONNECT")));
        assert_eq!((&context["stage"], &context["apiId"]), (&json!("live"), &json!("socketapi")));
        assert_eq!(context["connectionId"], "BkPsacT6FiACEPQ=");
    }

    #[test]
    fn a_message_is_a_body_and_the_end_has_a_reason() {
        let identity = identity();
        let event = message(&about(&identity), "$default", Frame::Binary(vec![0xff].into()));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
        let event = disconnect(&about(&identity), &Ending::new(1001, "Going away"));
        assert_eq!(event["requestContext"]["disconnectStatusCode"], 1001);
        assert_eq!(event["requestContext"]["disconnectReason"], "Going away");
        assert_eq!(event["multiValueHeaders"]["Host"], json!(["localhost"]));
    }
}
