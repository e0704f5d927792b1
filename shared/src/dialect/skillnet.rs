//! SkillNet: field maps for wrong values, `{"detail", "code"}` for everything else (its contract, section 1).

pub mod messages;
pub mod people;

use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    Refusal::json(status_400(error.kind), body(error, request))
}

pub(super) fn body(error: &Error, request: &str) -> Value {
    match (error.kind, token_code(error)) {
        (Kind::Invalid, _) if !error.fields.is_empty() => field_map(error),
        (Kind::Unreadable, code) => json!({ "detail": unreadable(error), "code": code }),
        (Kind::Unauthenticated, "bad_authorization_header") => not_valid(&error.message),
        (Kind::Unauthenticated, "token_not_valid") if error.code == "token_expired" => {
            not_valid("Given token not valid for any token type")
        }
        (_, code) => json!({ "detail": sentence(error, request), "code": code }),
    }
}

pub(super) fn schema() -> Value {
    let sentences = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "description": "What is wrong: sentences per field, or one sentence with a word for programs.",
        "anyOf": [
            {
                "type": "object",
                "required": ["detail", "code"],
                "properties": { "detail": { "type": "string" }, "code": { "type": "string" } },
            },
            { "type": "object", "additionalProperties": sentences },
        ],
    })
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

/// What could not be read, and why.
pub(super) fn unreadable(error: &Error) -> String {
    let what = if error.code == "malformed_form" { "Multipart form" } else { "JSON" };
    format!("{what} parse error - {}", error.message)
}

fn not_valid(sentence: &str) -> Value {
    json!({ "detail": sentence, "code": "token_not_valid" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_wrong_with_a_token_has_one_of_two_codes() {
        let code = |code| body(&Error::unauthenticated(code, "No."), "r")["code"].clone();
        assert_eq!(code("not_authenticated"), "not_authenticated");
        for why in ["token_not_valid", "token_expired", "token_revoked", "user_inactive", "bad_authorization_header"] {
            assert_eq!(code(why), "token_not_valid", "{why}");
        }
    }

    #[test]
    fn fields_stand_alone_and_sentences_have_a_code() {
        let fields = body(&Error::invalid_field("email", "Enter a valid email address."), "r");
        assert_eq!(fields, json!({ "email": ["Enter a valid email address."] }));
        let sentence = body(&Error::method_not_allowed("PUT"), "r");
        assert_eq!(sentence, json!({ "detail": "Method \"PUT\" not allowed.", "code": "method_not_allowed" }));
        let form = body(&Error::unreadable("malformed_form", "Broken."), "r");
        assert_eq!(form["detail"], "Multipart form parse error - Broken.");
    }
}
