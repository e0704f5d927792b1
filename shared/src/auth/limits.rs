//! Limits: failed logins per member, and attempts of any kind per address.
//!
//! Every counter is an item of its own, so that one busy name cannot slow its neighbours, and every attempt is
//! counted in one conditional write *before* it is made: however many come at once, no more than allowed go on.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::meter::{self, Quota};
use crate::store::{Change, Condition, Key, Query, StoreError, Write, keys};

/// Failures in a row that lock a name.
pub const FAILURES: i64 = 5;
/// How long a name stays locked, and how long a failure is remembered.
pub const LOCKED_FOR: Duration = Duration::minutes(15);
/// More devices than a member fails on in [`LOCKED_FOR`], and as many as one transaction takes beside what else
/// belongs in it.
const MOST_DEVICES: usize = 90;
/// Failed logins from one address in [`LOCKED_FOR`].
const FAILURES_PER_ADDRESS: u32 = 50;

#[derive(Serialize, Deserialize)]
struct Failures {
    count: i64,
    /// When they are forgotten, in seconds since the Unix epoch.
    until: i64,
}

/// One login that was let through to the password check.
#[derive(Debug)]
pub struct Attempt {
    holder: Option<MemberId>,
    name: String,
    device: Option<String>,
    address: Option<String>,
    count: i64,
    until: i64,
}

impl Attempt {
    /// Whether this one, if it fails, locks the name.
    pub fn is_last(&self) -> bool {
        self.count >= FAILURES
    }

    /// What a failed last attempt answers.
    pub fn locked(&self, app: &App) -> Error {
        locked_out(self.until - app.clock.now().timestamp())
    }

    /// The write that forgets the failures of this name; it belongs in the sign-in's transaction.
    pub fn forget(&self) -> Write {
        Write::delete(keys::login_failures(self.holder, &self.name, self.device.as_deref()), Condition::default())
    }

    /// Takes this attempt off the address's count, since it did not fail.
    pub async fn succeeded(&self, app: &App) -> Result<()> {
        match &self.address {
            Some(address) => give_back(app, "login", address, LOCKED_FOR).await,
            None => Ok(()),
        }
    }
}

/// Counts a login under a folded name (from a device that its holder used before, by itself) and from an address;
/// refuses it while either is locked. All names of a member count as one.
pub async fn login(
    app: &App,
    holder: Option<MemberId>,
    name: &str,
    device: Option<&str>,
    address: &str,
) -> Result<Attempt> {
    let by_address = async {
        match take(app, "login", address, FAILURES_PER_ADDRESS, LOCKED_FOR).await {
            Ok(counted) => Ok(counted.then(|| address.to_owned())),
            Err(error) => Err(locked_out(error.retry_after.unwrap_or(1).try_into().unwrap_or(i64::MAX))),
        }
    };
    let (attempt, address) = tokio::join!(attempt(app, holder, name, device), by_address);
    Ok(Attempt { address: address?, ..attempt? })
}

/// Counts a guess at a member's password or code, by itself for each `device`; refuses it while that is locked.
pub async fn guess(app: &App, member: MemberId, device: &str) -> Result<Attempt> {
    attempt(app, Some(member), "", Some(device)).await
}

async fn attempt(app: &App, holder: Option<MemberId>, name: &str, device: Option<&str>) -> Result<Attempt> {
    let Failures { count, until } = count_failure(app, || keys::login_failures(holder, name, device)).await?;
    Ok(Attempt { holder, name: name.to_owned(), device: device.map(str::to_owned), address: None, count, until })
}

