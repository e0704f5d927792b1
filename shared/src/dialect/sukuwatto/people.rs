//! How Sukuwatto mentions people, and how it looks for them (its contract, sections 1.2 and 2.1).

use axum::extract::FromRequestParts;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, Result};
use crate::http::Query;
use crate::http::describe::{Describe, Operation};
use crate::ids::MemberId;
use crate::media;
use crate::members;
use crate::model::account::Account;
use crate::model::name::{LONGEST_USERNAME, fold};

/// Terms of a search, at most.
const MOST_TERMS: usize = 10;

/// A member in a list.
#[derive(Serialize, JsonSchema)]
pub struct UserMinView {
    id: MemberId,
    username: String,
    profile_filename: Option<String>,
}

impl UserMinView {
    /// The member with this account.
    pub fn of(account: &Account) -> UserMinView {
        UserMinView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            profile_filename: account.avatar.as_deref().map(media::path),
        }
    }
}

/// Whose things a list is asked for.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Name {
    /// The member's name.
    username: Option<String>,
}

/// The name in a query, and who has it. One round trip.
pub struct Named {
    /// Whether there was a name at all.
    pub is_given: bool,
    /// Who has it, if anybody.
    pub holder: Option<MemberId>,
}

impl FromRequestParts<App> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Named> {
        let Query(Name { username }) = Query::<Name>::from_request_parts(parts, app).await?;
        let holder = match &username {
            Some(name) => members::holder(app, name).await?,
            None => None,
        };
        Ok(Named { is_given: username.is_some(), holder })
    }
}

impl Describe for Named {
    fn describe(operation: &mut Operation<'_>) {
        Query::<Name>::describe(operation);
    }
}

/// The parts of a name that somebody looks for, separated by blanks and commas; folded, as names are.
pub fn terms(text: &str) -> Vec<String> {
    let words = text.split(|char: char| char.is_whitespace() || char == ',').filter(|word| !word.is_empty());
    let term = |word: &str| fold(&word.chars().take(LONGEST_USERNAME).collect::<String>());
    words.take(MOST_TERMS).map(term).collect()
}
