//! Template parameters: their defaults, what overrides them, and what they may be.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    r#type: String,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    allowed_pattern: Option<String>,
    min_value: Option<Value>,
    max_value: Option<Value>,
    min_length: Option<usize>,
    max_length: Option<usize>,
}

/// The value of every parameter: the override's, else the default.
pub(super) fn values(
    declared: &Map<String, Value>,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, String> {
    if let Some(unknown) = overrides.keys().find(|name| !declared.contains_key(*name)) {
        let known: Vec<&str> = declared.keys().map(String::as_str).collect();
        return Err(format!("The template has no parameter {unknown}; it has {}.", known.join(", ")));
    }
    let mut values = BTreeMap::new();
    for (name, declaration) in declared {
        let parameter = Parameter::deserialize(declaration)
            .map_err(|error| format!("The parameter {name} is not declared as parameters are: {error}."))?;
        let text = match (overrides.get(name), &parameter.default) {
            (Some(text), _) => text.clone(),
            (None, Some(default)) => text_of(default),
            (None, None) => return Err(format!("The parameter {name} has no default, so it has to be given a value.")),
        };
        values.insert(name.clone(), parameter.parse(name, &text)?);
    }
    Ok(values)
}

impl Parameter {
    fn parse(&self, name: &str, text: &str) -> Result<Value, String> {
        let refuse = |reason: String| Err(format!("The parameter {name} cannot be {text:?}: {reason}."));
        if let Some(allowed) = &self.allowed_values {
            let allowed: Vec<String> = allowed.iter().map(text_of).collect();
            if !allowed.iter().any(|allowed| allowed == text) {
                return refuse(format!("allowed is {}", allowed.join(", ")));
            }
        }
        if let Some(pattern) = &self.allowed_pattern {
            // The whole value has to match, anchored or not.
            match regex_lite::Regex::new(&format!("^(?:{pattern})$")) {
                Ok(regex) if !regex.is_match(text) => return refuse(format!("it has to match {pattern}")),
                Ok(_) => {}
                Err(error) => return Err(format!("The pattern of the parameter {name} cannot be read: {error}.")),
            }
        }
        let length = text.chars().count();
        if self.min_length.is_some_and(|least| length < least) || self.max_length.is_some_and(|most| most < length) {
            return refuse(format!("it has {length} characters"));
        }
        match self.r#type.as_str() {
            "Number" => {
                let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite()) else {
                    return refuse("it is not a number".to_owned());
                };
                match (bound(&self.min_value), bound(&self.max_value)) {
                    (Some(least), _) if number < least => refuse(format!("the least is {least}")),
                    (_, Some(most)) if most < number => refuse(format!("the most is {most}")),
                    // CloudFormation hands numbers on as they were written.
                    _ => Ok(Value::String(text.to_owned())),
                }
            }
            // Nothing between commas is still something: an empty list has one empty entry.
            "CommaDelimitedList" => Ok(text.split(',').map(str::trim).collect()),
            "String" => Ok(Value::String(text.to_owned())),
            other => Err(format!("The parameter {name} has the type {other}, which the local cloud does not know.")),
        }
    }
}

fn bound(value: &Option<Value>) -> Option<f64> {
    value.as_ref().and_then(|value| text_of(value).parse().ok())
}

/// A scalar as the text that CloudFormation takes it for.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(declaration: Value, given: Option<&str>) -> Result<Value, String> {
        let declared = Map::from_iter([("P".to_owned(), declaration)]);
        let overrides = given.map(|text| ("P".to_owned(), text.to_owned())).into_iter().collect();
        values(&declared, &overrides).map(|mut values| values.remove("P").unwrap())
    }

    #[test]
    fn an_override_takes_the_place_of_the_default() {
        let declaration = json!({ "Type": "Number", "Default": 1, "MinValue": 0 });
        assert_eq!(value(declaration.clone(), None), Ok(json!("1")));
        assert_eq!(value(declaration, Some("0.5")), Ok(json!("0.5")));
    }

    #[test]
    fn a_list_is_split_at_commas() {
        let declaration = json!({ "Type": "CommaDelimitedList", "Default": "" });
        assert_eq!(value(declaration.clone(), None), Ok(json!([""])));
        assert_eq!(value(declaration, Some("a, b")), Ok(json!(["a", "b"])));
    }

    #[test]
    fn what_a_parameter_may_not_be_is_refused_in_a_sentence() {
        let refused = |declaration, text| value(declaration, Some(text)).unwrap_err();
        assert_eq!(
            refused(json!({ "Type": "String", "AllowedValues": ["true", "false"] }), "maybe"),
            "The parameter P cannot be \"maybe\": allowed is true, false."
        );
        let pattern = json!({ "Type": "String", "AllowedPattern": "(https?://[^/]+)?" });
        assert!(refused(pattern, "ftp://x").contains("has to match"));
        assert!(refused(json!({ "Type": "Number" }), "many").contains("not a number"));
        assert!(refused(json!({ "Type": "Number", "MaxValue": 4 }), "5").contains("the most is 4"));
        assert!(value(json!({ "Type": "String" }), None).unwrap_err().contains("no default"));
        let unknown = BTreeMap::from([("Q".to_owned(), String::new())]);
        let declared = Map::from_iter([("P".to_owned(), json!({ "Type": "String", "Default": "" }))]);
        assert_eq!(values(&declared, &unknown).unwrap_err(), "The template has no parameter Q; it has P.");
    }
}
