//! A stub of Lambda's Runtime API for one launch of one function: hands out events, takes answers, notes when.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long the function may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(20);

/// The Runtime API of one launch. It ends when dropped.
pub struct RuntimeApi {
    address: SocketAddr,
    heard: mpsc::UnboundedReceiver<Heard>,
    server: JoinHandle<()>,
}

/// What a function says.
enum Heard {
    /// It asks for its next event.
    Asks(Request),
    /// It has answered the last one.
    Answers { at: Instant, answer: Bytes },
    /// It has failed, at the last event or already at its start.
    Fails(Bytes),
}

/// A function's request for its next event, which it waits for.
pub struct Request {
    /// When it came.
    pub at: Instant,
    event: oneshot::Sender<String>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub async fn start() -> Result<RuntimeApi, String> {
        let unusable = |error| format!("No port can be listened on: {error}.");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let (ears, heard) = mpsc::unbounded_channel();
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed_at))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(ears);
        let server = tokio::spawn(async move {
            // It only ends by being dropped, together with whoever would want to know why.
            let _ = axum::serve(listener, app).await;
        });
        Ok(RuntimeApi { address, heard, server })
    }

    /// Where it listens: the function's `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the function asks for an event.
    pub async fn request(&mut self) -> Result<Request, String> {
        match self.hear().await? {
            Heard::Asks(request) => Ok(request),
            Heard::Answers { .. } => Err("it answered an event that it never got".to_owned()),
            Heard::Fails(error) => Err(lossy(&error)),
        }
    }

    /// Hands out the event and waits for the answer; returns it with the time from one to the other.
    pub async fn invoke(&mut self, request: Request, event: &Value) -> Result<(Value, Duration), String> {
        let event = event.to_string();
        let handed_out = Instant::now();
        request.event.send(event).map_err(|_| "it went away while it waited for an event".to_owned())?;
        match self.hear().await? {
            Heard::Answers { at, answer } => {
                let answer = serde_json::from_slice(&answer).map_err(|_| format!("it answered {}", lossy(&answer)))?;
                Ok((answer, at - handed_out))
            }
            Heard::Asks(_) => Err("it asked for another event without having answered the last".to_owned()),
            Heard::Fails(error) => Err(lossy(&error)),
        }
    }

    async fn hear(&mut self) -> Result<Heard, String> {
        match tokio::time::timeout(PATIENCE, self.heard.recv()).await {
            Ok(Some(heard)) => Ok(heard),
            Ok(None) => Err("the Runtime API is gone".to_owned()),
            Err(_) => Err(format!("it said nothing for {} seconds", PATIENCE.as_secs())),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Ears = mpsc::UnboundedSender<Heard>;

async fn next(State(ears): State<Ears>) -> Response {
    let (sender, event) = oneshot::channel();
    // Nobody listens any more when the launch is over; then there is no event either.
    let _ = ears.send(Heard::Asks(Request { at: Instant::now(), event: sender }));
    let Ok(event) = event.await else { return StatusCode::GONE.into_response() };
    let deadline = SystemTime::now() + PATIENCE;
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:measured".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
    ];
    (headers, event).into_response()
}

async fn answered(State(ears): State<Ears>, Path(_id): Path<String>, answer: Bytes) -> StatusCode {
    tell(&ears, Heard::Answers { at: Instant::now(), answer })
}

async fn failed_at(State(ears): State<Ears>, Path(_id): Path<String>, error: Bytes) -> StatusCode {
    tell(&ears, Heard::Fails(error))
}

async fn failed(State(ears): State<Ears>, error: Bytes) -> StatusCode {
    tell(&ears, Heard::Fails(error))
}

fn tell(ears: &Ears, heard: Heard) -> StatusCode {
    // As in `next`: after the launch nobody listens.
    let _ = ears.send(heard);
    StatusCode::ACCEPTED
}

fn lossy(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
