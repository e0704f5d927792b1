//! Uploads: one file of a multipart form (RFC 7578), bounded.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;

use crate::app::App;
use crate::error::Result;
use crate::http::body::read;

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
    type Rejection = crate::Error;

    /// A body that is no multipart form has no files; what that means is the handler's to say.
    async fn from_request(request: Request, _: &App) -> Result<Upload> {
        let boundary = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = boundary.and_then(|value| multer::parse_boundary(value).ok());
        let bytes = read(request.into_body(), LARGEST).await?;
        let mut files = Vec::new();
        if let Some(boundary) = boundary {
            let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(bytes) });
            let mut form = multer::Multipart::new(stream, boundary);
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
