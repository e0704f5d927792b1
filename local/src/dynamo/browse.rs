//! Looking into the tables, for the local page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Dynamo, request};

/// Some items of a table.
#[derive(Clone, Debug)]
pub struct Items {
    /// The items in DynamoDB's JSON.
    pub items: Vec<Value>,
    /// Where the next page starts.
    pub next: Option<String>,
}

impl Dynamo {
    /// The names of the tables.
    pub fn tables(&self) -> Vec<String> {
        self.tables.iter().map(|table| table.name.clone()).collect()
    }

    /// A page of a table: items of one partition, where `partition` names one, else of all.
    pub fn items(
        &self,
        table: &str,
        partition: Option<&str>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Items, String> {
        let definition = &self.table(table)?.definition;
        let mut page = json!({ "TableName": table, "Limit": limit.clamp(1, 1_000) });
        if let Some(cursor) = cursor {
            let start = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
            page["ExclusiveStartKey"] = start.ok_or("That is no place in the table.")?;
        }
        let (items, last) = match partition {
            Some(partition) => {
                let key = definition["KeySchema"].as_array().into_iter().flatten().find(|key| key["KeyType"] == "HASH");
                let name = &key.ok_or_else(|| format!("The table {table} has no partition key."))?["AttributeName"];
                let attributes = definition["AttributeDefinitions"].as_array().into_iter().flatten();
                let kind = attributes.into_iter().find(|attribute| attribute["AttributeName"] == *name);
                let kind = kind.and_then(|attribute| attribute["AttributeType"].as_str()).unwrap_or("S");
                page["KeyConditionExpression"] = json!("#key = :key");
                page["ExpressionAttributeNames"] = json!({ "#key": name });
                page["ExpressionAttributeValues"] = json!({ ":key": { kind: partition } });
                let response = self.database.query(request(page)?).map_err(|error| error.to_string())?;
                (json!(response.items), json!(response.last_evaluated_key))
            }
            None => {
                let response = self.database.scan(request(page)?).map_err(|error| error.to_string())?;
                (json!(response.items), json!(response.last_evaluated_key))
            }
        };
        let items = match items {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        let next = last.is_object().then(|| URL_SAFE_NO_PAD.encode(last.to_string()));
        Ok(Items { items, next })
    }
}
