//! The API's description in OpenAPI 3.1, put together from route tables.

use serde_json::{Map, Value, json};

use super::describe::{Access, Operation, Schemas, refusal_name};
use super::routes::{Routes, Row};
use crate::dialect::Dialect;

/// One document over the tables of all slices, given with their names.
pub fn document(tables: &[(&str, Routes)]) -> Value {
    let mut schemas = Schemas::default();
    let mut paths: Map<String, Value> = Map::new();
    let mut dialects: Vec<Dialect> = Vec::new();
    for (slice, table) in tables {
        for row in table.rows() {
            if !dialects.contains(&row.dialect) {
                dialects.push(row.dialect);
            }
            let (_, mut operation) = describe(row, &mut schemas);
            operation.insert("operationId".to_owned(), json!(operation_id(slice, row)));
            operation.insert("summary".to_owned(), json!(row.summary));
            operation.insert("tags".to_owned(), json!([row.dialect.name()]));
            let price = row.price;
            operation.insert(
                "x-price".to_owned(),
                json!({ "roundTrips": price.round_trips, "readUnits": price.reads, "writeUnits": price.writes }),
            );
            let methods = paths.entry(row.path).or_insert_with(|| json!({}));
            methods[row.method.as_str().to_lowercase()] = Value::Object(operation);
        }
    }
    dialects.sort();
    let mut definitions = schemas.definitions();
    definitions.extend(dialects.iter().map(|dialect| (refusal_name(*dialect), dialect.refusal_schema())));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Guildhall",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One backend for people who train a skill together. Every tag is a dialect: the API of one of \
                the products that Guildhall serves, path for path; `Guildhall` is what is its own.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": dialects.iter().map(|dialect| json!({ "name": dialect.name(), "description": dialect.about() })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "sessionid" },
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "operations": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

/// Who may call a route, by its handler's signature.
pub fn access(row: &Row) -> Access {
    describe(row, &mut Schemas::default()).0
}

fn describe(row: &Row, schemas: &mut Schemas) -> (Access, Map<String, Value>) {
    let mut operation = Operation::new(schemas, row.dialect, row.path);
    (row.handler)(&mut operation);
    operation.finish()
}

/// `accounts.post.users.register`: unique, and the same as long as the route is.
fn operation_id(slice: &str, row: &Row) -> String {
    let words = row.path.split(['/', '.']).filter(|word| !word.is_empty()).map(|word| word.trim_matches(['{', '}']));
    let method = row.method.as_str().to_lowercase();
    [slice, &method].into_iter().chain(words).collect::<Vec<_>>().join(".")
}
