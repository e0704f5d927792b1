//! The game users API's words for leaderboards (its contract, sections 3 and 4.5).

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::boards::{Board, GAME, Name, Period, Ranked, Scope, read};
use shared::error::Problems;
use shared::http::{Json, Query};
use shared::ids::MemberId;
use shared::{App, Result};

use crate::page::bounded;

/// The deepest row that a page may reach.
const DEEPEST: usize = 1000;
const USUAL_LIMIT: usize = 100;

/// Which rows.
#[derive(Deserialize, JsonSchema)]
pub struct Window {
    /// How many rows: 1 to 1000. Without `limit` and `offset` the whole list up to 1000, else 100.
    #[serde(default)]
    #[schemars(with = "usize", range(min = 1, max = 1000))]
    limit: Option<i64>,
    /// How many rows to leave out at the top: 0 to 999.
    #[serde(default)]
    #[schemars(with = "usize", range(min = 0, max = 999))]
    offset: Option<i64>,
}

/// A row.
#[derive(Serialize, JsonSchema)]
pub struct RankedView {
    id: MemberId,
    username: String,
    avatar: Option<String>,
    score: i64,
    rank: i64,
    games_played: i64,
    games_won: i64,
}

/// What the board keeps beside a score, so that a row needs no account.
#[derive(Deserialize)]
struct Card {
    username: String,
    /// The name of the picture in the bucket.
    avatar: Option<String>,
    games_played: i64,
    games_won: i64,
}

impl RankedView {
    /// The row, unless the board does not know yet whose it is.
    fn of(Ranked { row, competition, .. }: Ranked) -> Option<RankedView> {
        let card: Card = serde_json::from_str(row.card.as_deref()?).ok()?;
        Some(RankedView {
            id: row.member,
            username: card.username,
            avatar: card.avatar.as_deref().map(shared::media::path),
            score: row.score,
            rank: competition,
            games_played: card.games_played,
            games_won: card.games_won,
        })
    }
}

/// Shows anyone the best players, best first. Of equals, whoever came to the score first is ahead: the contract only
/// proposes an order by id, which would set those above who joined long ago.
pub async fn leaderboard(State(app): State<App>, Query(window): Query<Window>) -> Result<Json<Vec<RankedView>>> {
    let mut problems = Problems::default();
    let limit = bounded(&mut problems, "limit", window.limit, 1, DEEPEST);
    let offset = bounded(&mut problems, "offset", window.offset, 0, DEEPEST - 1);
    problems.finish()?;
    let whole = limit.is_none() && offset.is_none();
    let limit = limit.unwrap_or(if whole { DEEPEST } else { USUAL_LIMIT });
    let offset = offset.unwrap_or(0);
    let board = Board { name: Name::of(GAME), scope: Scope::all(), period: Period::AllTime };
    let page = read::at(&app, &board, offset, limit.min(DEEPEST - offset)).await?;
    Ok(Json(page.rows.into_iter().filter_map(RankedView::of).collect()))
}
