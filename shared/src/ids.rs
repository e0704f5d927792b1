//! Ids: 53-bit integers, safe in JavaScript, ascending in time, needing no counter.
//!
//! The upper 41 bits are milliseconds since 2024-01-01 UTC. The lower 12 start at random in every millisecond and
//! count up within it, so ids made together by one function ascend in the order they were made. Two functions may
//! make the same id in the same millisecond: every create is conditional, and the loser takes another.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 2024-01-01T00:00:00Z in milliseconds since the Unix epoch.
const EPOCH_MILLIS: i64 = 1_704_067_200_000;
/// The largest integer that JavaScript represents exactly.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
const COUNTER_BITS: u32 = 12;

/// Makes ids. Cloning shares the counter.
#[derive(Clone, Debug)]
pub struct Ids(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    Random { last: u64 },
    Counting { last: u64 },
}

impl Ids {
    /// Ids made of time and chance, for everyone but tests.
    pub fn random() -> Ids {
        Ids(Arc::new(Mutex::new(State::Random { last: 0 })))
    }

    /// 1, 2, 3, …: for tests.
    pub fn counting() -> Ids {
        Ids(Arc::new(Mutex::new(State::Counting { last: 0 })))
    }

    /// The next id, greater than every id this source has made before.
    pub fn next(&self, now: DateTime<Utc>) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            State::Counting { last } => {
                *last += 1;
                *last
            }
            State::Random { last } => {
                let millis = u64::try_from(now.timestamp_millis() - EPOCH_MILLIS).unwrap_or(0);
                let first = (millis << COUNTER_BITS) | u64::from(random_bits());
                // A full counter, or a clock that went back, borrows from the milliseconds to come.
                *last = first.max(*last + 1) & MAX_SAFE_INTEGER;
                *last
            }
        }
    }
}

impl EventId {
    /// The id of whatever happened at this very microsecond: for what has a time and no id of its own.
    pub fn at(time: DateTime<Utc>) -> EventId {
        let micros = u64::try_from(time.timestamp_micros() - EPOCH_MILLIS * 1_000).unwrap_or(0);
        EventId(((micros / 1_000) << COUNTER_BITS | (micros % 1_000)) & MAX_SAFE_INTEGER)
    }

    /// The id that is so much older.
    pub fn earlier(self, by: chrono::Duration) -> EventId {
        let millis = u64::try_from(by.num_milliseconds()).unwrap_or(0);
        EventId(self.0.saturating_sub(millis << COUNTER_BITS))
    }
}

/// Eleven of the twelve bits, so that at least 2,048 ids fit after the first of a millisecond.
fn random_bits() -> u16 {
    let mut bytes = [0; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u16::from_le_bytes(bytes) >> 5,
        // Chance only spares a retry here; the create's condition keeps ids unique.
        Err(_) => 0,
    }
}

/// An id that is not a positive decimal integer below 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not an id")
    }
}

impl std::error::Error for NotAnId {}

/// Reads the one decimal form of an id: no sign, no leading zero, at most 2^53 - 1.
pub fn parse(text: &str) -> Result<u64, NotAnId> {
    let canonical = !text.starts_with('0') && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(id) if canonical && id <= MAX_SAFE_INTEGER => Ok(id),
        _ => Err(NotAnId),
    }
}

/// Declares a typed id: one line per kind of thing.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $name(#[schemars(range(min = 1, max = 9_007_199_254_740_991_u64))] pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map($name)
            }
        }
    };
}

id!(
    /// A person with an account.
    MemberId
);
id!(
    /// Something that a member wrote for others to see.
    PostId
);
id!(
    /// What a member said about a thing.
    CommentId
);
id!(
    /// Something that a member did and that shows in streams.
    ActionId
);
id!(
    /// Something that a member told the staff of.
    ReportId
);
id!(
    /// A conversation of two members.
    ThreadId
);
id!(
    /// A message of a conversation.
    MessageId
);
id!(
    /// Something that a member is told of.
    NoticeId
);
id!(
    /// A file that a member uploaded.
    FileId
);
id!(
    /// What a member is called on a platform, and what is known of them there.
    ProfileId
);
id!(
    /// A request for one's own data.
    ExportId
);
id!(
    /// Something that happened; also the id of its outbox record.
    EventId
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn ids_ascend_and_stay_safe_even_when_the_clock_goes_back() {
        let (ids, clock) = (Ids::random(), Clock::system());
        let mut last = 0;
        for step in 0..10_000 {
            let now = clock.now() - chrono::Duration::milliseconds(step % 7);
            let id = ids.next(now);
            assert!(last < id && id <= MAX_SAFE_INTEGER);
            last = id;
        }
    }

    #[test]
    fn only_the_canonical_form_is_an_id() {
        assert_eq!(parse("7"), Ok(7));
        assert_eq!(parse("9007199254740991"), Ok(MAX_SAFE_INTEGER));
        for text in ["", "0", "07", "+7", "-7", "7.0", "9007199254740992", "99999999999999999999", "七", " 7"] {
            assert_eq!(parse(text), Err(NotAnId), "{text:?}");
        }
    }
}
