//! Queues: hand their messages to the functions that wait for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::cloud::Cloud;
use crate::delivery::{Delivery, Verdict};
use crate::state::Message;
use crate::template::{ACCOUNT, Queue, QueueSource, REGION, Source, Template};

/// How many batches of one queue are worked on at once where the template does not say.
const CONCURRENCY: u32 = 5;
/// How long to wait at most before looking again, whatever is said to be there.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The messages of one queue, on their way to one function.
pub(crate) struct QueueConsumer {
    function: String,
    source: QueueSource,
    queue: Queue,
}

impl QueueConsumer {
    /// Every consumer that the template has.
    pub(crate) fn all(template: &Template) -> Vec<QueueConsumer> {
        let sources = template.functions.iter().flat_map(|function| {
            function.sources.iter().filter_map(|source| match source {
                Source::Queue(source) => Some((function.id.clone(), source.clone())),
                _ => None,
            })
        });
        sources
            .filter_map(|(function, source)| {
                let queue = template.queue(&source.queue)?.clone();
                Some(QueueConsumer { function, source, queue })
            })
            .collect()
    }

    /// Delivers one batch, if messages are in sight, and says whether there were any.
    pub(crate) async fn pass(&self, cloud: &Cloud, delivery: Delivery) -> Result<bool, String> {
        // Shuffling tears batches apart, so it begins with more than one.
        let limit = self.source.batch_size * if delivery == Delivery::Shuffled { 10 } else { 1 };
        let messages = cloud.state().receive(&self.queue, limit as usize)?;
        if messages.is_empty() {
            return Ok(false);
        }
        self.deliver(cloud, messages, delivery).await.map(|()| true)
    }

    /// Delivers messages and deletes those that are done; the others come back when their time out of sight is over.
    async fn deliver(&self, cloud: &Cloud, messages: Vec<Message>, delivery: Delivery) -> Result<(), String> {
        let mut failed = BTreeSet::new();
        for batch in delivery.batches(&messages) {
            let records: Vec<Value> = batch.iter().map(|message| record(message, &self.queue)).collect();
            let answer = cloud.functions().invoke(&self.function, json!({ "Records": records })).await;
            let ids: Vec<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
            match Verdict::read(&answer.outcome, &ids, self.source.reports_failures) {
                Verdict::Done => {}
                Verdict::Failed(named) => failed.extend(named),
                Verdict::FailedWhole => failed.extend(ids.into_iter().map(str::to_owned)),
            }
        }
        let done: Vec<&Message> = messages.iter().filter(|message| !failed.contains(&message.message_id)).collect();
        cloud.state().delete(&done)
    }

    /// Delivers messages as they come.
    pub(crate) async fn keep_running(self: Arc<Self>, cloud: Cloud) {
        let slots = Arc::new(Semaphore::new(self.source.maximum_concurrency.unwrap_or(CONCURRENCY) as usize));
        let Some(arrivals) = cloud.state().arrivals(&self.queue.id) else { return };
        loop {
            // The semaphore is never closed, so this only waits.
            let Ok(slot) = slots.clone().acquire_owned().await else { return };
            // Listening begins before looking, so that nothing arrives unheard in between.
            let mut arrival = std::pin::pin!(arrivals.notified());
            arrival.as_mut().enable();
            match cloud.state().receive(&self.queue, self.source.batch_size as usize) {
                Ok(messages) if messages.is_empty() => {
                    let next = cloud.state().next_visible(&self.queue.id).ok().flatten();
                    let wait = next.and_then(|next| (next - cloud.clock().now()).to_std().ok());
                    let wait = wait.map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
                    let _ = tokio::time::timeout(wait.max(Duration::from_millis(1)), arrival).await;
                }
                Ok(messages) => {
                    let (consumer, cloud) = (self.clone(), cloud.clone());
                    tokio::spawn(async move {
                        if let Err(error) = consumer.deliver(&cloud, messages, Delivery::Once).await {
                            tracing::error!(queue = consumer.queue.id, "{error}");
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::error!(queue = self.queue.id, "{error}");
                    tokio::time::sleep(LONGEST_WAIT).await;
                }
            }
        }
    }
}

/// A message as Lambda gets it.
fn record(message: &Message, queue: &Queue) -> Value {
    let first_received_at = message.first_received_at.unwrap_or(message.sent_at);
    json!({
        "messageId": message.message_id,
        "receiptHandle": format!("{}-{}", message.message_id, message.receives),
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": message.sent_at.timestamp_millis().to_string(),
            "SenderId": ACCOUNT,
            "ApproximateFirstReceiveTimestamp": first_received_at.timestamp_millis().to_string(),
        },
        "messageAttributes": {},
        "md5OfBody": hex(&Md5::digest(message.body.as_bytes())),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": REGION,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Redrive;

    #[test]
    fn a_record_is_sqs_own() {
        let at = "2026-11-20T09:30:00Z".parse().unwrap();
        let message = Message {
            id: 1,
            message_id: "m-1".to_owned(),
            queue: "Letters".to_owned(),
            body: "{}".to_owned(),
            sent_at: at,
            visible_at: at,
            receives: 2,
            first_received_at: Some(at),
            failed_in: None,
        };
        let redrive = Some(Redrive { dead_letters: "Dead".to_owned(), maximum_receives: 5 });
        let queue = Queue {
            id: "Letters".to_owned(),
            arn: "arn:letters".to_owned(),
            delay: 0,
            visibility_timeout: 30,
            redrive,
        };
        let record = record(&message, &queue);
        assert_eq!(record["md5OfBody"], "99914b932bd37a50b983c5e7c90ae93b");
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "2");
        assert_eq!(record["attributes"]["SentTimestamp"], "1795167000000");
        assert_eq!(record["eventSourceARN"], "arn:letters");
    }
}
