//! The tables: dynoxide, an embedded DynamoDB, with what it needs to stay fast and to follow the template.

use std::net::SocketAddr;

use serde_json::Value;

/// The tables, served on a loopback port as DynamoDB serves them.
pub struct Dynamo {
    address: SocketAddr,
}

/// Some items of a table.
#[derive(Clone, Debug)]
pub struct Items {
    /// The items in DynamoDB's JSON.
    pub items: Vec<Value>,
    /// Where the next page starts.
    pub next: Option<String>,
}

impl Dynamo {
    /// Where it listens, such as `http://127.0.0.1:43210`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The names of the tables.
    pub fn tables(&self) -> Result<Vec<String>, String> {
        todo!()
    }

    /// A page of a table: items of one partition, where `partition` names one, else of all.
    pub fn items(
        &self,
        table: &str,
        partition: Option<&str>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Items, String> {
        todo!()
    }
}
