//! Uploads: pictures that serve nothing yet, kept under names that nobody guesses and nobody chose.

use bytes::Bytes;
use chrono::Duration;
use shared::auth::{Member, limits, secrets};
use shared::ids::FileId;
use shared::media::File;
use shared::model::upload::Upload;
use shared::{App, Result};

use crate::picture::Format;

/// Uploads per account and hour.
const PER_HOUR: u32 = 100;

/// Counts an upload of a member.
pub async fn admit(app: &App, by: &Member) -> Result<()> {
    limits::take(app, "upload", &by.id().to_string(), PER_HOUR, Duration::hours(1)).await.map(drop)
}

/// Keeps a clean picture as a member's upload. One that serves nothing within a day is cleaned up.
pub async fn keep(app: &App, by: &Member, bytes: Bytes, format: Format) -> Result<Upload> {
    let now = app.clock.now();
    let upload = Upload {
        id: FileId(app.ids.next(now)),
        member: by.id(),
        filename: format!("{}.{}", &secrets::random()?[..32], format.extension()),
        kept_at: now,
        serves: None,
    };
    // The file first: one without a record is found by the clean-up.
    app.media.put(&upload.file(), File { bytes, content_type: format.media_type().to_owned() }).await?;
    app.table.create(&upload).await?;
    Ok(upload)
}
