//! The profile: names, address, picture and everything told beside them, changed together or not at all, by its
//! owner or the staff.

use chrono::Duration;

use crate::app::App;
use crate::auth::limits;
use crate::error::{Error, Problems, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::media;
use crate::model::account::{Account, EmailHeld, LeetcodeNameHeld, NameHeld};
use crate::model::name::{Email, Username, fold};
use crate::model::profile::Profile;
use crate::model::score::Score;
use crate::model::upload::{Purpose, Upload};
use crate::store::{Change, Condition, StoreError, Write, keys};
use crate::visibility::Audience;

/// New addresses per account and hour: each sends a letter.
const ADDRESSES_PER_HOUR: u32 = 5;
/// The longest given or family name, in characters.
pub const LONGEST_NAME: usize = 150;

/// What is to change; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// A new name.
    pub username: Option<Username>,
    /// A new address, or none at all.
    pub email: Option<Option<Email>>,
    /// A new given name.
    pub first_name: Option<String>,
    /// A new family name.
    pub last_name: Option<String>,
    /// Another of the member's own files as their picture, by its name in the bucket, or none.
    pub avatar: Option<Option<String>>,
    /// A new name at LeetCode, or none.
    pub leetcode_username: Option<Option<String>>,
    /// Who may see the profile from now on.
    pub audience: Option<Audience>,
    /// The profile as it was read, and as it is to be.
    pub profile: Option<(Profile, Profile)>,
}

/// Which of the values somebody else has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The name.
    Username,
    /// The address.
    Email,
    /// The name at LeetCode.
    LeetcodeUsername,
}

/// The member's score.
pub async fn score(app: &App, of: &Account) -> Result<Score> {
    app.table.get(keys::score(of.id)).await?.ok_or_else(Error::not_found)
}

/// What a member tells of themselves.
pub async fn of(app: &App, member: MemberId) -> Result<Profile> {
    Ok(app.table.get(keys::profile(member)).await?.unwrap_or_else(|| Profile::new(member)))
}

/// What others know of a member, and so tries as a password.
pub fn known(account: &Account) -> [&str; 4] {
    let email = account.email.as_ref().map(Email::as_str).unwrap_or_default();
    [account.username.as_str(), email, &account.first_name, &account.last_name]
}

/// The writes of one edit, sorted by what a refusal would mean.
#[derive(Default)]
struct Writes {
    /// Each takes hold of something unique.
    holds: Vec<(Taken, Write)>,
    others: Vec<Write>,
}

