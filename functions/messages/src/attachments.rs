//! Files that come with messages: first a place is asked for, then the file is sent to the bucket, and then a message
//! names it. What it is, and how large, is looked at when it is named.

use std::collections::BTreeMap;
use std::time;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Beside, Member, limits, secrets};
use shared::dialect::skillnet::messages::file_at;
use shared::error::Problems;
use shared::http::describe::{Describe, Operation};
use shared::http::multipart::UploadedFile;
use shared::http::{Body, Created, Field, Path};
use shared::ids::MemberId;
use shared::media::File;
use shared::model::conversation::{Attachment, AttachmentHeld};
use shared::store::keys;
use shared::{App, Error, Result};

use crate::skillnet::{Conversation, Within};

/// The largest file, in bytes.
const LARGEST: u64 = 25 * 1024 * 1024;
/// The largest that comes with a message in one form.
const LARGEST_IN_FORM: usize = 4 * 1024 * 1024;
/// The longest file name, in characters.
const LONGEST_NAME: usize = 255;
/// Places per member and hour.
const PER_HOUR: u32 = 100;
/// How long a place waits for its file.
const WAITS: Duration = Duration::minutes(10);
/// Bytes that tell what a file is.
const TELLING: u64 = 512;
/// Letters of a reference.
const REFERENCE: usize = 32;

