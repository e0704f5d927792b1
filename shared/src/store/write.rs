//! Writes and their conditions, as values that a transaction can collect.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::keys::{IndexKey, Key};
use super::table::{Item, Stored, item_of};
use crate::error::{Error, Result};

/// One write of a transaction.
#[derive(Clone, Debug)]
pub struct Write {
    pub(super) act: Act,
    pub(super) condition: Condition,
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Put(Item),
    Update(Change),
    Delete(Key),
    Check(Key),
}

impl Write {
    /// Keeps a new item; refused if its key is taken.
    pub fn create(item: &impl Stored) -> Result<Write> {
        Ok(Write { act: Act::Put(item_of(item)?), condition: Condition::absent() })
    }

    /// Keeps an item whatever was there.
    pub fn put(item: &impl Stored) -> Result<Write> {
        Ok(Write { act: Act::Put(item_of(item)?), condition: Condition::default() })
    }

    /// Changes an item under the change's own conditions.
    pub fn change(change: Change) -> Write {
        Write { condition: change.condition.clone(), act: Act::Update(change) }
    }

    /// The same, unless the condition does not hold.
    pub fn when(self, condition: Condition) -> Write {
        Write { condition: self.condition.and(condition), ..self }
    }

    /// Writes nothing, and lets the transaction happen only if the condition holds.
    pub fn check(key: Key, condition: Condition) -> Write {
        Write { act: Act::Check(key), condition }
    }

    /// Removes an item under a condition.
    pub fn delete(key: Key, condition: Condition) -> Write {
        Write { act: Act::Delete(key), condition }
    }
}

/// A change of some attributes of one item. Refused if the item is gone, unless [`Change::or_create`] was said.
#[derive(Clone, Debug)]
pub struct Change {
    pub(super) key: Key,
    pub(super) set: Vec<(String, AttributeValue)>,
    pub(super) add: Vec<(String, i64)>,
    pub(super) remove: Vec<String>,
    pub(super) condition: Condition,
    failure: Option<Unstorable>,
}

/// A value that would not serialise; kept until the change is run, so that building one reads as a sentence.
#[derive(Clone, Debug)]
struct Unstorable(String);

impl Change {
    /// A change of the item at `key`.
    pub fn of(key: Key) -> Change {
        Change { key, set: vec![], add: vec![], remove: vec![], condition: Condition::present(), failure: None }
    }

    /// What makes of `old` what `new` is: the attributes that differ, and no others, so that two such changes of
    /// different attributes at the same time both hold.
    pub fn between<T: Serialize>(key: Key, old: &T, new: &T) -> Change {
        let attributes = |value: &T| serde_dynamo::to_item::<_, HashMap<String, AttributeValue>>(value);
        let mut change = Change::of(key);
        match (attributes(old), attributes(new)) {
            (Ok(old), Ok(new)) => {
                // What is kept only where it says something has gone from the new one altogether.
                for name in old.keys().filter(|name| !new.contains_key(*name)) {
                    change = change.remove(name);
                }
                for (name, value) in &new {
                    if old.get(name) != Some(value) {
                        change = match value {
                            AttributeValue::Null(_) => change.remove(name),
                            value => {
                                Change { set: [change.set, vec![(name.clone(), value.clone())]].concat(), ..change }
                            }
                        };
                    }
                }
            }
            (Err(error), _) | (_, Err(error)) => change.failure = Some(Unstorable(error.to_string())),
        }
        change
    }

    /// Makes the item where there is none, instead of refusing.
    pub fn or_create(mut self) -> Change {
        self.condition.clauses.retain(|clause| *clause != Clause::Present);
        self
    }

    /// Sets an attribute.
    pub fn set(mut self, name: &str, value: impl Serialize) -> Change {
        match serde_dynamo::to_attribute_value(value) {
            // An absent option is kept as an absent attribute, as in whole items.
            Ok(AttributeValue::Null(_)) => self.remove.push(name.to_owned()),
            Ok(value) => self.set.push((name.to_owned(), value)),
            Err(error) => self.failure = Some(Unstorable(error.to_string())),
        }
        self
    }

    /// Adds to a number, atomically; an absent one counts as 0.
    pub fn add(mut self, name: &str, amount: i64) -> Change {
        self.add.push((name.to_owned(), amount));
        self
    }

    /// Removes an attribute.
    pub fn remove(mut self, name: &str) -> Change {
        self.remove.push(name.to_owned());
        self
    }

    /// Moves the item in the index, or takes it out.
    pub fn index(self, place: Option<IndexKey>) -> Change {
        match place {
            Some(place) => self.set("gsi1pk", place.pk).set("gsi1sk", place.sk),
            None => self.remove("gsi1pk").remove("gsi1sk"),
        }
    }

    /// Moves the item in the second index, or takes it out.
    pub fn second_index(self, place: Option<IndexKey>) -> Change {
        match place {
            Some(place) => self.set("gsi2pk", place.pk).set("gsi2sk", place.sk),
            None => self.remove("gsi2pk").remove("gsi2sk"),
        }
    }

