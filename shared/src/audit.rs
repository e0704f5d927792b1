//! The audit trail: what the staff did, noted in the transaction that did it. Nothing of it is ever forgotten.
//!
//! Of the member whom it was done to the trail keeps the id and nothing else, so that a deletion leaves nothing of
//! them behind.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::ids::{EventId, MemberId};
use crate::model::account::Account;
use crate::store::{IndexKey, Key, Stored, Write, keys};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// Which member; none for whoever runs the house.
    pub id: Option<MemberId>,
    /// By what name.
    pub name: String,
}

impl Author {
    /// Whoever runs the house, and starts jobs by hand.
    pub fn operator() -> Author {
        Author { id: None, name: "operator".to_owned() }
    }
}

impl From<&Account> for Author {
    fn from(account: &Account) -> Author {
        Author { id: Some(account.id), name: account.username.as_str().to_owned() }
    }
}

/// One thing that was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Names it.
    pub id: EventId,
    /// Who did it.
    pub by: Author,
    /// What, in a word.
    pub what: String,
    /// To whom, where it was done to somebody.
    pub whom: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What there is to add, such as the new role; never a secret, nor a name or an address of the member.
    pub detail: Option<String>,
}

impl Stored for Entry {
    fn key(&self) -> Key {
        keys::audit(self.at, self.id)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_audit(self.id))
    }
}

/// The write that notes it; it belongs in the transaction of what was done.
pub fn note(
    app: &App,
    by: impl Into<Author>,
    what: &str,
    whom: Option<MemberId>,
    detail: Option<String>,
) -> Result<Write> {
    let (id, at) = (app.new_event_id(), app.clock.now());
    Write::create(&Entry { id, by: by.into(), what: what.to_owned(), whom, at, detail })
}
