//! SkillNet's web client: field maps for wrong values, else one sentence under every name that its pages read
//! (SkillNet's contract, section 4).

use serde_json::json;

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let body = match error.kind {
        // No `detail` beside the fields: the page shows the first field's first message.
        Kind::Invalid if !error.fields.is_empty() => field_map(error),
        Kind::Unreadable => words(&format!("JSON parse error - {}", error.message)),
        _ => words(&sentence(error, request)),
    };
    Refusal::json(status_400(error.kind), body)
}

fn words(sentence: &str) -> serde_json::Value {
    json!({ "status": "error", "message": sentence, "data": sentence, "detail": sentence })
}
