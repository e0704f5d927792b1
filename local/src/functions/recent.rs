//! What the functions were asked lately, as the local page shows it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::lambda::Answer;
use shared::meter::Cost;

use crate::template::STACK;

const KEPT: usize = 500;
/// Characters of a schedule's input that are shown.
const SUMMARY: usize = 120;

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

impl Invocation {
    /// An invocation that has just begun.
    pub(super) fn begin(function: &str, request_id: &str, event: &Value, at: DateTime<Utc>) -> Invocation {
        let (trigger, summary) = describe(event);
        Invocation {
            at,
            function: function.to_owned(),
            trigger,
            request_id: request_id.to_owned(),
            summary,
            route: None,
            duration_ms: 0.0,
            status: None,
            error: None,
            cost: Cost::default(),
        }
    }

    /// The same, now that it is over.
    pub(super) fn end(self, took: Duration, answer: &Answer) -> Invocation {
        let status = answer.outcome.as_ref().ok().and_then(|response| response.get("statusCode"));
        Invocation {
            route: answer.route.clone(),
            duration_ms: took.as_secs_f64() * 1000.0,
            status: status.and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok()),
            error: answer.outcome.as_ref().err().cloned(),
            cost: answer.cost,
            ..self
        }
    }
}

/// What an event is about.
fn describe(event: &Value) -> (Trigger, String) {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if event.pointer("/requestContext/http").is_some() {
        let method = text("/requestContext/http/method");
        return (Trigger::Http, format!("{method} {}", text("/requestContext/http/path")));
    }
    if event.pointer("/requestContext/connectionId").is_some() {
        let route = text("/requestContext/routeKey");
        return (Trigger::Socket, format!("{route} {}", text("/requestContext/connectionId")));
    }
    let count = event["Records"].as_array().map_or(0, Vec::len);
    let plural = if count == 1 { "" } else { "s" };
    let from = text("/Records/0/eventSourceARN");
    let without_stack = |name: &str| name.trim_start_matches(STACK).trim_start_matches('-').to_owned();
    match text("/Records/0/eventSource") {
        "aws:sqs" => {
            let queue = without_stack(from.rsplit(':').next().unwrap_or_default());
            (Trigger::Queue, format!("{count} message{plural} of {queue}"))
        }
        "aws:dynamodb" => {
            let table = without_stack(from.split('/').nth(1).unwrap_or_default());
            (Trigger::Stream, format!("{count} change{plural} of {table}"))
        }
        _ => (Trigger::Schedule, event.to_string().chars().take(SUMMARY).collect()),
    }
}

/// The latest invocations.
#[derive(Default)]
pub(super) struct Recent(Mutex<VecDeque<Invocation>>);

impl Recent {
    pub(super) fn keep(&self, invocation: Invocation) {
        let mut all = self.all();
        all.truncate(KEPT - 1);
        all.push_front(invocation);
    }

    pub(super) fn list(&self) -> Vec<Invocation> {
        self.all().iter().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Invocation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_says_what_it_is_about() {
        let http = json!({ "requestContext": { "http": { "method": "GET", "path": "/users/1" } } });
        assert_eq!(describe(&http), (Trigger::Http, "GET /users/1".to_owned()));
        let socket = json!({ "requestContext": { "connectionId": "abc=", "routeKey": "$connect" } });
        assert_eq!(describe(&socket), (Trigger::Socket, "$connect abc=".to_owned()));
        let arn = "arn:aws:sqs:us-east-1:000000000000:guildhall-LettersQueue";
        let queue = json!({ "Records": [{ "eventSource": "aws:sqs", "eventSourceARN": arn }] });
        assert_eq!(describe(&queue), (Trigger::Queue, "1 message of LettersQueue".to_owned()));
        let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/guildhall-MainTable/stream/1";
        let change = json!({ "eventSource": "aws:dynamodb", "eventSourceARN": arn });
        let stream = json!({ "Records": [change, change] });
        assert_eq!(describe(&stream), (Trigger::Stream, "2 changes of MainTable".to_owned()));
        assert_eq!(describe(&json!({ "job": "clean-up" })), (Trigger::Schedule, r#"{"job":"clean-up"}"#.to_owned()));
    }

    #[test]
    fn only_the_latest_are_kept() {
        let recent = Recent::default();
        for number in 0..KEPT + 7 {
            recent.keep(Invocation::begin("accounts", &number.to_string(), &Value::Null, Utc::now()));
        }
        let list = recent.list();
        assert_eq!((list.len(), list[0].request_id.as_str()), (KEPT, "506"));
    }
}
