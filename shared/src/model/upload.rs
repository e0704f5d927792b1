//! Uploads: files that members sent, each of which serves one purpose at most.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{FileId, MemberId};
use crate::store::{Change, Condition, Key, Stored, Write, keys};

/// The folder of the bucket that they lie in, with a folder for each member.
pub const FOLDER: &str = "uploads/";

/// The folder of a member's uploads.
pub fn folder(member: MemberId) -> String {
    format!("{FOLDER}{member}/")
}

/// A file that a member sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// Which.
    pub id: FileId,
    /// Whose.
    pub member: MemberId,
    /// Its name in the member's folder.
    pub filename: String,
    /// When.
    pub kept_at: DateTime<Utc>,
    /// What it serves; none yet, where there is none. What has served one purpose never serves another, so whoever
    /// lets go of it may remove the file.
    #[serde(default)]
    pub serves: Option<Purpose>,
}

/// What an upload may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It is the member's picture.
    Picture,
    /// It is what is behind their profile.
    Banner,
    /// It is in a post of theirs.
    Post,
}

impl Upload {
    /// Its name in the bucket.
    pub fn file(&self) -> String {
        folder(self.member) + &self.filename
    }

    /// Whose upload a file of the bucket is, and its name in their folder; `None` for other files.
    pub fn of_file(file: &str) -> Option<(MemberId, &str)> {
        let (member, filename) = file.strip_prefix(FOLDER)?.split_once('/')?;
        Some((member.parse().ok()?, filename))
    }

    /// The write that gives an upload its purpose; refused if it has one, or is gone.
    pub fn claim(member: MemberId, filename: &str, purpose: Purpose) -> Write {
        let change = Change::of(keys::upload(member, filename)).set("serves", purpose);
        Write::change(change.when(Condition::without("serves")))
    }
}

impl Stored for Upload {
    fn key(&self) -> Key {
        keys::upload(self.member, &self.filename)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_whose_upload_it_is() {
        assert_eq!(Upload::of_file("uploads/7/x.png"), Some((MemberId(7), "x.png")));
        for file in ["avatars/7/x.png", "uploads/x.png", "uploads/a/x.png", ""] {
            assert_eq!(Upload::of_file(file), None, "{file:?}");
        }
    }
}
