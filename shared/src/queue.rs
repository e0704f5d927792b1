//! Messages from queues: each is taken by itself, and only those that failed come again.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::events::Happened;

/// A batch of messages, as SQS hands it to a function.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

/// An event as the bus delivers it; the rest of its envelope is of no interest.
#[derive(Deserialize)]
struct Envelope {
    detail: Happened,
}

/// Which messages, or which records of a stream, are to come again.
#[derive(Debug, Default, Serialize)]
pub struct Failures {
    #[serde(rename = "batchItemFailures")]
    failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    #[serde(rename = "itemIdentifier")]
    item: String,
}

impl Failures {
    /// Has one more come again.
    pub fn add(&mut self, item: impl Into<String>) {
        self.failures.push(Failure { item: item.into() });
    }
}

/// Hands every event of the batch to `handle`, one after the other.
pub async fn each<F: Future<Output = Result<()>>>(
    app: &App,
    batch: Batch,
    handle: impl Fn(App, Happened) -> F,
) -> Failures {
    let mut failures = Failures::default();
    for Message { message_id, body } in batch.messages {
        let done = match serde_json::from_str::<Envelope>(&body) {
            Ok(Envelope { detail }) => handle(app.clone(), detail).await,
            // It will fail again until it lands in the dead-letter queue, where somebody looks at it.
            Err(cause) => Err(crate::Error::internal("A message is not one of our events.", cause)),
        };
        if let Err(error) = done {
            tracing::error!(message.id = message_id, "{error}");
            failures.add(message_id);
        }
    }
    failures
}
