//! Deleting what has expired.
//!
//! dynoxide can do this by itself, but it also deletes what expired more than five years ago. AWS keeps such items,
//! taking the date for a mistake, and so do we.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{Dynamo, request};
use crate::template::Table;

/// Five years, as AWS counts them.
const LONG_AGO: TimeDelta = TimeDelta::days(5 * 365);
/// Items looked at in one go, so that no request waits long behind the sweep.
const AT_ONCE: usize = 200;

impl Dynamo {
    /// Deletes the items of every table that have expired by `now`, and says how many.
    pub(crate) fn sweep(&self, now: DateTime<Utc>) -> Result<usize, String> {
        let mut deleted = 0;
        for table in self.tables.iter() {
            if let Some(attribute) = &table.ttl_attribute {
                deleted += self.sweep_table(table, attribute, now)?;
            }
        }
        Ok(deleted)
    }

    fn sweep_table(&self, table: &Table, attribute: &str, now: DateTime<Utc>) -> Result<usize, String> {
        let keys = table.definition["KeySchema"].as_array().into_iter().flatten();
        let keys: Vec<&str> = keys.filter_map(|key| key["AttributeName"].as_str()).collect();
        let condition = "#ttl BETWEEN :oldest AND :now";
        let names = json!({ "#ttl": attribute });
        let values = json!({
            ":oldest": { "N": (now - LONG_AGO).timestamp().to_string() },
            ":now": { "N": now.timestamp().to_string() },
        });
        let mut start = Value::Null;
        let mut deleted = 0;
        loop {
            let page = self.database.scan(request(json!({
                "TableName": table.name,
                "FilterExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
                "Limit": AT_ONCE,
                "ExclusiveStartKey": start,
            }))?);
            let page = page.map_err(|error| error.to_string())?;
            for item in page.items.iter().flatten() {
                let key: Map<String, Value> =
                    keys.iter().map(|key| ((*key).to_owned(), json!(item.get(*key)))).collect();
                let deletion = self.database.delete_item(request(json!({
                    "TableName": table.name,
                    "Key": key,
                    // It may have been given more time since.
                    "ConditionExpression": condition,
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": values,
                }))?);
                deleted += usize::from(deletion.is_ok());
            }
            start = json!(page.last_evaluated_key);
            if start.is_null() {
                return Ok(deleted);
            }
        }
    }
}
