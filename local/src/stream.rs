//! The stream: hands the changes of a table to its function, in order, until they are done.

use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::cloud::Cloud;
use crate::delivery::{Delivery, Verdict};
use crate::template::{Source, StreamSource, Template};

/// A finished invocation wakes the reader; this is for what writes to the table by itself.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// How long a reader that was woken lets changes gather, so that those of one moment make one batch. Lambda itself looks
/// four times a second.
const GATHERING: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Records that were read before the stream is trimmed behind them.
const TRIM_AFTER: usize = 1_000;

/// DynamoDB hands out no more records at once.
const READ_AT_ONCE: usize = 1_000;

/// The changes of one table, on their way to one function.
pub(crate) struct StreamConsumer {
    function: String,
    source: StreamSource,
    table: String,
    /// Everybody who reads this table's stream, by the names of their checkpoints.
    readers: Vec<String>,
    progress: Mutex<Progress>,
}

/// How far a consumer has come.
#[derive(Debug, Default)]
struct Progress {
    /// The last record that is done; known once the checkpoint was read.
    after: Option<Option<String>>,
    /// How often the batch that comes next has failed.
    failures: u32,
    /// The size of the next batch, where a larger one failed.
    shrunk: Option<usize>,
    /// Records that are done but not trimmed.
    untrimmed: usize,
}

/// What came of one look at the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// There was nothing.
    Idle,
    /// Something is done.
    Moved,
    /// A batch has failed so many times and will be tried again.
    Failed(u32),
}

/// What to do after a batch.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Go on after this many records of it.
    Advance(usize),
    /// Try again with at most this many records.
    Retry(usize),
    /// Leave the whole batch behind.
    GiveUp,
}

impl StreamConsumer {
    /// Every consumer that the template has.
    pub(crate) fn all(template: &Template) -> Vec<StreamConsumer> {
        let sources: Vec<(&str, &StreamSource, &str)> = template
            .functions
            .iter()
            .flat_map(|function| function.sources.iter().map(move |source| (function, source)))
            .filter_map(|(function, source)| match source {
                Source::Stream(source) => {
                    let table = template.tables.iter().find(|table| table.id == source.table)?;
                    Some((function.id.as_str(), source, table.name.as_str()))
                }
                _ => None,
            })
            .collect();
        let readers = |name: &str| {
            let same = sources.iter().filter(|(_, _, table)| *table == name);
            same.map(|(function, _, table)| checkpoint(function, table)).collect()
        };
        sources
            .iter()
            .map(|(function, source, table)| StreamConsumer {
                function: (*function).to_owned(),
                source: (*source).clone(),
                table: (*table).to_owned(),
                readers: readers(table),
                progress: Mutex::default(),
            })
            .collect()
    }

    /// Delivers one batch, if there is one.
    pub(crate) async fn pass(&self, cloud: &Cloud, delivery: Delivery) -> Result<Pass, String> {
        let mut progress = self.progress.lock().await;
        let after = match &progress.after {
            Some(after) => after.clone(),
            None => cloud.state().checkpoint(&checkpoint(&self.function, &self.table))?,
        };
        progress.after = Some(after.clone());
        // Shuffling tears batches apart, so it begins with more than one.
        let whole = self.source.batch_size as usize * if delivery == Delivery::Shuffled { 10 } else { 1 };
        let limit = progress.shrunk.unwrap_or(whole);
        let records = cloud.dynamo().stream_records(&self.table, after.as_deref(), limit)?;
        if records.is_empty() {
            return Ok(Pass::Idle);
        }
        let verdicts = self.deliver(cloud, &records, delivery).await;
        match next_step(&self.source, &records, &verdicts, progress.failures) {
            Step::Advance(count) => {
                self.advance(cloud, &mut progress, &records[..count])?;
                // A batch that was done in part counts as tried once, and goes on where it failed.
                progress.failures = u32::from(count < records.len());
                Ok(Pass::Moved)
            }
            Step::Retry(limit) => {
                // Looking closer at a batch is not another try.
                progress.failures += u32::from(limit == records.len());
                progress.shrunk = (limit < whole).then_some(limit);
                Ok(Pass::Failed(progress.failures))
            }
            Step::GiveUp => {
                if let Some(queue) = &self.source.on_failure {
                    cloud
                        .state()
                        .enqueue(queue, &self.obituary(cloud, &records, progress.failures + 1)?.to_string())?;
                }
                tracing::error!(table = self.table, "{} changes were given up.", records.len());
                self.advance(cloud, &mut progress, &records)?;
                Ok(Pass::Moved)
            }
        }
    }

