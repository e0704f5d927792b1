//! Sukuwatto's words for uploads (its contract, part S, section 3.2).

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::auth::Member;
use shared::http::{Created, Upload};
use shared::ids::{FileId, MemberId};
use shared::{App, Error, Result, media};

use crate::picture::{self, Format, NOT_AN_IMAGE};
use crate::uploads;

/// The largest file, in bytes: what its client makes pictures smaller to.
const LARGEST: usize = 1_000_000;
/// The longest file name, in characters.
const LONGEST_NAME: usize = 100;

/// A file that was uploaded.
#[derive(Serialize, JsonSchema)]
pub struct FileView {
    id: FileId,
    /// Its path.
    file: String,
    user: MemberId,
}

/// Keeps a picture of the caller's, for their profile or a post to be.
pub async fn upload(by: Member, State(app): State<App>, upload: Upload) -> Result<Created<FileView>> {
    uploads::admit(&app, &by).await?;
    let refused = |sentence: &'static str| Error::invalid_field("file", sentence);
    let file = upload.file("file").filter(|file| !file.filename.is_empty());
    let file = file.ok_or_else(|| refused("No file was submitted."))?;
    let length = file.filename.chars().count();
    if length > LONGEST_NAME {
        let sentence = format!("Ensure this filename has at most {LONGEST_NAME} characters (it has {length}).");
        return Err(Error::invalid_field("file", sentence));
    }
    if file.bytes.is_empty() {
        return Err(refused("The submitted file is empty."));
    }
    if file.bytes.len() > LARGEST {
        return Err(Error::too_large(LARGEST));
    }
    let format = Format::of_content(&file.bytes).ok_or_else(|| refused(NOT_AN_IMAGE))?;
    let bytes = picture::cleaned(file.bytes, format).await?.map_err(|_| refused(NOT_AN_IMAGE))?;
    let kept = uploads::name(&app, by.id(), format.kept_as())?;
    uploads::keep(&app, &kept, bytes, format.kept_as()).await?;
    Ok(Created(FileView { id: kept.id, file: media::path(&kept.file()), user: kept.member }))
}
