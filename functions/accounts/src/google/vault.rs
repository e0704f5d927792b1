//! The vault: what lets us act for a member at Google lies in the table locked (AES-256-GCM), and only `accounts` has the
//! key. A new `TOKEN_SECRET` in front of the old one locks what is new; the old one still opens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::ids::MemberId;
use shared::{App, Error, Result};

/// Locks a text away for a member.
pub fn lock(app: &App, member: MemberId, text: &str) -> Result<String> {
    let broken = |_| Error::internal("A secret could not be locked away.", "no key");
    let key = keys(app).next().ok_or_else(|| Error::internal("A secret could not be locked away.", "no secret"))?;
    let mut bytes = text.as_bytes().to_vec();
    let nonce = key.map_err(broken)?.seal_in_place_append_tag(owner(member), &mut bytes).map_err(broken)?;
    Ok(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &bytes].concat()))
}

/// The text, if it was locked away here for this member.
pub fn open(app: &App, member: MemberId, locked: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(locked).ok()?;
    let (nonce, bytes) = bytes.split_at_checked(NONCE_LEN)?;
    keys(app).filter_map(Result::ok).find_map(|key| {
        let (nonce, mut bytes) = (Nonce::try_assume_unique_for_key(nonce).ok()?, bytes.to_vec());
        let text = key.open_in_place(nonce, owner(member), &mut bytes).ok()?;
        String::from_utf8(text.to_vec()).ok()
    })
}

/// What is locked away for one member opens for no other.
fn owner(member: MemberId) -> Aad<[u8; 8]> {
    Aad::from(member.0.to_be_bytes())
}

fn keys(app: &App) -> impl Iterator<Item = Result<RandomizedNonceKey, aws_lc_rs::error::Unspecified>> {
    let secrets = app.config.token_secret.expose().split(',').map(str::trim).filter(|secret| !secret.is_empty());
    secrets.map(|secret| {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"guildhall google vault\0");
        context.update(secret.as_bytes());
        RandomizedNonceKey::new(&AES_256_GCM, context.finish().as_ref())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::config::Environment;

    fn app(secrets: &str) -> App {
        App::new(&Environment::from([("TOKEN_SECRET".to_owned(), secrets.to_owned())])).unwrap()
    }

    #[test]
    fn what_is_locked_opens_for_its_member_and_outlives_a_rotation() {
        let (old, new, other) = (app("old"), app("new, old"), app("other"));
        let locked = lock(&old, MemberId(1), "1//refresh").unwrap();
        assert!(!locked.contains("refresh"));
        assert_ne!(locked, lock(&old, MemberId(1), "1//refresh").unwrap());
        assert_eq!(open(&old, MemberId(1), &locked).as_deref(), Some("1//refresh"));
        assert_eq!(open(&new, MemberId(1), &locked).as_deref(), Some("1//refresh"));
        assert_eq!(open(&old, MemberId(2), &locked), None);
        assert_eq!(open(&other, MemberId(1), &locked), None);
        assert_eq!(open(&old, MemberId(1), &locked[..10]), None);
        assert!(lock(&app(""), MemberId(1), "x").is_err());
    }
}
