//! Sukuwatto's words for accounts (its contract, part S, sections 2.1 and 3.1): inputs, views, and handlers that
//! translate.

pub mod joining;
pub mod lookup;
pub mod password;
pub mod tokens;
pub mod users;
pub mod views;

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::App;
use shared::dialect::sukuwatto::text::{BLANK, Text};
use shared::error::Problems;
use shared::http::{Field, Json};
use shared::model::name::{Email, LONGEST_EMAIL};

use shared::profile::Taken;

/// A text that has to be there and is taken as it is, blanks and all.
fn filled(problems: &mut Problems, field: &'static str, text: Field<String>) -> Option<String> {
    let text = text.required(problems, field)?;
    problems.check(field, if text.is_empty() { Err(BLANK) } else { Ok(text) })
}

/// The field whose value somebody else has, and what whoever sent it hears.
fn taken(taken: Taken) -> (&'static str, &'static str) {
    match taken {
        Taken::Username => ("username", "A user with that username already exists."),
        Taken::Email | Taken::LeetcodeUsername => ("email", "user with this email already exists."),
    }
}

/// An address that has to be there, in lower case.
fn email(problems: &mut Problems, text: &str) -> Option<Email> {
    let text = Text { longest: LONGEST_EMAIL, blank: false }.check(problems, "email", text, None)?;
    problems.check("email", Email::parse(&text.to_lowercase()).map_err(|_| "Enter a valid email address."))
}

/// A value out of a table of codes.
fn choice<T: Copy>(problems: &mut Problems, field: &'static str, text: &str, codes: &[(&str, T)]) -> Option<T> {
    let chosen = codes.iter().find(|(code, _)| *code == text).map(|(_, value)| *value);
    problems.check(field, chosen.ok_or_else(|| no_choice(text)))
}

fn no_choice(text: &str) -> String {
    format!("\"{}\" is not a valid choice.", text.chars().take(100).collect::<String>())
}

/// An address and nothing else.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["email"]))]
pub struct Address {
    #[serde(default)]
    #[schemars(with = "String", length(max = 254))]
    email: Field<String>,
}

impl Address {
    fn parse(self) -> shared::Result<Option<Email>> {
        let mut problems = Problems::default();
        let typed = self.email.required(&mut problems, "email");
        let parsed = typed.and_then(|text| email(&mut problems, &text));
        problems.finish().map(|()| parsed)
    }
}

/// The addresses of the collections.
#[derive(Serialize, JsonSchema)]
pub struct CollectionsView {
    users: String,
    exercises: String,
    plans: String,
    workouts: String,
    #[serde(rename = "user-bio-datas")]
    user_bio_datas: String,
    posts: String,
    comments: String,
    reports: String,
}

/// Shows anyone where the collections are.
pub async fn collections(State(app): State<App>) -> Json<CollectionsView> {
    let address = |name: &str| format!("{}/api/{name}/", app.config.public_url);
    Json(CollectionsView {
        users: address("users"),
        exercises: address("exercises"),
        plans: address("plans"),
        workouts: address("workouts"),
        user_bio_datas: address("user-bio-datas"),
        posts: address("posts"),
        comments: address("comments"),
        reports: address("reports"),
    })
}
