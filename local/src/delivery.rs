//! How batches are delivered, and what a function's answer says of them.
//!
//! Streams and queues deliver at least once and in no promised order, and a test can ask for the worst of both.

use std::collections::BTreeSet;

use serde_json::Value;

/// How [`Cloud::settle`](crate::Cloud::settle) delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Everything once, in order.
    Once,
    /// Every batch twice.
    Twice,
    /// Every record twice and out of order.
    Shuffled,
}

/// The size of batches when everything is shuffled: small and odd, so that what belongs together is torn apart.
const SHUFFLED_BATCH: usize = 7;

impl Delivery {
    /// The batches, in the order in which they are delivered.
    pub(crate) fn batches<T: Clone>(self, items: &[T]) -> Vec<Vec<T>> {
        match self {
            Delivery::Once => vec![items.to_vec()],
            Delivery::Twice => vec![items.to_vec(), items.to_vec()],
            Delivery::Shuffled => {
                let every_second = |first: usize| items.iter().skip(first).step_by(2).rev();
                let all: Vec<T> = every_second(1).chain(every_second(0)).chain(items.iter().rev()).cloned().collect();
                all.chunks(SHUFFLED_BATCH).map(<[T]>::to_vec).collect()
            }
        }
    }
}

/// What a function's answer says of its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every record is done.
    Done,
    /// These records have to be delivered again.
    Failed(BTreeSet<String>),
    /// Nothing is known to be done.
    FailedWhole,
}

impl Verdict {
    /// Reads an answer. `identifiers` are the batch's own; an answer that names another means nothing is known.
    pub(crate) fn read(answer: &Result<Value, String>, identifiers: &[&str], reports_failures: bool) -> Verdict {
        let Ok(answer) = answer else { return Verdict::FailedWhole };
        if !reports_failures {
            return Verdict::Done;
        }
        let failures = match &answer["batchItemFailures"] {
            Value::Null => return Verdict::Done,
            Value::Array(failures) => failures,
            _ => return Verdict::FailedWhole,
        };
        let named: Option<BTreeSet<String>> =
            failures.iter().map(|failure| Some(failure["itemIdentifier"].as_str()?.to_owned())).collect();
        match named {
            Some(named) if named.is_empty() => Verdict::Done,
            Some(named) if named.iter().all(|name| identifiers.contains(&name.as_str())) => Verdict::Failed(named),
            _ => Verdict::FailedWhole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shuffling_delivers_everything_twice_and_out_of_order() {
        let items: Vec<u32> = (0..10).collect();
        let batches = Delivery::Shuffled.batches(&items);
        let mut all: Vec<u32> = batches.concat();
        assert_ne!(all[..10], items);
        all.sort_unstable();
        assert!(all.chunks(2).enumerate().all(|(item, twice)| twice == [item as u32; 2]));
        assert_eq!(Delivery::Twice.batches(&items), [items.clone(), items.clone()]);
    }

    #[test]
    fn an_answer_is_read_as_lambda_reads_it() {
        let read = |answer, reports| Verdict::read(&answer, &["1", "2"], reports);
        assert_eq!(read(Ok(Value::Null), true), Verdict::Done);
        assert_eq!(read(Ok(json!({ "batchItemFailures": [] })), true), Verdict::Done);
        let second = json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] });
        assert_eq!(read(Ok(second.clone()), true), Verdict::Failed(BTreeSet::from(["2".to_owned()])));
        assert_eq!(read(Ok(second), false), Verdict::Done);
        assert_eq!(read(Err("panicked".to_owned()), false), Verdict::FailedWhole);
        for nonsense in [json!([{ "itemIdentifier": "3" }]), json!([{ "itemIdentifier": "" }]), json!([{}]), json!(7)] {
            assert_eq!(read(Ok(json!({ "batchItemFailures": nonsense })), true), Verdict::FailedWhole);
        }
    }
}
