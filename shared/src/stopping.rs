//! Letters that come again and again, and the link in each by which its reader stops them (RFC 8058).

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::coding::subscriber;
use crate::error::Result;
use crate::ids::MemberId;
use crate::notices;

/// What the code in such a link is good for.
const STOP: &str = "stop";

/// Letters of one sort to one member, as the code in a link names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// Whose.
    pub member: MemberId,
    /// Which.
    pub sort: Sort,
}

/// A sort of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What is new, once a day.
    Digest,
    /// How a week went, once a week.
    Reports,
}

/// The link that stops these letters.
pub fn link(app: &App, letters: Letters) -> String {
    format!("{}/v1/letters/stop?code={}", app.config.public_url, app.seal.seal(STOP, &letters))
}

/// What the code of such a link stops.
pub fn letters_of(app: &App, code: &str) -> Option<Letters> {
    app.seal.open(STOP, code)
}

/// Sends no more of these letters. The second time changes nothing.
pub async fn stop(app: &App, Letters { member, sort }: Letters) -> Result<()> {
    match sort {
        Sort::Digest => notices::stop_digest(app, member).await,
        // Who has left gets none either.
        Sort::Reports => subscriber::switch_reports(app, member, false).await.map(drop),
    }
}