/// What a file may be: its media type, how its name ends, and how it begins.
const KINDS: &[(&str, &str, Begins)] = &[
    ("image/png", "png", Begins::With(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", "jpg", Begins::With(b"\xff\xd8\xff")),
    ("image/jpeg", "jpeg", Begins::With(b"\xff\xd8\xff")),
    ("image/gif", "gif", Begins::With(b"GIF8")),
    ("image/webp", "webp", Begins::With(b"RIFF")),
    ("application/pdf", "pdf", Begins::With(b"%PDF-")),
    ("text/plain", "txt", Begins::AsText),
    ("text/markdown", "md", Begins::AsText),
    ("text/csv", "csv", Begins::AsText),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", Begins::With(b"PK")),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", Begins::With(b"PK")),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx", Begins::With(b"PK")),
    ("application/vnd.oasis.opendocument.text", "odt", Begins::With(b"PK")),
    ("application/zip", "zip", Begins::With(b"PK")),
];

/// How a file begins.
enum Begins {
    With(&'static [u8]),
    AsText,
}

impl Begins {
    fn fits(&self, head: &[u8]) -> bool {
        match self {
            Begins::With(letters) => head.starts_with(letters),
            Begins::AsText => {
                // A letter may be cut at the end.
                let valid = match std::str::from_utf8(head) {
                    Ok(_) => true,
                    Err(error) => error.error_len().is_none(),
                };
                valid && !head.contains(&0)
            }
        }
    }
}

/// Whether a file of this type may begin like this.
fn is_what_it_says(media: &str, head: &[u8]) -> bool {
    KINDS.iter().any(|(known, _, begins)| *known == media && begins.fits(head))
}

/// A file that is about to be sent.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["file_name", "content_type", "size"]))]
pub struct NewAttachment {
    /// What the client calls it.
    #[schemars(with = "String", length(min = 1, max = 255))]
    file_name: Field<String>,
    /// A picture, a document, a text or an archive.
    #[schemars(with = "String")]
    content_type: Field<String>,
    /// In bytes.
    #[schemars(with = "i64", range(min = 1, max = 26_214_400))]
    size: Field<i64>,
}

impl NewAttachment {
    fn check(self) -> Result<(String, &'static str, u64)> {
        let mut problems = Problems::default();
        let name = self.file_name.required(&mut problems, "file_name");
        let name = name.and_then(|name| problems.check("file_name", file_name(&name)));
        let media = self.content_type.required(&mut problems, "content_type").and_then(|media| {
            let shown: String = media.chars().take(100).collect();
            let known = KINDS.iter().find(|(known, ..)| *known == media).map(|(known, ..)| *known);
            problems.check("content_type", known.ok_or_else(|| format!("\"{shown}\" is not a valid choice.")))
        });
        let size = self.size.required(&mut problems, "size").and_then(|size| {
            let size = u64::try_from(size).ok().filter(|size| (1..=LARGEST).contains(size));
            problems.check("size", size.ok_or_else(|| format!("A file has at least 1 and at most {LARGEST} bytes.")))
        });
        problems.finish()?;
        // What is missing is a problem, so nothing is.
        match (name, media, size) {
            (Some(name), Some(media), Some(size)) => Ok((name, media, size)),
            _ => Err(Error::not_found()),
        }
    }
}

fn file_name(name: &str) -> Result<String, String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() {
        Err("This field may not be blank.".to_owned())
    } else if name.chars().count() > LONGEST_NAME {
        Err(format!("Ensure this field has no more than {LONGEST_NAME} characters."))
    } else if name.chars().any(char::is_control) {
        Err("Null and control characters are not allowed.".to_owned())
    } else {
        Ok(name.to_owned())
    }
}

/// A place that waits for a file.
#[derive(Serialize, JsonSchema)]
pub struct PlaceView {
    /// What a message names the file by, once it was sent.
    attachment_reference: String,
    upload: UploadView,
}

/// How to send the file.
#[derive(Serialize, JsonSchema)]
pub struct UploadView {
    url: String,
    /// Always `PUT`, with the file and nothing else as its body.
    method: &'static str,
    /// Headers to send along.
    headers: BTreeMap<&'static str, String>,
    /// Always empty: it is no form.
    fields: BTreeMap<&'static str, &'static str>,
    expires_at: DateTime<Utc>,
}

/// Promises the caller a place for a file, for ten minutes. If no message names it within a day, it is removed.
pub async fn begin(
    Beside(by, conversation): Beside<Member, Conversation>,
    State(app): State<App>,
    Body(new): Body<NewAttachment>,
) -> Result<Created<PlaceView>> {
    let (other, _) = conversation.of(by.id())?;
    let (file_name, content_type, size) = new.check()?;
    let held = announce(&app, by.id(), other, file_name, content_type, size).await?;
    let lasts = time::Duration::from_secs(WAITS.num_seconds().unsigned_abs());
    let place = app.media.place(&held.file, content_type, size, lasts)?;
    let upload = UploadView {
        url: place.url,
        method: "PUT",
        headers: place.headers.into_iter().collect(),
        fields: BTreeMap::new(),
        expires_at: app.clock.now() + WAITS,
    };
    Ok(Created(PlaceView { attachment_reference: held.reference, upload }))
}

/// Keeps the record of a file that is about to lie in the bucket.
async fn announce(
    app: &App,
    from: MemberId,
    to: MemberId,
    file_name: String,
    content_type: &str,
    size: u64,
) -> Result<Attachment> {
    limits::take(app, "attachment", &from.to_string(), PER_HOUR, Duration::hours(1)).await?;
    let reference = secrets::random()?[..REFERENCE].to_owned();
    let file = AttachmentHeld::file(from, to, &reference);
    let attachment = Attachment { reference, file, file_name, content_type: content_type.to_owned(), size };
    let announced_at = app.clock.now();
    app.table.create(&AttachmentHeld { from, to, attachment: attachment.clone(), announced_at, message: None }).await?;
    Ok(attachment)
}

/// Keeps a file that came in a form.
pub async fn receive(app: &App, from: MemberId, to: MemberId, file: UploadedFile) -> Result<Attachment> {
    let wrong = |sentence: String| Error::invalid_field("file", sentence);
    if file.bytes.len() > LARGEST_IN_FORM {
        return Err(Error::too_large(LARGEST_IN_FORM));
    }
    let name = file_name(&file.filename).map_err(wrong)?;
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let kind = KINDS.iter().find(|(_, known, begins)| *known == extension && begins.fits(head(&file.bytes)));
    let kind = kind.filter(|_| !file.bytes.is_empty());
    let (media, ..) = kind.ok_or_else(|| wrong("Files of this kind are not taken.".to_owned()))?;
    let held = announce(app, from, to, name, media, file.bytes.len() as u64).await?;
    app.media.put(&held.file, File { bytes: file.bytes, content_type: (*media).to_owned() }).await?;
    Ok(held)
}

fn head(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(TELLING as usize)]
}

