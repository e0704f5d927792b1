//! SkillNet's web client: one sentence under every name that its pages read, and the wrong fields beside it (SkillNet's
//! contract, section 4).

use serde_json::{Value, json};

use super::skillnet::unreadable;
use super::{Refusal, field_map, sentence, status_400};
use crate::error::{Error, Kind};

/// The code of what is wrong with a sign-up: its page shows the first message of the first field, so there is nothing
/// else in the body.
pub const REGISTRATION: &str = "registration";
/// The code of a refused sign-in. It is a wrong value there: at 401 the page would reload instead of saying so.
pub const INVALID_CREDENTIALS: &str = "invalid_credentials";

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let body = match (error.kind, error.code) {
        (Kind::Invalid, REGISTRATION) => field_map(error),
        (Kind::Invalid, INVALID_CREDENTIALS) => {
            json!({ "non_field_errors": [error.message], "message": error.message })
        }
        (Kind::Invalid, _) if !error.fields.is_empty() => with_fields(error),
        (Kind::Unreadable, _) => words(&unreadable(error)),
        _ => words(&sentence(error, request)),
    };
    Refusal::json(status_400(error.kind), body)
}

pub(super) fn schema() -> Value {
    json!({
        "description": "What is wrong: one sentence under several names, and sentences per field where there are some.",
        "type": "object",
        "properties": {
            "status": { "const": "error" },
            "message": { "type": "string" },
            "data": { "type": "string" },
            "detail": { "type": "string" },
        },
    })
}

fn words(sentence: &str) -> Value {
    json!({ "status": "error", "message": sentence, "data": sentence, "detail": sentence })
}

/// The first field's first sentence in words, and all of them by their fields.
fn with_fields(error: &Error) -> Value {
    let first = error.fields.first().and_then(|(field, messages)| Some((field, messages.first()?)));
    let sentence = match first {
        Some((field, message)) if field == "non_field_errors" => message.clone().into_owned(),
        Some((field, message)) => format!("{field}: {message}"),
        None => error.message.clone().into_owned(),
    };
    let mut body = field_map(error);
    if let (Some(body), Value::Object(words)) = (body.as_object_mut(), words(&sentence)) {
        body.extend(words);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: &Error) -> Value {
        serde_json::from_str(&refuse(error, "r").body).unwrap_or_default()
    }

    #[test]
    fn a_sign_up_names_fields_and_nothing_else() {
        let wrong = || Error::invalid_field("email", "Enter a valid email address.");
        let sentence = "email: Enter a valid email address.";
        let mut all = json!({ "email": ["Enter a valid email address."] });
        assert_eq!(said(&wrong().coded(REGISTRATION)), all);
        for name in ["message", "data", "detail"] {
            all[name] = json!(sentence);
        }
        all["status"] = json!("error");
        assert_eq!(said(&wrong()), all);
    }

    #[test]
    fn a_refused_sign_in_is_a_wrong_value() {
        let refusal = refuse(&Error::invalid(INVALID_CREDENTIALS, "Unable."), "r");
        assert_eq!(refusal.status, http::StatusCode::BAD_REQUEST);
        assert_eq!(refusal.body, json!({ "non_field_errors": ["Unable."], "message": "Unable." }).to_string());
    }
}
