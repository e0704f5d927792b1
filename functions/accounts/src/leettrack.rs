//! LeetTrack's words for accounts (its contract, section 3, "Authentication"). What it shares with SkillNet, signing in
//! and out, stands with the paths that both have.

use axum::extract::State;
use chrono::{DateTime, SubsecRound, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::passwords::{self, Weakness};
use shared::auth::{Client, Member, refresh, tokens};
use shared::dialect::Dialect;
use shared::error::Problems;
use shared::http::{Body, Created, Json, body};
use shared::ids::MemberId;
use shared::joining::{self, NewMember};
use shared::model::account::Account;
use shared::model::name::{Email, Username};
use shared::model::role::Role;
use shared::profile::{self, Edit, Taken};
use shared::{App, Error, Result};

use crate::password::sentence;

const LONGEST_EMAIL: usize = 100;
const LONGEST_LEETCODE_NAME: usize = 50;
const SHORTEST_NAME: usize = 3;
const LONGEST_NAME: usize = 50;
/// In bytes (its contract, section 3): what its clients were always told.
const LONGEST_PASSWORD: usize = 72;
/// How many names are tried for somebody who brings none.
const TRIES: usize = 5;

/// An account to be made.
#[derive(Deserialize, JsonSchema)]
pub struct NewUser {
    /// Made from the address where it is not sent.
    #[schemars(length(min = 3, max = 50))]
    username: Option<String>,
    #[schemars(required, length(max = 100))]
    email: Option<String>,
    #[schemars(required, length(min = 8, max = 72))]
    password: Option<String>,
    #[schemars(length(max = 50))]
    leetcode_username: Option<String>,
}

/// A member, as LeetTrack shows them to themselves.
#[derive(Serialize, JsonSchema)]
pub struct UserView {
    id: MemberId,
    username: String,
    email: Option<String>,
    leetcode_username: Option<String>,
    is_admin: bool,
}

impl UserView {
    fn of(account: &Account) -> UserView {
        UserView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            leetcode_username: account.leetcode_username.clone(),
            is_admin: account.role == Some(Role::Administrator),
        }
    }
}

/// A member who has just joined, and is signed in.
#[derive(Serialize, JsonSchema)]
pub struct JoinedView {
    status: &'static str,
    message: &'static str,
    access_token: String,
    refresh_token: String,
    user: UserView,
}

/// Makes an account, and signs its member in.
pub async fn register(
    client: Client,
    State(app): State<App>,
    Body(input): Body<NewUser>,
) -> Result<Created<JoinedView>> {
    joining::admit(&app, &client).await?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let (Some(email), Some(password)) = (filled(input.email), input.password.filter(|text| !text.is_empty())) else {
        return Err(Error::invalid("missing", "Missing required fields"));
    };
    let chosen = filled(input.username);
    let mut problems = Problems::default();
    let known = [chosen.as_deref().unwrap_or_default(), email.as_str()];
    let password = problems.check("password", check_password(password, &known));
    let email = problems.check("email", parse_email(&email));
    let username = chosen.and_then(|name| problems.check("username", parse_username(&name)));
    let leetcode_username =
        filled(input.leetcode_username).and_then(|name| problems.check("leetcode_username", parse_leetcode(&name)));
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(email), Some(password)) = (email, password) else { return Err(Error::not_found()) };
    let username = free_name(&app, username, &email).await?;
    let new = NewMember { email: Some(email), leetcode_username, ..NewMember::new(username, Some(password)) };
    let joined = joining::join(&app, new, Some(&client)).await?.map_err(refuse_taken)?;
    // It was asked for, a few lines above.
    let Some((session, _)) = joined.entered else { return Err(Error::not_found()) };
    let (access_token, _) = tokens::issue(&app, &session, Dialect::Leettrack.token_lifetime()).await?;
    let (refresh_token, _) = refresh::token(&app, &session)?;
    let user = UserView::of(&joined.account);
    let message = "User registered successfully";
    Ok(Created(JoinedView { status: "success", message, access_token, refresh_token, user }))
}

/// A member and their dates.
#[derive(Serialize, JsonSchema)]
pub struct OneselfView {
    #[serde(flatten)]
    user: UserView,
    created_at: DateTime<Utc>,
    last_login: Option<DateTime<Utc>>,
}

/// The caller.
#[derive(Serialize, JsonSchema)]
pub struct MeView {
    status: &'static str,
    user: OneselfView,
}

/// Shows the caller their own account.
pub async fn me(by: Result<Member>) -> Result<Json<MeView>> {
    let Member { account, .. } = by.map_err(|error| match error.code {
        // The token is good, and nobody is left whom it stands for.
        "user_not_found" => Error::not_found(),
        _ => error,
    })?;
    // To the second, as everywhere in its answers.
    let seconds = |time: DateTime<Utc>| time.trunc_subsecs(0);
    let user = OneselfView {
        user: UserView::of(&account),
        created_at: seconds(account.joined_at),
        last_login: account.last_login.map(seconds),
    };
    Ok(Json(MeView { status: "success", user }))
}

/// What may be set about oneself.
#[derive(Deserialize, JsonSchema)]
pub struct Settings {
    /// The caller's name at LeetCode; null for none.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(min = 1, max = 50))]
    leetcode_username: Option<Option<String>>,
}

/// What is set now.
#[derive(Serialize, JsonSchema)]
pub struct SettingsData {
    leetcode_username: Option<String>,
}

