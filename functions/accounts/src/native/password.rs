//! A new password for whoever reads the member's letters: as data for clients, and as a page for everybody else.

use askama::Template;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::Client;
use shared::error::Problems;
use shared::http::notice::{Notice, show};
use shared::http::{Accepted, Body, Html, Json, Path};
use shared::model::name::Email;
use shared::{App, Error, Result};

use super::StatusView;
use crate::password::sentence;
use crate::recovery::{self, NotSet, Wish};

/// An address.
#[derive(Deserialize, JsonSchema)]
pub struct Address {
    email: String,
}

impl Address {
    pub(super) fn parse(&self) -> Result<Email> {
        Email::parse(self.email.trim()).map_err(|_| Error::invalid_field("email", "Enter a valid email address."))
    }
}

/// Sends a letter with a link to set a new password, if somebody has this address; which is not told.
pub async fn ask(client: Client, State(app): State<App>, Body(address): Body<Address>) -> Result<Accepted<StatusView>> {
    recovery::ask(&app, &client, &address.parse()?, Wish::Password).await?;
    Ok(Accepted(StatusView { status: "sent" }))
}

/// A code from a letter and a new password.
#[derive(Deserialize, JsonSchema)]
pub struct Reset {
    code: String,
    password: String,
}

/// Sets a new password for whoever has the code from the letter, and ends every session.
pub async fn set(State(app): State<App>, Body(Reset { code, password }): Body<Reset>) -> Result<Json<StatusView>> {
    match recovery::set_password(&app, &code, password).await? {
        Ok(_) => Ok(Json(StatusView { status: "changed" })),
        Err(NotSet::Void(_)) => Err(Error::invalid_field("code", VOID)),
        Err(NotSet::Weak(weaknesses)) => {
            let mut problems = Problems::default();
            weaknesses.into_iter().for_each(|weakness| problems.add("password", sentence(weakness)));
            problems.finish()?;
            Err(Error::invalid("weak", "The password is easy to guess."))
        }
    }
}

const VOID: &str = "This link is no longer valid. Ask for a new one.";

#[derive(Template)]
#[template(path = "new_password.html")]
struct NewPasswordPage<'a> {
    code: &'a str,
    name: &'a str,
    problems: Vec<&'static str>,
}

/// Shows whoever has the code from the letter a form for a new password.
pub async fn page(State(app): State<App>, Path(code): Path<String>) -> Result<Html> {
    match recovery::look_up(&app, &code).await? {
        Ok((_, account)) => {
            show(&NewPasswordPage { code: &code, name: account.username.as_str(), problems: Vec::new() })
        }
        Err(_) => Notice { title: "Too late", text: VOID, form: None }.show(),
    }
}

/// The form, filled in.
#[derive(Deserialize, JsonSchema)]
pub struct NewPassword {
    #[serde(default)]
    password: String,
}

/// Sets the password from the form, or shows the form again with what is wrong.
pub async fn fill(
    State(app): State<App>,
    Path(code): Path<String>,
    Body(NewPassword { password }): Body<NewPassword>,
) -> Result<Html> {
    match recovery::set_password(&app, &code, password).await? {
        Ok(_) => {
            let text = "Your password is changed, and every session has ended. Sign in with the new one.";
            Notice { title: "Password changed", text, form: None }.show()
        }
        Err(NotSet::Void(_)) => Notice { title: "Too late", text: VOID, form: None }.show(),
        Err(NotSet::Weak(weaknesses)) => {
            let problems = weaknesses.into_iter().map(sentence).collect();
            show(&NewPasswordPage { code: &code, name: "", problems })
        }
    }
}
