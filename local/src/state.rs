//! What the local cloud itself must not forget: messages in queues, letters, schedule runs, how far the stream was read,
//! generated secrets. One SQLite file, so that a process that is killed has lost nothing it acknowledged.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::template::Queue;

/// The file `local.db`, or the same in memory.
pub struct State {}

/// A letter that SES would have sent.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// Its number in the mailbox.
    pub id: i64,
    /// The id that SES answered with.
    pub message_id: String,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// Who it comes from.
    pub from: String,
    /// Who it goes to.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// Other headers.
    pub headers: Vec<(String, String)>,
}

/// A letter to be kept.
#[derive(Clone, Debug, Default)]
pub struct NewLetter {
    /// Who it comes from.
    pub from: String,
    /// Who it goes to.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// Other headers.
    pub headers: Vec<(String, String)>,
}

/// How a queue is doing.
#[derive(Clone, Debug, Serialize)]
pub struct QueueStatus {
    /// Its logical id.
    pub name: String,
    /// How many messages wait.
    pub waiting: u64,
    /// How many were received and neither deleted nor given back.
    pub in_flight: u64,
    /// Where its failing messages go.
    pub dead_letters: Option<String>,
    /// How many are there.
    pub dead: u64,
}

/// A message in a queue.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its number here.
    pub id: i64,
    /// The id that its consumer sees.
    pub message_id: String,
    /// The logical id of its queue.
    pub queue: String,
    /// What it says.
    pub body: String,
    /// When it entered its first queue.
    pub sent_at: DateTime<Utc>,
    /// When it can be received next.
    pub visible_at: DateTime<Utc>,
    /// How often it was received.
    pub receives: u32,
    /// When it was received first.
    pub first_received_at: Option<DateTime<Utc>>,
    /// For a dead letter: the queue that it failed in.
    pub failed_in: Option<String>,
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

impl State {
    /// Keeps a letter and answers with the id that SES would give it.
    pub fn keep_letter(&self, letter: NewLetter) -> Result<String, String> {
        todo!()
    }

    /// The latest letters, newest first.
    pub fn letters(&self, limit: usize) -> Result<Vec<Letter>, String> {
        todo!()
    }

    /// One letter.
    pub fn letter(&self, id: i64) -> Result<Option<Letter>, String> {
        todo!()
    }

    /// Empties the mailbox.
    pub fn clear_letters(&self) -> Result<(), String> {
        todo!()
    }

    /// Puts a message into a queue.
    pub fn enqueue(&self, queue: &str, body: &str) -> Result<(), String> {
        todo!()
    }

    /// How the queues are doing; dead-letter queues show as numbers of theirs.
    pub fn queues(&self) -> Result<Vec<QueueStatus>, String> {
        todo!()
    }

    /// The messages in a queue, oldest first: a dead-letter queue's, most usefully.
    pub fn messages(&self, queue: &str, limit: usize) -> Result<Vec<Message>, String> {
        todo!()
    }

    /// Sends the messages of a dead-letter queue back to the queues that they failed in, and says how many.
    pub fn redrive(&self, dead_letters: &str) -> Result<usize, String> {
        todo!()
    }

    /// The latest runs of schedules, newest first.
    pub fn schedule_runs(&self, limit: usize) -> Result<Vec<ScheduleRun>, String> {
        todo!()
    }
}