/// The settings, changed.
#[derive(Serialize, JsonSchema)]
pub struct SettingsView {
    status: &'static str,
    message: &'static str,
    data: SettingsData,
}

/// Sets the caller's name at LeetCode, which nobody else here may have.
pub async fn set(by: Member, State(app): State<App>, Body(input): Body<Settings>) -> Result<Json<SettingsView>> {
    let wanted = input.leetcode_username.ok_or_else(|| Error::invalid("no_data", "No data provided"))?;
    let wanted = wanted.map(|name| parse_leetcode(&name)).transpose();
    let leetcode_username = wanted.map_err(|problem| Error::invalid_field("leetcode_username", problem))?;
    let edit = Edit { leetcode_username: Some(leetcode_username), ..Edit::default() };
    let account = profile::edit(&app, &by.account, edit, []).await?.map_err(refuse_taken)?;
    let data = SettingsData { leetcode_username: account.leetcode_username };
    Ok(Json(SettingsView { status: "success", message: "Settings updated successfully", data }))
}

fn refuse_taken(taken: Taken) -> Error {
    match taken {
        Taken::Username => Error::conflict("username_taken", "Username already taken"),
        Taken::Email => Error::conflict("email_taken", "Email already registered"),
        Taken::LeetcodeUsername => Error::conflict("leetcode_username_taken", "LeetCode username already taken"),
    }
}

/// The name that was chosen or, where none was, one made from the address; either is still free.
async fn free_name(app: &App, chosen: Option<Username>, email: &Email) -> Result<Username> {
    for number in 0..TRIES {
        let name = match &chosen {
            Some(name) => name.clone(),
            None => name_from(email, (number > 0).then(|| app.ids.next(app.clock.now()) % 1_000_000))?,
        };
        let taken = joining::taken(app, &name, email).await?;
        // In the order in which LeetTrack always looked.
        if let Some(taken) = taken.iter().rev().find(|taken| **taken == Taken::Email || chosen.is_some()) {
            return Err(refuse_taken(*taken));
        }
        if taken.is_empty() {
            return Ok(name);
        }
    }
    Err(refuse_taken(Taken::Username))
}

/// A name from the part of an address before the `@`, with a number behind it where the bare one is taken.
fn name_from(email: &Email, number: Option<u64>) -> Result<Username> {
    let local = email.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    let mut name: String = local.chars().map(|char| if is_of_name(char) { char } else { '_' }).take(40).collect();
    if name.len() < SHORTEST_NAME {
        name.insert_str(0, "user_");
    }
    if let Some(number) = number {
        name = format!("{name}_{number}");
    }
    Username::parse(&name).map_err(|problem| Error::internal("A name could not be made.", format!("{problem:?}")))
}

fn is_of_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_-".contains(char)
}

fn parse_username(text: &str) -> Result<Username, &'static str> {
    let fits = (SHORTEST_NAME..=LONGEST_NAME).contains(&text.len()) && text.chars().all(is_of_name);
    let name = fits.then(|| Username::parse(text).ok()).flatten();
    name.ok_or("Username must have 3 to 50 letters, digits, _ or -")
}

fn parse_email(text: &str) -> Result<Email, &'static str> {
    let text = text.trim();
    let email = (text.len() <= LONGEST_EMAIL).then(|| Email::parse(text).ok()).flatten();
    email.ok_or("Invalid email address")
}

/// A name at LeetCode, which has no other letters: so none can pass for another.
fn parse_leetcode(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() {
        Err("LeetCode username cannot be empty")
    } else if name.len() > LONGEST_LEETCODE_NAME {
        Err("LeetCode username may have at most 50 characters")
    } else if !name.chars().all(|char| is_of_name(char) || char == '.') {
        Err("LeetCode username may have only letters, digits, ., _ and -")
    } else {
        Ok(name.to_owned())
    }
}

fn check_password(password: String, known: &[&str]) -> Result<String, &'static str> {
    if password.len() > LONGEST_PASSWORD {
        return Err("Password may have at most 72 bytes");
    }
    match passwords::weaknesses(&password, known).as_slice() {
        [] => Ok(password),
        found if found.contains(&Weakness::TooShort) => Err("Password must have at least 8 characters"),
        [first, ..] => Err(sentence(*first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_any_address() {
        let made = |text: &str, number| name_from(&Email::parse(text).unwrap(), number).unwrap();
        assert_eq!(made("ada.l+x@example.org", None).as_str(), "ada_l_x");
        assert_eq!(made("a@example.org", None).as_str(), "user_a");
        assert_eq!(made("ada@example.org", Some(7)).as_str(), "ada_7");
        let long = format!("{}@example.org", "x".repeat(64));
        assert!(parse_username(made(&long, Some(999_999)).as_str()).is_ok());
    }

    #[test]
    fn names_keep_to_the_contract() {
        for text in ["ada", "A-d_a9", &"x".repeat(50)] {
            assert!(parse_username(text).is_ok(), "{text:?}");
        }
        for text in ["", "ab", "a b", "adá", "ada@x", "ada\n", &"x".repeat(51)] {
            assert!(parse_username(text).is_err(), "{text:?}");
        }
        assert_eq!(parse_leetcode("  Ada.L-1_ ").unwrap(), "Ada.L-1_");
        for text in ["", "  ", "a b", "аda", "a/b", "a\0", &"x".repeat(51)] {
            assert!(parse_leetcode(text).is_err(), "{text:?}");
        }
    }
}
