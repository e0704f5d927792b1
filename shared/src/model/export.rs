//! Personal data: a member's open request for it, and the link to what is too large for a letter.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::ids::{ExportId, MemberId};
use crate::store::{Key, Stored, keys};

/// How long a request stays open at most. By then it has been tried as often as its queue tries, and lies where an
/// alarm points at it; the member may ask again.
pub const OPEN_FOR: Duration = Duration::hours(6);
/// How long the link in a letter works, and how long what it leads to is kept.
pub const LINK_WORKS: Duration = Duration::days(7);

const PURPOSE: &str = "personal-data";

/// A request that was not answered yet. A member has one at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataRequest {
    /// Whose.
    pub member: MemberId,
    /// Tells it from earlier ones.
    pub request: ExportId,
    /// When.
    pub asked_at: DateTime<Utc>,
}

impl Stored for DataRequest {
    fn key(&self) -> Key {
        keys::data_request(self.member)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.asked_at + OPEN_FOR)
    }
}

#[derive(Serialize, Deserialize)]
struct Link {
    file: String,
    expires_at: DateTime<Utc>,
}

/// The folder of the bucket that holds all members' exports.
pub const FOLDER: &str = "exports/";

/// The folder that holds one member's exports.
pub fn folder(member: MemberId) -> String {
    format!("{FOLDER}{member}/")
}

/// The name of an export in the bucket: the same whenever a request is answered again, and known to nobody else.
pub fn file_name(app: &App, request: &DataRequest) -> String {
    let sealed = app.seal.seal("export file", &request.request);
    let secret = sealed.split('.').next_back().unwrap_or_default();
    format!("{}{}-{secret}.zip", folder(request.member), request.request)
}

/// The address at which a letter's reader finds an export of the bucket.
pub fn link(app: &App, file: &str) -> String {
    let link = Link { file: file.to_owned(), expires_at: app.clock.now() + LINK_WORKS };
    format!("{}/v1/personal-data?code={}", app.config.public_url, app.seal.seal(PURPOSE, &link))
}

/// The name of the file that a link leads to, if it is ours and its time is not over.
pub fn open_link(app: &App, code: &str) -> Option<String> {
    let link = app.seal.open::<Link>(PURPOSE, code)?;
    (app.clock.now() < link.expires_at).then_some(link.file)
}
