//! A connection that is kept alive: plain HTTP/1.1 with as little between request and socket as there can be.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the server.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// An answer.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Connection, String> {
        let lost = |error: &dyn std::fmt::Display| format!("No connection to {address}: {error}.");
        let stream = TcpStream::connect(address).await.map_err(|error| lost(&error))?;
        stream.set_nodelay(true).map_err(|error| lost(&error))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| lost(&error))?;
        // It ends with the sender; what breaks before is seen by the request under way.
        tokio::spawn(connection);
        Ok(Connection { sender, host: address.to_string() })
    }

    /// Asks for a page, with a cookie unless it is empty.
    pub async fn get(&mut self, path: &str, cookie: &str) -> Result<Reply, String> {
        self.send(Method::GET, path, cookie, Bytes::new()).await
    }

    /// Sends a request with a JSON body, or without any if that is empty.
    pub async fn send(&mut self, method: Method, path: &str, cookie: &str, body: Bytes) -> Result<Reply, String> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        if !cookie.is_empty() {
            request = request.header(COOKIE, cookie);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let exchange = async {
            self.sender.ready().await?;
            let (parts, body) = self.sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Reply { status: parts.status, headers: parts.headers, body })
        };
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(reply) => reply.map_err(|error| format!("{path}: {error}")),
            Err(_) => Err(format!("{path}: no answer within {} seconds", PATIENCE.as_secs())),
        }
    }
}
