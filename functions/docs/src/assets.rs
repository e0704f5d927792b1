//! What the page is made of: our own stylesheet and script, and Swagger UI, which renders the description.
//!
//! Where the vendored files come from, and how to take newer ones, says `assets/README.md`.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use shared::http::Path;
use shared::http::describe::{Describe, Operation};
use shared::{Error, Result};

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Every file under `/docs/`.
const ASSETS: &[Asset] = &[
    Asset { name: "page.css", media: CSS, body: Body::Ours(include_str!("../assets/page.css")) },
    Asset { name: "page.js", media: JS, body: Body::Ours(include_str!("../assets/page.js")) },
    Asset {
        name: "swagger-ui-5.35.0.css",
        media: CSS,
        body: Body::Vendored(include_bytes!("../assets/swagger-ui-5.35.0.css.gz")),
    },
    Asset {
        name: "swagger-ui-5.35.0.js",
        media: JS,
        body: Body::Vendored(include_bytes!("../assets/swagger-ui-5.35.0.js.gz")),
    },
    Asset {
        name: "swagger-ui-5.35.0.licences.txt",
        media: TEXT,
        body: Body::Ours(include_str!("../assets/swagger-ui-5.35.0.licences.txt")),
    },
];

/// A file.
#[derive(Clone, Copy)]
pub struct Asset {
    name: &'static str,
    media: &'static str,
    body: Body,
}

#[derive(Clone, Copy)]
enum Body {
    /// Small, and new with any deployment.
    Ours(&'static str),
    /// Large and compressed, and never another under the same name, since the name has the version.
    Vendored(&'static [u8]),
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let media = (CONTENT_TYPE, HeaderValue::from_static(self.media));
        match self.body {
            Body::Ours(text) => ([media], text).into_response(),
            // Sent as it is to everyone: whoever runs Swagger UI is a browser, and every browser takes gzip.
            Body::Vendored(bytes) => {
                let encoding = (CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                let caching = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
                ([media, encoding, caching], bytes).into_response()
            }
        }
    }
}

impl Describe for Asset {
    fn describe(operation: &mut Operation<'_>) {
        for media in [CSS, JS, TEXT] {
            operation.answer(StatusCode::OK, media, json!({ "type": "string" }));
        }
    }
}

/// Sends anyone a file of the page.
pub async fn send(Path(name): Path<String>) -> Result<Asset> {
    ASSETS.iter().find(|asset| asset.name == name).copied().ok_or_else(Error::not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../assets/page.html");
    const STYLE: &str = include_str!("../assets/page.css");

    /// What stands between `before` and the next quotation mark.
    fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
        text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    fn loaded() -> Vec<&'static str> {
        let links = PAGE.split("<link ").skip(1).flat_map(|link| quoted(link, "href=\"").into_iter().take(1));
        links.chain(quoted(PAGE, "src=\"")).chain(quoted(STYLE, "url(\"")).collect()
    }

    #[test]
    fn the_page_loads_nothing_but_these_files() {
        let files: Vec<_> = loaded().into_iter().filter(|address| !address.starts_with("data:")).collect();
        assert!(files.len() >= 5, "{files:?}");
        for file in files {
            let name = file.strip_prefix("/docs/").unwrap_or_else(|| panic!("{file} is not ours"));
            assert!(ASSETS.iter().any(|asset| asset.name == name), "{file} is not served");
        }
    }

    #[test]
    fn every_file_is_of_use() {
        for asset in ASSETS {
            assert!(PAGE.contains(&format!("/docs/{}", asset.name)), "{} is not used", asset.name);
        }
    }

    #[test]
    fn vendored_files_are_gzip() {
        for asset in ASSETS {
            if let Body::Vendored(bytes) = asset.body {
                assert!(bytes.starts_with(&[0x1f, 0x8b, 8]), "{}", asset.name);
            }
        }
    }
}
