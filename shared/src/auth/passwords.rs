//! Passwords: hashed with argon2id, and refused when they are easy to guess.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};
use crate::meter;

/// The shortest password, in characters.
pub const SHORTEST: usize = 8;
/// The longest password, in bytes: more would only cost time.
pub const LONGEST: usize = 1024;

/// The longest thing that passwords are compared with, in characters: an address.
const LONGEST_KNOWN: usize = 254;

/// 19 MiB, two passes, one lane: the first choice of OWASP's password storage cheat sheet for argon2id. The
/// parameters are part of every hash, so they can be raised without breaking old ones.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = 32;

/// 33 MiB in argon2's blocks of 1 KiB; see [`take_memory`].
const MAPPED_BLOCKS: usize = 33 * 1024;
/// How many wait for their turn, and memory on its way from one hash to the next.
static WAITING: AtomicUsize = AtomicUsize::new(0);
static SPARE: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// The hash of a password that nobody has, so that a login under an unknown name costs what any other costs.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$R3VpbGRoYWxsTm9ib2R5$fbAQuWd2uYQdkA3T1DwSTPnIfMGgkBdNVKxIT8mCOIE";

/// Common passwords in lower case, sorted; see `common_passwords.md` for where they come from.
static COMMON: &str = include_str!("common_passwords.txt");

/// One hash at a time per processor: more at once are no faster, and each takes 19 MiB.
static AT_ONCE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`SHORTEST`] characters.
    TooShort,
    /// More than [`LONGEST`] bytes.
    TooLong,
    /// Among those that everybody tries first.
    Common,
    /// Digits and nothing else.
    Numeric,
    /// Much like something that others know of the member.
    Similar,
}

/// Everything that makes a password easy to guess. `known` is what others know of the member: names, address.
pub fn weaknesses(password: &str, known: &[&str]) -> Vec<Weakness> {
    if password.len() > LONGEST {
        return vec![Weakness::TooLong];
    }
    let lower = password.to_lowercase();
    let tests = [
        (Weakness::Similar, similar_to(password, known).is_some()),
        (Weakness::TooShort, password.chars().count() < SHORTEST),
        (Weakness::Common, is_common(&lower)),
        (Weakness::Numeric, !password.is_empty() && password.chars().all(char::is_numeric)),
    ];
    tests.into_iter().filter(|(_, found)| *found).map(|(weakness, _)| weakness).collect()
}

/// Which of the things that others know of a member the password is much like: the place of the first.
pub fn similar_to(password: &str, known: &[&str]) -> Option<usize> {
    if password.len() > LONGEST {
        return None;
    }
    let lower = password.to_lowercase();
    // Nothing that is known of anybody is longer; whoever sends more only wants to see us work.
    let cut = |known: &str| known.to_lowercase().chars().take(LONGEST_KNOWN).collect::<String>();
    known.iter().position(|known| is_similar(&lower, &cut(known)))
}

/// Hashes a password, on a thread that may block.
pub async fn hash(password: String) -> Result<String> {
    work(move || {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).map_err(broken)?;
        let salt = Salt::generate();
        let output = compute(password.as_bytes(), &salt, &params)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(broken)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    })
    .await?
}

/// Whether `password` is the one that was hashed. Without a hash it does the same work and says no.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    work(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let parsed = PasswordHash::new(&hash).map_err(broken)?;
        let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else {
            return Err(broken("no salt or no hash"));
        };
        // The parameters of the hash, not ours of today.
        let output = compute(password.as_bytes(), salt, &Params::try_from(&parsed).map_err(broken)?)?;
        let same: bool = output.as_bytes().ct_eq(expected.as_bytes()).into();
        Ok(same && known)
    })
    .await?
}

async fn work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    meter::hashed();
    WAITING.fetch_add(1, Ordering::SeqCst);
    let turn = AT_ONCE.acquire().await;
    WAITING.fetch_sub(1, Ordering::SeqCst);
    let turn = turn.map_err(|cause| Error::internal("No turn to hash.", cause))?;
    let done = spawn_blocking(work).await.map_err(|cause| Error::internal("Hashing was broken off.", cause));
    drop(turn);
    done
}

