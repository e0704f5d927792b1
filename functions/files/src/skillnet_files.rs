//! SkillNet's words for files (its contract, section 3.8): first a place for a picture is asked for, then the picture is
//! sent there, and then a profile names it.
//!
//! It is sent to us and not to the bucket, so that nothing lies there that has not been looked at; and so it is no larger
//! than what an event can carry.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request, State};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Member;
use shared::error::Problems;
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Created, Field, Path, body};
use shared::model::upload::Upload;
use shared::{App, Error, Result, media};

use crate::picture::Format;
use crate::uploads::{self, Place};

/// The largest file, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// The longest file name, in characters.
const LONGEST_NAME: usize = 255;
/// What a picture may be for. It serves the first purpose that it is named for, whichever was meant; gigs name none yet.
const PURPOSES: [&str; 3] = ["profile_picture", "banner", "gig_image"];

/// A file that is about to be sent.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["purpose", "file_name", "content_type", "size"]))]
pub struct NewFile {
    /// `profile_picture`, `banner` or `gig_image`.
    #[schemars(with = "String", regex(pattern = "^(profile_picture|banner|gig_image)$"))]
    purpose: Field<String>,
    /// What the client calls it. It is kept under another name.
    #[schemars(with = "String", length(min = 1, max = 255))]
    file_name: Field<String>,
    /// `image/gif`, `image/jpeg`, `image/png` or `image/webp`.
    #[schemars(with = "String", regex(pattern = "^image/(gif|jpeg|png|webp)$"))]
    content_type: Field<String>,
    /// In bytes.
    #[schemars(with = "i64", range(min = 1, max = 4_194_304))]
    size: Field<i64>,
}

impl NewFile {
    /// The format and the size, if everything is in order.
    fn check(self) -> Result<(Format, usize)> {
        let mut problems = Problems::default();
        let no_choice =
            |text: &str| format!("\"{}\" is not a valid choice.", text.chars().take(100).collect::<String>());
        if let Some(purpose) = self.purpose.required(&mut problems, "purpose")
            && !PURPOSES.contains(&purpose.as_str())
        {
            problems.add("purpose", no_choice(&purpose));
        }
        if let Some(name) = self.file_name.required(&mut problems, "file_name") {
            if name.trim().is_empty() {
                problems.add("file_name", "This field may not be blank.");
            } else if name.chars().count() > LONGEST_NAME {
                problems.add("file_name", format!("Ensure this field has no more than {LONGEST_NAME} characters."));
            }
        }
        let format = self.content_type.required(&mut problems, "content_type").and_then(|media| {
            problems.check("content_type", Format::of_media_type(&media).ok_or_else(|| no_choice(&media)))
        });
        let size = self.size.required(&mut problems, "size").and_then(|size| {
            let size = usize::try_from(size).ok().filter(|size| (1..=LARGEST).contains(size));
            problems.check("size", size.ok_or_else(|| format!("A file has at least 1 and at most {LARGEST} bytes.")))
        });
        problems.finish()?;
        // What is missing is a problem, so nothing is.
        format.zip(size).ok_or_else(Error::not_found)
    }
}

/// A place that waits for a file.
#[derive(Serialize, JsonSchema)]
pub struct PlaceView {
    /// What a profile names the file by, once it was sent. It is its path, too.
    file_reference: String,
    upload: UploadView,
}

/// How to send the file.
#[derive(Serialize, JsonSchema)]
pub struct UploadView {
    url: String,
    /// Always `PUT`, with the file and nothing else as its body.
    method: &'static str,
    /// Headers to send along.
    headers: BTreeMap<&'static str, &'static str>,
    /// Always empty: it is no form.
    fields: BTreeMap<&'static str, &'static str>,
    expires_at: DateTime<Utc>,
}

/// Promises the caller a place for a picture, for ten minutes.
pub async fn begin(by: Member, State(app): State<App>, Body(new): Body<NewFile>) -> Result<Created<PlaceView>> {
    let (format, size) = new.check()?;
    uploads::admit(&app, &by).await?;
    let place = Place::promise(&app, &by, format, size)?;
    let upload = UploadView {
        url: format!("{}/api/v1/files/{}/", app.config.public_url, place.seal(&app)),
        method: "PUT",
        headers: BTreeMap::from([("Content-Type", format.media_type())]),
        fields: BTreeMap::new(),
        expires_at: place.expires_at,
    };
    Ok(Created(PlaceView { file_reference: reference(&place.upload), upload }))
}

/// A picture as the body of a request, and what it says that it is.
pub struct Sent {
    media: String,
    bytes: Bytes,
}

impl FromRequest<App> for Sent {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Sent> {
        let media = body::media_type(request.headers());
        Ok(Sent { media, bytes: body::read(request.into_body(), LARGEST).await? })
    }
}

impl Describe for Sent {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_bytes(&Format::ALL.map(Format::media_type));
    }
}

/// A file that has arrived.
#[derive(Serialize, JsonSchema)]
pub struct FileView {
    /// What a profile names it by. It is its path, too.
    file_reference: String,
}

/// Takes the picture that a place was promised for, from whoever has its address.
pub async fn receive(
    State(app): State<App>,
    Path(code): Path<String>,
    Sent { media, bytes }: Sent,
) -> Result<Created<FileView>> {
    let kept = uploads::receive(&app, &code, &media, bytes).await?;
    Ok(Created(FileView { file_reference: reference(&kept) }))
}

fn reference(upload: &Upload) -> String {
    media::path(&upload.file())
}
