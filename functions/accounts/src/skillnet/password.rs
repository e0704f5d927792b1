//! Passwords and letters: setting a new one, changing it, and what proves an address.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use shared::auth::{Member, passwords, secrets};
use shared::error::Problems;
use shared::ids::MemberId;
use shared::model::name::Email;
use shared::{App, Error, Result, profile};

use super::{NOT_AN_EMAIL, REQUIRED};
use crate::email;
use crate::password::{self, Proof};
use crate::recovery::{self, NotSet};

const DIFFERENT: &str = "The two password fields didn't match.";
const LONGEST_PASSWORD: usize = 128;

/// A new password, typed once or (`second`) twice, with everything noted that is wrong with it.
pub(super) fn new_password(
    problems: &mut Problems,
    field: &'static str,
    first: Option<String>,
    second: Option<Option<String>>,
    known: &[&str],
) -> Option<String> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (first, repeated) = (filled(first), second.is_some());
    let second = second.and_then(filled);
    if first.is_none() {
        problems.add(field, REQUIRED);
    }
    if repeated && second.is_none() {
        problems.add(field.replace('1', "2"), REQUIRED);
    }
    let first = first?;
    if second.is_some_and(|second| second != first) {
        problems.add("non_field_errors", DIFFERENT);
    }
    if first.chars().count() > LONGEST_PASSWORD {
        problems.add(field, format!("Ensure this field has no more than {LONGEST_PASSWORD} characters."));
    }
    for weakness in passwords::weaknesses(&first, known) {
        problems.add(field, password::sentence(weakness));
    }
    Some(first)
}

/// A password to be changed.
#[derive(Deserialize, JsonSchema)]
pub struct NewPassword {
    #[schemars(required, length(min = 1))]
    old_password: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password1: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password2: Option<String>,
}

/// Changes the password of whoever is signed in. Every other session ends.
pub(super) async fn change_password(app: &App, by: &Member, input: NewPassword) -> Result<()> {
    let mut problems = Problems::default();
    let old = problems.check("old_password", input.old_password.filter(|old| !old.is_empty()).ok_or(REQUIRED));
    let known = profile::known(&by.account);
    let new = new_password(&mut problems, "new_password1", input.new_password1, Some(input.new_password2), &known);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(old), Some(new)) = (old, new) else { return Err(Error::not_found()) };
    let wrong = "Your old password was entered incorrectly. Please enter it again.";
    let proof = Proof::by_password(app, by, old).await?;
    let proof = proof.ok_or_else(|| Error::invalid_field("old_password", wrong))?;
    password::change_and_stay(app, by, proof, new).await
}

/// An address.
#[derive(Deserialize, JsonSchema)]
pub struct Address {
    #[schemars(required)]
    email: Option<String>,
}

impl Address {
    pub(super) fn parse(&self) -> Result<Email> {
        let email = self.email.as_deref().map(str::trim).ok_or_else(|| Error::invalid_field("email", REQUIRED))?;
        Email::parse(email).map_err(|_| Error::invalid_field("email", NOT_AN_EMAIL))
    }
}

/// A new password for whoever has the letter.
#[derive(Deserialize, JsonSchema)]
pub struct Reset {
    /// The member's id, in decimal digits or those in base64.
    #[schemars(with = "Option<String>")]
    uid: Option<Value>,
    /// The code from the letter.
    #[schemars(required)]
    token: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password1: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password2: Option<String>,
}

/// Sets a new password for whoever has the code from the letter, and ends every session.
pub(super) async fn reset_password(app: &App, input: Reset) -> Result<()> {
    let mut problems = Problems::default();
    let token = problems.check("token", input.token.filter(|token| !token.is_empty()).ok_or(REQUIRED));
    // The code names its member by itself; an id beside it must not name another.
    if let (Some(token), Some(uid)) = (&token, &input.uid)
        && secrets::read(token).is_some_and(|(member, _)| !names(uid, member))
    {
        problems.add("uid", "Invalid value");
    }
    let new = new_password(&mut problems, "new_password1", input.new_password1, Some(input.new_password2), &[]);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(token), Some(new)) = (token, new) else { return Err(Error::not_found()) };
    match recovery::set_password(app, &token, new).await? {
        Ok(_) => Ok(()),
        Err(NotSet::Void(_)) => Err(Error::invalid_field("token", "Invalid value")),
        Err(NotSet::Weak(weaknesses)) => {
            let mut problems = Problems::default();
            weaknesses.into_iter().for_each(|weakness| problems.add("new_password1", password::sentence(weakness)));
            problems.finish()
        }
    }
}

/// Whether an id as some client keeps it is this member's.
fn names(uid: &Value, member: MemberId) -> bool {
    let digits = member.to_string();
    match uid {
        Value::Number(number) => number.as_u64() == Some(member.0),
        Value::String(text) => *text == digits || secrets::encode(digits.as_bytes()) == text.trim_end_matches('='),
        _ => false,
    }
}

/// The code from a letter.
#[derive(Deserialize, JsonSchema)]
pub struct Key {
    #[schemars(required)]
    key: Option<String>,
}

/// Confirms the address that a code was sent to.
pub(super) async fn verify_email(app: &App, input: Key) -> Result<()> {
    let key = input.key.filter(|key| !key.is_empty()).ok_or_else(|| Error::invalid_field("key", REQUIRED))?;
    match email::confirm(app, &key).await {
        Ok(_) => Ok(()),
        // It is called a code everywhere else.
        Err(mut error) => {
            error.fields.iter_mut().for_each(|(field, _)| *field = "key".into());
            Err(error)
        }
    }
}