/// Changes the profile and returns the account as it is now, or says what is taken. `also` are writes that belong in
/// the same transaction; they are not written where nothing changes.
pub async fn edit(
    app: &App,
    old: &Account,
    edit: Edit,
    also: impl IntoIterator<Item = Write>,
) -> Result<Result<Account, Taken>> {
    let id = old.id;
    let held = || Condition::equals("member", id);
    let mut new = old.clone();
    let mut writes = Writes::default();
    let mut change = Change::of(keys::account(id));
    // The leaderboard shows name and picture beside the score.
    let mut score = Change::of(keys::score(id));

    if let Some(username) = edit.username.filter(|username| *username != old.username) {
        if username.folded() != old.username.folded() {
            let name = NameHeld { name: username.folded(), member: id };
            writes.holds.push((Taken::Username, Write::create(&name)?));
            writes.others.push(Write::delete(keys::name(&old.username.folded()), held()));
        }
        change = change.set("username", &username);
        score = score.set("username", &username);
        new.username = username;
    }
    if let Some(email) = edit.email.filter(|email| *email != old.email) {
        let (before, after) = (old.email.as_ref().map(Email::folded), email.as_ref().map(Email::folded));
        if before != after {
            if let Some(email) = after {
                limits::take(app, "address", &id.to_string(), ADDRESSES_PER_HOUR, Duration::hours(1)).await?;
                writes.holds.push((Taken::Email, Write::create(&EmailHeld { email, member: id })?));
            }
            if let Some(email) = before {
                writes.others.push(Write::delete(keys::email(&email), held()));
            }
            change = change.set("email_confirmed", false);
            new.email_confirmed = false;
        }
        change = change.set("email", &email);
        new.email = email;
        if new.email.is_some() && !new.email_confirmed {
            writes.others.push(happened(app, Event::EmailChanged { member: id })?);
        }
    }
    if let Some(name) = edit.leetcode_username.filter(|name| *name != old.leetcode_username) {
        let (before, after) = (old.leetcode_username.as_deref().map(fold), name.as_deref().map(fold));
        if before != after {
            if let Some(leetcode_username) = after {
                let hold = LeetcodeNameHeld { leetcode_username, member: id };
                writes.holds.push((Taken::LeetcodeUsername, Write::create(&hold)?));
            }
            if let Some(name) = before {
                writes.others.push(Write::delete(keys::leetcode_name(&name), held()));
            }
        }
        change = change.set("leetcode_username", &name);
        new.leetcode_username = name;
    }
    if let Some(avatar) = edit.avatar.filter(|avatar| *avatar != old.avatar) {
        if let Some(file) = &old.avatar {
            writes.others.extend(media::let_go(app, id, file)?);
        }
        if let Some((_, filename)) = avatar.as_deref().and_then(Upload::of_file) {
            writes.others.push(Upload::claim(id, filename, Purpose::Picture));
        }
        change = change.set("avatar", &avatar);
        score = score.set("avatar", &avatar);
        new.avatar = avatar;
    }
    if let Some(first_name) = edit.first_name.filter(|name| *name != old.first_name) {
        change = change.set("first_name", &first_name);
        new.first_name = first_name;
    }
    if let Some(last_name) = edit.last_name.filter(|name| *name != old.last_name) {
        change = change.set("last_name", &last_name);
        new.last_name = last_name;
    }
    if let Some(audience) = edit.audience.filter(|audience| *audience != old.audience) {
        change = change.set("audience", audience);
        new.audience = audience;
    }
    let mut profile = None;
    if let Some((old, new)) = edit.profile {
        let mut change = Change::between(keys::profile(id), &old, &new);
        if new.banner != old.banner {
            // As with the other picture: whoever replaces a reference lets go of the file.
            change = change.when(Condition::equals("banner", &old.banner));
            if let Some(file) = old.banner {
                writes.others.extend(media::let_go(app, id, &file)?);
            }
            if let Some((_, filename)) = new.banner.as_deref().and_then(Upload::of_file) {
                writes.others.push(Upload::claim(id, filename, Purpose::Banner));
            }
        }
        profile = Some(change).filter(|change| !change.is_empty());
    }
    if change.is_empty() && profile.is_none() {
        // Everything is as it was sent already.
        return Ok(Ok(new));
    }
    new.updated_at = Some(app.clock.now());
    // What the edit was made from must still stand; a second edit of the same at the same time is refused.
    let from = Condition::equals("username", &old.username)
        .and(Condition::equals("email", &old.email))
        .and(Condition::equals("leetcode_username", &old.leetcode_username))
        .and(Condition::equals("avatar", &old.avatar))
        .and(Condition::equals("active", old.active));
    let (unique, mut all): (Vec<_>, Vec<_>) = writes.holds.into_iter().unzip();
    all.push(Write::change(change.set("updated_at", new.updated_at).when(from)));
    all.extend(writes.others);
    all.extend(also);
    if !score.is_empty() {
        all.push(Write::change(score));
    }
    // A member who has told nothing yet has no item.
    all.extend(profile.map(|change| Write::change(change.set("member", id).or_create())));
    match app.table.together(all).await {
        Ok(()) => Ok(Ok(new)),
        Err(StoreError::Refused { write, .. }) => match unique.get(write) {
            Some(taken) => Ok(Err(*taken)),
            None => Err(Error::changed_meanwhile()),
        },
        Err(error) => Err(error.into()),
    }
}

/// A name of a person: at most `longest` characters, none of them a control character.
pub fn person_name(problems: &mut Problems, field: &'static str, text: String, longest: usize) -> Option<String> {
    let text = text.trim().to_owned();
    let length = text.chars().count();
    let parsed = if length > longest {
        Err(format!("Ensure this value has at most {longest} characters (it has {length})."))
    } else if text.chars().any(char::is_control) {
        Err("Null and control characters are not allowed.".to_owned())
    } else {
        Ok(text)
    };
    problems.check(field, parsed)
}
