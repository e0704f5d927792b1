//! An HTTP request as the event that API Gateway makes of it: payload format 2.0.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CONNECTION, CONTENT_TYPE, COOKIE, HOST, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderMap, Request};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::reply::Refusal;
use super::routes::Found;
use super::{new_trace_id, written};
use crate::template::ACCOUNT;

/// What an event says besides the request.
pub struct Circumstances<'a> {
    /// The id of the API.
    pub api: &'a str,
    /// Who asks.
    pub client: SocketAddr,
    /// When.
    pub now: DateTime<Utc>,
    /// The gateway's own id for this request.
    pub request_id: &'a str,
}

/// The event for a request that this route takes.
pub fn build(request: &Request<Bytes>, found: &Found<'_>, about: &Circumstances<'_>) -> Result<Value, Refusal> {
    let host = host(request)?;
    let domain = domain(&host);
    let path = path(request.uri().path())?;
    let query = request.uri().query().unwrap_or_default();
    let headers = headers(request.headers(), &host, about);
    let source = about.client.ip().to_canonical().to_string();
    let mut event = json!({
        "version": "2.0",
        "routeKey": found.route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": about.api,
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": format!("{:?}", request.version()),
                "sourceIp": source,
                "userAgent": text(request.headers(), USER_AGENT.as_str()),
            },
            "requestId": about.request_id,
            "routeKey": found.route.key,
            "stage": "$default",
            "time": written(about.now),
            "timeEpoch": about.now.timestamp_millis(),
        },
        "isBase64Encoded": false,
    });
    // What a request does not have, its event does not name.
    let cookies = cookies(request.headers());
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    let query = query_parameters(query);
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query);
    }
    if !found.parameters.is_empty() {
        event["pathParameters"] = json!(found.parameters);
    }
    if !request.body().is_empty() {
        let (body, is_base64) = body(request);
        event["body"] = Value::String(body);
        event["isBase64Encoded"] = Value::Bool(is_base64);
    }
    Ok(event)
}

/// The host that was asked. In the cloud only the API's own get this far; here at least it must be one, since
/// `lambda_http` makes a URL of it and takes for granted that it can.
fn host(request: &Request<Bytes>) -> Result<String, Refusal> {
    let host = match request.headers().get(HOST) {
        Some(host) => host.to_str().map_err(|_| Refusal::BadRequest)?,
        None => request.uri().authority().map_or("localhost", |authority| authority.as_str()),
    };
    match reqwest::Url::parse(&format!("http://{host}/")) {
        Ok(url)
            if url.path() == "/" && url.username().is_empty() && url.password().is_none() && url.query().is_none() =>
        {
            Ok(host.to_owned())
        }
        _ => Err(Refusal::BadRequest),
    }
}

