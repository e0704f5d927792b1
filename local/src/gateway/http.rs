//! One request of the HTTP API, from the route to the response, within API Gateway's limits.

use std::io::{self, Write};
use std::net::SocketAddr;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::Value;

use super::event::{self, Circumstances};
use super::reply::{self, Refusal};
use super::{LARGEST_BODY, cors, new_id, routes};
use crate::cloud::Cloud;
use crate::pages;

/// How long API Gateway waits for a function.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(29);
/// What the request line and the headers may take together.
const LARGEST_HEAD: usize = 10_240;
/// What an event, and what its answer may take as JSON.
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// Answers a request to the HTTP API; the pages below `/_local/` come before its routes.
pub async fn http(cloud: &Cloud, request: Request<Bytes>, client: SocketAddr) -> Response<Bytes> {
    if pages::owns(request.uri().path()) {
        return pages::answer(cloud, &request).await;
    }
    if let Some(cors) = &cloud.template().http.cors
        && cors::is_preflight(&request)
    {
        return cors::preflight(cors, request.headers());
    }
    let request_id = new_id();
    let answered = answer(cloud, &request, client, &request_id).await;
    let mut response = answered.unwrap_or_else(Refusal::into_response);
    finish(cloud, request.headers(), &request_id, &mut response);
    response
}

/// What the gateway adds to every response, its own refusals included.
pub(super) fn finish(cloud: &Cloud, asked: &HeaderMap, request_id: &str, response: &mut Response<Bytes>) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    if let Some(cors) = &cloud.template().http.cors {
        cors::admit(cors, asked, response.headers_mut());
    }
}

async fn answer(
    cloud: &Cloud,
    request: &Request<Bytes>,
    client: SocketAddr,
    request_id: &str,
) -> Result<Response<Bytes>, Refusal> {
    if head_size(request) > LARGEST_HEAD {
        return Err(Refusal::HeadersTooLarge);
    }
    if request.body().len() > LARGEST_BODY {
        return Err(Refusal::TooLarge);
    }
    let api = &cloud.template().http;
    let found = routes::find(&api.routes, request.method(), request.uri().path()).ok_or(Refusal::NotFound)?;
    let about = Circumstances { api: &api.id, client, now: cloud.clock().now(), request_id };
    let event = event::build(request, &found, &about)?;
    if size(&event) > LARGEST_PAYLOAD {
        return Err(Refusal::TooLarge);
    }
    let answer = invoke(cloud, &found.route.function, event).await?;
    if size(&answer) > LARGEST_PAYLOAD {
        return Err(Refusal::Broken);
    }
    reply::from_answer(&answer)
}

/// What the function answers; when the gateway's patience ends before the function's time does, it runs on unheard.
async fn invoke(cloud: &Cloud, function: &str, event: Value) -> Result<Value, Refusal> {
    let patience_ends = cloud.clock().now() + LONGEST_WAIT;
    tokio::select! {
        biased;
        answer = cloud.functions().invoke(function, event) => answer.outcome.map_err(|_| Refusal::Broken),
        () = cloud.clock().reached(patience_ends) => Err(Refusal::Unavailable),
    }
}

fn head_size(request: &Request<Bytes>) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    let query = request.uri().query().map_or(0, str::len);
    request.method().as_str().len() + request.uri().path().len() + query + headers.sum::<usize>()
}

/// How long a value is as JSON, without writing it anywhere.
fn size(value: &Value) -> usize {
    struct Count(usize);
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value in memory always has a JSON form, and counting never fails.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_on_the_wire() {
        assert_eq!(size(&serde_json::json!({"a": "\n"})), r#"{"a":"\n"}"#.len());
        let request = Request::get("/a?b=c").header("x-y", "z").body(Bytes::new()).unwrap();
        assert_eq!(head_size(&request), "GET".len() + "/a".len() + "b=c".len() + "x-yz".len());
    }
}
