//! Uploads: pictures that serve nothing yet, kept under names that nobody guesses and nobody chose.

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use shared::auth::{Member, limits, secrets};
use shared::ids::{FileId, MemberId};
use shared::media::File;
use shared::model::account::Account;
use shared::model::upload::Upload;
use shared::store::{StoreError, keys};
use shared::{App, Error, Result};

use crate::picture::{self, Format, NOT_AN_IMAGE};

/// Uploads per account and hour.
const PER_HOUR: u32 = 100;
/// How long a place waits for its file.
const WAITS: Duration = Duration::minutes(10);

const PURPOSE: &str = "place for an upload";

/// Counts an upload of a member.
pub async fn admit(app: &App, by: &Member) -> Result<()> {
    count(app, "upload", by.id()).await
}

async fn count(app: &App, what: &str, member: MemberId) -> Result<()> {
    limits::take(app, what, &member.to_string(), PER_HOUR, Duration::hours(1)).await.map(drop)
}

/// An upload of a member to be, under a name of its own.
pub fn name(app: &App, member: MemberId, format: Format) -> Result<Upload> {
    let kept_at = app.clock.now();
    let filename = format!("{}.{}", &secrets::random()?[..32], format.extension());
    Ok(Upload { id: FileId(app.ids.next(kept_at)), member, filename, kept_at, serves: None })
}

/// Keeps a clean picture as a member's upload. One that serves nothing within a day is cleaned up.
pub async fn keep(app: &App, upload: &Upload, bytes: Bytes, format: Format) -> Result<()> {
    // The file first: one without a record is found by the clean-up.
    app.media.put(&upload.file(), File { bytes, content_type: format.media_type().to_owned() }).await?;
    match app.table.create(upload).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(used()),
        Err(error) => Err(error.into()),
    }
}

/// A place for one picture that a member is about to send. Sealed, it is all that there is of it until then.
#[derive(Serialize, Deserialize)]
pub struct Place {
    /// What the picture will be.
    pub upload: Upload,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// The account's epoch when it was promised: a ban, or a new password, takes it back.
    epoch: i64,
    /// The format that was announced.
    format: Format,
    /// The size that was announced, in bytes.
    size: usize,
}

impl Place {
    /// A place for a picture of this format and size.
    pub fn promise(app: &App, by: &Member, format: Format, size: usize) -> Result<Place> {
        let upload = name(app, by.id(), format.kept_as())?;
        let expires_at = app.clock.now() + WAITS;
        Ok(Place { upload, expires_at, epoch: by.account.session_epoch, format, size })
    }

    /// The text by which whoever has it may send the picture.
    pub fn seal(&self, app: &App) -> String {
        app.seal.seal(PURPOSE, self)
    }
}

/// Keeps a picture in the place that was promised for it, once, if it is what was announced.
pub async fn receive(app: &App, sealed: &str, media: &str, bytes: Bytes) -> Result<Upload> {
    let place: Place = app.seal.open(PURPOSE, sealed).ok_or_else(Error::not_found)?;
    let Place { upload, format, .. } = place;
    if place.expires_at <= app.clock.now() {
        return Err(Error::invalid("upload_expired", "This address has run out. Ask for another one."));
    }
    if media != format.media_type() {
        return Err(Error::unsupported_media(media));
    }
    if bytes.len() > place.size {
        return Err(Error::too_large(place.size));
    }
    if bytes.len() < place.size {
        let sentence = format!("The file has {} bytes, and {} were announced.", bytes.len(), place.size);
        return Err(Error::invalid("wrong_size", sentence));
    }
    let member = upload.member;
    let keys = (keys::account(member), keys::upload(member, &upload.filename));
    // A place is used up by what is kept, and looking at what is sent is dear: so that is counted, too.
    let (admitted, found) =
        tokio::join!(count(app, "sent", member), app.table.get_two::<Account, Upload>(keys.0, keys.1));
    admitted?;
    let (account, kept) = found?;
    account
        .filter(|account| account.is_usable() && account.session_epoch == place.epoch)
        .ok_or_else(Error::not_found)?;
    // A name is never used for two pictures.
    if kept.is_some() {
        return Err(used());
    }
    let not_an_image = || Error::invalid("not_an_image", NOT_AN_IMAGE);
    if Format::of_content(&bytes) != Some(format) {
        return Err(not_an_image());
    }
    let bytes = picture::cleaned(bytes, format).await?.map_err(|_| not_an_image())?;
    let upload = Upload { kept_at: app.clock.now(), ..upload };
    keep(app, &upload, bytes, format.kept_as()).await?;
    Ok(upload)
}

fn used() -> Error {
    Error::conflict("already_uploaded", "A file was sent here already.")
}
