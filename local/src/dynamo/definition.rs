//! Making a table what the template says, new or from an earlier start.

use dynoxide::Database;
use dynoxide::storage::TableMetadata;
use serde_json::{Value, json};

use super::request;
use crate::template::Table;

/// Creates the table, or changes what can be changed of one that is there.
pub(super) fn apply(database: &Database, table: &Table) -> Result<(), String> {
    let name = &table.name;
    let explain = |error: String| format!("The table {name} cannot be made what the template says: {error}");
    let existing = database.get_table_metadata(name).map_err(|error| explain(error.to_string()))?;
    match &existing {
        None => {
            let request = request(table.definition.clone()).map_err(explain)?;
            database.create_table(request).map_err(|error| explain(error.to_string()))?;
        }
        Some(existing) => change(database, table, existing).map_err(explain)?,
    }
    follow_ttl(database, table, existing.as_ref()).map_err(explain)
}

fn change(database: &Database, table: &Table, existing: &TableMetadata) -> Result<(), String> {
    if sorted_keys(&table.definition["KeySchema"]) != sorted_keys(&read(&existing.key_schema)) {
        return Err("it has other keys; move the file away to start without it.".to_owned());
    }
    let update = |change: Value| -> Result<(), String> {
        let mut update = json!({
            "TableName": table.name,
            "AttributeDefinitions": table.definition["AttributeDefinitions"],
        });
        merge(&mut update, change);
        database.update_table(request(update)?).map(drop).map_err(|error| error.to_string())
    };
    let wanted = indexes(&table.definition["GlobalSecondaryIndexes"]);
    let present = indexes(&existing.gsi_definitions.as_deref().map(read).unwrap_or_default());
    // DynamoDB changes one index at a time; one that changed is dropped and built anew from the items.
    for (name, _) in present.iter().filter(|index| !wanted.contains(index)) {
        update(json!({ "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": name } }] }))?;
    }
    for (_, index) in wanted.iter().filter(|index| !present.contains(index)) {
        update(json!({ "GlobalSecondaryIndexUpdates": [{ "Create": index }] }))?;
    }
    let stream = &table.definition["StreamSpecification"];
    if stream.is_object() != existing.stream_enabled {
        let disabled = json!({ "StreamEnabled": false });
        update(json!({ "StreamSpecification": if stream.is_object() { stream } else { &disabled } }))?;
    }
    Ok(())
}

fn follow_ttl(database: &Database, table: &Table, existing: Option<&TableMetadata>) -> Result<(), String> {
    let present = existing.filter(|existing| existing.ttl_enabled).and_then(|existing| existing.ttl_attribute.as_ref());
    if present == table.ttl_attribute.as_ref() {
        return Ok(());
    }
    let switch = |attribute: &str, enabled: bool| {
        let request = request(json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": enabled },
        }))?;
        database.update_time_to_live(request).map(drop).map_err(|error| error.to_string())
    };
    present.map_or(Ok(()), |attribute| switch(attribute, false))?;
    table.ttl_attribute.as_deref().map_or(Ok(()), |attribute| switch(attribute, true))
}

/// Every index by its name, with nothing but what the template can say of it.
fn indexes(definitions: &Value) -> Vec<(String, Value)> {
    let each = definitions.as_array().into_iter().flatten();
    each.map(|index| {
        let mut told = json!({
            "IndexName": index["IndexName"],
            "KeySchema": sorted_keys(&index["KeySchema"]),
            "Projection": { "ProjectionType": index["Projection"]["ProjectionType"] },
        });
        if index["Projection"]["NonKeyAttributes"].is_array() {
            told["Projection"]["NonKeyAttributes"] = index["Projection"]["NonKeyAttributes"].clone();
        }
        (index["IndexName"].as_str().unwrap_or_default().to_owned(), told)
    })
    .collect()
}

/// A key schema with the partition key first, as dynoxide wants it.
fn sorted_keys(schema: &Value) -> Vec<Value> {
    let mut keys: Vec<Value> = schema
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| json!({ "AttributeName": key["AttributeName"], "KeyType": key["KeyType"] }))
        .collect();
    keys.sort_by_key(|key| key["KeyType"] != "HASH");
    keys
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
