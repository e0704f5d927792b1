//! Scores, as a game's server writes them, and the staff.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::model::score::Score;
use crate::store::{Change, Condition, Key, StoreError, Stored, Write, keys};

/// How long a repeated request is known by its `Idempotency-Key`.
const REMEMBERED: Duration = Duration::days(1);
/// How often a write that met another one is tried.
const TRIES: usize = 8;
/// Scores stay within what JavaScript counts exactly.
pub const LARGEST: i64 = (1 << 53) - 1;

/// What is to become of a score.
#[derive(Clone, Copy, Debug)]
pub enum NewStats {
    /// These figures; `None` stays as it is.
    Set {
        /// Points.
        score: i64,
        /// Games played.
        games_played: Option<i64>,
        /// Games won.
        games_won: Option<i64>,
    },
    /// This many points more, or fewer.
    Add(i64),
}

/// A request that was answered before, with what was answered. Which it was is hashed into its key and stands nowhere
/// else.
#[derive(Serialize, Deserialize)]
struct Answered {
    #[serde(skip)]
    scope: String,
    #[serde(skip)]
    idempotency_key: String,
    score: i64,
    games_played: i64,
    games_won: i64,
    at: DateTime<Utc>,
}

impl Stored for Answered {
    fn key(&self) -> Key {
        keys::once(&self.scope, &self.idempotency_key)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.at + REMEMBERED)
    }
}

/// Writes a member's score, once per `idempotency_key` where there is one, and returns it as it is now. `also` are
/// writes that belong in the same transaction.
pub async fn write(
    app: &App,
    member: MemberId,
    new: NewStats,
    idempotency_key: Option<&str>,
    also: &[Write],
) -> Result<Score> {
    let scope = format!("stats/{member}");
    for _ in 0..TRIES {
        let (score, answered) = match idempotency_key {
            Some(key) => app.table.get_two(keys::score(member), keys::once(&scope, key)).await?,
            None => (app.table.get::<Score>(keys::score(member)).await?, None::<Answered>),
        };
        let old = score.ok_or_else(Error::not_found)?;
        if let Some(Answered { score, games_played, games_won, at, .. }) = answered {
            return Ok(Score { score, games_played, games_won, updated_at: at, ..old });
        }
        let now = app.clock.now();
        let (score, games_played, games_won) = match new {
            NewStats::Set { score, games_played, games_won } => {
                (score, games_played.unwrap_or(old.games_played), games_won.unwrap_or(old.games_won))
            }
            NewStats::Add(points) => ((old.score + points).clamp(-LARGEST, LARGEST), old.games_played, old.games_won),
        };
        let scored_at = if score == old.score { old.scored_at } else { now };
        let new = Score { score, games_played, games_won, updated_at: now, scored_at, ..old.clone() };
        let change = Change::of(keys::score(member))
            .set("score", score)
            .set("games_played", games_played)
            .set("games_won", games_won)
            .set("updated_at", now)
            .set("scored_at", scored_at)
            .when(Condition::equals("score", old.score))
            .when(Condition::equals("updated_at", old.updated_at));
        let mut writes = vec![Write::change(change)];
        writes.extend_from_slice(also);
        if let Some(key) = idempotency_key {
            let (scope, idempotency_key) = (scope.clone(), key.to_owned());
            writes.push(Write::create(&Answered { scope, idempotency_key, score, games_played, games_won, at: now })?);
        }
        match app.table.together(writes).await {
            Ok(()) => return Ok(new),
            // Another write came first, or another copy of this very request: look again.
            Err(StoreError::Refused { .. }) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("changed_meanwhile", "The score is being written by others. Try again."))
}
