//! Letters: what became of each, without its text and without the address it went to.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::store::{IndexKey, Key, Stored, keys};

/// How long a letter is known; queues keep messages for two weeks at most.
pub const REMEMBERED: Duration = Duration::days(30);
/// How often a queue hands out a message before it goes to the dead letters; `template.yaml` says the same.
pub const TRIES: u32 = 5;
/// Nobody tries for longer; what has not gone out by then was given up for another reason than its tries.
const TRIED_FOR: Duration = Duration::hours(6);

/// A letter's record. It lies with its member, if it goes to one, and goes with them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LetterRecord {
    /// Names the letter: made from what it is about.
    pub letter: String,
    /// The event that it tells of.
    pub about: String,
    /// To whom; none stands for whoever runs the house.
    pub member: Option<MemberId>,
    /// Whether it has gone out.
    pub sent: bool,
    /// How often it failed to.
    pub tries: u32,
    /// Why it failed the last time, in a word.
    pub error: Option<String>,
    /// Until when somebody is at it.
    pub claimed_until: DateTime<Utc>,
    /// When it was first taken up.
    pub written_at: DateTime<Utc>,
}

/// How a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has gone out.
    Sent,
    /// It has not, and will be tried again.
    Waiting,
    /// It will not be tried again unless somebody sees to it.
    Failed,
}

impl LetterRecord {
    /// How it stands now.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if self.sent {
            Standing::Sent
        } else if self.tries >= TRIES || now > self.claimed_until + TRIED_FOR {
            Standing::Failed
        } else {
            Standing::Waiting
        }
    }
}

impl Stored for LetterRecord {
    fn key(&self) -> Key {
        keys::letter(self.member, &self.letter)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_letter(self.written_at, &self.letter))
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.written_at + REMEMBERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_fails_for_good_after_its_last_try_or_when_nobody_is_at_it_any_more() {
        let now = DateTime::UNIX_EPOCH;
        let record = LetterRecord {
            letter: "7".to_owned(),
            about: "NameLocked".to_owned(),
            member: Some(MemberId(1)),
            sent: false,
            tries: TRIES - 1,
            error: None,
            claimed_until: now,
            written_at: now,
        };
        assert_eq!(record.standing(now), Standing::Waiting);
        assert_eq!(record.standing(now + TRIED_FOR + Duration::seconds(1)), Standing::Failed);
        assert_eq!(LetterRecord { tries: TRIES, ..record.clone() }.standing(now), Standing::Failed);
        assert_eq!(LetterRecord { tries: TRIES, sent: true, ..record }.standing(now), Standing::Sent);
    }
}
