//! SkillTracker: `{"error": code, "detail"?}`, and `{"errors": {field: […]}}` for forms (its contract, section 1).

use serde_json::{Value, json};

use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let status = status_400(error.kind);
    let body = match error.kind {
        Kind::Invalid if !error.fields.is_empty() => json!({ "errors": field_map(error) }),
        Kind::Unauthenticated if error.code == "not_authenticated" => json!({ "error": "not logged in" }),
        Kind::Unreadable => json!({ "detail": format!("JSON parse error - {}", error.message) }),
        // What the product itself does not find has a code of its own.
        Kind::NotFound if error.code != "not_found" => json!({ "error": error.code }),
        Kind::NotFound | Kind::MethodNotAllowed | Kind::TooLarge | Kind::UnsupportedMedia => {
            json!({ "detail": error.message })
        }
        _ if error.message.is_empty() => json!({ "error": error.code }),
        _ => json!({ "error": error.code, "detail": sentence(error, request) }),
    };
    Refusal::json(status, body)
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "error": { "type": "string" }, "detail": { "type": "string" }, "errors": { "type": "object" } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error: &Error) -> Value {
        serde_json::from_str(&refuse(error, "r").body).unwrap()
    }

    #[test]
    fn there_are_three_shapes() {
        let missing = Error::not_found().coded("subscriber missing");
        assert_eq!(body(&missing), json!({ "error": "subscriber missing" }));
        assert_eq!(body(&Error::not_found()), json!({ "detail": "Not found." }));
        assert_eq!(body(&Error::invalid("not in group", "")), json!({ "error": "not in group" }));
        let exists = Error::conflict("profile exists", "Taken.");
        assert_eq!(body(&exists), json!({ "error": "profile exists", "detail": "Taken." }));
        let form = Error::invalid_field("__all__", "Wrong.");
        assert_eq!(
            (body(&form), refuse(&form, "r").status.as_u16()),
            (json!({ "errors": { "__all__": ["Wrong."] } }), 400)
        );
    }
}
