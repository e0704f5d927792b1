//! The second factor: a secret that the member's authenticator shares with us, and codes for when that is lost.
//!
//! Codes follow RFC 6238, in the one form that every authenticator knows: HMAC-SHA-1, six digits, half a minute each.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use totp_rs::{Builder, Secret, Totp};

use crate::ids::MemberId;
use crate::store::{Change, Condition, Key, Stored, keys};

/// The digits of a code.
pub const DIGITS: usize = 6;
/// How long a code stands, in seconds; the one before and the one after it are taken, too, since clocks differ.
pub const STEP: u64 = 30;
/// How many recovery codes a member gets at a time.
pub const RECOVERY_CODES: usize = 10;
/// The letters of a recovery code, its hyphen in the middle included.
pub const RECOVERY_LENGTH: usize = 11;

/// Letters that nobody takes for one another, 32 of them.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How long a secret waits for its first code.
const UNCONFIRMED: Duration = Duration::hours(1);

/// A member's second factor. It does not print.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecondFactor {
    /// Whose.
    pub member: MemberId,
    /// The shared secret, base32.
    pub secret: String,
    /// When it was made.
    pub begun_at: DateTime<Utc>,
    /// When the first code proved that the authenticator has it. Until then it counts for nothing.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The latest step whose code was used: this one and those before it are used up.
    pub last_step: i64,
    /// The digests of the recovery codes that are left.
    pub recovery: Vec<String>,
}

impl SecondFactor {
    /// One that waits for its first code, with a secret of 20 random bytes.
    pub fn begin(member: MemberId, secret: [u8; 20], now: DateTime<Utc>) -> SecondFactor {
        let secret = Secret::from(secret).to_base32();
        SecondFactor { member, secret, begun_at: now, confirmed_at: None, last_step: 0, recovery: Vec::new() }
    }

    /// What it is once this code was used, if that is a good one: of the authenticator, or for recovery.
    pub fn after(&self, code: &str, now: DateTime<Utc>) -> Option<SecondFactor> {
        let code: String = code.chars().filter(|char| !char.is_whitespace()).take(64).collect();
        self.after_step(&code, now).or_else(|| self.after_recovery(&code))
    }

    fn after_step(&self, code: &str, now: DateTime<Utc>) -> Option<SecondFactor> {
        let now = u64::try_from(now.timestamp()).ok()?;
        let step = i64::try_from(self.totp()?.check(code, now)?).ok()?;
        (step > self.last_step).then(|| SecondFactor { last_step: step, ..self.clone() })
    }

    fn after_recovery(&self, code: &str) -> Option<SecondFactor> {
        let digest = self.digest(&code.to_ascii_lowercase());
        let is_it = |known: &&String| -> bool { known.as_bytes().ct_eq(digest.as_bytes()).into() };
        self.recovery.iter().find(is_it)?;
        let left = self.recovery.iter().filter(|known| **known != digest).cloned().collect();
        Some(SecondFactor { recovery: left, ..self.clone() })
    }

    /// The same with these recovery codes and no others.
    pub fn with_recovery(&self, codes: &[String]) -> SecondFactor {
        SecondFactor { recovery: codes.iter().map(|code| self.digest(code)).collect(), ..self.clone() }
    }

    /// What makes of it what `new` is, unless it was used or replaced since it was read.
    pub fn becomes(&self, new: &SecondFactor) -> Change {
        Change::between(self.key(), self, new).when(self.unchanged())
    }

    /// That nothing has happened to it since it was read.
    pub fn unchanged(&self) -> Condition {
        Condition::equals("secret", &self.secret)
            .and(Condition::equals("last_step", self.last_step))
            .and(Condition::equals("recovery", &self.recovery))
    }

    /// 128 bits of SHA-256, with the member in it.
    fn digest(&self, code: &str) -> String {
        let digest =
            Sha256::new().chain_update(self.member.to_string()).chain_update([0]).chain_update(code).finalize();
        digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn totp(&self) -> Option<Totp> {
        Builder::new().with_secret(Secret::try_from_base32(&self.secret).ok()?).with_step_duration(STEP).build().ok()
    }
}

impl Stored for SecondFactor {
    fn key(&self) -> Key {
        keys::second_factor(self.member)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        self.confirmed_at.is_none().then(|| self.begun_at + UNCONFIRMED)
    }
}

/// A recovery code made of random bytes: `xxxxx-xxxxx`, 50 bits.
pub fn recovery_code(random: [u8; 10]) -> String {
    let mut code: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    code.insert(5, '-');
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn factor() -> SecondFactor {
        SecondFactor::begin(MemberId(1), *b"12345678901234567890", at(0))
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert!(factor().after(code, at(seconds)).is_some(), "{seconds}");
        }
        assert_eq!(factor().secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_works_for_a_step_before_and_after_and_once() {
        let taken = |seconds| factor().after("081804", at(seconds)).is_some();
        // The code of the step that begins at 1,111,111,080.
        for (seconds, good) in
            [(1_111_111_049, false), (1_111_111_050, true), (1_111_111_139, true), (1_111_111_140, false)]
        {
            assert_eq!(taken(seconds), good, "{seconds}");
        }
        let used = factor().after("081 804", at(1_111_111_109)).unwrap();
        assert!(used.after("081804", at(1_111_111_109)).is_none());
        for code in ["", "81804", "0081804", "+81804", "08180x", "٠٨١٨٠٤", &"0".repeat(10_000)] {
            assert!(factor().after(code, at(1_111_111_109)).is_none(), "{code:?}");
        }
    }

    #[test]
    fn a_recovery_code_works_once_in_either_case() {
        let codes: Vec<_> = (0..3).map(|number| recovery_code([number; 10])).collect();
        assert_eq!(codes[2], "22222-22222");
        assert_eq!(recovery_code([255; 10]).len(), RECOVERY_LENGTH);
        let factor = factor().with_recovery(&codes);
        let used = factor.after(&recovery_code([1; 10]).to_uppercase(), at(0)).unwrap();
        assert_eq!(used.recovery.len(), 2);
        assert!(used.after(&codes[1], at(0)).is_none());
        assert!(used.after(&codes[0], at(0)).is_some());
        // The digest of another member's same code is another.
        let other = SecondFactor { member: MemberId(2), ..factor };
        assert!(other.after(&codes[0], at(0)).is_none());
    }
}
