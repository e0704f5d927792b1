//! Messages in queues: out of sight while somebody works on them, dead letters when they keep failing.

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::{State, broken, time};
use crate::template::Queue;

/// How a queue is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

const COLUMNS: &str = "id, message_id, queue, body, sent_at, visible_at, receives, first_received_at, failed_in";

impl State {
    /// Puts a message into a queue.
    pub fn enqueue(&self, queue: &str, body: &str) -> Result<(), String> {
        self.enqueue_all(&[(queue.to_owned(), body.to_owned())])
    }

    /// Puts messages into queues: all of them or none.
    pub(crate) fn enqueue_all(&self, messages: &[(String, String)]) -> Result<(), String> {
        let now = self.clock.now().timestamp_millis();
        self.together(|database| {
            let mut insert = database.prepare_cached(
                "INSERT INTO messages (message_id, queue, body, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (queue, body) in messages {
                let delay = self.queues.iter().find(|known| known.id == *queue).map_or(0, |known| known.delay);
                insert.execute(params![self.uuids.next(), queue, body, now, now + i64::from(delay) * 1_000])?;
            }
            Ok(())
        })?;
        for (queue, _) in messages {
            self.wake(queue);
        }
        Ok(())
    }

    /// Receives messages that are in sight; until the queue's timeout they are out of it. One that was received too
    /// often becomes a dead letter instead.
    pub(crate) fn receive(&self, queue: &Queue, limit: usize) -> Result<Vec<Message>, String> {
        let now = self.clock.now();
        let hidden_until = now + Duration::seconds(i64::from(queue.visibility_timeout));
        self.together(|database| {
            if let Some(redrive) = &queue.redrive {
                database
                    .prepare_cached(
                        "UPDATE messages SET queue = ?1, failed_in = queue, visible_at = ?2, receives = 0
                         WHERE queue = ?3 AND visible_at <= ?2 AND receives >= ?4",
                    )?
                    .execute(params![
                        redrive.dead_letters,
                        now.timestamp_millis(),
                        queue.id,
                        redrive.maximum_receives
                    ])?;
            }
            let mut received = select(
                database,
                "queue = ?1 AND visible_at <= ?2 ORDER BY id LIMIT ?3",
                params![queue.id, now.timestamp_millis(), limit],
            )?;
            let mut hide = database.prepare_cached(
                "UPDATE messages SET visible_at = ?1, receives = ?2, first_received_at = ?3 WHERE id = ?4",
            )?;
            for message in &mut received {
                message.visible_at = hidden_until;
                message.receives += 1;
                let first = *message.first_received_at.get_or_insert(now);
                hide.execute(params![
                    hidden_until.timestamp_millis(),
                    message.receives,
                    first.timestamp_millis(),
                    message.id
                ])?;
            }
            Ok(received)
        })
    }

    /// Deletes messages, except those that somebody else has received since.
    pub(crate) fn delete(&self, messages: &[&Message]) -> Result<(), String> {
        self.together(|database| {
            let mut delete = database.prepare_cached("DELETE FROM messages WHERE id = ?1 AND receives = ?2")?;
            for message in messages {
                delete.execute(params![message.id, message.receives])?;
            }
            Ok(())
        })
    }

    /// When the next message of a queue comes into sight.
    pub(crate) fn next_visible(&self, queue: &str) -> Result<Option<DateTime<Utc>>, String> {
        self.database()
            .prepare_cached("SELECT MIN(visible_at) FROM messages WHERE queue = ?1")
            .and_then(|mut statement| statement.query_row([queue], |row| row.get::<_, Option<i64>>(0)))
            .map(|next| next.map(time))
            .map_err(broken)
    }

    /// Brings every message into sight, as if it had not been received: at the start, whoever had received some is gone,
    /// and that was not the message's fault.
    pub(super) fn release_all(&self) -> Result<(), String> {
        let now = self.clock.now().timestamp_millis();
        self.database()
            .execute("UPDATE messages SET visible_at = ?1, receives = receives - 1 WHERE ?1 < visible_at", [now])
            .map(drop)
            .map_err(broken)
    }

    /// How the queues are doing; dead-letter queues show as numbers of the queues that they serve.
    pub fn queues(&self) -> Result<Vec<QueueStatus>, String> {
        let now = self.clock.now().timestamp_millis();
        let database = self.database();
        let mut count = database
            .prepare_cached(
                "SELECT COUNT(*) FILTER (WHERE visible_at <= ?2), COUNT(*) FILTER (WHERE ?2 < visible_at)
                 FROM messages WHERE queue = ?1",
            )
            .map_err(broken)?;
        let mut count =
            |queue: &str| count.query_row(params![queue, now], |row| Ok((row.get(0)?, row.get(1)?))).map_err(broken);
        let serves = |queue: &Queue| {
            let dead_letters = |other: &Queue| other.redrive.as_ref().is_some_and(|to| to.dead_letters == queue.id);
            self.queues.iter().any(dead_letters)
        };
        let mut all = Vec::new();
        for queue in self.queues.iter().filter(|queue| !serves(queue)) {
            let (waiting, in_flight) = count(&queue.id)?;
            let dead_letters = queue.redrive.as_ref().map(|redrive| redrive.dead_letters.clone());
            let (dead, _): (u64, u64) = dead_letters.as_deref().map_or(Ok((0, 0)), &mut count)?;
            all.push(QueueStatus { name: queue.id.clone(), waiting, in_flight, dead_letters, dead });
        }
        Ok(all)
    }

