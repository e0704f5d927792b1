//! Conditions, references and intrinsic functions: what a value in the template comes to.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::parameters::text_of;
use super::{ACCOUNT, REGION, STACK};

/// What a property comes to; `None` is `AWS::NoValue`: as if it were not there.
type Resolved = Result<Option<Value>, Trouble>;

/// Conditions that lead to themselves would go on for ever.
const DEEPEST_CONDITION: usize = 32;

/// Why a value could not be resolved, and where it stands.
#[derive(Debug)]
pub(super) struct Trouble {
    path: Vec<String>,
    reason: String,
}

impl Trouble {
    pub(super) fn new(reason: impl Into<String>) -> Trouble {
        Trouble { path: Vec::new(), reason: reason.into() }
    }

    /// The same trouble, seen from one step further out.
    pub(super) fn below(mut self, step: impl Into<String>) -> Trouble {
        self.path.insert(0, step.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path.join("."))?;
        }
        write!(out, "{}.", self.reason)
    }
}

/// A template whose parameters are known.
pub(super) struct Resolver<'a> {
    pub(super) parameters: &'a BTreeMap<String, Value>,
    pub(super) conditions: &'a Map<String, Value>,
    pub(super) resources: &'a Map<String, Value>,
    /// The local address of the HTTP API.
    pub(super) public_url: &'a str,
}

