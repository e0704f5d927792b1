//! The bus: which events go to which queues.

use serde::Deserialize;

use crate::cloud::Cloud;

/// An entry of `PutEvents`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Entry {
    /// Which bus; none means the account's own, which no rule here listens to.
    pub event_bus_name: Option<String>,
    /// Who says so.
    pub source: String,
    /// What happened.
    pub detail_type: String,
    /// The details: a JSON object, as text.
    pub detail: String,
    /// What it is about.
    pub resources: Vec<String>,
    /// When it happened, in seconds since the Unix epoch; none means now.
    pub time: Option<f64>,
}

/// Puts events on the bus: they are durably in every matching queue when this answers with their ids.
pub fn put_events(cloud: &Cloud, entries: Vec<Entry>) -> Result<Vec<String>, String> {
    todo!()
}
