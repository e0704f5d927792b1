//! The game users API: `{"errors": …}`, a sentence or an object of lists (its contract, section 1).

use http::StatusCode;
use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    // The one answer with another key, and with 403 where others say 429: clients compare it.
    if error.code == "locked_out" {
        return Refusal::json(StatusCode::FORBIDDEN, json!({ "error": error.message }));
    }
    let errors = if !error.fields.is_empty() {
        field_map(error)
    } else {
        match error.kind {
            Kind::Unauthenticated if error.code == "not_authenticated" => json!("User is not authenticated."),
            Kind::Unreadable => json!("Invalid JSON."),
            Kind::MethodNotAllowed => json!("Method not allowed."),
            _ => json!(sentence(error, request)),
        }
    };
    Refusal::json(status_400(error.kind), json!({ "errors": errors }))
}

pub(super) fn schema() -> Value {
    let sentences =
        json!({ "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } });
    json!({
        "description": "What is wrong: a sentence, or sentences per field. A lockout says `error` instead.",
        "oneOf": [
            {
                "type": "object",
                "required": ["errors"],
                "properties": { "errors": { "oneOf": [{ "type": "string" }, sentences] } },
            },
            { "type": "object", "required": ["error"], "properties": { "error": { "type": "string" } } },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lockout_alone_says_error() {
        let locked = Error::too_many("locked_out", "Locked out due to too many login failures.", 900);
        let refusal = refuse(&locked, "r");
        assert_eq!(refusal.status, StatusCode::FORBIDDEN);
        assert_eq!(refusal.body, json!({ "error": "Locked out due to too many login failures." }).to_string());
        let other = Error::too_many("too_many_requests", "Too many.", 1);
        assert_eq!(refuse(&other, "r").status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refuse(&other, "r").body, json!({ "errors": "Too many." }).to_string());
    }

    #[test]
    fn fields_become_lists_and_causes_stay_at_home() {
        let refusal = refuse(&Error::invalid_field("email", "Enter a valid email address."), "r");
        assert_eq!(refusal.body, json!({ "errors": { "email": ["Enter a valid email address."] } }).to_string());
        let internal = refuse(&Error::internal("The table.", "secret cause"), "r-1");
        assert_eq!(internal.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(internal.body, json!({ "errors": "Something went wrong on our side. Request r-1." }).to_string());
    }
}