    /// The messages in a queue, oldest first.
    pub fn messages(&self, queue: &str, limit: usize) -> Result<Vec<Message>, String> {
        select(&self.database(), "queue = ?1 ORDER BY id LIMIT ?2", params![queue, limit]).map_err(broken)
    }

    /// Sends the messages of a dead-letter queue back to the queues that they failed in, and says how many.
    pub fn redrive(&self, dead_letters: &str) -> Result<usize, String> {
        let moved = self
            .database()
            .execute(
                "UPDATE messages SET queue = failed_in, failed_in = NULL, visible_at = ?2, receives = 0
                 WHERE queue = ?1 AND failed_in IS NOT NULL",
                params![dead_letters, self.clock.now().timestamp_millis()],
            )
            .map_err(broken)?;
        for queue in &self.queues {
            self.wake(&queue.id);
        }
        Ok(moved)
    }

    /// Runs changes that happen together or not at all.
    fn together<T>(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        let mut database = self.database();
        let transaction = database.transaction().map_err(broken)?;
        let result = change(&transaction).map_err(broken)?;
        transaction.commit().map_err(broken)?;
        Ok(result)
    }
}

fn select(database: &Connection, which: &str, with: impl rusqlite::Params) -> rusqlite::Result<Vec<Message>> {
    let mut statement = database.prepare_cached(&format!("SELECT {COLUMNS} FROM messages WHERE {which}"))?;
    statement.query_map(with, read)?.collect()
}

fn read(row: &Row) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        message_id: row.get(1)?,
        queue: row.get(2)?,
        body: row.get(3)?,
        sent_at: time(row.get(4)?),
        visible_at: time(row.get(5)?),
        receives: row.get(6)?,
        first_received_at: row.get::<_, Option<i64>>(7)?.map(time),
        failed_in: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Redrive;
    use crate::uuids::Uuids;
    use shared::clock::Clock;
    use std::path::Path;

    fn letters() -> Queue {
        Queue {
            id: "Letters".to_owned(),
            arn: String::new(),
            delay: 0,
            visibility_timeout: 30,
            redrive: Some(Redrive { dead_letters: "Dead".to_owned(), maximum_receives: 2 }),
        }
    }

    fn dead() -> Queue {
        Queue { id: "Dead".to_owned(), redrive: None, ..letters() }
    }

    fn open(file: Option<&Path>) -> State {
        let clock = Clock::fixed("2026-11-20T09:30:00Z".parse().unwrap());
        State::open(file, clock, Uuids::counting(), vec![letters(), dead()]).unwrap()
    }

    fn bodies(messages: &[Message]) -> Vec<&str> {
        messages.iter().map(|message| message.body.as_str()).collect()
    }

    #[test]
    fn a_received_message_is_out_of_sight_until_its_time_is_over() {
        let state = open(None);
        state.enqueue("Letters", "first").unwrap();
        state.enqueue("Letters", "second").unwrap();
        assert_eq!(bodies(&state.receive(&letters(), 1).unwrap()), ["first"]);
        assert_eq!(bodies(&state.receive(&letters(), 9).unwrap()), ["second"]);
        assert!(state.receive(&letters(), 9).unwrap().is_empty());
        let status = &state.queues().unwrap()[0];
        assert_eq!((status.waiting, status.in_flight), (0, 2));
        state.clock.advance(Duration::seconds(30));
        assert_eq!(bodies(&state.receive(&letters(), 9).unwrap()), ["first", "second"]);
    }

    #[test]
    fn a_message_that_keeps_failing_becomes_a_dead_letter_and_can_be_sent_back() {
        let state = open(None);
        state.enqueue("Letters", "poison").unwrap();
        for _ in 0..2 {
            assert_eq!(state.receive(&letters(), 9).unwrap().len(), 1);
            state.clock.advance(Duration::seconds(31));
        }
        assert!(state.receive(&letters(), 9).unwrap().is_empty());
        let expected = QueueStatus {
            name: "Letters".to_owned(),
            waiting: 0,
            in_flight: 0,
            dead_letters: Some("Dead".to_owned()),
            dead: 1,
        };
        assert_eq!(state.queues().unwrap(), [expected]);
        assert_eq!(state.messages("Dead", 9).unwrap()[0].failed_in.as_deref(), Some("Letters"));
        assert_eq!(state.redrive("Dead").unwrap(), 1);
        let again = state.receive(&letters(), 9).unwrap();
        assert_eq!((again[0].body.as_str(), again[0].receives), ("poison", 1));
    }

    #[test]
    fn who_was_too_slow_deletes_nothing() {
        let state = open(None);
        state.enqueue("Letters", "slow").unwrap();
        let first = state.receive(&letters(), 1).unwrap();
        state.clock.advance(Duration::seconds(31));
        let second = state.receive(&letters(), 1).unwrap();
        state.delete(&[&first[0]]).unwrap();
        assert_eq!(state.messages("Letters", 9).unwrap().len(), 1);
        state.delete(&[&second[0]]).unwrap();
        assert!(state.messages("Letters", 9).unwrap().is_empty());
        assert_eq!(state.next_visible("Letters").unwrap(), None);
    }

    #[test]
    fn what_was_under_way_when_the_process_ended_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("local.db");
        let state = open(Some(&file));
        state.enqueue("Letters", "unfinished").unwrap();
        state.receive(&letters(), 1).unwrap();
        drop(state);
        assert_eq!(open(Some(&file)).receive(&letters(), 1).unwrap()[0].receives, 1);
    }
}
