//! LeetTrack: `{"status": "error", "message"}`, with `error` where a token was refused (its contract, section 1).

use serde_json::{Value, json};

use super::{Refusal, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    Refusal::json(status_400(error.kind), body(error, request))
}

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
