//! Circuit breakers: a server that keeps failing is left alone for a while, by every instance of every function.
//!
//! One item says how a server stands. It is written when a call fails, and when one succeeds after others had failed;
//! each process remembers what it saw, so that a server that is well costs a read now and then. While the circuit is
//! open nobody asks; after that, one conditional write decides who tries whether the server is well again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

use crate::app::App;
use crate::error::Result;
use crate::store::{Change, Condition, StoreError, keys};

/// Calls in a row that have to fail, each with all its tries.
const OPENS_AT: i64 = 5;
/// How long nobody asks then.
const OPEN_FOR: Duration = Duration::seconds(30);
/// How long a process goes by what it saw.
const REMEMBERED: Duration = Duration::seconds(10);
/// How long failures are remembered that nobody took back.
const KEPT: Duration = Duration::hours(1);

/// The circuit of one server, as one process knows it.
pub(super) struct Circuit {
    name: &'static str,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    state: State,
    at: Option<DateTime<Utc>>,
}

/// How the server stands, as it is kept.
#[derive(Clone, Copy, Default, Deserialize)]
struct State {
    /// How many calls failed since the last that did not.
    failures: i64,
    /// Until when nobody asks if there were enough of them, in microseconds since the Unix epoch.
    until: i64,
}

impl State {
    fn is_open(self) -> bool {
        self.failures >= OPENS_AT
    }

    fn until(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.until).unwrap_or_default()
    }
}

/// Whether the server may be asked.
pub(super) enum Way {
    /// As ever.
    Free,
    /// Once, to see whether it is well again.
    Probe,
    /// Not before this time.
    Barred(DateTime<Utc>),
}

impl Circuit {
    pub(super) fn new(name: &'static str) -> Circuit {
        Circuit { name, seen: Mutex::default() }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the server may be asked now.
    pub(super) async fn enter(&self, app: &App) -> Result<Way> {
        let now = app.clock.now();
        let Seen { mut state, at } = *self.seen();
        if at.is_none_or(|at| at + REMEMBERED <= now) || state.is_open() && state.until() <= now {
            state = app.table.lately().get(keys::circuit(self.name)).await?.unwrap_or_default();
            self.note(state, now);
        }
        if !state.is_open() {
            return Ok(Way::Free);
        }
        if now < state.until() {
            return Ok(Way::Barred(state.until()));
        }
        // Whoever moves the time on is the one to try; for all others the circuit stays open as long again.
        let until = (now + OPEN_FOR).timestamp_micros();
        let claim = Change::of(keys::circuit(self.name))
            .set("until", until)
            .set("ttl", (now + KEPT).timestamp())
            .when(Condition::equals("until", state.until));
        self.note(State { until, ..state }, now);
        match app.table.change::<State>(claim).await {
            Ok(_) => Ok(Way::Probe),
            Err(StoreError::Refused { .. }) => Ok(Way::Barred(now + OPEN_FOR)),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts a call that failed.
    pub(super) async fn failed(&self, app: &App) -> Result<()> {
        let now = app.clock.now();
        let change = || {
            Change::of(keys::circuit(self.name))
                .or_create()
                .set("until", (now + OPEN_FOR).timestamp_micros())
                .set("ttl", (now + KEPT).timestamp())
        };
        // Failures that have ended may still lie there, and are no reason.
        let current = Condition::absent_or(Condition::greater("ttl", now.timestamp()));
        let state: State = match app.table.changed(change().add("failures", 1).when(current)).await {
            Err(StoreError::Refused { .. }) => app.table.changed(change().set("failures", 1)).await?,
            counted => counted?,
        };
        self.note(state, now);
        if state.failures == OPENS_AT {
            tracing::warn!(host = self.name, failures = state.failures, "A server is left alone for a while.");
        }
        Ok(())
    }

    /// Forgets the failures, since a call succeeded.
    pub(super) async fn succeeded(&self, app: &App) -> Result<()> {
        let Seen { state, at } = *self.seen();
        if state.failures == 0 {
            return Ok(());
        }
        match app.table.change::<State>(Change::of(keys::circuit(self.name)).set("failures", 0)).await {
            // What is gone is forgotten.
            Ok(_) | Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if state.is_open() {
            tracing::info!(host = self.name, "A server is well again.");
        }
        *self.seen() = Seen { state: State::default(), at };
        Ok(())
    }

    fn note(&self, state: State, at: DateTime<Utc>) {
        *self.seen() = Seen { state, at: Some(at) };
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
