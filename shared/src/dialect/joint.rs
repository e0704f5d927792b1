//! The paths that SkillNet and LeetTrack share: SkillNet's `detail` and `code`, or its field map, with LeetTrack's
//! `status`, `message` and `error` beside them (contract of SkillNet, section 1, "Shared paths").

use serde_json::{Value, json};

use super::{Refusal, leettrack, skillnet};
use crate::error::{Error, Kind};

/// The code of an input that lacks fields: LeetTrack names none of them.
pub const MISSING_FIELDS: &str = "missing_fields";

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let (mut both, leettrack) = (skillnet::body(error, request), leettrack::body(error, request));
    if let (Some(both), Some(leettrack)) = (both.as_object_mut(), leettrack.as_object()) {
        for (name, value) in leettrack {
            both.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    if (error.kind, error.code) == (Kind::Invalid, MISSING_FIELDS) {
        both["message"] = json!("Missing required fields");
    }
    Refusal::json(super::status_400(error.kind), both)
}

pub(super) fn schema() -> Value {
    json!({
        "description": "What is wrong in the words of both: `detail` and `code`, or sentences per field, beside `message`.",
        "type": "object",
        "required": ["status", "message"],
        "properties": {
            "status": { "const": "error" },
            "message": { "type": "string" },
            "error": { "type": "string" },
            "detail": { "type": "string" },
            "code": { "type": "string" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: &Error) -> Value {
        serde_json::from_str(&refuse(error, "r").body).unwrap_or_default()
    }

    #[test]
    fn both_find_their_words() {
        let wrong = "Invalid email or password";
        assert_eq!(
            said(&Error::unauthenticated("invalid_credentials", wrong)),
            json!({ "detail": wrong, "code": "invalid_credentials", "status": "error", "message": wrong })
        );
        let missing = Error::invalid_field("email", "This field is required.").coded(MISSING_FIELDS);
        assert_eq!(
            said(&missing),
            json!({ "email": ["This field is required."], "status": "error", "message": "Missing required fields" })
        );
        let expired = said(&Error::unauthenticated("token_expired", "The token has expired"));
        assert_eq!((&expired["code"], &expired["error"]), (&json!("token_not_valid"), &json!("token_expired")));
    }
}
