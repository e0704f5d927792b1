//! The profile: names and address, changed together or not at all, by its owner or the staff.

use chrono::Duration;

use crate::app::App;
use crate::auth::limits;
use crate::error::{Error, Problems, Result};
use crate::events::{Event, happened};
use crate::model::account::{Account, EmailHeld, NameHeld};
use crate::model::name::{Email, Username};
use crate::model::score::Score;
use crate::store::{Change, Condition, StoreError, Write, keys};

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
}

/// Which of the values somebody else has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The name.
    Username,
    /// The address.
    Email,
}

/// The member's score.
pub async fn score(app: &App, of: &Account) -> Result<Score> {
    app.table.get(keys::score(of.id)).await?.ok_or_else(Error::not_found)
}

/// Changes the profile and returns the account as it is now, or says what is taken. `also` are writes that belong in
/// the same transaction; they are not written where nothing changes.
pub async fn edit(
    app: &App,
    old: &Account,
    edit: Edit,
    also: impl IntoIterator<Item = Write>,
) -> Result<Result<Account, Taken>> {
    let mut new = old.clone();
    let mut writes = Vec::new();
    let mut change = Change::of(keys::account(old.id));
    // What the edit was made from must still stand; a second edit at the same time is refused.
    let from = Condition::equals("username", &old.username)
        .and(Condition::equals("email", &old.email))
        .and(Condition::equals("active", old.active));
    let mut score = None;

    if let Some(username) = edit.username.filter(|username| *username != old.username) {
        if username.folded() != old.username.folded() {
            writes.push(Write::create(&NameHeld { name: username.folded(), member: old.id })?);
            let held = Condition::equals("member", old.id);
            writes.push(Write::delete(keys::name(&old.username.folded()), held));
        }
        change = change.set("username", &username);
        score = Some(Change::of(keys::score(old.id)).set("username", &username));
        new.username = username;
    }
    let names = writes.len();
    if let Some(email) = edit.email.filter(|email| *email != old.email) {
        let (before, after) = (old.email.as_ref().map(Email::folded), email.as_ref().map(Email::folded));
        if before != after {
            if let Some(email) = after {
                limits::take(app, "address", &old.id.to_string(), ADDRESSES_PER_HOUR, Duration::hours(1)).await?;
                writes.push(Write::create(&EmailHeld { email, member: old.id })?);
            }
            if let Some(email) = before {
                writes.push(Write::delete(keys::email(&email), Condition::equals("member", old.id)));
            }
            change = change.set("email_confirmed", false);
            new.email_confirmed = false;
        }
        change = change.set("email", &email);
        new.email = email;
    }
    let addresses = writes.len();
    if let Some(first_name) = edit.first_name {
        change = change.set("first_name", &first_name);
        new.first_name = first_name;
    }
    if let Some(last_name) = edit.last_name {
        change = change.set("last_name", &last_name);
        new.last_name = last_name;
    }
    if change.is_empty() {
        // Everything is as it was sent already.
        return Ok(Ok(new));
    }
    writes.push(Write::change(change.when(from)));
    writes.extend(score.map(Write::change));
    if new.email.is_some() && !new.email_confirmed && new.email != old.email {
        writes.push(happened(app, Event::EmailChanged { member: old.id })?);
    }
    writes.extend(also);
    match app.table.together(writes).await {
        Ok(()) => Ok(Ok(new)),
        // The first write of each kind holds the new value; the second one lets go of the old.
        Err(StoreError::Refused { write: 0, .. }) if names > 0 => Ok(Err(Taken::Username)),
        Err(StoreError::Refused { write, .. }) if write == names && addresses > names => Ok(Err(Taken::Email)),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
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
