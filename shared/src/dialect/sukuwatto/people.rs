//! How Sukuwatto mentions people, and how it looks for them (its contract, sections 1.2 and 2.1).

use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::MemberId;
use crate::media;
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

/// The parts of a name that somebody looks for, separated by blanks and commas; folded, as names are.
pub fn terms(text: &str) -> Vec<String> {
    let words = text.split(|char: char| char.is_whitespace() || char == ',').filter(|word| !word.is_empty());
    let term = |word: &str| fold(&word.chars().take(LONGEST_USERNAME).collect::<String>());
    words.take(MOST_TERMS).map(term).collect()
}