/// The host without its port.
pub(super) fn domain(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((domain, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => domain,
        _ => host,
    }
}

/// API Gateway decodes the path, and what then follows a question mark is lost.
fn path(sent: &str) -> Result<String, Refusal> {
    let decoded = percent_decode_str(sent).decode_utf8().map_err(|_| Refusal::BadRequest)?;
    Ok(decoded.split('?').next().unwrap_or_default().to_owned())
}

/// Names in small letters, repeated headers joined by commas, and what the gateway itself adds.
fn headers(sent: &HeaderMap, host: &str, about: &Circumstances<'_>) -> Map<String, Value> {
    let mut headers = Map::new();
    for name in sent.keys().filter(|name| ![COOKIE, CONNECTION, TRANSFER_ENCODING].contains(name)) {
        headers.insert(name.as_str().to_owned(), Value::String(text(sent, name.as_str())));
    }
    let port = host.strip_prefix(domain(host)).and_then(|port| port.strip_prefix(':')).unwrap_or("80");
    let address = about.client.ip().to_canonical().to_string();
    let forwarded = match text(sent, "x-forwarded-for") {
        before if before.is_empty() => address,
        before => format!("{before}, {address}"),
    };
    headers.insert("host".into(), host.into());
    headers.insert("x-amzn-trace-id".into(), new_trace_id(about.now).into());
    headers.insert("x-forwarded-for".into(), forwarded.into());
    headers.insert("x-forwarded-port".into(), port.into());
    headers.insert("x-forwarded-proto".into(), "http".into());
    headers
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join(",")
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let cookies = lines.flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>());
    cookies.filter(|cookie| !cookie.is_empty()).collect()
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in pairs {
        parameters
            .entry(name)
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// Text travels as it is, everything else in base64: forms too, and bodies of no declared type.
fn body(request: &Request<Bytes>) -> (String, bool) {
    let content_type = text(request.headers(), CONTENT_TYPE.as_str()).to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&essence);
    match std::str::from_utf8(request.body()) {
        Ok(text) if is_text => (text.to_owned(), false),
        _ => (STANDARD.encode(request.body()), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::HttpRoute;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Result<Value, Refusal> {
        let route = HttpRoute {
            key: "ANY /users/{proxy+}".into(),
            method: "ANY".into(),
            path: "/users/{proxy+}".into(),
            function: "AccountsFunction".into(),
        };
        let found = Found { route: &route, parameters: [("proxy".into(), "login/".into())].into() };
        let about = Circumstances {
            api: "httpapi",
            client: "192.0.2.7:4711".parse().unwrap(),
            now: DateTime::from_timestamp(1_795_167_000, 0).unwrap(),
            request_id: "BkPq3hVsliAEMfg=",
        };
        build(&request.body(Bytes::from_static(body)).unwrap(), &found, &about)
    }

    #[test]
    fn an_event_says_what_api_gateway_would_say() {
        let request = Request::post("/users/login/?a=1&b=x%20y&a=2")
            .header("Host", "localhost:8000")
            .header("Content-Type", "application/json")
            .header("X-Twice", "one")
            .header("X-Twice", "two")
            .header("Cookie", "a=1; b=2")
            .header("Cookie", "c=3")
            .header("X-Forwarded-For", "198.51.100.1")
            .header("X-Forwarded-Proto", "gopher")
            .header("User-Agent", "curl");
        let mut event = event(request, br#"{"username":"ada"}"#).unwrap();
        assert!(event["headers"].as_object_mut().unwrap().remove("x-amzn-trace-id").is_some());
        let expected = json!({
            "version": "2.0",
            "routeKey": "ANY /users/{proxy+}",
            "rawPath": "/users/login/",
            "rawQueryString": "a=1&b=x%20y&a=2",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "content-type": "application/json",
                "host": "localhost:8000",
                "user-agent": "curl",
                "x-forwarded-for": "198.51.100.1, 192.0.2.7",
                "x-forwarded-port": "8000",
                "x-forwarded-proto": "http",
                "x-twice": "one,two",
            },
            "queryStringParameters": {"a": "1,2", "b": "x y"},
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": "httpapi",
                "domainName": "localhost",
                "domainPrefix": "localhost",
                "http": {
                    "method": "POST",
                    "path": "/users/login/",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.7",
                    "userAgent": "curl",
                },
                "requestId": "BkPq3hVsliAEMfg=",
                "routeKey": "ANY /users/{proxy+}",
                "stage": "$default",
                "time": "20/Nov/2026:09:30:00 +0000",
                "timeEpoch": 1_795_167_000_000_i64,
            },
            "pathParameters": {"proxy": "login/"},
            "body": "{\"username\":\"ada\"}",
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn only_known_text_travels_as_text() {
        let encoded = |content_type: &str, body| {
            let request = Request::post("/users/").header("content-type", content_type);
            event(request, body).unwrap()["isBase64Encoded"].as_bool().unwrap()
        };
        assert!(!encoded("text/plain; charset=utf-8", b"a"));
        assert!(!encoded("Application/JSON", b"{}"));
        assert!(encoded("application/x-www-form-urlencoded", b"a=1"));
        assert!(encoded("multipart/form-data; boundary=x", b"--x--"));
        assert!(encoded("text/plain", b"\xff\xfe"));
        assert_eq!(event(Request::post("/users/"), b"hello").unwrap()["body"], "aGVsbG8=");
        assert_eq!(event(Request::get("/users/"), b"").unwrap().get("body"), None);
    }

    #[test]
    fn the_path_arrives_decoded() {
        let raw_path = |path: &str| event(Request::get(path), b"").map(|event| event["rawPath"].clone());
        assert_eq!(raw_path("/users/a%20b%2Fc/"), Ok("/users/a b/c/".into()));
        assert_eq!(raw_path("/users/a%3Fb"), Ok("/users/a".into()));
        assert_eq!(raw_path("/users/%ff"), Err(Refusal::BadRequest));
        assert_eq!(raw_path("/users/%"), Ok("/users/%".into()));
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        for host in ["a b", "[", "256.256.256.256.256", "evil@localhost", "localhost/x", "localhost:99999", ""] {
            assert_eq!(event(Request::get("/users/").header("host", host), b""), Err(Refusal::BadRequest), "{host}");
        }
        for host in ["localhost", "127.0.0.1:8000", "[::1]:8000", "api.example.com"] {
            assert!(event(Request::get("/users/").header("host", host), b"").is_ok(), "{host}");
        }
    }
}
