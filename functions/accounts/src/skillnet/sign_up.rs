//! Signing up, on either surface.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use shared::auth::Client;
use shared::error::Problems;
use shared::ids::MemberId;
use shared::joining::{self, Joined, NewMember};
use shared::model::name::{Email, Username};
use shared::model::profile::Profile;
use shared::profile::Taken;
use shared::{App, Error, Result};

use super::password::new_password;
use super::telling::{EditProfile, person, tell};
use super::{BLANK, NOT_AN_EMAIL, REQUIRED};
use crate::naming;

const NAME_TAKEN: &str = "A user with that username already exists.";
const EMAIL_TAKEN: &str = "A user is already registered with this e-mail address.";

/// New accounts per address and hour.
const JOIN_PER_HOUR: u32 = 10;
/// How often a name is made for somebody before others take it.
const TRIES: usize = 3;

/// An account to be made.
#[derive(Deserialize, JsonSchema)]
pub struct NewUser {
    #[schemars(length(max = 150))]
    name: Option<String>,
    /// With `last_name` in place of `name`.
    #[schemars(length(max = 150))]
    first_name: Option<String>,
    #[schemars(length(max = 150))]
    last_name: Option<String>,
    /// Made from name or address where there is none.
    #[schemars(regex(pattern = "^[A-Za-z0-9_]{3,30}$"))]
    username: Option<String>,
    #[schemars(required, length(max = 254))]
    email: Option<String>,
    #[schemars(length(min = 8, max = 128))]
    password: Option<String>,
    /// With `password2` in place of `password`.
    #[schemars(length(min = 8, max = 128))]
    password1: Option<String>,
    #[schemars(length(min = 8, max = 128))]
    password2: Option<String>,
    #[schemars(length(max = 20))]
    phone: Option<String>,
    #[schemars(length(max = 2000))]
    bio: Option<String>,
    #[schemars(with = "Option<Vec<String>>")]
    skills: Option<Value>,
}

/// Which of the two surfaces somebody joins on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Document,
    Client,
}

/// Makes an account with its first session.
pub(super) async fn join(app: &App, client: &Client, input: NewUser, surface: Surface) -> Result<Joined> {
    joining::admit_up_to(app, client, JOIN_PER_HOUR).await?;
    let mut problems = Problems::default();
    let (first_name, last_name) = match (input.name.as_deref(), &input.first_name, &input.last_name) {
        (None, None, None) if surface == Surface::Document && input.username.is_none() => {
            problems.add("name", REQUIRED);
            (None, None)
        }
        (Some(name), None, None) if name.trim().is_empty() && input.username.is_none() => {
            problems.add("name", BLANK);
            (None, None)
        }
        _ => person(&mut problems, "", input.name, input.first_name, input.last_name),
    };
    let (first_name, last_name) = (first_name.unwrap_or_default(), last_name.unwrap_or_default());
    let called = format!("{first_name} {last_name}");
    let email = match input.email.as_deref().map(str::trim) {
        None => problems.check("email", Err(REQUIRED)),
        Some("") => problems.check("email", Err(BLANK)),
        Some(text) => problems.check("email", Email::parse(text).map_err(|_| NOT_AN_EMAIL)),
    };
    let username = input.username.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let chosen = username.map(|text| problems.check("username", parse_username(text)));
    // Nothing tells yet whether the two are free; where one of them is wrong, the other is looked at all the same.
    let (name_free, email_free) = tokio::join!(
        async {
            match &chosen {
                Some(Some(name)) => joining::is_free(app, name).await,
                _ => Ok(true),
            }
        },
        async {
            match &email {
                Some(email) => joining::is_unheld(app, email).await,
                None => Ok(true),
            }
        },
    );
    if !name_free? {
        problems.add("username", NAME_TAKEN);
    }
    if !email_free? {
        problems.add("email", EMAIL_TAKEN);
    }
    let known = [username.unwrap_or_default(), input.email.as_deref().unwrap_or_default(), &first_name, &last_name];
    let field = if surface == Surface::Document && input.password1.is_none() { "password" } else { "password1" };
    let first = if field == "password" { input.password } else { input.password1 };
    // A repetition counts wherever there is one.
    let repeated = field == "password1" || input.password2.as_ref().is_some_and(|second| !second.is_empty());
    let second = repeated.then_some(input.password2);
    let password = new_password(&mut problems, field, first, second, &known);
    let mut profile = Profile::new(MemberId(0));
    let told = EditProfile {
        phone: input.phone.map(Some),
        bio: input.bio.map(Some),
        skills: input.skills,
        ..EditProfile::default()
    };
    tell(&mut problems, &mut profile, &told, app.clock.now());
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(email), Some(password)) = (email, password) else { return Err(Error::not_found()) };
    for attempt in 0..TRIES {
        let username = match &chosen {
            Some(chosen) => chosen.clone(),
            None => naming::find_free(app, &called, &email, attempt > 0).await?,
        };
        let Some(username) = username else { continue };
        let new = NewMember {
            email: Some(email.clone()),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            profile: Some(profile.clone()),
            ..NewMember::new(username, Some(password.clone()))
        };
        match joining::join(app, new, Some(client)).await? {
            Ok(joined) => return Ok(joined),
            Err(Taken::Email) => return Err(Error::invalid_field("email", EMAIL_TAKEN)),
            Err(_) if chosen.is_some() => return Err(Error::invalid_field("username", NAME_TAKEN)),
            // Somebody else was given the same name at the same time.
            Err(_) => {}
        }
    }
    Err(Error::invalid_field("username", NAME_TAKEN))
}

fn parse_username(text: &str) -> Result<Username, &'static str> {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let fits = (3..=30).contains(&text.len()) && text.chars().all(plain);
    let username = Username::parse(text).ok().filter(|_| fits);
    username.ok_or("Enter a valid username: 3 to 30 letters, digits and underscores.")
}
