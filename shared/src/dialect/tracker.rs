//! SkillTracker: `{"error": code, "detail"?}`, and `{"errors": {field: […]}}` for forms (its contract, section 1).

use http::StatusCode;
use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let status = status_400(error.kind);
    let body = match error.kind {
        Kind::Invalid if !error.fields.is_empty() => json!({ "errors": field_map(error) }),
        Kind::Unauthenticated if error.code == "not_authenticated" => json!({ "error": "not logged in" }),
        Kind::Unreadable => json!({ "detail": format!("JSON parse error - {}", error.message) }),
        Kind::NotFound | Kind::MethodNotAllowed | Kind::TooLarge | Kind::UnsupportedMedia => {
            json!({ "detail": error.message })
        }
        _ => json!({ "error": error.code, "detail": sentence(error, request) }),
    };
    debug_assert!(status != StatusCode::UNPROCESSABLE_ENTITY);
    Refusal::json(status, body)
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "error": { "type": "string" }, "detail": { "type": "string" }, "errors": { "type": "object" } },
    })
}
