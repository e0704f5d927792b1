//! The tables: dynoxide, an embedded DynamoDB, with what it needs to stay fast and to follow the template.

mod browse;
mod definition;
mod expiry;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dynoxide::{Database, streams};
use rusqlite::{Connection, params};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

pub use self::browse::Items;
use crate::template::Table;

/// Every write to a table with a stream asks for the last sequence number of that stream, as a number, and dynoxide
/// keeps it as text without an index: the hundred-thousandth write would look at a hundred thousand records. With
/// this index it looks at one.
const STREAM_INDEX: &str = "
    CREATE INDEX IF NOT EXISTS stream_records_in_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))
";
/// Records that one trim deletes at most, so that no write waits long for it.
const TRIMMED_AT_ONCE: usize = 1_000;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The tables, served on a loopback port as DynamoDB serves them. Cloning shares them.
#[derive(Clone)]
pub struct Dynamo {
    database: Database,
    /// A second connection to the same file, for what dynoxide has no call for.
    beside: Arc<Mutex<Connection>>,
    tables: Arc<[Table]>,
    address: SocketAddr,
}

impl Dynamo {
    /// Opens the file, makes its tables what the template says, and answers from `listener` until `stopped`.
    ///
    /// One server answers for as long as `turn` says; then another takes its place, which those who count calls would
    /// notice. dynoxide remembers the token of every transaction for ten minutes, and walks through all of them with each:
    /// after a hundred thousand a transaction would take ten times as long as the first. A server forgets them with its
    /// end.
    pub(crate) fn start(
        file: &Path,
        tables: &[Table],
        listener: TcpListener,
        turn: Duration,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Dynamo, String> {
        let dynamo = Dynamo::open(file, tables, listener.local_addr().map_err(|error| error.to_string())?)?;
        let (file, database) = (file.to_owned(), dynamo.database.clone());
        tokio::spawn(async move {
            if let Err(error) = serve(&file, database, listener, turn, stopped).await {
                tracing::error!("The tables are no longer served: {error}");
            }
        });
        Ok(dynamo)
    }

    fn open(file: &Path, tables: &[Table], address: SocketAddr) -> Result<Dynamo, String> {
        let database = open_database(file)?;
        let beside = open_beside(file).map_err(|error| unusable(file, error.to_string()))?;
        for table in tables {
            definition::apply(&database, table).map_err(|reason| format!("{}: {reason}", file.display()))?;
        }
        Ok(Dynamo { database, beside: Arc::new(Mutex::new(beside)), tables: tables.into(), address })
    }

    /// Puts an item without a detour over HTTP.
    #[cfg(test)]
    pub(crate) fn put(&self, table: &str, item: Value) -> Result<(), String> {
        let put = request(json!({ "TableName": table, "Item": item }))?;
        self.database.put_item(put).map(drop).map_err(|error| error.to_string())
    }

    /// Where it listens, such as `http://127.0.0.1:43210`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The records of a table's stream after a sequence number, or from the beginning, as Lambda gets them.
    pub(crate) fn stream_records(&self, table: &str, after: Option<&str>, limit: usize) -> Result<Vec<Value>, String> {
        let arn = self.stream_arn(table)?;
        let request = request(json!({ "ShardIterator": self.iterator(table, &arn, after)?, "Limit": limit }))?;
        let response = self.database.get_records(request).map_err(|error| error.to_string())?;
        response
            .records
            .iter()
            .map(|record| {
                let mut record = serde_json::to_value(record).map_err(|error| error.to_string())?;
                record["eventSourceARN"] = json!(arn);
                Ok(record)
            })
            .collect()
    }

    /// Forgets the records before a sequence number, which every consumer has read. The record itself stays, so that
    /// the numbers of later ones keep ascending from it.
    pub(crate) fn trim_stream(&self, table: &str, before: &str) -> Result<(), String> {
        let iterator = self.iterator(table, &self.stream_arn(table)?, Some(before))?;
        let (_, _, position) = dynoxide::actions::get_shard_iterator::decode_shard_iterator(&iterator)
            .ok_or_else(|| format!("The place {before} in the stream of {table} cannot be read."))?;
        let beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let trimmed = beside
                .prepare_cached(
                    "DELETE FROM _stream_records WHERE id IN (
                         SELECT id FROM _stream_records
                         WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < ?2 LIMIT ?3
                     )",
                )
                .and_then(|mut delete| delete.execute(params![table, position, TRIMMED_AT_ONCE]))
                .map_err(|error| format!("The stream of {table} cannot be trimmed: {error}."))?;
            if trimmed < TRIMMED_AT_ONCE {
                return Ok(());
            }
        }
    }

    pub(crate) fn stream_arn(&self, table: &str) -> Result<String, String> {
        let metadata = self.database.get_table_metadata(table).map_err(|error| error.to_string())?;
        let label = metadata.and_then(|metadata| metadata.stream_label);
        Ok(streams::stream_arn(table, &label.ok_or_else(|| format!("The table {table} has no stream."))?))
    }

    fn iterator(&self, table: &str, arn: &str, after: Option<&str>) -> Result<String, String> {
        let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let request = request(json!({
            "StreamArn": arn,
            "ShardId": streams::shard_id(table),
            "ShardIteratorType": kind,
            "SequenceNumber": after,
        }))?;
        let response = self.database.get_shard_iterator(request).map_err(|error| error.to_string())?;
        response.shard_iterator.ok_or_else(|| format!("The stream of {table} cannot be read."))
    }

    fn table(&self, name: &str) -> Result<&Table, String> {
        self.tables.iter().find(|table| table.name == name).ok_or_else(|| format!("There is no table {name}."))
    }
}

