//! The pictures that a profile names: none, the one that it has, or another of the member's own uploads.

use shared::ids::MemberId;
use shared::model::upload::Upload;
use shared::store::keys;
use shared::{App, Result, media};

/// A path that is none of the member's own uploads, or of one that serves something.
pub struct NotAnUpload;

/// The upload of a member at this path, if it is theirs and serves nothing yet.
pub async fn idle(app: &App, member: MemberId, path: Option<&str>) -> Result<Option<Upload>> {
    let file = path.and_then(media::file_at).and_then(Upload::of_file);
    let Some((_, filename)) = file.filter(|(owner, _)| *owner == member) else { return Ok(None) };
    let upload: Option<Upload> = app.table.get(keys::upload(member, filename)).await?;
    Ok(upload.filter(|upload| upload.serves.is_none()))
}

/// What becomes of the picture that a profile has `now` when it names this path, or none: another file, no file, or
/// nothing, where it is the same. `idle` is the upload at that path, if there is one.
pub fn named(
    path: Option<&str>,
    now: Option<&str>,
    idle: Option<Upload>,
) -> Result<Option<Option<String>>, NotAnUpload> {
    match (path, idle) {
        (None, _) => Ok(Some(None)),
        (Some(path), _) if now.is_some_and(|now| media::path(now) == path) => Ok(None),
        (Some(_), Some(upload)) => Ok(Some(Some(upload.file()))),
        (Some(_), None) => Err(NotAnUpload),
    }
}