impl Resolver<'_> {
    /// What a value comes to.
    pub(super) fn value(&self, value: &Value) -> Resolved {
        match value {
            Value::Object(object) => match single(object) {
                Some(("Ref", argument)) => self.reference(argument),
                Some((function, argument)) if function.starts_with("Fn::") => {
                    self.function(function, argument).map_err(|trouble| trouble.below(function))
                }
                _ => self.object(object).map(|object| Some(Value::Object(object))),
            },
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    resolved.extend(self.value(item).map_err(|trouble| trouble.below(index.to_string()))?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    /// What every property of an object comes to.
    pub(super) fn object(&self, object: &Map<String, Value>) -> Result<Map<String, Value>, Trouble> {
        let mut resolved = Map::new();
        for (key, value) in object {
            if let Some(value) = self.value(value).map_err(|trouble| trouble.below(key))? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(resolved)
    }

    /// Whether a named condition holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, Trouble> {
        self.named_condition(name, 0)
    }

    fn named_condition(&self, name: &str, depth: usize) -> Result<bool, Trouble> {
        let condition =
            self.conditions.get(name).ok_or_else(|| Trouble::new(format!("there is no condition named {name}")))?;
        if depth > DEEPEST_CONDITION {
            return Err(Trouble::new(format!("the condition {name} leads to itself")));
        }
        self.holds(condition, depth + 1)
    }

    fn holds(&self, condition: &Value, depth: usize) -> Result<bool, Trouble> {
        let (function, argument) = condition
            .as_object()
            .and_then(single)
            .ok_or_else(|| Trouble::new(format!("{condition} is not a condition")))?;
        let each = || list(argument)?.iter().map(|inner| self.holds(inner, depth)).collect::<Result<Vec<bool>, _>>();
        match function {
            "Condition" => self.named_condition(&text(argument)?, depth),
            "Fn::Equals" => match list(argument)? {
                [left, right] => {
                    // As text, so that a number equals the text that a parameter makes of it.
                    let (left, right) = (self.value(left)?, self.value(right)?);
                    Ok(left.as_ref().map(text_of) == right.as_ref().map(text_of))
                }
                _ => Err(Trouble::new("Fn::Equals compares two values")),
            },
            "Fn::Not" => Ok(!each()?.first().copied().unwrap_or_default()),
            "Fn::And" => Ok(each()?.into_iter().all(|holds| holds)),
            "Fn::Or" => Ok(each()?.into_iter().any(|holds| holds)),
            other => Err(Trouble::new(format!("{other} is not a condition"))),
        }
    }

    fn reference(&self, argument: &Value) -> Resolved {
        let name = text(argument)?;
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        self.named(&name).map(Some)
    }

    /// What `!Ref name` comes to: a pseudo parameter, a parameter or a resource.
    fn named(&self, name: &str) -> Result<Value, Trouble> {
        Ok(match name {
            "AWS::AccountId" => json!(ACCOUNT),
            "AWS::Partition" => json!("aws"),
            "AWS::Region" => json!(REGION),
            "AWS::StackName" => json!(STACK),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            _ => match self.parameters.get(name) {
                Some(value) => value.clone(),
                None => json!(self.physical_name(name)?),
            },
        })
    }

    /// What `!Ref` of a resource comes to.
    pub(super) fn physical_name(&self, id: &str) -> Result<String, Trouble> {
        let named = |property: &str| -> Result<String, Trouble> {
            match self.resources[id].pointer(&format!("/Properties/{property}")) {
                Some(value) => Ok(self.value(value)?.as_ref().map(text_of).unwrap_or_default()),
                None => Ok(format!("{STACK}-{id}")),
            }
        };
        Ok(match self.kind(id)? {
            "AWS::ApiGatewayV2::Api" => id.to_lowercase(),
            "AWS::ApiGatewayV2::Stage" => named("StageName")?,
            "AWS::DynamoDB::Table" => named("TableName")?,
            "AWS::Events::EventBus" => named("Name")?,
            "AWS::S3::Bucket" => named("BucketName")?.to_lowercase(),
            "AWS::SecretsManager::Secret" => self.arn(id)?,
            "AWS::Serverless::Function" => named("FunctionName")?,
            "AWS::SQS::Queue" => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{}", named("QueueName")?),
            _ => id.to_owned(),
        })
    }

    /// A resource's ARN.
    pub(super) fn arn(&self, id: &str) -> Result<String, Trouble> {
        let name = || self.physical_name(id);
        let arn = |service: &str, rest: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
        Ok(match self.kind(id)? {
            "AWS::DynamoDB::Table" => arn("dynamodb", format!("table/{}", name()?)),
            "AWS::Events::EventBus" => arn("events", format!("event-bus/{}", name()?)),
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{}", name()?),
            "AWS::SecretsManager::Secret" => arn("secretsmanager", format!("secret:{id}")),
            "AWS::Serverless::Function" => arn("lambda", format!("function:{}", name()?)),
            // A queue's name is the end of its address.
            "AWS::SQS::Queue" => arn("sqs", name()?.rsplit('/').next().unwrap_or_default().to_owned()),
            kind => return Err(Trouble::new(format!("the local cloud knows no ARN of {id}, which is an {kind}"))),
        })
    }

    /// The resource of this kind whose ARN or `!Ref` is `value`.
    pub(super) fn resource_of(&self, value: &str, kind: &str) -> Result<String, Trouble> {
        for id in self.resources.keys().filter(|id| self.kind(id).is_ok_and(|other| other == kind)) {
            if self.arn(id)? == value || self.physical_name(id)? == value {
                return Ok(id.clone());
            }
        }
        Err(Trouble::new(format!("{value} is no {kind} of this template")))
    }

    fn kind(&self, id: &str) -> Result<&str, Trouble> {
        self.resources
            .get(id)
            .and_then(|resource| resource["Type"].as_str())
            .ok_or_else(|| Trouble::new(format!("there is neither a resource nor a parameter named {id}")))
    }

    fn function(&self, function: &str, argument: &Value) -> Resolved {
        match (function, argument) {
            ("Fn::GetAtt", _) => self.attribute(&list(argument)?.iter().map(text_of).collect::<Vec<_>>()).map(Some),
            ("Fn::If", _) => match list(argument)? {
                [condition, yes, no] => self.value(if self.condition(&text(condition)?)? { yes } else { no }),
                _ => Err(Trouble::new("it takes a condition and two values")),
            },
            ("Fn::Join", _) => match list(argument)? {
                [separator, items] => Ok(Some(json!(self.texts(items)?.join(&text(separator)?)))),
                _ => Err(Trouble::new("it takes a separator and a list")),
            },
            ("Fn::Select", _) => match list(argument)? {
                [index, items] => {
                    let index: usize = text_of(&self.value(index)?.unwrap_or_default()).parse().unwrap_or(usize::MAX);
                    let items = self.texts(items)?;
                    items.get(index).map(|item| Some(json!(item))).ok_or_else(|| Trouble::new("the list is shorter"))
                }
                _ => Err(Trouble::new("it takes an index and a list")),
            },
            ("Fn::Split", _) => match list(argument)? {
                [separator, whole] => {
                    let whole = text_of(&self.value(whole)?.unwrap_or_default());
                    Ok(Some(whole.split(&text(separator)?).collect()))
                }
                _ => Err(Trouble::new("it takes a separator and a text")),
            },
            ("Fn::Sub", Value::String(pattern)) => self.substitute(pattern, &Map::new()).map(Some),
            ("Fn::Sub", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(pattern), Value::Object(names)] => {
                    self.substitute(pattern, &self.object(names)?).map(Some)
                }
                _ => Err(Trouble::new("it takes a text and what its names mean")),
            },
            _ => Err(Trouble::new("the local cloud does not know this function")),
        }
    }

    fn texts(&self, items: &Value) -> Result<Vec<String>, Trouble> {
        let items = self.value(items)?.unwrap_or_default();
        Ok(list(&items)?.iter().map(text_of).collect())
    }

    fn attribute(&self, path: &[String]) -> Result<Value, Trouble> {
        let [id, attribute] = path else {
            return Err(Trouble::new("it takes a resource and an attribute"));
        };
        Ok(match (self.kind(id)?, attribute.as_str()) {
            ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => json!(self.public_url),
            ("AWS::DynamoDB::Table", "StreamArn") => json!(format!("{}/stream/local", self.arn(id)?)),
            ("AWS::SQS::Queue", "QueueName") => json!(self.physical_name(id)?.rsplit('/').next()),
            ("AWS::SQS::Queue", "QueueUrl") => json!(self.physical_name(id)?),
            (_, "Arn") => json!(self.arn(id)?),
            (kind, _) => {
                return Err(Trouble::new(format!(
                    "the local cloud knows no attribute {attribute} of {id}, which is an {kind}"
                )));
            }
        })
    }

    /// Puts values in the place of `${Name}` and `${Name.Attribute}`; `${!Name}` stays `${Name}`.
    fn substitute(&self, pattern: &str, names: &Map<String, Value>) -> Result<Value, Trouble> {
        let mut result = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| Trouble::new(format!("a ${{ in {pattern:?} is not closed")))?;
            result.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let value = match (names.get(name), name.split_once('.')) {
                (Some(value), _) => value.clone(),
                (None, Some((id, attribute))) => self.attribute(&[id.to_owned(), attribute.to_owned()])?,
                (None, None) => self.named(name)?,
            };
            result.push_str(&text_of(&value));
        }
        result.push_str(rest);
        Ok(json!(result))
    }
}

