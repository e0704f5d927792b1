//! The two ways in: the HTTP API and the WebSocket API, as API Gateway serves them, on one port.
//!
//! [`http`] and [`websocket::Sockets::connect`] work without any port; [`serve`] is the thin listener in front of them.

pub mod cors;
pub mod event;
pub mod http;
pub mod reply;
pub mod routes;
pub mod websocket;

use std::future::Future;
use std::net::SocketAddr;

use ::http::header::{CONNECTION, UPGRADE};
use ::http::{HeaderMap, HeaderName};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use tokio::net::TcpListener;

pub use http::http;

use crate::cloud::Cloud;
use reply::Refusal;

/// The largest body that API Gateway takes.
pub const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// How much of a body that is too large is read away, so that the client gets to read why it was refused.
const PATIENCE: usize = 64 * 1024 * 1024;

/// Serves both APIs until `stopped`, then lets the requests under way finish.
pub async fn serve(
    listener: TcpListener,
    cloud: Cloud,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let app = Router::new().fallback(answer).with_state(cloud);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(stopped).await
}

async fn answer(
    State(cloud): State<Cloud>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if wants_socket(request.headers()) {
        return websocket::accept(cloud, request, client).await;
    }
    let (parts, body) = request.into_parts();
    let response = match read(body).await {
        Ok(body) => http(&cloud, ::http::Request::from_parts(parts, body), client).await,
        Err(refusal) => {
            let mut response = refusal.into_response();
            http::finish(&cloud, &parts.headers, &new_id(), &mut response);
            response
        }
    };
    response.map(Body::from)
}

fn wants_socket(headers: &HeaderMap) -> bool {
    let names = |header: HeaderName, token: &str| {
        let texts = headers.get_all(header).into_iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    names(CONNECTION, "upgrade") && names(UPGRADE, "websocket")
}

async fn read(mut body: Body) -> Result<Bytes, Refusal> {
    let mut bytes = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::BadRequest)?.into_data() else { continue };
        size += data.len();
        if size <= LARGEST_BODY {
            bytes.extend_from_slice(&data);
        } else if size > PATIENCE {
            break;
        }
    }
    if size > LARGEST_BODY { Err(Refusal::TooLarge) } else { Ok(bytes.freeze()) }
}

/// An id in the looks of API Gateway's own, such as `BkPsacT6FiACEPQ=`.
fn new_id() -> String {
    URL_SAFE.encode(random_bytes::<11>())
}

/// A trace id in the looks of X-Ray's.
fn new_trace_id(now: DateTime<Utc>) -> String {
    let random: String = random_bytes::<12>().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Root=1-{:08x}-{random}", now.timestamp())
}

pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        // Where the system has no chance to give, ids of the process's own hasher are unique enough for a laptop.
        for chunk in bytes.chunks_mut(8) {
            let number = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0u8).to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
    bytes
}

/// A time as API Gateway writes it into events, such as `20/Nov/2026:09:30:00 +0000`.
fn written(at: DateTime<Utc>) -> String {
    at.format("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_those_of_api_gateway() {
        let id = new_id();
        assert_eq!((id.len(), id.ends_with('=')), (16, true));
        assert_ne!(id, new_id());
        let at = DateTime::from_timestamp(1_795_167_000, 0).unwrap();
        assert_eq!(written(at), "20/Nov/2026:09:30:00 +0000");
        assert!(new_trace_id(at).starts_with("Root=1-6b001318-"), "{}", new_trace_id(at));
    }

    #[test]
    fn an_upgrade_is_told_from_a_request() {
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, "keep-alive, Upgrade".parse().unwrap());
        assert!(!wants_socket(&headers));
        headers.insert(UPGRADE, "WebSocket".parse().unwrap());
        assert!(wants_socket(&headers));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        assert_eq!(read(Body::from(vec![b'a'; LARGEST_BODY])).await.map(|body| body.len()), Ok(LARGEST_BODY));
        assert_eq!(read(Body::from(vec![b'a'; LARGEST_BODY + 1])).await, Err(Refusal::TooLarge));
    }
}