async fn count_failure(app: &App, key: impl Fn() -> Key) -> Result<Failures> {
    let now = app.clock.now().timestamp();
    let until = now + LOCKED_FOR.num_seconds();
    // Twice at most: the second time only if someone else's attempt came between the refusal and the fresh start.
    for _ in 0..2 {
        let room = Condition::less("count", FAILURES).and(Condition::greater("until", now));
        let count = Change::of(key())
            .or_create()
            .add("count", 1)
            .set("until", until)
            .set("ttl", until)
            .when(Condition::absent_or(room));
        let found = match app.table.changed::<Failures>(count).await {
            Ok(failures) => return Ok(failures),
            Err(StoreError::Refused { found: Some(found), .. }) => found.read::<Failures>()?,
            Err(error) => return Err(error.into()),
        };
        if found.until > now {
            return Err(locked_out(found.until - now));
        }
        // The old failures are forgotten; this attempt is the first of a new row.
        let start = Change::of(key())
            .set("count", 1)
            .set("until", until)
            .set("ttl", until)
            .when(Condition::equals("until", found.until));
        match app.table.changed::<Failures>(start).await {
            Ok(failures) => return Ok(failures),
            Err(StoreError::Refused { .. }) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(locked_out(1))
}

/// Until when a member is locked out on any device, if they are, in seconds since the Unix epoch.
pub async fn locked_until(app: &App, member: MemberId) -> Result<Option<i64>> {
    let failures = app.table.query::<Failures>(Query::of(keys::all_login_failures(member), MOST_DEVICES)).await?;
    let now = app.clock.now().timestamp();
    let locked = failures.items.into_iter().filter(|failures| failures.count >= FAILURES && failures.until > now);
    Ok(locked.map(|failures| failures.until).max())
}

/// Forgets every failure of a member, on all devices; where there is none, nothing happens. `also` are writes that belong
/// in the same transaction.
pub async fn unlock(app: &App, member: MemberId, also: impl IntoIterator<Item = Write>) -> Result<()> {
    let failures = app.table.keys(Query::of(keys::all_login_failures(member), MOST_DEVICES)).await?;
    if failures.items.is_empty() {
        return Ok(());
    }
    let forget = failures.items.into_iter().map(|key| Write::delete(key, Condition::default()));
    Ok(app.table.together(forget.chain(also).collect()).await?)
}

fn locked_out(seconds: i64) -> Error {
    let seconds = u64::try_from(seconds).unwrap_or(1);
    Error::too_many("locked_out", "Locked out due to too many login failures.", seconds)
}

#[derive(Deserialize)]
struct Counted {
    count: i64,
}

/// That something was done a moment ago.
#[derive(Deserialize)]
struct Spaced {
    /// Until when it is not done again, in seconds since the Unix epoch.
    until: i64,
}

/// Counts one attempt at `what` from an address and refuses it beyond `allowed` per window. The window is fixed, so
/// that the counter is one item and one write. Returns whether it was counted: limits may be switched off.
pub async fn take(app: &App, what: &str, address: &str, allowed: u32, window: Duration) -> Result<bool> {
    let factor = app.config.rate_limit_factor;
    if factor == 0.0 {
        return Ok(false);
    }
    let now = app.clock.now().timestamp();
    let (key, ends) = limit_key(what, address, now, window);
    let count = Change::of(key).or_create().add("count", 1).set("ttl", ends);
    let counted: Counted = app.table.changed(count).await?;
    let limit = (f64::from(allowed) * factor) as i64;
    meter::note_quota(Quota {
        limit,
        remaining: (limit - counted.count).max(0),
        window: window.num_seconds(),
        reset: ends - now,
    });
    if counted.count > limit {
        let wait = u64::try_from(ends - now).unwrap_or(1);
        return Err(Error::too_many("too_many_requests", "Too many requests. Try again later.", wait));
    }
    Ok(true)
}

/// Lets this be done once, and then refuses it for as long as `apart` says; the refusal tells for how long.
pub async fn space_out(app: &App, what: &str, whom: &str, apart: Duration) -> Result<Result<(), u64>> {
    let now = app.clock.now().timestamp();
    let until = now + apart.num_seconds();
    let change = Change::of(keys::limit(what, whom, 0))
        .or_create()
        .set("until", until)
        .set("ttl", until)
        .when(Condition::absent_or(Condition::at_most("until", now)));
    match app.table.changed::<Spaced>(change).await {
        Ok(_) => Ok(Ok(())),
        Err(StoreError::Refused { found: Some(found), .. }) => {
            let left = found.read::<Spaced>()?.until - now;
            Ok(Err(u64::try_from(left).unwrap_or(0).max(1)))
        }
        // It ended while we looked.
        Err(StoreError::Refused { found: None, .. }) => Ok(Err(1)),
        Err(error) => Err(error.into()),
    }
}

async fn give_back(app: &App, what: &str, address: &str, window: Duration) -> Result<()> {
    let (key, _) = limit_key(what, address, app.clock.now().timestamp(), window);
    match app.table.changed::<Counted>(Change::of(key).add("count", -1)).await {
        // The window ended in between: nothing is left to take off.
        Ok(_) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The counter of the window that `now` lies in, and when that window ends.
fn limit_key(what: &str, address: &str, now: i64, window: Duration) -> (Key, i64) {
    let number = now.div_euclid(window.num_seconds());
    (keys::limit(what, address, number), (number + 1) * window.num_seconds())
}