    /// Whether it changes nothing, which DynamoDB does not take for a change.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty() && self.failure.is_none()
    }

    /// Refuses the change unless the condition holds, too.
    pub fn when(mut self, condition: Condition) -> Change {
        self.condition.clauses.extend(condition.clauses);
        self
    }

    /// The expression for DynamoDB.
    pub(super) fn expression(&self, names: &mut Names) -> Result<String> {
        if let Some(Unstorable(cause)) = &self.failure {
            return Err(Error::internal("A value could not be stored.", cause.clone()));
        }
        let mut parts = Vec::new();
        if !self.set.is_empty() {
            let sets =
                self.set.iter().map(|(name, value)| format!("{} = {}", names.name(name), names.value(value.clone())));
            parts.push(format!("SET {}", sets.collect::<Vec<_>>().join(", ")));
        }
        if !self.remove.is_empty() {
            let removes = self.remove.iter().map(|name| names.name(name));
            parts.push(format!("REMOVE {}", removes.collect::<Vec<_>>().join(", ")));
        }
        if !self.add.is_empty() {
            let adds = self.add.iter().map(|(name, amount)| {
                format!("{} {}", names.name(name), names.value(AttributeValue::N(amount.to_string())))
            });
            parts.push(format!("ADD {}", adds.collect::<Vec<_>>().join(", ")));
        }
        Ok(parts.join(" "))
    }
}

/// What must hold for a write to happen. Several are joined by "and".
#[derive(Clone, Debug, Default)]
pub struct Condition {
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq)]
enum Clause {
    Absent,
    Present,
    Compare(String, &'static str, AttributeValue),
    Without(String),
    /// Either the item is absent, or every one of these holds.
    AbsentOr(Vec<Clause>),
}

impl Condition {
    /// No such item.
    pub fn absent() -> Condition {
        Condition { clauses: vec![Clause::Absent] }
    }

    /// There is such an item.
    pub fn present() -> Condition {
        Condition { clauses: vec![Clause::Present] }
    }

    /// No such item, or one for which `otherwise` holds.
    pub fn absent_or(otherwise: Condition) -> Condition {
        Condition { clauses: vec![Clause::AbsentOr(otherwise.clauses)] }
    }

    /// The attribute is not there.
    pub fn without(name: &str) -> Condition {
        Condition { clauses: vec![Clause::Without(name.to_owned())] }
    }

    /// The attribute has this value; `None` means that it is not there.
    pub fn equals(name: &str, value: impl Serialize) -> Condition {
        Condition::compare(name, "=", value)
    }

    /// The attribute is less than this.
    pub fn less(name: &str, value: impl Serialize) -> Condition {
        Condition::compare(name, "<", value)
    }

    /// The attribute is at most this.
    pub fn at_most(name: &str, value: impl Serialize) -> Condition {
        Condition::compare(name, "<=", value)
    }

    /// The attribute is greater than this.
    pub fn greater(name: &str, value: impl Serialize) -> Condition {
        Condition::compare(name, ">", value)
    }

    /// Both hold.
    pub fn and(mut self, other: Condition) -> Condition {
        self.clauses.extend(other.clauses);
        self
    }

    fn compare(name: &str, operator: &'static str, value: impl Serialize) -> Condition {
        match serde_dynamo::to_attribute_value(value) {
            Ok(AttributeValue::Null(_)) | Err(_) => Condition::without(name),
            Ok(value) => Condition { clauses: vec![Clause::Compare(name.to_owned(), operator, value)] },
        }
    }

    /// The expression for DynamoDB, or none where nothing is asked.
    pub(super) fn expression(&self, names: &mut Names) -> Option<String> {
        (!self.clauses.is_empty()).then(|| all(&self.clauses, names))
    }
}

fn all(clauses: &[Clause], names: &mut Names) -> String {
    clauses.iter().map(|clause| clause.expression(names)).collect::<Vec<_>>().join(" AND ")
}

impl Clause {
    fn expression(&self, names: &mut Names) -> String {
        match self {
            Clause::Absent => format!("attribute_not_exists({})", names.name("pk")),
            Clause::Present => format!("attribute_exists({})", names.name("pk")),
            Clause::Without(name) => format!("attribute_not_exists({})", names.name(name)),
            Clause::Compare(name, operator, value) => {
                format!("{} {operator} {}", names.name(name), names.value(value.clone()))
            }
            Clause::AbsentOr(clauses) => {
                format!("(attribute_not_exists({}) OR ({}))", names.name("pk"), all(clauses, names))
            }
        }
    }
}

/// The placeholders of one expression: every name and value goes through them, so none can be a reserved word or
/// reach into the expression.
#[derive(Default)]
pub(super) struct Names {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Names {
    pub(super) fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// The maps as the SDK takes them, where an empty one must be left out.
    pub(super) fn into_maps(self) -> (Option<HashMap<String, String>>, Option<Item>) {
        let some = |names: HashMap<String, String>| (!names.is_empty()).then_some(names);
        (some(self.names), (!self.values.is_empty()).then_some(self.values))
    }
}