fn compute(password: &[u8], salt: &Salt, params: &Params) -> Result<Output> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut memory = take_memory(params.block_count());
    let mut output = vec![0; params.output_len().unwrap_or(OUTPUT_BYTES)];
    let computed = argon2.hash_password_into_with_memory(password, salt.as_ref(), &mut output, &mut memory[..]);
    give_back(memory);
    computed.map_err(broken)?;
    Output::new(&output).map_err(broken)
}

/// Memory for one hash.
///
/// More is asked for than is used: above 32 MiB the C library maps memory by itself and unmaps it after use, below
/// that it would keep every 19 MiB in its heap for ever. Pages that are never touched cost nothing.
fn take_memory(blocks: usize) -> Vec<Block> {
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut memory = spare.unwrap_or_else(|| Vec::with_capacity(blocks.max(MAPPED_BLOCKS)));
    memory.resize(blocks, Block::default());
    memory
}

/// Hands the memory to whoever waits; with nobody waiting it is let go.
fn give_back(memory: Vec<Block>) {
    if WAITING.load(Ordering::SeqCst) > 0 {
        SPARE.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    } else {
        SPARE.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn broken(cause: impl std::fmt::Display) -> Error {
    Error::internal("A password could not be hashed.", cause.to_string())
}

fn is_common(lower: &str) -> bool {
    // Binary search over the sorted lines, by byte offsets: the list is never copied.
    let list = COMMON.trim_ascii_end().as_bytes();
    let (mut from, mut to) = (0, list.len());
    while from < to {
        let middle = (from + to) / 2;
        let start = list[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
        let end = list[start..].iter().position(|byte| *byte == b'\n').map_or(list.len(), |found| start + found);
        match list[start..end].cmp(lower.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start,
        }
    }
    false
}

/// Whether most letters of the two are the same, in any order: twice the letters in common is at least 0.7 of all.
/// Compared with the whole and with each word of it.
fn is_similar(password: &str, known: &str) -> bool {
    let words = known.split(|char: char| !char.is_alphanumeric() && char != '_');
    words.chain([known]).filter(|word| word.chars().count() >= 3).any(|word| {
        let mut counts: HashMap<char, usize> = HashMap::new();
        word.chars().for_each(|char| *counts.entry(char).or_default() += 1);
        let common = password.chars().filter(|char| {
            let left = counts.get_mut(char).filter(|left| **left > 0);
            left.map(|left| *left -= 1).is_some()
        });
        let all = password.chars().count() + word.chars().count();
        10 * 2 * common.count() >= 7 * all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_told_why() {
        assert_eq!(weaknesses("correct horse battery", &["ada"]), []);
        assert_eq!(weaknesses("short", &[]), [Weakness::TooShort]);
        assert_eq!(weaknesses("Password", &[]), [Weakness::Common]);
        assert_eq!(weaknesses("12345678", &[]), [Weakness::Common, Weakness::Numeric]);
        assert_eq!(weaknesses("lovelace1", &["ada.lovelace"]), [Weakness::Similar]);
        assert_eq!(weaknesses(&"x".repeat(1025), &[]), [Weakness::TooLong]);
    }

    #[test]
    fn the_first_of_the_similar_things_is_told() {
        let known = ["ada", "ada@example.org", "Augusta", "King-Noel"];
        assert_eq!(similar_to("augusta1", &known), Some(2));
        assert_eq!(similar_to("kingnoel", &known), Some(3));
        assert_eq!(similar_to("example99", &known), Some(1));
        assert_eq!(similar_to("correct horse battery", &known), None);
        assert_eq!(similar_to("augusta1", &[&"a ".repeat(100_000)]), None);
    }

    #[test]
    fn the_list_is_sorted_and_found_in_whole() {
        assert!(COMMON.lines().collect::<Vec<_>>().is_sorted());
        assert!(COMMON.lines().all(is_common));
        assert!(!is_common("") && !is_common("\u{1}") && !is_common("zzzzzzzzzzzzzzzzz"));
    }

    #[tokio::test]
    async fn only_the_password_itself_verifies_and_nobody_has_none() {
        let hashed = hash("correct horse".to_owned()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse".to_owned(), Some(hashed.clone())).await.unwrap());
        assert!(!verify("Correct horse".to_owned(), Some(hashed)).await.unwrap());
        assert!(!verify("correct horse".to_owned(), None).await.unwrap());
    }
}
