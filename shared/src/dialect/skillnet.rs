//! SkillNet: field maps for wrong values, `{"detail", "code"}` for everything else (its contract, section 1).

use serde_json::json;

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let body = match error.kind {
        Kind::Invalid if !error.fields.is_empty() => field_map(error),
        Kind::Unreadable => json!({ "detail": format!("JSON parse error - {}", error.message), "code": error.code }),
        _ => json!({ "detail": sentence(error, request), "code": error.code }),
    };
    Refusal::json(status_400(error.kind), body)
}