/// Answers from `listener` until `stopped`, one server after the other. The socket stays open from one to the next, and
/// each ends with what it had begun.
async fn serve(
    file: &Path,
    first: Database,
    listener: TcpListener,
    turn: Duration,
    stopped: impl Future<Output = ()>,
) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let listener = listener.into_std().map_err(text)?;
    let mut stopped = std::pin::pin!(stopped);
    let mut servers = JoinSet::new();
    let mut database = first;
    loop {
        let socket = TcpListener::from_std(listener.try_clone().map_err(text)?).map_err(text)?;
        // Dropped, it tells the server to end.
        let (end, ended) = oneshot::channel::<()>();
        servers.spawn(dynoxide::server::serve_with_shutdown(socket, database, async {
            let _ = ended.await;
        }));
        tokio::select! {
            () = &mut stopped => {
                drop(end);
                while let Some(served) = servers.join_next().await {
                    served.map_err(|error| error.to_string())??;
                }
                return Ok(());
            }
            () = tokio::time::sleep(turn) => {}
        }
        database = open_database(file)?;
        drop(end);
        while let Some(served) = servers.try_join_next() {
            served.map_err(|error| error.to_string())??;
        }
    }
}

fn unusable(file: &Path, reason: String) -> String {
    format!("{} cannot be used ({reason}); move it away to start without it.", file.display())
}

fn open_database(file: &Path) -> Result<Database, String> {
    let path = file.to_str().ok_or_else(|| format!("{} is not a path in Unicode.", file.display()))?;
    let database = Database::new(path).map_err(|error| unusable(file, error.to_string()))?;
    // Sets `synchronous` to NORMAL: a commit then survives the end of the process, however it ends, and does not wait
    // for the disk. Only a crash of the whole machine could lose the last ones.
    database.disable_bulk_loading().map_err(|error| unusable(file, error.to_string()))?;
    Ok(database)
}

fn open_beside(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(STREAM_INDEX)?;
    // A trim that a crash of the machine undoes is done again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// A request of dynoxide's from the JSON that DynamoDB would get.
fn request<T: DeserializeOwned>(json: Value) -> Result<T, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
