//! A member's picture: one at a time, its name unguessable enough never to be taken.

use bytes::Bytes;
use shared::auth::Member;
use shared::media::File;
use shared::model::account::Account;
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result, media};

use crate::picture::Format;

/// The longest file name, in characters.
const LONGEST_NAME: usize = 100;
/// How often a picture that met another one is tried.
const TRIES: usize = 8;

/// Keeps a clean picture as the member's own, and returns its name in the bucket.
///
/// The file is kept first and referred to second. Whoever replaces a reference lets go of the file it replaced, in
/// the same transaction, so that at the end of any number of uploads one file is left.
pub async fn set(app: &App, by: &Member, filename: &str, bytes: Bytes, format: Format) -> Result<String> {
    let member = by.id();
    let unique = app.ids.next(app.clock.now());
    let name = format!("avatars/{member}/{}", safe_name(filename, unique));
    app.media.put(&name, File { bytes, content_type: format.media_type().to_owned() }).await?;
    let done = replace(app, by, &name).await;
    if done.is_err() {
        // Nothing refers to it. Should this fail, too, the clean-up finds it.
        app.media.delete(&name).await?;
    }
    done.map(|()| name)
}

async fn replace(app: &App, by: &Member, name: &str) -> Result<()> {
    let member = by.id();
    let mut old = by.account.avatar.clone();
    for _ in 0..TRIES {
        let account = Change::of(keys::account(member))
            .set("avatar", name)
            .when(Condition::equals("avatar", &old).and(Condition::equals("active", true)));
        let mut writes =
            vec![Write::change(account), Write::change(Change::of(keys::score(member)).set("avatar", name))];
        if let Some(old) = old.take() {
            writes.extend(media::let_go(app, &old)?);
        }
        match app.table.together(writes).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // Another upload came first: what it kept is what this one replaces.
        let account = app.table.get::<Account>(keys::account(member)).await?.filter(|account| account.active);
        old = account.ok_or_else(gone)?.avatar;
    }
    Err(Error::conflict("changed_meanwhile", "The picture is being changed by others. Try again."))
}

fn gone() -> Error {
    Error::unauthenticated("not_authenticated", "Authentication credentials were not provided.")
}

/// The last part of what the client calls the file, with characters that are safe in any URL, marked as one of its
/// kind: an address is never used for two pictures, so it may be cached for ever.
fn safe_name(filename: &str, unique: u64) -> String {
    let base = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, extension) = base.rsplit_once('.').unwrap_or((base, ""));
    let safe = |text: &str| -> String {
        let safe =
            text.chars().map(|char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '_' });
        safe.collect()
    };
    let tail = format!("-{}.{}", to_letters(unique), safe(extension).to_ascii_lowercase());
    let stem: String = safe(stem).trim_matches('_').chars().take(LONGEST_NAME - tail.len()).collect();
    format!("{}{tail}", if stem.is_empty() { "avatar" } else { &stem })
}

/// A number in base 36: short, and the same in any file system.
fn to_letters(mut number: u64) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize]));
        number /= 36;
        if number == 0 {
            return letters.into_iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_short_and_never_the_same() {
        assert_eq!(safe_name("me.png", 35), "me-z.png");
        assert_eq!(safe_name("../../etc/passwd.PNG", 36), "passwd-10.png");
        assert_eq!(safe_name("C:\\me & you?.jpg", 1), "me___you-1.jpg");
        assert_eq!(safe_name("тест.jpeg", 1), "avatar-1.jpeg");
        assert!(safe_name(&format!("{}.jpeg", "x".repeat(500)), u64::MAX).len() <= LONGEST_NAME);
        assert_ne!(safe_name("me.png", 1), safe_name("me.png", 2));
    }
}
