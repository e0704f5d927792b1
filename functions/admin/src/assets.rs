//! What pages are made of beside their text: one stylesheet, one script, one icon.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use shared::http::Query;
use shared::http::describe::{Describe, Operation};

/// The stylesheet.
pub const STYLE: File =
    File { path: "/admin/style.css", media: "text/css; charset=utf-8", text: include_str!("../assets/style.css") };
/// The script, without which everything works.
pub const SCRIPT: File = File {
    path: "/admin/script.js",
    media: "text/javascript; charset=utf-8",
    text: include_str!("../assets/script.js"),
};
/// The icon.
pub const ICON: File =
    File { path: "/admin/icon.svg", media: "image/svg+xml", text: include_str!("../assets/icon.svg") };

/// A file.
#[derive(Clone, Copy)]
pub struct File {
    path: &'static str,
    media: &'static str,
    text: &'static str,
}

impl File {
    /// Where it is, with a mark of its content: a changed file has another address.
    pub fn address(&self) -> String {
        format!("{}?v={}", self.path, self.mark())
    }

    /// FNV-1a of its content; it has to tell versions of ours apart, and no more.
    fn mark(&self) -> String {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        format!("{:016x}", self.text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }
}

/// Which version of a file.
#[derive(Deserialize, JsonSchema)]
pub struct Version {
    /// The mark of its content.
    v: Option<String>,
}

/// A file on its way.
pub struct Sent<const WHICH: usize> {
    file: File,
    is_for_ever: bool,
}

const FILES: [File; 3] = [STYLE, SCRIPT, ICON];

impl<const WHICH: usize> IntoResponse for Sent<WHICH> {
    fn into_response(self) -> Response {
        let caching = if self.is_for_ever { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(self.file.media)),
            (CACHE_CONTROL, HeaderValue::from_static(caching)),
        ];
        (headers, self.file.text).into_response()
    }
}

impl<const WHICH: usize> Describe for Sent<WHICH> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answer(StatusCode::OK, FILES[WHICH].media, json!({ "type": "string" }));
    }
}

/// Sends anyone one of the files. Under the address that its mark is in, it never changes.
pub async fn send<const WHICH: usize>(Query(Version { v }): Query<Version>) -> Sent<WHICH> {
    let file = FILES[WHICH];
    Sent { file, is_for_ever: v.is_some_and(|mark| mark == file.mark()) }
}
