//! The time: the system's, or one that stands still until a test moves it.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

/// No timer is finer.
const SHORTEST_SLEEP: std::time::Duration = std::time::Duration::from_millis(1);

/// Where a function reads the time. Cloning shares the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since the Unix epoch.
    Fixed(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that shows `at` until it is told otherwise.
    pub fn fixed(at: DateTime<Utc>) -> Clock {
        Clock(Source::Fixed(Arc::new(watch::Sender::new(at.timestamp_micros()))))
    }

    /// The time now, in UTC, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.0 {
            Source::System => Utc::now().timestamp_micros(),
            Source::Fixed(micros) => *micros.borrow(),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Moves a fixed clock; the system's cannot be moved and stays as it is.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Source::Fixed(micros) = &self.0 {
            micros.send_replace(at.timestamp_micros());
        }
    }

    /// Returns once it shows `at` or later: a fixed clock when somebody has moved it there.
    pub async fn reached(&self, at: DateTime<Utc>) {
        match &self.0 {
            // Looked at again after the wait, because the system's clock may have been set back meanwhile.
            Source::System => {
                while let Ok(left) = (at - Utc::now()).to_std() {
                    tokio::time::sleep(left.max(SHORTEST_SLEEP)).await;
                }
            }
            Source::Fixed(micros) => {
                // The sender is ours, so waiting for it cannot fail.
                let _ = micros.subscribe().wait_for(|micros| at.timestamp_micros() <= *micros).await;
            }
        }
    }

    /// Moves a fixed clock on by `step`.
    pub fn advance(&self, step: Duration) {
        self.set(self.now() + step);
    }
}

/// A random part of a time: how long to wait before trying again, so that those who failed together do not come back
/// together ("full jitter").
pub(crate) fn random_part(of: std::time::Duration) -> std::time::Duration {
    let mut random = [0; 4];
    match getrandom::fill(&mut random) {
        Ok(()) => of.mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)),
        Err(_) => of,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_time_is_reached_when_the_clock_shows_it() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let at = DateTime::UNIX_EPOCH + Duration::seconds(10);
        let reached = clock.reached(at);
        tokio::pin!(reached);
        clock.advance(Duration::seconds(9));
        assert_eq!(reached.as_mut().now_or_never(), None);
        clock.advance(Duration::seconds(1));
        assert_eq!(reached.now_or_never(), Some(()));
        assert_eq!(clock.reached(DateTime::UNIX_EPOCH).now_or_never(), Some(()));
        Clock::system().reached(Utc::now() + Duration::milliseconds(2)).await;
    }
}
