//! What one invocation costs: at the table round trips one after the other, calls, and capacity units; and passwords
//! hashed, which is the only dear work that we do ourselves.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The price of one invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Round trips one after the other: calls under way at the same time count once.
    pub round_trips: u32,
    /// Calls to the table, those at the same time included.
    pub calls: u32,
    /// Read capacity units, as the table reported them.
    pub read_units: f64,
    /// Write capacity units, as the table reported them.
    pub write_units: f64,
    /// Passwords hashed.
    pub hashes: u32,
}

/// What is left of a limit that a request counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests allowed per window.
    pub limit: i64,
    /// How many are left in this one.
    pub remaining: i64,
    /// The window, in seconds.
    pub window: i64,
    /// Seconds until the next one begins.
    pub reset: i64,
}

/// Counts while one invocation runs.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Reading>>);

#[derive(Default)]
struct Reading {
    cost: Cost,
    under_way: u32,
    route: Option<String>,
    quota: Option<Quota>,
}

tokio::task_local! {
    static CURRENT: Meter;
}

impl Meter {
    /// Runs `work` with this meter counting.
    pub async fn measure<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    /// What was counted so far.
    pub fn cost(&self) -> Cost {
        self.reading().cost
    }

    /// The route that answered, once it is known.
    pub fn route(&self) -> Option<String> {
        self.reading().route.clone()
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes which route answers the current invocation.
pub fn note_route(route: &str) {
    with(|reading| reading.route = Some(route.to_owned()));
}

/// Notes a limit that the current invocation counted against; of several the one with the least left is told.
pub(crate) fn note_quota(quota: Quota) {
    with(|reading| {
        if reading.quota.is_none_or(|noted| quota.remaining < noted.remaining) {
            reading.quota = Some(quota);
        }
    });
}

/// What is left of the limits that the current invocation counted against, if any.
pub(crate) fn quota() -> Option<Quota> {
    CURRENT.try_with(|meter| meter.reading().quota).ok().flatten()
}

/// Counts one call to the table while it runs. The call lies on the heap: held by value, those of the SDK would make
/// every handler that waits for some larger than a thread's stack.
pub(crate) fn call<T>(call: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    struct UnderWay;
    impl Drop for UnderWay {
        fn drop(&mut self) {
            with(|reading| reading.under_way = reading.under_way.saturating_sub(1));
        }
    }
    let call = Box::pin(call);
    async move {
        with(|reading| {
            reading.cost.calls += 1;
            reading.cost.round_trips += u32::from(reading.under_way == 0);
            reading.under_way += 1;
        });
        let _under_way = UnderWay;
        call.await
    }
}

/// Adds what the table says a read took.
pub(crate) fn read(units: f64) {
    with(|reading| reading.cost.read_units += units);
}

/// Adds what the table says a write took.
pub(crate) fn wrote(units: f64) {
    with(|reading| reading.cost.write_units += units);
}

/// Counts one password hashed.
pub(crate) fn hashed() {
    with(|reading| reading.cost.hashes += 1);
}

/// Outside an invocation, as when a function starts, nothing is counted.
fn with(change: impl FnOnce(&mut Reading)) {
    let _ = CURRENT.try_with(|meter| change(&mut meter.reading()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_at_the_same_time_are_one_round_trip() {
        let meter = Meter::default();
        meter
            .measure(async {
                call(tokio::task::yield_now()).await;
                tokio::join!(call(tokio::task::yield_now()), call(tokio::task::yield_now()));
            })
            .await;
        assert_eq!((meter.cost().round_trips, meter.cost().calls), (2, 3));
    }
}
