//! A server that is not ours, asked with care.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use tokio::time::Instant;

use super::circuit::{Circuit, Way};
use super::{Client, Failure};
use crate::app::App;
use crate::clock::random_part;
use crate::error::Result;

/// How often a call is made at most.
pub const TRIES: u32 = 3;
/// How long the first repetition waits at most; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait that a server may ask for; what it asks for beyond that is not waited for.
const LONGEST_TOLD: Duration = Duration::from_secs(10);

/// One server. Cloning shares what is known of it.
#[derive(Clone)]
pub struct Host(Arc<Parts>);

struct Parts {
    client: Client,
    circuit: Circuit,
    /// How much time lies between two calls at least.
    spacing: Duration,
    /// When the next call may begin.
    next: Mutex<Option<Instant>>,
}

/// What a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When it is over, with every try and the waits between them.
    pub deadline: Instant,
    /// How long one try may take. It takes less where that leaves too little to the tries after it.
    pub attempt: Duration,
    /// How many bytes of an answer are read.
    pub largest: usize,
}

/// Why an answer is of no use.
#[derive(Debug)]
pub enum Trouble {
    /// It may be over the next time; the server may have said how long that takes.
    Passing(String, Option<Duration>),
    /// It would be the same the next time.
    Lasting(String),
    /// So would this, and it lies with what was asked: the server is well.
    Ours(String),
}

/// Why a server told nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// For the log.
    pub why: String,
    /// Where it was not even asked, because it is known to be down: when it may be asked again.
    pub not_before: Option<DateTime<Utc>>,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.why)
    }
}

impl Trouble {
    /// Something is wrong with the answer that may be right the next time.
    pub fn passing(why: &str) -> Trouble {
        Trouble::Passing(why.to_owned(), None)
    }

    /// An answer has a status that means nothing to whoever asked.
    pub fn status(status: StatusCode) -> Trouble {
        let why = format!("status {}", status.as_u16());
        match status {
            // Some servers keep robots out in this way, from now to then.
            StatusCode::FORBIDDEN => Trouble::Lasting(why),
            status if status.is_client_error() => Trouble::Ours(why),
            _ => Trouble::Lasting(why),
        }
    }
}

impl Host {
    /// The server of this name over a client. `spacing` is how much time it wants between two calls.
    pub fn new(name: &'static str, client: Client, spacing: Duration) -> Host {
        Host(Arc::new(Parts { client, circuit: Circuit::new(name), spacing, next: Mutex::default() }))
    }

