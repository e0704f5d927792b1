//! The provider's keys: RSA with 2048 bits, made when they are first needed, once per process.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Making one takes a good part of a second, so all clouds of a process share them.
static MADE: Mutex<Vec<Arc<Key>>> = Mutex::new(Vec::new());

/// A key that signs id tokens.
pub(super) struct Key {
    /// Its name in a token's header.
    pub(super) kid: String,
    pair: KeyPair,
}

/// The key of this number.
pub(super) fn key(number: usize) -> Result<Arc<Key>, String> {
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    while made.len() <= number {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| "No key can be made.".to_owned())?;
        let der = pair.public_key().as_der().map_err(|_| "A public key has no form.".to_owned())?;
        let kid = URL_SAFE_NO_PAD.encode(&sha256(der.as_ref())[..15]);
        made.push(Arc::new(Key { kid, pair }));
    }
    Ok(made[number].clone())
}

impl Key {
    /// The public half, as a set of keys lists it (RFC 7517).
    pub(super) fn public(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// A token with these claims, signed by this key, that names the key `kid` (RFC 7515).
    pub(super) fn sign(&self, kid: &str, claims: &Value) -> Result<String, String> {
        let text = unsigned("RS256", kid, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = rand::SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .map_err(|_| "A token cannot be signed.".to_owned())?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A token that is signed with a secret, as no provider of ours may.
pub(super) fn sign_with_secret(secret: &str, kid: &str, claims: &Value) -> String {
    let text = unsigned("HS256", kid, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
}

/// A token that nobody signed.
pub(super) fn sign_by_nobody(kid: &str, claims: &Value) -> String {
    format!("{}.", unsigned("none", kid, claims))
}

fn unsigned(algorithm: &str, kid: &str, claims: &Value) -> String {
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": kid });
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}
