//! The functions: built in, or behind a Lambda Invoke endpoint; and what they were asked lately.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::lambda::Answer;
use shared::meter::Cost;

/// Every function of the template.
pub struct Functions {}

/// One invocation, as the local page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Invocation {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The function's binary.
    pub function: String,
    /// What triggered it.
    pub trigger: Trigger,
    /// Its request id.
    pub request_id: String,
    /// What it was about: method and path, route of a socket, or kind and number of records.
    pub summary: String,
    /// The route that answered.
    pub route: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
    /// The HTTP status, where there is one.
    pub status: Option<u16>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What it cost at the table.
    pub cost: Cost,
}

/// What triggered an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The HTTP API.
    Http,
    /// The WebSocket API.
    Socket,
    /// The stream of a table.
    Stream,
    /// A queue.
    Queue,
    /// A schedule, or somebody by hand.
    Schedule,
}

impl Functions {
    /// Invokes the function with this logical id or binary, with a request id of its own and the template's timeout.
    pub async fn invoke(&self, function: &str, event: Value) -> Answer {
        todo!()
    }

    /// The latest invocations, newest first: at most 500.
    pub fn recent(&self) -> Vec<Invocation> {
        todo!()
    }
}
