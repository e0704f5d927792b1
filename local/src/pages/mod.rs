//! The page at `/_local/`: what the local cloud holds and does, in a browser, and the JSON API that the page reads.
//!
//! Everything is compiled in and nothing is fetched from anywhere else. Only the developer may use it: [`guard`] keeps
//! foreign websites out, which a browser would otherwise let call this machine.

mod api;
mod guard;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::cloud::Cloud;

const PREFIX: &str = "/_local";

/// The page may load its own files and talk to its own API; letters are shown in frames from here.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files of the page, with their types.
const FILES: &[(&str, &str, &[u8])] = &[
    ("/", "text/html; charset=utf-8", include_bytes!("assets/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_bytes!("assets/style.css")),
    ("/icon.svg", "image/svg+xml", include_bytes!("assets/icon.svg")),
    ("/app.js", "text/javascript; charset=utf-8", include_bytes!("assets/app.js")),
    ("/dom.js", "text/javascript; charset=utf-8", include_bytes!("assets/dom.js")),
    ("/mailbox.js", "text/javascript; charset=utf-8", include_bytes!("assets/mailbox.js")),
    ("/invocations.js", "text/javascript; charset=utf-8", include_bytes!("assets/invocations.js")),
    ("/queues.js", "text/javascript; charset=utf-8", include_bytes!("assets/queues.js")),
    ("/schedules.js", "text/javascript; charset=utf-8", include_bytes!("assets/schedules.js")),
    ("/tables.js", "text/javascript; charset=utf-8", include_bytes!("assets/tables.js")),
];

/// Whether a path belongs to the local page and not to the API.
pub fn owns(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request below `/_local`.
pub async fn answer(cloud: &Cloud, request: &Request<Bytes>) -> Response<Bytes> {
    if let Err(reason) = guard::check(request, &cloud.options().public_url) {
        return respond(StatusCode::FORBIDDEN, "text/plain; charset=utf-8", reason);
    }
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    if path.is_empty() {
        let mut response = respond(StatusCode::PERMANENT_REDIRECT, "text/plain; charset=utf-8", "");
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("/_local/"));
        return response;
    }
    if let Some(path) = path.strip_prefix("/api/") {
        return api::answer(cloud, request.method(), path, request.uri().query().unwrap_or_default()).await;
    }
    match FILES.iter().find(|(name, ..)| *name == path) {
        Some((_, content_type, bytes)) if [Method::GET, Method::HEAD].contains(request.method()) => {
            let mut response = respond(StatusCode::OK, content_type, *bytes);
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
            response
        }
        Some(_) => respond(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "Only to be read."),
        None => respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is no such page."),
    }
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // What is shown is what is so now, and after a rebuild the page's own files are new.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_paths_are_taken() {
        assert!(owns("/_local") && owns("/_local/") && owns("/_local/api/now"));
        assert!(!owns("/_localhost") && !owns("/users/_local/") && !owns("/"));
    }

    #[test]
    fn the_page_names_no_file_that_is_not_there() {
        let text =
            |name| FILES.iter().find(|(file, ..)| *file == name).map(|(.., bytes)| str::from_utf8(bytes).unwrap());
        let page = text("/").unwrap();
        for reference in page.split(['"', '\'']).filter(|part| part.starts_with("/_local/") && part.contains('.')) {
            assert!(text(reference.strip_prefix(PREFIX).unwrap()).is_some(), "{reference}");
        }
        for (file, content_type, bytes) in FILES.iter().filter(|(file, ..)| file.ends_with(".js")) {
            assert!(content_type.starts_with("text/javascript"), "{file}");
            let imports = str::from_utf8(bytes).unwrap().lines().filter(|line| line.starts_with("import "));
            for import in imports.filter_map(|line| line.split('"').nth(1)) {
                assert!(text(&import[1..]).is_some(), "{file} imports {import}");
            }
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for (file, _, bytes) in FILES {
            let text = str::from_utf8(bytes).unwrap().replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{file}");
        }
    }
}
