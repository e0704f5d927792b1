//! The mailbox: every letter that SES would have sent.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};
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
    /// What came with it; the files themselves are read one by one ([`State::attachment`]).
    pub attachments: Vec<Attachment>,
}

/// A file that came with a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// What the letter's HTML calls it after `cid:`, if it shows it.
    #[serde(default)]
    pub content_id: Option<String>,
    /// Its size in bytes.
    pub size: usize,
    /// The file itself, kept beside the letter.
    #[serde(skip)]
    pub bytes: Vec<u8>,
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
    /// What comes with it.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
}

impl State {
    /// Keeps a letter and answers with the id that SES would give it.
    pub fn keep_letter(&self, letter: NewLetter) -> Result<String, String> {
        let text = serde_json::to_string(&letter).map_err(|error| format!("The letter cannot be kept: {error}."))?;
        let message_id = self.uuids.next();
        let now = self.clock.now().timestamp_millis();
        let mut database = self.database();
        let keep = |transaction: &Transaction| {
            transaction.execute(
                "INSERT INTO letters (message_id, at, letter) VALUES (?1, ?2, ?3)",
                params![message_id, now, text],
            )?;
            let id = transaction.last_insert_rowid();
            for (number, attachment) in (0_i64..).zip(&letter.attachments) {
                transaction.execute(
                    "INSERT INTO attachments (letter, number, bytes) VALUES (?1, ?2, ?3)",
                    params![id, number, attachment.bytes],
                )?;
            }
            Ok(())
        };
        let transaction = database.transaction().map_err(broken)?;
        keep(&transaction).and_then(|()| transaction.commit()).map_err(broken)?;
        drop(database);
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

    /// One file that came with a letter, by its place among them.
    pub fn attachment(&self, id: i64, number: usize) -> Result<Option<Attachment>, String> {
        let Some(letter) = self.letter(id)? else { return Ok(None) };
        let Some(attachment) = letter.attachments.into_iter().nth(number) else { return Ok(None) };
        let bytes = self
            .database()
            .query_row(
                "SELECT bytes FROM attachments WHERE letter = ?1 AND number = ?2",
                params![id, number as i64],
                |row| row.get(0),
            )
            .optional()
            .map_err(broken)?;
        Ok(bytes.map(|bytes| Attachment { bytes, ..attachment }))
    }

    /// Empties the mailbox.
    pub fn clear_letters(&self) -> Result<(), String> {
        self.database().execute_batch("DELETE FROM letters; DELETE FROM attachments;").map_err(broken)
    }
}

fn read(row: &Row) -> rusqlite::Result<Letter> {
    let letter: String = row.get(3)?;
    let NewLetter { from, to, subject, text, html, headers, attachments } = serde_json::from_str(&letter)
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
        attachments,
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
        let file = Attachment { name: "a.zip".to_owned(), size: 2, bytes: vec![0, 255], ..Attachment::default() };
        state.keep_letter(NewLetter { attachments: vec![file.clone()], ..NewLetter::default() }).unwrap();
        let latest = state.letters(1).unwrap().remove(0);
        assert_eq!((latest.attachments[0].size, latest.attachments[0].bytes.len()), (2, 0));
        assert_eq!(state.attachment(latest.id, 0).unwrap(), Some(file));
        assert_eq!(state.attachment(latest.id, 1).unwrap(), None);
        state.clear_letters().unwrap();
        assert_eq!(state.attachment(latest.id, 0).unwrap(), None);
        assert!(state.letter(letters[1].id).unwrap().is_none());
    }
}
