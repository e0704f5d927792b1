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
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
struct Attributes {
    /// A number, which SQS writes as a text.
    #[serde(rename = "ApproximateReceiveCount")]
    receives: Option<String>,
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

/// An event as a queue hands it out.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event.
    pub happened: Happened,
    /// How often it was handed out, this time included.
    pub receives: u32,
}

impl Delivery {
    /// Whether it will not come again, from a queue that hands out everything so often.
    pub fn is_last(&self, tries: u32) -> bool {
        self.receives >= tries
    }
}

/// What becomes of a message with which nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is done.
    Done,
    /// It is too early for it, and it is to come again.
    Later,
}

/// Hands every event of the batch to `handle`, one after the other.
pub async fn each<F: Future<Output = Result<()>>>(
    app: &App,
    batch: Batch,
    handle: impl Fn(App, Happened) -> F,
) -> Failures {
    let handle = |app, delivery: Delivery| {
        let handled = handle(app, delivery.happened);
        async { handled.await.map(|()| Then::Done) }
    };
    each_delivery(app, batch, handle).await
}

/// The same for who wants to know how often an event came, or has it come later.
pub async fn each_delivery<F: Future<Output = Result<Then>>>(
    app: &App,
    batch: Batch,
    handle: impl Fn(App, Delivery) -> F,
) -> Failures {
    let mut failures = Failures::default();
    for Message { message_id, body, attributes } in batch.messages {
        let receives = attributes.receives.and_then(|receives| receives.parse().ok()).unwrap_or(1);
        let then = match serde_json::from_str::<Envelope>(&body) {
            Ok(Envelope { detail }) => handle(app.clone(), Delivery { happened: detail, receives }).await,
            // It will fail again until it lands in the dead-letter queue, where somebody looks at it.
            Err(cause) => Err(crate::Error::internal("A message is not one of our events.", cause)),
        };
        match then {
            Ok(Then::Done) => {}
            Ok(Then::Later) => failures.add(message_id),
            Err(error) => {
                tracing::error!(message.id = message_id, "{error}");
                failures.add(message_id);
            }
        }
    }
    failures
}
