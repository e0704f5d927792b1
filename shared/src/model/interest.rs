//! Interests: addresses of people who want to hear of us before they join.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::name::Email;
use crate::store::{Key, Stored, keys};

/// That somebody wants to hear of us.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interest {
    /// Where.
    pub email: Email,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for Interest {
    fn key(&self) -> Key {
        keys::interest(&self.email.folded())
    }
}
