//! Sukuwatto: field maps for wrong values, `{"detail"}` for everything else (its contract, section 1.3).

use serde_json::json;

use super::{Refusal, field_map, sentence, skillnet, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let body = match (error.kind, code_of(error)) {
        (Kind::Invalid, _) if !error.fields.is_empty() => field_map(error),
        (Kind::Unreadable, _) => json!({ "detail": format!("JSON parse error - {}", error.message) }),
        (Kind::Unauthenticated, "not_authenticated" | "no_active_account" | "no_refresh_cookie") => {
            json!({ "detail": error.message })
        }
        (Kind::Unauthenticated, "token_not_valid") => json!({
            "detail": "Given token not valid for any token type",
            "code": "token_not_valid",
            "messages": [
                { "token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired" },
            ],
        }),
        (Kind::Unauthenticated, code) => json!({ "detail": error.message, "code": code }),
        (Kind::Forbidden, "foreign_origin") => json!({ "detail": format!("CSRF Failed: {}", error.message) }),
        _ => json!({ "detail": sentence(error, request) }),
    };
    Refusal::json(status_400(error.kind), body)
}

/// Its client tells a ban (`user_inactive`) and a deleted account from a token that is no longer good.
fn code_of(error: &Error) -> &'static str {
    match error.code {
        code @ ("user_inactive" | "user_not_found") => code,
        _ => skillnet::token_code(error),
    }
}
