//! YAML with CloudFormation's short forms (`!Ref`, `!Sub` and so on), as JSON with the long forms alone.

use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

/// Reads a template.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let yaml: Yaml = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
    plain(yaml)
}

fn plain(yaml: Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::String(text) => Value::String(text),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(fraction)) => json!(fraction),
            (None, None) => return Err(format!("{number} is not a number that we can read")),
        },
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                object.insert(name(key)?, plain(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            long_form(tag.trim_start_matches('!'), plain(tagged.value)?)
        }
    })
}

fn name(key: Yaml) -> Result<String, String> {
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        other => Err(format!("{other:?} cannot be a key")),
    }
}

fn long_form(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        // `!GetAtt Table.Arn` means `Fn::GetAtt: [Table, Arn]`.
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
            None => json!({ "Fn::GetAtt": [text] }),
        },
        (_, value) => json!({ format!("Fn::{tag}"): value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_forms_at_any_depth() {
        let read =
            read("a: !If [Big, !GetAtt T.Arn, !Sub '${B}-x']\nb: [!Ref C, !Not [!Condition D]]\n7: 1.5").unwrap();
        let expected = json!({
            "a": { "Fn::If": ["Big", { "Fn::GetAtt": ["T", "Arn"] }, { "Fn::Sub": "${B}-x" }] },
            "b": [{ "Ref": "C" }, { "Fn::Not": [{ "Condition": "D" }] }],
            "7": 1.5,
        });
        assert_eq!(read, expected);
    }
}
