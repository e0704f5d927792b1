//! Media: files of the bucket, as they are, to whoever has their address.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use shared::http::Path;
use shared::http::describe::{Describe, Operation};
use shared::ids::MemberId;
use shared::media::File;
use shared::model::upload::FOLDER;
use shared::{App, Error, Result};

/// A picture as a reply. Its address is never used for another one.
pub struct Picture(File);

impl IntoResponse for Picture {
    fn into_response(self) -> Response {
        // Kept as one of our own two types; anything else would be a mistake of ours, and is shown to nobody's browser.
        let media = match self.0.content_type.as_str() {
            "image/jpeg" => "image/jpeg",
            "image/png" => "image/png",
            _ => "application/octet-stream",
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(media)),
            (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        ];
        (headers, self.0.bytes).into_response()
    }
}

impl Describe for Picture {
    fn describe(operation: &mut Operation<'_>) {
        let schema = || shared::http::describe::binary();
        operation.answer(StatusCode::OK, "image/jpeg", schema());
        operation.answer(StatusCode::OK, "image/png", schema());
    }
}

/// Shows anyone a member's picture.
pub async fn avatar(State(app): State<App>, Path(name): Path<(MemberId, String)>) -> Result<Picture> {
    show(&app, "avatars/", name).await
}

/// Shows anyone a member's banner.
pub async fn banner(State(app): State<App>, Path(name): Path<(MemberId, String)>) -> Result<Picture> {
    show(&app, "banners/", name).await
}

/// Shows anyone a picture that a member uploaded.
pub async fn upload(State(app): State<App>, Path(name): Path<(MemberId, String)>) -> Result<Picture> {
    show(&app, FOLDER, name).await
}

async fn show(app: &App, folder: &str, (member, filename): (MemberId, String)) -> Result<Picture> {
    // Names that we give have no other characters, so no other name is looked for.
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    if filename.len() > 100 || !filename.chars().all(plain) || filename.starts_with('.') {
        return Err(Error::not_found());
    }
    let file = app.media.get(&format!("{folder}{member}/{filename}")).await?;
    file.map(Picture).ok_or_else(Error::not_found)
}
