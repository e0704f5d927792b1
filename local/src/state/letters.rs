//! The mailbox: every letter that SES would have sent.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{State, broken, time};

/// A letter that SES would have sent.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// Its number in the mailbox.
    pub id: i64,
    /// The id that SES answered with.
    pub message_id: String,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// Who it comes from.
    pub from: String,
    /// Who it goes to.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// Other headers.
    pub headers: Vec<(String, String)>,
}

/// A letter to be kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewLetter {
    /// Who it comes from.
    pub from: String,
    /// Who it goes to.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// Other headers.
    pub headers: Vec<(String, String)>,
}

impl State {
    /// Keeps a letter and answers with the id that SES would give it.
    pub fn keep_letter(&self, letter: NewLetter) -> Result<String, String> {
        let letter = serde_json::to_string(&letter).map_err(|error| format!("The letter cannot be kept: {error}."))?;
        let message_id = self.uuids.next();
        let now = self.clock.now().timestamp_millis();
        self.database()
            .execute(
                "INSERT INTO letters (message_id, at, letter) VALUES (?1, ?2, ?3)",
                params![message_id, now, letter],
            )
            .map_err(broken)?;
        Ok(message_id)
    }

    /// The latest letters, newest first.
    pub fn letters(&self, limit: usize) -> Result<Vec<Letter>, String> {
        self.database()
            .prepare_cached("SELECT id, message_id, at, letter FROM letters ORDER BY id DESC LIMIT ?1")
            .and_then(|mut statement| statement.query_map([limit], read)?.collect())
            .map_err(broken)
    }

    /// One letter.
    pub fn letter(&self, id: i64) -> Result<Option<Letter>, String> {
        self.database()
            .query_row("SELECT id, message_id, at, letter FROM letters WHERE id = ?1", [id], read)
            .optional()
            .map_err(broken)
    }

    /// Empties the mailbox.
    pub fn clear_letters(&self) -> Result<(), String> {
        self.database().execute("DELETE FROM letters", []).map(drop).map_err(broken)
    }
}

fn read(row: &Row) -> rusqlite::Result<Letter> {
    let letter: String = row.get(3)?;
    let NewLetter { from, to, subject, text, html, headers } = serde_json::from_str(&letter)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(Letter {
        id: row.get(0)?,
        message_id: row.get(1)?,
        at: time(row.get(2)?),
        from,
        to,
        subject,
        text,
        html,
        headers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uuids::Uuids;
    use shared::clock::Clock;

    #[test]
    fn letters_come_newest_first_and_whole() {
        let state = State::open(None, Clock::system(), Uuids::counting(), Vec::new()).unwrap();
        for subject in ["Welcome", "Your name was locked"] {
            let letter = NewLetter {
                to: vec!["ada@example.com".to_owned()],
                subject: subject.to_owned(),
                headers: vec![("X-Letter".to_owned(), "1".to_owned())],
                ..NewLetter::default()
            };
            state.keep_letter(letter).unwrap();
        }
        let letters = state.letters(10).unwrap();
        assert_eq!(letters[0].subject, "Your name was locked");
        assert_eq!(state.letter(letters[1].id).unwrap().unwrap().headers[0].0, "X-Letter");
        state.clear_letters().unwrap();
        assert!(state.letter(letters[1].id).unwrap().is_none());
    }
}
