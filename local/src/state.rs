//! What the local cloud itself must not forget: messages in queues, letters, schedule runs, how far the stream was read,
//! generated secrets. One SQLite file, so that a process that is killed has lost nothing it acknowledged.

mod letters;
mod messages;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use shared::clock::Clock;
use tokio::sync::Notify;

pub use self::letters::{Attachment, Letter, NewLetter};
pub use self::messages::{Message, QueueStatus};
use crate::template::Queue;
use crate::uuids::Uuids;

/// The file `local.db`, or the same in memory.
pub struct State {
    database: Mutex<Connection>,
    clock: Clock,
    uuids: Uuids,
    queues: Vec<Queue>,
    /// One for each queue, in their order.
    arrivals: Vec<Notify>,
}

/// One run of a schedule.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduleRun {
    /// The schedule's name.
    pub schedule: String,
    /// When it began.
    pub at: DateTime<Utc>,
    /// Whether somebody asked for it.
    pub by_hand: bool,
    /// How long it took.
    pub duration_ms: f64,
    /// What it answered or why it failed.
    pub outcome: Result<serde_json::Value, String>,
}

/// Runs of schedules that are remembered.
const SCHEDULE_RUNS_KEPT: usize = 500;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL,
        queue TEXT NOT NULL,
        body TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0,
        first_received_at INTEGER,
        failed_in TEXT
    );
    CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, visible_at);
    CREATE TABLE IF NOT EXISTS letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        letter TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS attachments (
        letter INTEGER NOT NULL,
        number INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (letter, number)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS schedule_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        schedule TEXT NOT NULL,
        at INTEGER NOT NULL,
        by_hand INTEGER NOT NULL,
        duration_ms REAL NOT NULL,
        result TEXT,
        error TEXT
    );
    CREATE TABLE IF NOT EXISTS checkpoints (consumer TEXT PRIMARY KEY, sequence TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    PRAGMA user_version = 1;
";

impl State {
    /// Opens the file, or memory without one.
    pub fn open(file: Option<&Path>, clock: Clock, uuids: Uuids, queues: Vec<Queue>) -> Result<State, String> {
        let database = match file {
            Some(file) => open_file(file).map_err(|error| {
                format!("{} cannot be used ({error}); move it away to start without it.", file.display())
            })?,
            None => Connection::open_in_memory().and_then(prepare).map_err(broken)?,
        };
        let arrivals = queues.iter().map(|_| Notify::new()).collect();
        let state = State { database: Mutex::new(database), clock, uuids, queues, arrivals };
        state.release_all()?;
        Ok(state)
    }

    /// Wakes who waits for messages of a queue, if there is one of that name.
    pub(crate) fn arrivals(&self, queue: &str) -> Option<&Notify> {
        let place = self.queues.iter().position(|known| known.id == queue)?;
        self.arrivals.get(place)
    }

    fn wake(&self, queue: &str) {
        if let Some(arrivals) = self.arrivals(queue) {
            arrivals.notify_waiters();
        }
    }

    /// The latest runs of schedules, newest first.
    pub fn schedule_runs(&self, limit: usize) -> Result<Vec<ScheduleRun>, String> {
        let database = self.database();
        let mut runs = database
            .prepare_cached(
                "SELECT schedule, at, by_hand, duration_ms, result, error FROM schedule_runs ORDER BY id DESC LIMIT ?1",
            )
            .map_err(broken)?;
        let runs = runs.query_map([limit], |row| {
            let (result, error): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
            Ok(ScheduleRun {
                schedule: row.get(0)?,
                at: time(row.get(1)?),
                by_hand: row.get(2)?,
                duration_ms: row.get(3)?,
                outcome: match error {
                    Some(error) => Err(error),
                    None => Ok(result.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()),
                },
            })
        });
        runs.and_then(Iterator::collect).map_err(broken)
    }

    /// Remembers how a run of a schedule went.
    pub(crate) fn keep_schedule_run(&self, run: &ScheduleRun) -> Result<(), String> {
        let database = self.database();
        let (result, error) = match &run.outcome {
            Ok(result) => (Some(result.to_string()), None),
            Err(error) => (None, Some(error)),
        };
        database
            .execute(
                "INSERT INTO schedule_runs (schedule, at, by_hand, duration_ms, result, error)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![run.schedule, run.at.timestamp_millis(), run.by_hand, run.duration_ms, result, error],
            )
            .and_then(|_| {
                let oldest_kept = database.last_insert_rowid() - SCHEDULE_RUNS_KEPT as i64;
                database.execute("DELETE FROM schedule_runs WHERE id <= ?1", [oldest_kept])
            })
            .map(drop)
            .map_err(broken)
    }

    /// When a schedule ran last, or was first seen.
    pub(crate) fn schedule_seen(&self, name: &str) -> Result<DateTime<Utc>, String> {
        let database = self.database();
        let now = self.clock.now().timestamp_millis();
        database
            .execute("INSERT OR IGNORE INTO schedules (name, seen_at) VALUES (?1, ?2)", params![name, now])
            .and_then(|_| database.query_row("SELECT seen_at FROM schedules WHERE name = ?1", [name], |row| row.get(0)))
            .map(time)
            .map_err(broken)
    }

    /// Notes that a schedule runs.
    pub(crate) fn see_schedule(&self, name: &str, at: DateTime<Utc>) -> Result<(), String> {
        self.database()
            .execute(
                "INSERT OR REPLACE INTO schedules (name, seen_at) VALUES (?1, ?2)",
                params![name, at.timestamp_millis()],
            )
            .map(drop)
            .map_err(broken)
    }

    /// How far a consumer has read its stream.
    pub(crate) fn checkpoint(&self, consumer: &str) -> Result<Option<String>, String> {
        self.database()
            .query_row("SELECT sequence FROM checkpoints WHERE consumer = ?1", [consumer], |row| row.get(0))
            .optional()
            .map_err(broken)
    }

    /// Notes how far a consumer has read its stream.
    pub(crate) fn keep_checkpoint(&self, consumer: &str, sequence: &str) -> Result<(), String> {
        self.database()
            .prepare_cached("INSERT OR REPLACE INTO checkpoints (consumer, sequence) VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute([consumer, sequence]))
            .map(drop)
            .map_err(broken)
    }

    /// A secret: made when it is first asked for, the same ever after.
    pub(crate) fn secret(&self, name: &str) -> Result<String, String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| format!("No secret can be made: {error}."))?;
        let fresh: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let database = self.database();
        database
            .execute("INSERT OR IGNORE INTO secrets (name, value) VALUES (?1, ?2)", [name, &fresh])
            .and_then(|_| database.query_row("SELECT value FROM secrets WHERE name = ?1", [name], |row| row.get(0)))
            .map_err(broken)
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_file(file: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(file)?;
    // In this mode a commit survives the end of the process, however it ends, without waiting for the disk; only a
    // crash of the whole machine could lose the last ones.
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "NORMAL")?;
    prepare(database)
}

fn prepare(database: Connection) -> rusqlite::Result<Connection> {
    database.execute_batch(SCHEMA)?;
    Ok(database)
}

fn broken(error: rusqlite::Error) -> String {
    format!("The local cloud's own database failed: {error}.")
}

fn time(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state() -> State {
        let clock = Clock::fixed("2026-11-20T09:30:00Z".parse().unwrap());
        State::open(None, clock, Uuids::counting(), Vec::new()).unwrap()
    }

    #[test]
    fn a_secret_is_made_once() {
        let state = state();
        let secret = state.secret("Signing").unwrap();
        assert_eq!(secret.len(), 64);
        assert_eq!(state.secret("Signing").unwrap(), secret);
        assert_ne!(state.secret("Token").unwrap(), secret);
    }

    #[test]
    fn runs_checkpoints_and_schedules_are_remembered() {
        let state = state();
        assert_eq!(state.checkpoint("projector").unwrap(), None);
        state.keep_checkpoint("projector", "7").unwrap();
        assert_eq!(state.checkpoint("projector").unwrap().as_deref(), Some("7"));

        let seen = state.schedule_seen("clean-up").unwrap();
        state.clock.advance(chrono::Duration::hours(1));
        assert_eq!(state.schedule_seen("clean-up").unwrap(), seen);
        state.see_schedule("clean-up", state.clock.now()).unwrap();
        assert_eq!(state.schedule_seen("clean-up").unwrap(), state.clock.now());

        for outcome in [Ok(json!({ "deleted": 2 })), Err("out of order".to_owned())] {
            let run =
                ScheduleRun { schedule: "clean-up".to_owned(), at: seen, by_hand: true, duration_ms: 1.5, outcome };
            state.keep_schedule_run(&run).unwrap();
        }
        let runs = state.schedule_runs(10).unwrap();
        assert_eq!(runs[0].outcome, Err("out of order".to_owned()));
        assert_eq!(runs[1].outcome, Ok(json!({ "deleted": 2 })));
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("local.db");
        std::fs::write(&file, "this is not a database, and long enough to be looked at").unwrap();
        let error = State::open(Some(&file), Clock::system(), Uuids::random(), Vec::new()).err().unwrap();
        assert!(error.contains("local.db cannot be used"), "{error}");
    }
}
