//! The places for a picture that a member has: one picture at a time in each, its name unguessable enough never to be
//! taken.

use bytes::Bytes;
use shared::auth::Member;
use shared::ids::MemberId;
use shared::media::File;
use shared::model::account::Account;
use shared::model::profile::Profile;
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result, media};

use crate::picture::Format;

/// The longest file name, in characters.
const LONGEST_NAME: usize = 100;
/// How often a picture that met another one is tried.
const TRIES: usize = 8;

/// A place for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The member's own face, beside their name.
    Avatar,
    /// What is behind their profile.
    Banner,
}

impl Slot {
    /// The folder of the bucket that its pictures are in.
    pub fn folder(self) -> &'static str {
        match self {
            Slot::Avatar => "avatars",
            Slot::Banner => "banners",
        }
    }

    /// What a picture is called whose own name says nothing.
    fn word(self) -> &'static str {
        match self {
            Slot::Avatar => "avatar",
            Slot::Banner => "banner",
        }
    }

    /// The picture that a member has there now.
    async fn look(self, app: &App, member: MemberId) -> Result<Option<String>> {
        let found = app.table.get_two::<Account, Profile>(keys::account(member), keys::profile(member)).await?;
        let account = found.0.filter(|account| account.active).ok_or_else(gone)?;
        Ok(match self {
            Slot::Avatar => account.avatar,
            Slot::Banner => found.1.and_then(|profile| profile.banner),
        })
    }

    /// The writes that put `new` where `old` is.
    fn replace(self, app: &App, member: MemberId, old: &Option<String>, new: &str) -> Vec<Write> {
        let usable = Condition::equals("active", true);
        let account = Change::of(keys::account(member)).set("updated_at", app.clock.now());
        match self {
            // The leaderboard shows it beside the score.
            Slot::Avatar => vec![
                Write::change(account.set("avatar", new).when(Condition::equals("avatar", old).and(usable))),
                Write::change(Change::of(keys::score(member)).set("avatar", new)),
            ],
            Slot::Banner => {
                let profile = Change::of(keys::profile(member)).or_create().set("member", member).set("banner", new);
                vec![Write::change(account.when(usable)), Write::change(profile.when(Condition::equals("banner", old)))]
            }
        }
    }
}

/// A clean picture on its way into a slot.
pub struct Picture<'a> {
    /// What the client calls it.
    pub filename: &'a str,
    /// The file.
    pub bytes: Bytes,
    /// What it is.
    pub format: Format,
}

/// Keeps a picture in a member's own place, where `old` was when we looked, and returns its name in the bucket.
///
/// The file is kept first and referred to second. Whoever replaces a reference lets go of the file it replaced, in
/// the same transaction, so that at the end of any number of uploads one file is left.
pub async fn set(app: &App, by: &Member, slot: Slot, old: Option<String>, new: Picture<'_>) -> Result<String> {
    let Picture { filename, bytes, format } = new;
    let unique = app.ids.next(app.clock.now());
    let name = format!("{}/{}/{}", slot.folder(), by.id(), safe_name(filename, slot.word(), format, unique));
    app.media.put(&name, File { bytes, content_type: format.media_type().to_owned() }).await?;
    let done = replace(app, by, slot, old, &name).await;
    if done.is_err() {
        // Nothing refers to it. Should this fail, too, the clean-up finds it.
        app.media.delete(&name).await?;
    }
    done.map(|()| name)
}

async fn replace(app: &App, by: &Member, slot: Slot, mut old: Option<String>, name: &str) -> Result<()> {
    for _ in 0..TRIES {
        let mut writes = slot.replace(app, by.id(), &old, name);
        if let Some(old) = old.take() {
            writes.extend(media::let_go(app, by.id(), &old)?);
        }
        match app.table.together(writes).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // Another upload came first: what it kept is what this one replaces.
        old = slot.look(app, by.id()).await?;
    }
    Err(Error::conflict("changed_meanwhile", "The picture is being changed by others. Try again."))
}

fn gone() -> Error {
    Error::unauthenticated("not_authenticated", "Authentication credentials were not provided.")
}

/// The last part of what the client calls the file, with characters that are safe in any URL, marked as one of its
/// kind: an address is never used for two pictures, so it may be cached for ever.
fn safe_name(filename: &str, word: &str, format: Format, unique: u64) -> String {
    let base = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, extension) = base.rsplit_once('.').unwrap_or((base, ""));
    let extension = extension.to_ascii_lowercase();
    // What the picture is counts for more than what it is called.
    let fits = Format::of_extension(&extension) == Some(format);
    let extension = if fits { &extension } else { format.extension() };
    let safe = |text: &str| -> String {
        let safe =
            text.chars().map(|char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '_' });
        safe.collect()
    };
    let tail = format!("-{}.{extension}", to_letters(unique));
    let stem: String = safe(stem).trim_matches('_').chars().take(LONGEST_NAME - tail.len()).collect();
    format!("{}{tail}", if stem.is_empty() { word } else { &stem })
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
        let png = |filename: &str, unique| safe_name(filename, "avatar", Format::Png, unique);
        assert_eq!(png("me.png", 35), "me-z.png");
        assert_eq!(png("../../etc/passwd.PNG", 36), "passwd-10.png");
        assert_eq!(png("blob", 1), "blob-1.png");
        assert_eq!(png("me.html", 1), "me-1.png");
        assert_eq!(safe_name("C:\\me & you?.jpg", "avatar", Format::Jpeg, 1), "me___you-1.jpg");
        assert_eq!(safe_name("тест.jpeg", "banner", Format::Jpeg, 1), "banner-1.jpeg");
        assert!(png(&format!("{}.png", "x".repeat(500)), u64::MAX).len() <= LONGEST_NAME);
        assert_ne!(png("me.png", 1), png("me.png", 2));
    }
}
