//! The page at `/docs`: an introduction, then the description, rendered, with a console to try each operation.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use serde_json::json;
use shared::http::describe::{Describe, Operation};

const MEDIA: &str = "text/html; charset=utf-8";

/// Everything comes from this host, and only from files. Pictures that an operation answers with are shown from
/// memory (`blob:`), small drawings stand in the stylesheets (`data:`).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub struct Page;

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, MEDIA),
            (CONTENT_SECURITY_POLICY, POLICY),
            // Not `no-referrer`: that would also take the origin from the requests that are tried here, and requests
            // that change something must say where they come from.
            (REFERRER_POLICY, "same-origin"),
        ];
        (headers, include_str!("../assets/page.html")).into_response()
    }
}

impl Describe for Page {
    fn describe(operation: &mut Operation<'_>) {
        operation.answer(StatusCode::OK, MEDIA, json!({ "type": "string" }));
    }
}

/// Shows anyone the page.
pub async fn show() -> Page {
    Page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    #[test]
    fn every_operation_that_the_introduction_names_is_described() {
        let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
        let methods =
            description["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
        let known: BTreeSet<String> = methods
            .map(|operation| format!("{}/{}", operation["tags"][0], operation["operationId"]).replace('"', ""))
            .collect();
        let page = include_str!("../assets/page.html");
        let named: Vec<_> = page.split("href=\"#/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!named.is_empty());
        for name in named {
            assert!(known.contains(&name.replace("%20", " ")), "{name}");
        }
    }
}
