//! Sukuwatto: field maps for wrong values, `{"detail"}` for everything else (its contract, section 1.3).

pub mod people;
pub mod text;
pub mod views;

use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, skillnet, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let body = match (error.kind, code_of(error)) {
        (Kind::Invalid, _) if !error.fields.is_empty() => fields(error),
        (Kind::Unreadable, _) => json!({ "detail": format!("JSON parse error - {}", error.message) }),
        (Kind::Unauthenticated, "not_authenticated" | "no_active_account" | "no_refresh_cookie") => {
            json!({ "detail": error.message })
        }
        (Kind::Unauthenticated, "refresh_not_valid") => {
            json!({ "detail": error.message, "code": "token_not_valid" })
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

/// A map of fields, or a bare list where what is wrong belongs to none: the field without a name.
fn fields(error: &Error) -> Value {
    match &error.fields[..] {
        [(field, messages)] if field.is_empty() => json!(messages),
        _ => field_map(error),
    }
}

pub(super) fn schema() -> Value {
    let sentences = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "description": "What is wrong: sentences per field or as a bare list, or one sentence under `detail`.",
        "oneOf": [
            {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": { "type": "string" },
                    "code": { "type": "string" },
                    "messages": { "type": "array", "items": { "type": "object" } },
                },
            },
            { "type": "object", "properties": { "detail": false }, "additionalProperties": sentences },
            sentences,
        ],
    })
}

/// Its client tells a ban (`user_inactive`) and a deleted account from a token that is no longer good.
fn code_of(error: &Error) -> &'static str {
    match error.code {
        code @ ("user_inactive" | "user_not_found") => code,
        _ => skillnet::token_code(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_no_field_is_a_bare_list() {
        let listed = refuse(&Error::invalid_field("", "Wrong password specified"), "r");
        assert_eq!((listed.status.as_u16(), listed.body), (400, json!(["Wrong password specified"]).to_string()));
        let mapped = refuse(&Error::invalid_field("email", "Enter a valid email address."), "r");
        assert_eq!(mapped.body, json!({ "email": ["Enter a valid email address."] }).to_string());
    }

    #[test]
    fn a_ban_is_told_from_a_token_that_is_no_longer_good() {
        let code = |code| {
            let refusal = refuse(&Error::unauthenticated(code, "…"), "r");
            serde_json::from_str::<Value>(&refusal.body).unwrap()["code"].clone()
        };
        assert_eq!(code("user_inactive"), "user_inactive");
        assert_eq!(code("user_not_found"), "user_not_found");
        for other in ["token_expired", "token_revoked", "token_not_valid", "refresh_not_valid"] {
            assert_eq!(code(other), "token_not_valid", "{other}");
        }
        assert_eq!(code("not_authenticated"), Value::Null);
    }
}
