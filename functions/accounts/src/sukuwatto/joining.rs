//! Joining Sukuwatto, and what its form asks while it is filled in.

use axum::extract::State;
use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Client, limits};
use shared::error::Problems;
use shared::http::{Body, Created, Field, Json, Query};
use shared::ids::MemberId;
use shared::joining::{self, NewMember};
use shared::model::account::EmailHeld;
use shared::model::interest::Interest;
use shared::model::name::{Email, LONGEST_USERNAME, NotAUsername, Username, fold};
use shared::model::profile::Profile;
use shared::store::{StoreError, keys};
use shared::{App, Error, Result};

use super::password::Known;
use super::users::{NOT_AN_UPLOAD, UserFields};
use super::views::NewUserView;
use super::{Address, BLANK, email, filled, taken};
use crate::members;
use shared::profile::Taken;

/// Addresses of people who are interested, from one network address and hour.
const INTERESTS_PER_HOUR: u32 = 20;

/// An account to be made.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["username", "email", "password"]))]
pub struct NewUser {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 150))]
    username: Field<String>,
    #[serde(default)]
    #[schemars(with = "String", length(max = 254))]
    email: Field<String>,
    #[serde(default)]
    #[schemars(with = "String", length(min = 8, max = 1024))]
    password: Field<String>,
    #[serde(flatten)]
    fields: UserFields,
}

/// Makes an account. Does not sign in.
pub async fn sign_up(
    client: Client,
    State(app): State<App>,
    Body(input): Body<NewUser>,
) -> Result<Created<NewUserView>> {
    joining::admit(&app, &client).await?;
    let mut problems = Problems::default();
    let typed = input.username.required(&mut problems, "username");
    let username = typed.as_deref().and_then(|text| parse_username(&mut problems, text));
    let address = input.email.required(&mut problems, "email");
    let address = address.and_then(|text| email(&mut problems, &text));
    let password = filled(&mut problems, "password", input.password);
    // Nobody yet: the member's id is not known before they have joined.
    let told = input.fields.apply(&app, &mut problems, None, &Profile::new(MemberId(0)), false);
    if matches!(told.picture, Some(Some(_))) {
        problems.add("profile_filename", NOT_AN_UPLOAD);
    }
    let (first_name, last_name) = (told.first_name.unwrap_or_default(), told.last_name.unwrap_or_default());
    if let Some(password) = &password {
        let known = Known {
            username: typed.as_deref().unwrap_or_default(),
            first_name: &first_name,
            last_name: &last_name,
            email: address.as_ref().map(Email::as_str).unwrap_or_default(),
        };
        known.weaknesses(password).into_iter().for_each(|sentence| problems.add("password", sentence));
    }
    for (field, sentence) in already_taken(&app, username.as_ref(), address.as_ref()).await?.into_iter().map(taken) {
        problems.add(field, sentence);
    }
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(username), Some(email), Some(password)) = (username, address, password) else {
        return Err(Error::not_found());
    };
    let new = NewMember {
        email: Some(email),
        first_name,
        last_name,
        audience: told.audience.unwrap_or_default(),
        profile: Some(told.profile),
        ..NewMember::new(username, Some(password))
    };
    match joining::join(&app, new, None).await? {
        Ok(joined) => Ok(Created(NewUserView::of(&joined.account, &joined.profile))),
        Err(other) => {
            let (field, sentence) = taken(other);
            Err(Error::invalid_field(field, sentence))
        }
    }
}

/// A name as new members get it: in lower case.
pub(super) fn parse_username(problems: &mut Problems, text: &str) -> Option<Username> {
    let parsed = Username::parse(&fold(text.trim())).map_err(|problem| match problem {
        NotAUsername::Empty => BLANK.to_owned(),
        NotAUsername::TooLong(_) => format!("Ensure this field has no more than {LONGEST_USERNAME} characters."),
        NotAUsername::Characters => "Enter a valid username. This value may contain only letters, numbers, and \
            @/./+/-/_ characters."
            .to_owned(),
    });
    problems.check("username", parsed)
}

/// What is taken of those of the two that are good.
async fn already_taken(app: &App, name: Option<&Username>, email: Option<&Email>) -> Result<Vec<Taken>> {
    match (name, email) {
        (Some(name), Some(email)) => joining::taken(app, name, email).await,
        (Some(name), None) => Ok(if joining::is_free(app, name).await? { vec![] } else { vec![Taken::Username] }),
        (None, Some(email)) => {
            let held = app.table.get::<EmailHeld>(keys::email(&email.folded())).await?;
            Ok(held.map(|_| Taken::Email).into_iter().collect())
        }
        (None, None) => Ok(vec![]),
    }
}

/// A name.
#[derive(Deserialize, JsonSchema)]
pub struct Name {
    /// The member's name.
    pub(super) username: Option<String>,
}

impl Name {
    /// The name, which has to be there.
    pub(super) fn required(self) -> Result<String> {
        self.username.ok_or_else(|| Error::invalid_field("username", "This field is required."))
    }
}

/// Tells anyone whether a name is taken.
pub async fn user_exists(client: Client, State(app): State<App>, Query(name): Query<Name>) -> Result<Json<bool>> {
    let name = name.required()?;
    members::admit_question(&app, &client).await?;
    Ok(Json(members::holder(&app, &name).await?.is_some()))
}

/// A password to be, and who would have it.
#[derive(Deserialize, JsonSchema)]
pub struct Candidate {
    #[serde(default)]
    password: Field<String>,
    #[serde(default)]
    username: Field<String>,
    #[serde(default)]
    email: Field<String>,
    #[serde(default)]
    first_name: Field<String>,
    #[serde(default)]
    last_name: Field<String>,
}

/// Tells anyone what is wrong with a password; nothing, if it is good.
pub async fn validate_password(Body(input): Body<Candidate>) -> Json<Vec<&'static str>> {
    let text = |field: Field<String>| field.value().unwrap_or_default();
    let (username, email) = (text(input.username), text(input.email));
    let (first_name, last_name) = (text(input.first_name), text(input.last_name));
    let known = Known { username: &username, first_name: &first_name, last_name: &last_name, email: &email };
    Json(known.weaknesses(&text(input.password)))
}

/// Somebody who wants to hear of us.
#[derive(Serialize, JsonSchema)]
pub struct InterestView {
    email: String,
}

/// Keeps the address of somebody who wants to hear of us.
pub async fn express_interest(
    client: Client,
    State(app): State<App>,
    Body(address): Body<Address>,
) -> Result<Created<InterestView>> {
    let Some(email) = address.parse()? else { return Err(Error::not_found()) };
    limits::take(&app, "interest", &client.address, INTERESTS_PER_HOUR, Duration::hours(1)).await?;
    let interest = Interest { email, since: app.clock.now() };
    match app.table.create(&interest).await {
        Ok(()) => Ok(Created(InterestView { email: interest.email.as_str().to_owned() })),
        Err(StoreError::Refused { .. }) => {
            Err(Error::invalid_field("email", "user interest with this email already exists."))
        }
        Err(error) => Err(error.into()),
    }
}
