//! The description: every operation, in OpenAPI 3.1.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;
use shared::http::describe::{Describe, Operation};

const MEDIA: &str = "application/json";

/// `openapi.json` as it stands in the repository. A test derives it from the route tables of all slices, which this
/// slice cannot see, and fails where the two differ.
pub struct Description;

impl IntoResponse for Description {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, MEDIA)], include_str!("../openapi.json")).into_response()
    }
}

impl Describe for Description {
    fn describe(operation: &mut Operation<'_>) {
        operation.answer(StatusCode::OK, MEDIA, json!({ "type": "object", "required": ["openapi", "info", "paths"] }));
    }
}

/// Shows anyone the description.
pub async fn show() -> Description {
    Description
}
