//! Secrets that a member holds: cookies of sessions, codes in letters.
//!
//! The text is `base64url(member id, 8 bytes ‖ secret, 24 bytes)`; the table has the secret's digest only. Since the
//! member is in it, whatever the secret opens lies with the member and is found in one read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::ids::MemberId;

const SECRET_BYTES: usize = 24;
const MEMBER_BYTES: usize = 8;

/// A new secret for a member: the text that they get, and the digest to keep.
pub fn new(member: MemberId) -> Result<(String, String)> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|cause| Error::internal("There is no randomness.", cause.to_string()))?;
    let text = URL_SAFE_NO_PAD.encode([member.0.to_be_bytes().as_slice(), &secret].concat());
    Ok((text, digest(&secret)))
}

/// A text of 64 hexadecimal digits that nobody guesses.
pub fn random() -> Result<String> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|cause| Error::internal("There is no randomness.", cause.to_string()))?;
    Ok(secret.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whose secret a text is, and its digest; `None` for a text that is none.
pub fn read(text: &str) -> Option<(MemberId, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == MEMBER_BYTES + SECRET_BYTES)?;
    let (member, secret) = bytes.split_at(MEMBER_BYTES);
    Some((MemberId(u64::from_be_bytes(member.try_into().ok()?)), digest(secret)))
}

/// Bytes as this module writes them.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 128 bits of SHA-256; the secret has 192 bits, so there is nothing to guess or to look up.
fn digest(secret: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(secret)[..16])
}