/// The only entry of an object with one.
fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    match object.len() {
        1 => object.iter().next().map(|(key, value)| (key.as_str(), value)),
        _ => None,
    }
}

fn list(value: &Value) -> Result<&[Value], Trouble> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Trouble::new(format!("{value} is not a list")))
}

fn text(value: &Value) -> Result<String, Trouble> {
    value.as_str().map(str::to_owned).ok_or_else(|| Trouble::new(format!("{value} is not a text")))
}

#[cfg(test)]
mod tests {
    use super::super::tags;
    use super::*;

    /// Resolves `value` among two parameters, a few conditions, a table, a queue and an API.
    fn resolve(value: &str) -> Result<Option<Value>, String> {
        let template = tags::read(
            "
            Conditions:
              Yes: !Equals [!Ref Text, hello]
              No: !Not [!Condition Yes]
              Both: !And [!Condition Yes, !Condition No]
              Either: !Or [!Condition Yes, !Condition No]
              Loop: !Not [!Condition Loop]
            Resources:
              Main: {Type: AWS::DynamoDB::Table}
              Letters: {Type: AWS::SQS::Queue}
              Secret: {Type: AWS::SecretsManager::Secret}
              Http: {Type: AWS::ApiGatewayV2::Api}
            ",
        )
        .unwrap();
        let parameters = BTreeMap::from([("Text".to_owned(), json!("hello")), ("List".to_owned(), json!(["a", "b"]))]);
        let resolver = Resolver {
            parameters: &parameters,
            conditions: template["Conditions"].as_object().unwrap(),
            resources: template["Resources"].as_object().unwrap(),
            public_url: "http://localhost:8000",
        };
        resolver.value(&tags::read(value).unwrap()).map_err(|trouble| trouble.to_string())
    }

