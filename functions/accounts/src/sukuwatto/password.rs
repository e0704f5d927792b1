//! Passwords: Sukuwatto's rules (its contract, section 4.1), a new one for whoever is signed in, and one for whoever
//! reads the member's letters.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::codes::Void;
use shared::auth::passwords::{self, Weakness};
use shared::auth::{Client, Member};
use shared::error::Problems;
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Field, Json, NoContent};
use shared::model::account::Account;
use shared::model::name::Email;
use shared::{App, Error, Result};

use super::{Address, filled};
use crate::password::{self, Proof, sentence};
use crate::recovery::{self, NotSet, Wish};

/// What others know of a member, and so try as a password.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Their name.
    pub username: &'a str,
    /// Their given name.
    pub first_name: &'a str,
    /// Their family name.
    pub last_name: &'a str,
    /// Their address.
    pub email: &'a str,
}

impl Known<'_> {
    /// What others know of the member with this account.
    pub fn of(account: &Account) -> Known<'_> {
        Known {
            username: account.username.as_str(),
            first_name: &account.first_name,
            last_name: &account.last_name,
            email: account.email.as_ref().map(Email::as_str).unwrap_or_default(),
        }
    }

    /// Everything that is wrong with a password, in sentences; nothing, if it is good.
    pub fn weaknesses(&self, password: &str) -> Vec<&'static str> {
        const SIMILAR: [&str; 4] = [
            "The password is too similar to the username.",
            "The password is too similar to the first name.",
            "The password is too similar to the last name.",
            "The password is too similar to the email address.",
        ];
        let known = [self.username, self.first_name, self.last_name, self.email];
        let similar = || passwords::similar_to(password, &known).map_or(SIMILAR[0], |place| SIMILAR[place]);
        let words = |weakness| if weakness == Weakness::Similar { similar() } else { sentence(weakness) };
        let mut sentences: Vec<_> = passwords::weaknesses(password, &known).into_iter().map(words).collect();
        if password.contains('%') {
            sentences.push("This password contains an illegal character: %.");
        }
        sentences
    }
}

/// A password to be changed.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["old_password", "new_password"]))]
pub struct NewPassword {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1))]
    old_password: Field<String>,
    #[serde(default)]
    #[schemars(with = "String", length(min = 8, max = 1024))]
    new_password: Field<String>,
}

/// Changes the caller's password. Their other sessions end, this one goes on.
pub async fn change(by: Member, State(app): State<App>, Body(input): Body<NewPassword>) -> Result<NoContent> {
    let mut problems = Problems::default();
    let old = filled(&mut problems, "old_password", input.old_password);
    let new = filled(&mut problems, "new_password", input.new_password);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(old), Some(new)) = (old, new) else { return Err(Error::not_found()) };
    let mut problems = Problems::default();
    // The list belongs to no field.
    Known::of(&by.account).weaknesses(&new).into_iter().for_each(|sentence| problems.add("", sentence));
    problems.finish()?;
    let proof = Proof::by_password(&app, &by, old).await?;
    let proof = proof.ok_or_else(|| Error::invalid_field("", "Wrong password specified"))?;
    password::change_and_stay(&app, &by, proof, new).await?;
    Ok(NoContent)
}

/// How a letter's code stands, or what came of it.
#[derive(Clone, Copy, Debug)]
pub enum ResetView {
    /// It is good, or was and has done its work.
    Good,
    /// It is not, for this reason.
    Void(Void),
}

#[derive(Serialize, JsonSchema)]
struct StatusView {
    /// `OK`, `notfound` or `expired`.
    status: &'static str,
}

impl IntoResponse for ResetView {
    fn into_response(self) -> Response {
        match self {
            ResetView::Good => Json(StatusView { status: "OK" }).into_response(),
            ResetView::Void(void) => {
                let status = match void {
                    Void::Unknown => "notfound",
                    Void::Expired => "expired",
                };
                (StatusCode::NOT_FOUND, Json(StatusView { status })).into_response()
            }
        }
    }
}

impl Describe for ResetView {
    fn describe(operation: &mut Operation<'_>) {
        Json::<StatusView>::describe(operation);
        let schema = operation.schemas.view::<StatusView>();
        operation.answer(StatusCode::NOT_FOUND, "application/json", schema);
    }
}

/// Sends a letter with a link to set a new password, if somebody has this address; which is not told.
pub async fn ask(client: Client, State(app): State<App>, Body(address): Body<Address>) -> Result<ResetView> {
    let Some(email) = address.parse()? else { return Err(Error::not_found()) };
    recovery::ask(&app, &client, &email, Wish::Password).await?;
    Ok(ResetView::Good)
}

/// The code from a letter.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["token"]))]
pub struct Code {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1))]
    token: Field<String>,
}

/// Tells whoever has the code from a letter whether it is still good. Uses nothing up.
pub async fn validate(State(app): State<App>, Body(Code { token }): Body<Code>) -> Result<ResetView> {
    let mut problems = Problems::default();
    let token = token.required(&mut problems, "token");
    problems.finish()?;
    Ok(match recovery::look_up(&app, &token.unwrap_or_default()).await? {
        Ok(_) => ResetView::Good,
        Err(void) => ResetView::Void(void),
    })
}

/// A code from a letter and a new password.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["token", "password"]))]
pub struct Reset {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1))]
    token: Field<String>,
    #[serde(default)]
    #[schemars(with = "String", length(min = 8, max = 1024))]
    password: Field<String>,
}

/// Sets a new password for whoever has the code from the letter, and ends every session.
pub async fn reset(State(app): State<App>, Body(input): Body<Reset>) -> Result<ResetView> {
    let mut problems = Problems::default();
    let token = input.token.required(&mut problems, "token");
    let password = filled(&mut problems, "password", input.password);
    problems.finish()?;
    let (token, password) = (token.unwrap_or_default(), password.unwrap_or_default());
    let account = match recovery::look_up(&app, &token).await? {
        Ok((_, account)) => account,
        Err(void) => return Ok(ResetView::Void(void)),
    };
    let mut problems = Problems::default();
    Known::of(&account).weaknesses(&password).into_iter().for_each(|sentence| problems.add("password", sentence));
    problems.finish()?;
    match recovery::set_password(&app, &token, password).await? {
        Ok(_) => Ok(ResetView::Good),
        Err(NotSet::Void(void)) => Ok(ResetView::Void(void)),
        // Their name changed in between.
        Err(NotSet::Weak(_)) => Err(Error::changed_meanwhile()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Known<'_> =
        Known { username: "countess", first_name: "Augusta", last_name: "King-Noel", email: "ada@example.org" };

    #[test]
    fn everything_wrong_is_told_in_sukuwattos_words() {
        assert_eq!(ADA.weaknesses("correct horse battery"), [""; 0]);
        assert_eq!(ADA.weaknesses("countess1"), ["The password is too similar to the username."]);
        assert_eq!(ADA.weaknesses("augusta99"), ["The password is too similar to the first name."]);
        assert_eq!(ADA.weaknesses("kingnoel1"), ["The password is too similar to the last name."]);
        assert_eq!(ADA.weaknesses("ada@example"), ["The password is too similar to the email address."]);
        assert_eq!(ADA.weaknesses("100% correct horse"), ["This password contains an illegal character: %."]);
        assert_eq!(
            ADA.weaknesses("12345"),
            [
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ]
        );
        assert_eq!(ADA.weaknesses(""), ["This password is too short. It must contain at least 8 characters."]);
    }
}
