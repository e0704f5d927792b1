//! Guildhall's own routes: problem details (RFC 9457).

use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, usual_status};
use crate::error::Error;

pub(super) const MEDIA: &str = "application/problem+json";

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let status = usual_status(error.kind);
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": sentence(error, request),
        "code": error.code,
    });
    if !error.fields.is_empty() {
        body["errors"] = field_map(error);
    }
    Refusal { status, body: body.to_string(), media: MEDIA }
}

pub(super) fn schema() -> Value {
    json!({
        "description": "Problem details (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "type": "string" },
            "errors": { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } },
        },
    })
}