    fn resolved(value: &str) -> Value {
        resolve(value).unwrap().unwrap()
    }

    #[test]
    fn references_lead_to_parameters_resources_and_pseudo_parameters() {
        assert_eq!(resolved("!Ref Text"), "hello");
        assert_eq!(resolved("Ref: Main"), "guildhall-Main");
        assert_eq!(resolved("!Ref AWS::Region"), REGION);
        assert_eq!(resolved("!GetAtt Http.ApiEndpoint"), "http://localhost:8000");
        assert_eq!(resolved("Fn::GetAtt: [Letters, Arn]"), "arn:aws:sqs:us-east-1:000000000000:guildhall-Letters");
        assert_eq!(resolved("!GetAtt Letters.QueueName"), "guildhall-Letters");
    }

    #[test]
    fn text_is_substituted_joined_split_and_selected() {
        assert_eq!(resolved("!Sub '${Text} ${Main.Arn} ${!Kept}'"), format!("hello {} ${{Kept}}", table_arn()));
        assert_eq!(resolved("!Sub ['${X}-${Text}', {X: !Ref AWS::StackName}]"), "guildhall-hello");
        assert_eq!(resolved("!Join [',', !Ref List]"), "a,b");
        assert_eq!(resolved("!Select [1, !Split ['-', a-b-c]]"), "b");
        assert_eq!(
            resolved("!Sub '{{resolve:secretsmanager:${Secret}}}'"),
            "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:000000000000:secret:Secret}}"
        );
    }

    fn table_arn() -> String {
        format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{STACK}-Main")
    }

    #[test]
    fn conditions_choose_and_no_value_leaves_out() {
        assert_eq!(resolved("!If [Yes, 1, 2]"), 1);
        assert_eq!(resolved("!If [Both, 1, 2]"), 2);
        assert_eq!(resolved("!If [Either, 1, 2]"), 1);
        assert_eq!(resolved("{a: !If [No, 1, !Ref AWS::NoValue], b: [!Ref AWS::NoValue, 3]}"), json!({ "b": [3] }));
    }

    #[test]
    fn trouble_says_where_it_stands() {
        assert_eq!(
            resolve("{a: [!Ref Mian]}").unwrap_err(),
            "a.0: there is neither a resource nor a parameter named Mian."
        );
        assert_eq!(resolve("a: !If [Maybe, 1, 2]").unwrap_err(), "a.Fn::If: there is no condition named Maybe.");
        assert!(resolve("!If [Loop, 1, 2]").unwrap_err().contains("leads to itself"));
        assert!(resolve("!ImportValue x").unwrap_err().contains("does not know this function"));
        assert!(resolve("!Sub '${Text'").unwrap_err().contains("not closed"));
    }
}
