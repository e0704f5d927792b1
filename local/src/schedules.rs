//! Schedules: when each runs next, and running one now.

use chrono::{DateTime, Utc};

/// When a schedule with this expression runs next after `now`; `rate` counts from `last`.
pub fn next_run(expression: &str, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    todo!()
}
