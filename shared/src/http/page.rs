//! Paging: a sealed cursor that belongs to one list and one viewer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;

/// A place in a list, as the client holds it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor to `position` in `list`, good for `viewer` only.
    pub fn new(app: &App, list: &str, viewer: Option<MemberId>, position: &str) -> Cursor {
        Cursor(app.seal.seal(&purpose(list, viewer), &position))
    }

    /// The text that a link carries.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The position, if the cursor is of this list and for this viewer.
    pub fn open(&self, app: &App, list: &str, viewer: Option<MemberId>) -> Result<String> {
        let position = app.seal.open(&purpose(list, viewer), &self.0);
        position.ok_or_else(|| Error::invalid_field("cursor", "This cursor does not belong to this list."))
    }
}

fn purpose(list: &str, viewer: Option<MemberId>) -> String {
    format!("cursor\0{list}\0{}", viewer.map_or(0, |viewer| viewer.0))
}
