//! Seals: values that leave the house and must come back unchanged, as in cursors, links and device cookies.
//!
//! A seal proves that we wrote the value for this purpose. It does not hide it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

/// Half of the tag is kept: 128 bits, which nobody guesses online.
const TAG_BYTES: usize = 16;

/// Seals and opens values.
#[derive(Clone)]
pub struct Seal {
    secret: Box<[u8]>,
}

impl Seal {
    /// Seals with `secret`.
    pub fn new(secret: &str) -> Seal {
        Seal { secret: secret.as_bytes().into() }
    }

    /// The value as URL-safe text that [`Seal::open`] takes for the same `purpose` only.
    pub fn seal(&self, purpose: &str, value: &impl Serialize) -> String {
        let payload = serde_json::to_vec(value).unwrap_or_default();
        let mac = self.mac(purpose, &payload).finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&payload), URL_SAFE_NO_PAD.encode(&mac[..TAG_BYTES]))
    }

    /// The value, if it was sealed here for this `purpose`.
    pub fn open<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Option<T> {
        // Without a secret anybody could have sealed it.
        let (payload, tag) = sealed.split_once('.').filter(|_| !self.secret.is_empty())?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok().filter(|tag| tag.len() == TAG_BYTES)?;
        self.mac(purpose, &payload).verify_truncated_left(&tag).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// A digest of the value that nobody makes without our secret: for what is kept of a value so short that everybody
    /// could try them all.
    pub fn digest(&self, purpose: &str, value: &str) -> String {
        let mac = self.mac(purpose, value.as_bytes()).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&mac[..TAG_BYTES])
    }

    fn mac(&self, purpose: &str, payload: &[u8]) -> Hmac<Sha256> {
        // HMAC takes a key of any length, so there is no error to have; an all-zero key would never verify a seal
        // made with the real one.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(payload);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_whole_and_for_its_purpose() {
        let seal = Seal::new("secret");
        let sealed = seal.seal("cursor", &42);
        assert_eq!(seal.open("cursor", &sealed), Some(42));
        assert_eq!(seal.open::<u8>("link", &sealed), None);
        assert_eq!(Seal::new("other").open::<u8>("cursor", &sealed), None);
        for index in 0..sealed.len() {
            let mut broken = sealed.clone().into_bytes();
            broken[index] = if broken[index] == b'A' { b'E' } else { b'A' };
            assert_eq!(seal.open::<u8>("cursor", &String::from_utf8_lossy(&broken)), None, "byte {index}");
        }
        for text in ["", ".", "NDI", "NDI.", "NDI.AA"] {
            assert_eq!(seal.open::<u8>("cursor", text), None, "{text:?}");
        }
    }

    #[test]
    fn without_a_secret_nothing_opens() {
        let seal = Seal::new("");
        assert_eq!(seal.open::<u8>("cursor", &seal.seal("cursor", &42)), None);
    }
}
