//! SkillNet: field maps for wrong values, `{"detail", "code"}` for everything else (its contract, section 1).

use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    Refusal::json(status_400(error.kind), body(error, request))
}

pub(super) fn body(error: &Error, request: &str) -> Value {
    match error.kind {
        Kind::Invalid if !error.fields.is_empty() => field_map(error),
        Kind::Unreadable => json!({ "detail": format!("JSON parse error - {}", error.message), "code": error.code }),
        _ => json!({ "detail": sentence(error, request), "code": token_code(error) }),
    }
}

/// There are two codes for who is not signed in; why a token is no longer good makes no difference.
pub(super) fn token_code(error: &Error) -> &'static str {
    match (error.kind, error.code) {
        (Kind::Unauthenticated, "token_expired" | "token_revoked" | "user_inactive" | "user_not_found") => {
            "token_not_valid"
        }
        (_, code) => code,
    }
}
