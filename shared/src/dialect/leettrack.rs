//! LeetTrack: `{"status": "error", "message"}`, with `error` where a token was refused (its contract, section 1).

use serde_json::{Value, json};

use super::{Refusal, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let mut body = body(error, request);
    // Whoever may not come in is told without the envelope: clients compare these bodies.
    if let (true, Some(fields)) = (refuses_caller(error), body.as_object_mut()) {
        fields.remove("status");
    }
    Refusal::json(status_400(error.kind), body)
}

/// The body with its envelope, which the shared paths always have.
pub(super) fn body(error: &Error, request: &str) -> Value {
    let (message, code) = match (error.kind, error.code) {
        (Kind::Unauthenticated, "not_authenticated") => {
            ("Request does not contain an access token".to_owned(), Some("authorization_required"))
        }
        (Kind::Unauthenticated, "token_expired") => ("The token has expired".to_owned(), Some("token_expired")),
        (Kind::Unauthenticated, "token_not_valid" | "bad_authorization_header") => {
            ("Signature verification failed".to_owned(), Some("invalid_token"))
        }
        (Kind::Unauthenticated, "token_revoked" | "user_inactive" | "user_not_found") => {
            ("Signature verification failed".to_owned(), Some("token_revoked"))
        }
        (Kind::Forbidden, "not_staff") => ("Admin privileges required".to_owned(), None),
        (Kind::Unreadable, _) => ("Invalid JSON format".to_owned(), None),
        (Kind::NotFound, "not_found") => ("Resource not found".to_owned(), None),
        (Kind::MethodNotAllowed, _) => ("Method not allowed".to_owned(), None),
        (Kind::Invalid, _) => {
            let first = error.fields.first().and_then(|(_, messages)| messages.first());
            (first.unwrap_or(&error.message).clone().into_owned(), None)
        }
        _ => (sentence(error, request), None),
    };
    let mut body = json!({ "status": "error", "message": message });
    if let Some(code) = code {
        body["error"] = json!(code);
    }
    body
}

fn refuses_caller(error: &Error) -> bool {
    match error.kind {
        Kind::Unauthenticated => matches!(
            error.code,
            "not_authenticated"
                | "token_expired"
                | "token_not_valid"
                | "bad_authorization_header"
                | "token_revoked"
                | "user_inactive"
                | "user_not_found"
        ),
        Kind::Forbidden => error.code == "not_staff",
        _ => false,
    }
}

pub(super) fn schema() -> Value {
    json!({
        "description": "What is wrong, in a sentence. Where a token was refused, `error` says why in the place of `status`.",
        "type": "object",
        "required": ["message"],
        "properties": {
            "status": { "type": "string", "const": "error" },
            "message": { "type": "string" },
            "error": {
                "type": "string",
                "enum": ["authorization_required", "token_expired", "invalid_token", "token_revoked"],
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_is_told_in_three_bodies_without_an_envelope() {
        let told = |code, error, message| {
            let refusal = refuse(&Error::unauthenticated(code, "Whatever."), "r");
            assert_eq!(refusal.status, http::StatusCode::UNAUTHORIZED);
            assert_eq!(refusal.body, json!({ "message": message, "error": error }).to_string());
        };
        told("not_authenticated", "authorization_required", "Request does not contain an access token");
        told("token_expired", "token_expired", "The token has expired");
        told("token_not_valid", "invalid_token", "Signature verification failed");
        told("token_revoked", "token_revoked", "Signature verification failed");
    }

    #[test]
    fn everything_else_has_its_envelope() {
        let refusal = refuse(&Error::unauthenticated("wrong_credentials", "Invalid email or password"), "r");
        assert_eq!(refusal.body, json!({ "status": "error", "message": "Invalid email or password" }).to_string());
        let refusal = refuse(&Error::invalid_field("email", "Enter a valid email address."), "r");
        assert_eq!(refusal.status, http::StatusCode::BAD_REQUEST);
        assert_eq!(refusal.body, json!({ "status": "error", "message": "Enter a valid email address." }).to_string());
    }
}