    /// What `read` makes of an answer. Asks again where the server was not reached, says that it is in trouble or too
    /// busy, or where `read` finds that the answer may be better the next time.
    ///
    /// # Errors
    /// If our own table does not answer, which knows whether the server is down.
    pub async fn ask<T>(
        &self,
        app: &App,
        request: &Request<Bytes>,
        limits: Limits,
        read: impl Fn(&Response<Bytes>) -> Result<T, Trouble>,
    ) -> Result<Result<T, NoAnswer>> {
        let Parts { circuit, .. } = &*self.0;
        let tries = match circuit.enter(app).await? {
            Way::Free => TRIES,
            Way::Probe => 1,
            Way::Barred(until) => {
                let why = format!("{} is down and was not asked", circuit.name());
                return Ok(Err(NoAnswer { why, not_before: Some(until) }));
            }
        };
        let no_answer = |why: &str| NoAnswer { why: format!("{}: {why}", circuit.name()), not_before: None };
        let mut last = None;
        for attempt in 1..=tries {
            // Whose turn does not come in time has learnt nothing of the server.
            if !self.turn(app, limits.deadline).await {
                break;
            }
            match self.once(app, request, limits, tries - attempt + 1).await.and_then(|answer| read(&answer)) {
                Ok(told) => {
                    circuit.succeeded(app).await?;
                    return Ok(Ok(told));
                }
                Err(Trouble::Ours(why)) => {
                    circuit.succeeded(app).await?;
                    return Ok(Err(no_answer(&why)));
                }
                Err(Trouble::Lasting(why)) => {
                    last = Some(why);
                    break;
                }
                Err(Trouble::Passing(why, told)) => {
                    last = Some(why);
                    let wait = wait_after(attempt, told).mul_f64(app.config.platform_wait_factor);
                    if attempt == tries || Instant::now() + wait >= limits.deadline {
                        break;
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
        let Some(why) = last else { return Ok(Err(no_answer("there was no time to ask"))) };
        circuit.failed(app).await?;
        Ok(Err(no_answer(&why)))
    }

    /// One try, of which so many are left, this one included.
    async fn once(
        &self,
        app: &App,
        request: &Request<Bytes>,
        limits: Limits,
        left: u32,
    ) -> Result<Response<Bytes>, Trouble> {
        // One that hangs leaves their share to the others.
        let share = limits.deadline.saturating_duration_since(Instant::now()) / left;
        let asked = self.0.client.ask(request.clone(), limits.attempt.min(share), limits.largest).await;
        let answer = asked.map_err(|failure| match failure {
            Failure::TooSlow | Failure::TooLarge => Trouble::Passing(failure.to_string(), None),
            // What is below may name addresses.
            Failure::NotReached(_) => Trouble::passing("not reached"),
        })?;
        let status = answer.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Trouble::Passing(format!("status {}", status.as_u16()), retry_after(&answer, app.clock.now())));
        }
        Ok(answer)
    }

    /// Waits until it is this call's turn, if that comes before the deadline.
    async fn turn(&self, app: &App, deadline: Instant) -> bool {
        let spacing = self.0.spacing.mul_f64(app.config.platform_wait_factor);
        let at = {
            let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let at = next.map_or(now, |next| next.max(now));
            if at >= deadline {
                return false;
            }
            *next = Some(at + spacing);
            at
        };
        tokio::time::sleep_until(at).await;
        true
    }
}

/// How long to wait after a try that failed: a random part of a time that doubles, and at least as long as the server
/// said.
fn wait_after(attempt: u32, told: Option<Duration>) -> Duration {
    random_part(FIRST_WAIT * 2_u32.pow(attempt - 1)).max(told.unwrap_or_default().min(LONGEST_TOLD))
}

/// How long the server wants to be left alone (RFC 9110, 10.2.3): seconds, or a date.
fn retry_after(answer: &Response<Bytes>, now: DateTime<Utc>) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(header: &str) -> Option<Duration> {
        let now = DateTime::parse_from_rfc3339("2026-01-31T08:15:00Z").unwrap().to_utc();
        retry_after(&Response::builder().header(RETRY_AFTER, header).body(Bytes::new()).unwrap(), now)
    }

    #[test]
    fn waits_double_and_are_as_long_as_the_server_says_within_reason() {
        for _ in 0..100 {
            assert!(wait_after(1, None) <= Duration::from_secs(1));
            assert!(wait_after(2, None) <= Duration::from_secs(2));
            assert!(wait_after(1, Some(Duration::from_secs(4))) == Duration::from_secs(4));
            assert!(wait_after(2, Some(Duration::from_secs(3600))) == Duration::from_secs(10));
        }
        let waits: std::collections::BTreeSet<_> = (0..100).map(|_| wait_after(2, None)).collect();
        assert!(waits.len() > 50, "they are drawn from the whole time");
    }

    #[test]
    fn a_server_says_how_long_in_seconds_or_until_when() {
        assert_eq!(told("7"), Some(Duration::from_secs(7)));
        assert_eq!(told("Sat, 31 Jan 2026 08:15:04 GMT"), Some(Duration::from_secs(4)));
        for nonsense in ["", "-1", "soon", "Sat, 31 Jan 2026 08:14:00 GMT", "1e9"] {
            assert_eq!(told(nonsense), None, "{nonsense}");
        }
    }
}