/// The file that `from` announced for `to` under this reference, if it was sent and is what it was said to be.
pub async fn named(app: &App, from: MemberId, to: MemberId, reference: &str) -> Result<Attachment> {
    let refused = |sentence| Error::invalid_field("attachment_reference", sentence);
    let held = find(app, from, to, reference).await?.filter(|held| held.from == from);
    let held = held.ok_or_else(|| refused("There is no such file."))?;
    let Attachment { file, content_type, size, .. } = &held.attachment;
    let (head, total) = app.media.peek(file, TELLING).await?.ok_or_else(|| refused("The file was not sent yet."))?;
    if total != *size || !is_what_it_says(content_type, &head) {
        return Err(refused("The file is not what was announced."));
    }
    Ok(held.attachment)
}

async fn find(app: &App, one: MemberId, other: MemberId, reference: &str) -> Result<Option<AttachmentHeld>> {
    let ours = reference.len() == REFERENCE
        && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !ours {
        return Ok(None);
    }
    app.table.get(keys::attachment(one, other, reference)).await
}

/// 302 to where the file is for a minute.
pub struct Found(String);

impl IntoResponse for Found {
    fn into_response(self) -> Response {
        match HeaderValue::try_from(self.0) {
            Ok(address) => (StatusCode::FOUND, [(LOCATION, address)]).into_response(),
            Err(cause) => Error::internal("An address could not be written.", cause).into_response(),
        }
    }
}

impl Describe for Found {
    fn describe(operation: &mut Operation<'_>) {
        operation.redirect(StatusCode::FOUND);
    }
}

/// Leads either of the two to a file that came with one of their messages.
pub async fn fetch(
    Beside(by, Within(conversation, reference)): Beside<Member, Within<String>>,
    State(app): State<App>,
) -> Result<Found> {
    let (other, _) = conversation.of(by.id())?;
    let held = find(&app, by.id(), other, &reference).await?;
    // What no message names yet is nobody's but its sender's.
    let held = held.filter(|held| held.message.is_some() || held.from == by.id()).ok_or_else(Error::not_found)?;
    app.media.download(&held.attachment.file, &held.attachment.file_name).map(Found)
}

/// Leads whoever has its address to a file that came with a message.
pub async fn follow(State(app): State<App>, Path((code, name)): Path<(String, String)>) -> Result<Found> {
    let file = file_at(&app, &code).ok_or_else(Error::not_found)?;
    app.media.download(&file, &name).map(Found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_says() {
        for (media, head, fits) in [
            ("image/png", &b"\x89PNG\r\n\x1a\n..."[..], true),
            ("image/png", b"<html>", false),
            ("application/pdf", b"%PDF-1.7", true),
            ("application/zip", b"PK\x03\x04", true),
            ("application/zip", b"MZ\x90", false),
            ("text/plain", "grüße".as_bytes(), true),
            ("text/plain", &"grü".as_bytes()[..3], true),
            ("text/csv", b"a;b\0", false),
            ("text/plain", b"\xff\xfe", false),
            ("text/html", b"<html>", false),
        ] {
            assert_eq!(is_what_it_says(media, head), fits, "{media} {head:?}");
        }
    }

    #[test]
    fn a_name_has_no_folders() {
        assert_eq!(file_name("C:\\me\\notes.txt"), Ok("notes.txt".to_owned()));
        assert_eq!(file_name("../../etc/passwd"), Ok("passwd".to_owned()));
        for name in ["", "a/", "a\u{0}b", &"x".repeat(256)] {
            assert!(file_name(name).is_err(), "{name:?}");
        }
    }
}
