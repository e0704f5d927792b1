//! Event patterns: which events a rule takes.

use serde_json::Value;

/// A rule's pattern: every field must match one of its alternatives.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Vec<(String, Field)>);

#[derive(Clone, Debug, PartialEq)]
enum Field {
    /// A pattern for the object in this field.
    Nested(Pattern),
    /// Any of these will do.
    AnyOf(Vec<Matcher>),
}

#[derive(Clone, Debug, PartialEq)]
enum Matcher {
    Exactly(Value),
    Prefix(String),
    Suffix(String),
    IgnoringCase(String),
    AnythingBut(Vec<Matcher>),
    Exists(bool),
}

impl Pattern {
    /// Reads a pattern; refuses what it does not know rather than never match.
    pub fn parse(pattern: &Value) -> Result<Pattern, String> {
        let fields = pattern.as_object().ok_or_else(|| format!("{pattern} is not an event pattern"))?;
        let fields = fields.iter().map(|(name, field)| {
            let field = match field {
                Value::Object(_) => Field::Nested(Pattern::parse(field)?),
                Value::Array(alternatives) => {
                    Field::AnyOf(alternatives.iter().map(Matcher::parse).collect::<Result<_, _>>()?)
                }
                other => return Err(format!("{name}: {other} is neither a list of alternatives nor a pattern")),
            };
            Ok((name.clone(), field))
        });
        fields.collect::<Result<_, _>>().map(Pattern)
    }

    /// Whether a rule with this pattern takes the event.
    pub fn matches(&self, event: &Value) -> bool {
        self.0.iter().all(|(name, field)| match (field, event.get(name)) {
            (Field::Nested(pattern), value) => pattern.matches(value.unwrap_or(&Value::Null)),
            // A list in the event matches if one of its values does.
            (Field::AnyOf(matchers), Some(Value::Array(values))) => {
                matchers.iter().any(|matcher| values.iter().any(|value| matcher.takes(Some(value))))
            }
            (Field::AnyOf(matchers), value) => matchers.iter().any(|matcher| matcher.takes(value)),
        })
    }
}

impl Matcher {
    fn parse(matcher: &Value) -> Result<Matcher, String> {
        let Value::Object(object) = matcher else { return Ok(Matcher::Exactly(matcher.clone())) };
        let unknown = || format!("the local bus does not know the matcher {matcher}");
        let (kind, argument) = match object.len() {
            1 => object.iter().next().ok_or_else(unknown)?,
            _ => return Err(unknown()),
        };
        match (kind.as_str(), argument) {
            ("prefix", Value::String(prefix)) => Ok(Matcher::Prefix(prefix.clone())),
            ("suffix", Value::String(suffix)) => Ok(Matcher::Suffix(suffix.clone())),
            ("equals-ignore-case", Value::String(text)) => Ok(Matcher::IgnoringCase(text.to_lowercase())),
            ("exists", Value::Bool(exists)) => Ok(Matcher::Exists(*exists)),
            ("anything-but", Value::Array(refused)) => {
                refused.iter().map(Matcher::parse).collect::<Result<_, _>>().map(Matcher::AnythingBut)
            }
            ("anything-but", refused) => Ok(Matcher::AnythingBut(vec![Matcher::parse(refused)?])),
            _ => Err(unknown()),
        }
    }

    fn takes(&self, value: Option<&Value>) -> bool {
        let text = value.and_then(Value::as_str);
        match self {
            Matcher::Exactly(expected) => value == Some(expected),
            Matcher::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Matcher::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Matcher::IgnoringCase(expected) => text.is_some_and(|text| text.to_lowercase() == *expected),
            Matcher::AnythingBut(refused) => value.is_some() && !refused.iter().any(|matcher| matcher.takes(value)),
            Matcher::Exists(exists) => value.is_some() == *exists,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(pattern: Value, event: Value) -> bool {
        Pattern::parse(&pattern).unwrap().matches(&event)
    }

    #[test]
    fn every_field_must_match_one_of_its_values() {
        let pattern = json!({ "source": ["guildhall"], "detail-type": ["EmailChanged", "NameLocked"] });
        assert!(matches(pattern.clone(), json!({ "source": "guildhall", "detail-type": "NameLocked", "detail": {} })));
        assert!(!matches(pattern.clone(), json!({ "source": "guildhall", "detail-type": "MemberJoined" })));
        assert!(!matches(pattern.clone(), json!({ "source": "other", "detail-type": "NameLocked" })));
        assert!(!matches(pattern, json!({ "source": "guildhall" })));
    }

    #[test]
    fn patterns_reach_into_the_detail() {
        let pattern = json!({ "detail": { "member": { "rank": [1, null] } } });
        assert!(matches(pattern.clone(), json!({ "detail": { "member": { "rank": 1 } } })));
        assert!(matches(pattern.clone(), json!({ "detail": { "member": { "rank": null } } })));
        assert!(!matches(pattern.clone(), json!({ "detail": { "member": { "rank": 2 } } })));
        assert!(!matches(pattern, json!({ "detail": 1 })));
    }

    #[test]
    fn matchers_do_what_eventbridges_do() {
        assert!(matches(json!({ "a": [{ "prefix": "ab" }] }), json!({ "a": "abc" })));
        assert!(!matches(json!({ "a": [{ "prefix": "ab" }] }), json!({ "a": 7 })));
        assert!(matches(json!({ "a": [{ "suffix": "bc" }] }), json!({ "a": "abc" })));
        assert!(matches(json!({ "a": [{ "equals-ignore-case": "Abc" }] }), json!({ "a": "aBC" })));
        assert!(matches(json!({ "a": [{ "anything-but": ["x", "y"] }] }), json!({ "a": "z" })));
        assert!(!matches(json!({ "a": [{ "anything-but": ["x", "y"] }] }), json!({ "a": "y" })));
        assert!(!matches(json!({ "a": [{ "anything-but": { "prefix": "x" } }] }), json!({ "a": "xyz" })));
        assert!(!matches(json!({ "a": [{ "anything-but": "x" }] }), json!({})));
        assert!(matches(json!({ "a": [{ "exists": false }] }), json!({ "b": 1 })));
        assert!(matches(json!({ "a": [{ "exists": true }] }), json!({ "a": null })));
        assert!(matches(json!({ "a": ["x"] }), json!({ "a": ["w", "x"] })));
    }

    #[test]
    fn an_unknown_matcher_is_refused() {
        let error = Pattern::parse(&json!({ "a": [{ "numeric": ["<", 1] }] })).unwrap_err();
        assert!(error.contains("numeric"), "{error}");
        assert!(Pattern::parse(&json!({ "a": "x" })).is_err());
    }
}