    /// Trims what is left, where there is time for it.
    async fn rest(&self, cloud: &Cloud) {
        if let Err(error) = self.trim(cloud, &mut *self.progress.lock().await, 1) {
            tracing::error!(table = self.table, "{error}");
        }
    }

    /// What its function has yet to be given.
    pub(crate) fn unread(&self, cloud: &Cloud) -> Result<Vec<Value>, String> {
        let mut unread = Vec::new();
        let mut after = cloud.state().checkpoint(&checkpoint(&self.function, &self.table))?;
        loop {
            let records = cloud.dynamo().stream_records(&self.table, after.as_deref(), READ_AT_ONCE)?;
            let Some(last) = records.last() else { return Ok(unread) };
            after = Some(sequence(last).to_owned());
            unread.extend(records);
        }
    }

    async fn deliver(&self, cloud: &Cloud, records: &[Value], delivery: Delivery) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let taken: Vec<&Value> = records.iter().filter(|record| self.source.takes(record)).collect();
        if taken.is_empty() {
            return verdicts;
        }
        for batch in delivery.batches(&taken) {
            let answer = cloud.functions().invoke(&self.function, json!({ "Records": batch })).await;
            let identifiers: Vec<&str> = batch.iter().map(|record| sequence(record)).collect();
            verdicts.push(Verdict::read(&answer.outcome, &identifiers, self.source.reports_failures));
        }
        verdicts
    }

    /// Notes durably that these records are done, and goes on behind them.
    fn advance(&self, cloud: &Cloud, progress: &mut Progress, done: &[Value]) -> Result<(), String> {
        let Some(last) = done.last() else { return Ok(()) };
        cloud.state().keep_checkpoint(&checkpoint(&self.function, &self.table), sequence(last))?;
        let untrimmed = progress.untrimmed + done.len();
        *progress = Progress { after: Some(Some(sequence(last).to_owned())), untrimmed, ..Progress::default() };
        self.trim(cloud, progress, TRIM_AFTER)
    }

    /// Trims the stream if at least so many records are done.
    fn trim(&self, cloud: &Cloud, progress: &mut Progress, at_least: usize) -> Result<(), String> {
        if progress.untrimmed < at_least {
            return Ok(());
        }
        let read = self.readers.iter().map(|reader| cloud.state().checkpoint(reader));
        // Sequence numbers are all of one length, so the least as text is the least.
        if let Some(before) = read.collect::<Result<Option<Vec<_>>, _>>()?.and_then(|read| read.into_iter().min()) {
            cloud.dynamo().trim_stream(&self.table, &before)?;
        }
        progress.untrimmed = 0;
        Ok(())
    }

    /// What the failure queue hears of a batch that was given up.
    fn obituary(&self, cloud: &Cloud, records: &[Value], tries: u32) -> Result<Value, String> {
        let now = cloud.clock().now().to_rfc3339_opts(SecondsFormat::Millis, true);
        Ok(json!({
            "version": "1.0",
            "timestamp": now,
            "requestContext": {
                "functionArn": cloud.template().function(&self.function).map(|function| &function.arn),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": tries,
            },
            "DDBStreamBatchInfo": {
                "shardId": dynoxide::streams::shard_id(&self.table),
                "startSequenceNumber": records.first().map(sequence),
                "endSequenceNumber": records.last().map(sequence),
                "batchSize": records.len(),
                "streamArn": cloud.dynamo().stream_arn(&self.table)?,
            },
        }))
    }

    /// Delivers changes as they come.
    pub(crate) async fn keep_running(self: Arc<Self>, cloud: Cloud) {
        loop {
            // Listening begins before looking, so that no write goes unnoticed in between.
            let mut finished = std::pin::pin!(cloud.functions().finished().notified());
            finished.as_mut().enable();
            match self.pass(&cloud, Delivery::Once).await {
                Ok(Pass::Moved) => {}
                Ok(Pass::Idle) => match tokio::time::timeout(LONGEST_WAIT, finished).await {
                    Ok(()) => tokio::time::sleep(GATHERING).await,
                    Err(_) => self.rest(&cloud).await,
                },
                Ok(Pass::Failed(times)) => {
                    let pause = FIRST_PAUSE.saturating_mul(1 << times.min(16));
                    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
                }
                Err(error) => {
                    tracing::error!(table = self.table, "{error}");
                    tokio::time::sleep(LONGEST_PAUSE.min(Duration::from_secs(1))).await;
                }
            }
        }
    }
}

