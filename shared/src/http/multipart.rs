//! Multipart forms (RFC 7578), bounded: the one file of an upload, or the texts of a form that any body may be.

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::app::App;
use crate::error::{Error, Result};
use crate::http::body::{self, read};

/// What an event can carry: 6 MB of text, and binary bodies travel as base64.
pub const LARGEST: usize = 4_500_000;

/// The first file in a form field of a given name.
pub struct Upload {
    files: Vec<UploadedFile>,
}

/// A file as a client sent it; nothing of it is to be trusted.
#[derive(Clone, Debug)]
pub struct UploadedFile {
    /// The form's field.
    pub field: String,
    /// What the client calls the file.
    pub filename: String,
    /// Its content.
    pub bytes: Bytes,
}

/// More parts than any form of ours has.
const MOST_PARTS: usize = 10;

impl Upload {
    /// The file in this field, if there is one.
    pub fn file(self, field: &str) -> Option<UploadedFile> {
        self.files.into_iter().find(|file| file.field == field)
    }
}

impl FromRequest<App> for Upload {
    type Rejection = Error;

    /// A body that is no multipart form has no files; what that means is the handler's to say.
    async fn from_request(request: Request, _: &App) -> Result<Upload> {
        let boundary = boundary(request.headers());
        let bytes = read(request.into_body(), LARGEST).await?;
        let mut files = Vec::new();
        if let Some(boundary) = boundary {
            let mut form = form(bytes, boundary);
            while let Ok(Some(part)) = form.next_field().await {
                let (field, filename) = (part.name().map(str::to_owned), part.file_name().map(str::to_owned));
                let Ok(bytes) = part.bytes().await else { break };
                if let (Some(field), Some(filename)) = (field, filename) {
                    files.push(UploadedFile { field, filename, bytes });
                }
                if files.len() == MOST_PARTS {
                    break;
                }
            }
        }
        Ok(Upload { files })
    }
}

/// More fields than any form of ours has.
const MOST_TEXTS: usize = 100;

/// The texts of a form, as the other kind of form has them; together they are no longer than any other body.
pub(super) async fn texts(request: Request) -> Result<String> {
    let malformed = || Error::unreadable("malformed_form", "The body is not a valid multipart form.");
    let boundary = boundary(request.headers()).ok_or_else(malformed)?;
    let bytes = read(request.into_body(), LARGEST).await?;
    if bytes.is_empty() {
        return Ok(String::new());
    }
    let mut form = form(bytes, boundary);
    let (mut texts, mut room) = (Vec::new(), body::LARGEST);
    while let Some(part) = form.next_field().await.map_err(|_| malformed())? {
        let (field, is_file) = (part.name().map(str::to_owned), part.file_name().is_some());
        let bytes = part.bytes().await.map_err(|_| malformed())?;
        let Some(field) = field.filter(|_| !is_file) else { continue };
        room = room.checked_sub(field.len() + bytes.len()).ok_or_else(|| Error::too_large(body::LARGEST))?;
        texts.push((field, String::from_utf8(bytes.into()).map_err(|_| malformed())?));
        if texts.len() > MOST_TEXTS {
            return Err(malformed());
        }
    }
    Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(texts).finish())
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())?;
    multer::parse_boundary(value).ok()
}

fn form(bytes: Bytes, boundary: String) -> multer::Multipart<'static> {
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(bytes) });
    multer::Multipart::new(stream, boundary)
}
