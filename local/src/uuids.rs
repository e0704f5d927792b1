//! Ids in the form that AWS gives requests, messages and events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes UUIDs. Cloning shares the counter.
#[derive(Clone, Debug)]
pub struct Uuids(Option<Arc<AtomicU64>>);

impl Uuids {
    /// Random ones.
    pub fn random() -> Uuids {
        Uuids(None)
    }

    /// `00000000-0000-4000-8000-000000000001` and so on, so that tests see the same every time.
    pub fn counting() -> Uuids {
        Uuids(Some(Arc::default()))
    }

    /// The next one.
    pub fn next(&self) -> String {
        let mut bytes = [0; 16];
        let count = self.0.as_ref().map(|counter| counter.fetch_add(1, Ordering::Relaxed) + 1);
        match count {
            Some(count) => bytes[8..].copy_from_slice(&count.to_be_bytes()),
            // Without chance the ids would repeat, and messages be taken for one another: nothing here can go on.
            None => getrandom::fill(&mut bytes).expect("the system gives random bytes"),
        }
        // Version 4, variant 1: what programs expect that look.
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_ones_count_and_random_ones_differ() {
        let counting = Uuids::counting();
        assert_eq!(counting.next(), "00000000-0000-4000-8000-000000000001");
        assert_eq!(counting.clone().next(), "00000000-0000-4000-8000-000000000002");
        let random = Uuids::random();
        assert_ne!(random.next(), random.next());
    }
}