/// The name under which a consumer notes how far it has come.
fn checkpoint(function: &str, table: &str) -> String {
    format!("{function} reads {table}")
}

fn sequence(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}

/// What to do after a batch that was delivered as often as there are verdicts and had failed before so many times.
fn next_step(source: &StreamSource, records: &[Value], verdicts: &[Verdict], failures: u32) -> Step {
    let first_failed = match verdicts {
        _ if verdicts.iter().all(|verdict| *verdict == Verdict::Done) => records.len(),
        // Lambda goes on at the first record that failed. After disorder nothing is before anything.
        [Verdict::Failed(named)] => records.iter().position(|record| named.contains(sequence(record))).unwrap_or(0),
        _ => 0,
    };
    if first_failed > 0 {
        return Step::Advance(first_failed);
    }
    if source.bisects && records.len() > 1 {
        return Step::Retry(records.len() / 2);
    }
    match source.maximum_retries {
        Some(most) if most <= failures => Step::GiveUp,
        _ => Step::Retry(records.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn source() -> StreamSource {
        StreamSource {
            table: "Main".to_owned(),
            batch_size: 4,
            maximum_retries: Some(2),
            bisects: false,
            reports_failures: true,
            filters: vec![],
            on_failure: None,
        }
    }

    fn records() -> Vec<Value> {
        ["11", "12", "13", "14"].map(|number| json!({ "dynamodb": { "SequenceNumber": number } })).to_vec()
    }

    fn failed(numbers: &[&str]) -> Verdict {
        Verdict::Failed(numbers.iter().map(|number| (*number).to_owned()).collect::<BTreeSet<_>>())
    }

    #[test]
    fn a_batch_goes_on_at_its_first_failure() {
        let step = |verdict| next_step(&source(), &records(), &[verdict], 0);
        assert_eq!(step(Verdict::Done), Step::Advance(4));
        assert_eq!(step(failed(&["14", "13"])), Step::Advance(2));
        assert_eq!(step(failed(&["11"])), Step::Retry(4));
        assert_eq!(step(Verdict::FailedWhole), Step::Retry(4));
    }

    #[test]
    fn after_its_last_try_a_batch_is_given_up() {
        let step = |failures| next_step(&source(), &records(), &[Verdict::FailedWhole], failures);
        assert_eq!((step(1), step(2)), (Step::Retry(4), Step::GiveUp));
        let patient = StreamSource { maximum_retries: None, ..source() };
        assert_eq!(next_step(&patient, &records(), &[Verdict::FailedWhole], 1_000), Step::Retry(4));
    }

    #[test]
    fn a_batch_is_halved_until_one_record_stands_alone() {
        let halving = StreamSource { bisects: true, ..source() };
        let step = |count: usize| next_step(&halving, &records()[..count], &[Verdict::FailedWhole], 2);
        assert_eq!((step(4), step(2), step(1)), (Step::Retry(2), Step::Retry(1), Step::GiveUp));
    }

    #[test]
    fn after_disorder_a_failure_counts_for_all() {
        let verdicts = [Verdict::Done, failed(&["13"])];
        assert_eq!(next_step(&source(), &records(), &verdicts, 0), Step::Retry(4));
        assert_eq!(next_step(&source(), &records(), &[Verdict::Done, Verdict::Done], 0), Step::Advance(4));
    }
}
