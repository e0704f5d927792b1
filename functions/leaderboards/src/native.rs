//! Guildhall's own routes to the boards: all of them, for any stretch of time, with both ways of counting.
//!
//! Rows of those whom the caller may not see are left out, and the ranks of the others stay what they are.

use std::str::FromStr;

use axum::extract::State;
use futures_util::future::try_join;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::auth::{Member, Viewer};
use shared::boards::board::NotABoard;
use shared::boards::close::{FinalPlace, FinalRank, final_places, final_rank};
use shared::boards::{
    Board, Count, Entry, GAME, Name, Period, REVIEWS, Rank, Ranked, SWAPS, Scope, Span, TRAINING, XP, read,
};
use shared::error::Problems;
use shared::http::path::PathParameters;
use shared::http::{Cursor, Path, Query, Tagged};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::relation::Follow;
use shared::store::{self, keys};
use shared::{App, Error, Result};

use crate::page::{self, bounded};
use crate::people::{self, People};

/// Rows on a page where the caller does not say, and at most.
const USUAL_PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;
/// Rows on either side of the caller where they do not say, and at most.
const USUAL_REACH: usize = 5;
const LONGEST_REACH: usize = 50;
/// Members followed who are looked up; with the caller they are as many as one batch holds.
const FOLLOWED: usize = 99;

/// The boards that everybody may read.
#[derive(Clone, Copy, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum BoardName {
    /// The game's score.
    Game,
    /// Sukuwatto's points.
    Training,
    /// SkillNet's points.
    Xp,
    /// SkillNet's completed swaps.
    Swaps,
    /// SkillNet's rating by reviews.
    Reviews,
}

impl BoardName {
    const ALL: [BoardName; 5] =
        [BoardName::Game, BoardName::Training, BoardName::Xp, BoardName::Swaps, BoardName::Reviews];

    fn text(self) -> &'static str {
        match self {
            BoardName::Game => GAME,
            BoardName::Training => TRAINING,
            BoardName::Xp => XP,
            BoardName::Swaps => SWAPS,
            BoardName::Reviews => REVIEWS,
        }
    }

    /// The board among everyone, for a stretch of time in a caller's words.
    fn board(self, app: &App, period: &str) -> Result<Board> {
        let now = app.clock.now();
        let period = match period {
            "" => Ok(Period::AllTime),
            "week" => Ok(Span::Week.at(now)),
            "month" => Ok(Span::Month.at(now)),
            "year" => Ok(Span::Year.at(now)),
            exact => exact.parse(),
        };
        let period = period.map_err(|NotABoard| {
            let like =
                "Send week, month, year or all, or an exact period such as week-2026-W47, month-2026-11 or year-2026.";
            Error::invalid_field("period", like)
        })?;
        Ok(Board { name: Name::of(self.text()), scope: Scope::all(), period })
    }
}

impl FromStr for BoardName {
    type Err = NotABoard;

    fn from_str(text: &str) -> Result<BoardName, NotABoard> {
        BoardName::ALL.into_iter().find(|name| name.text() == text).ok_or(NotABoard)
    }
}

impl PathParameters for BoardName {
    fn parse(texts: &[&str]) -> Option<BoardName> {
        texts.first()?.parse().ok()
    }

    fn schemas(generator: &mut SchemaGenerator) -> Vec<Value> {
        vec![generator.subschema_for::<BoardName>().to_value()]
    }
}

/// Which page of a board.
#[derive(Deserialize, JsonSchema)]
pub struct Pick {
    /// `week`, `month`, `year` or `all`, or an exact period such as `week-2026-W47`.
    #[serde(default)]
    period: String,
    /// How many rows: 1 to 100.
    #[serde(default)]
    #[schemars(with = "usize", range(min = 1, max = 100))]
    limit: Option<i64>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<Cursor>,
}

/// How much of a board around oneself.
#[derive(Deserialize, JsonSchema)]
pub struct Reach {
    /// `week`, `month`, `year` or `all`, or an exact period such as `week-2026-W47`.
    #[serde(default)]
    period: String,
    /// How many rows above one's own: 0 to 50.
    #[serde(default)]
    #[schemars(with = "usize", range(min = 0, max = 50))]
    above: Option<i64>,
    /// How many rows below one's own: 0 to 50.
    #[serde(default)]
    #[schemars(with = "usize", range(min = 0, max = 50))]
    below: Option<i64>,
}

/// For which stretch of time.
#[derive(Deserialize, JsonSchema)]
pub struct Stretch {
    /// `week`, `month`, `year` or `all`, or an exact period such as `week-2026-W47`.
    #[serde(default)]
    period: String,
}

/// Which period that is over.
#[derive(Deserialize, JsonSchema)]
pub struct Past {
    /// Such as `week-2026-W47`.
    #[serde(default)]
    period: String,
}

/// Somebody on a board.
#[derive(Serialize, JsonSchema)]
pub struct BoardMemberView {
    id: MemberId,
    username: String,
}

/// A row of a board.
#[derive(Serialize, JsonSchema)]
pub struct BoardRowView {
    /// 1 and the members with a higher score: 1, 1, 3.
    rank: i64,
    /// 1 and the higher scores: 1, 1, 2.
    dense_rank: i64,
    member: BoardMemberView,
    score: i64,
}

/// A part of a board.
#[derive(Serialize, JsonSchema)]
pub struct BoardView {
    board: &'static str,
    /// The exact period, which is `all` for one that never ends.
    period: String,
    /// Whether the period is over.
    closed: bool,
    /// How many are on the whole board.
    members: i64,
    /// How many different scores they have.
    scores: i64,
    /// The best first. There may be fewer than asked for: not everybody sees every row.
    rows: Vec<BoardRowView>,
    /// The cursor of the next page; null after the last, and where there are no pages.
    next: Option<Cursor>,
}

/// How a member stands on a board.
#[derive(Serialize, JsonSchema)]
pub struct StandingView {
    member: BoardMemberView,
    score: i64,
    /// 1 and the members with a higher score.
    rank: i64,
    /// 1 and the higher scores.
    dense_rank: i64,
    /// How many are on the board.
    members: i64,
    /// Of a hundred of them, how many have no higher score, the member included; to one decimal.
    percentile: f64,
}

/// How a board ended.
#[derive(Serialize, JsonSchema)]
pub struct FinalView {
    board: &'static str,
    period: String,
    /// The first hundred, the best first; none as long as they are being counted, shortly after the end.
    rows: Vec<BoardRowView>,
    /// How the caller ended, wherever that was.
    me: Option<FinalStandingView>,
}

/// How the caller ended.
#[derive(Serialize, JsonSchema)]
pub struct FinalStandingView {
    rank: i64,
    dense_rank: i64,
    score: i64,
}

/// A row, before it is known who may be shown.
struct Line {
    member: MemberId,
    score: i64,
    competition: i64,
    dense: i64,
}

impl Line {
    fn of(Ranked { row, competition, dense }: &Ranked) -> Line {
        Line { member: row.member, score: row.score, competition: *competition, dense: *dense }
    }

    fn of_entry((entry, rank): &(Entry, Rank)) -> Line {
        let score = entry.score.unwrap_or_default();
        Line { member: entry.member, score, competition: rank.competition, dense: rank.dense }
    }

    fn of_final(FinalPlace { rank, .. }: &FinalPlace) -> Line {
        let FinalRank { member, score, competition, dense, .. } = rank;
        Line { member: *member, score: *score, competition: *competition, dense: *dense }
    }

    fn view(&self, people: &People<Account>) -> Option<BoardRowView> {
        let member = BoardMemberView::of(people.get(&self.member)?);
        Some(BoardRowView { rank: self.competition, dense_rank: self.dense, member, score: self.score })
    }
}

impl BoardMemberView {
    fn of(account: &Account) -> BoardMemberView {
        BoardMemberView { id: account.id, username: account.username.as_str().to_owned() }
    }
}

/// Shows anyone a board from the top, or on from where a page ended.
pub async fn top(
    Viewer(by): Viewer,
    State(app): State<App>,
    Path(name): Path<BoardName>,
    Query(pick): Query<Pick>,
) -> Result<Tagged<BoardView>> {
    let mut problems = Problems::default();
    let limit = bounded(&mut problems, "limit", pick.limit, 1, LARGEST_PAGE);
    problems.finish()?;
    let limit = limit.unwrap_or(USUAL_PAGE);
    let board = name.board(&app, &pick.period)?;
    let position = pick.cursor.map(|cursor| page::open(&app, &board, &cursor)).transpose()?;
    let found = async {
        match position {
            Some(position) => read::after(&app, &board, position, limit).await,
            None => read::top(&app, &board, limit).await,
        }
    };
    let (found, size) = try_join(found, read::size(&app, &board)).await?;
    let next = found.next.map(|position| page::seal(&app, &board, position)).transpose()?;
    let lines: Vec<Line> = found.rows.iter().map(Line::of).collect();
    let rows = views(&app, by.as_ref(), &lines).await?;
    Ok(Tagged(part(&app, name, &board, size, rows, next)))
}

/// Shows callers their own row with those above and below; no rows if they are not on the board.
pub async fn around_me(
    by: Member,
    State(app): State<App>,
    Path(name): Path<BoardName>,
    Query(reach): Query<Reach>,
) -> Result<Tagged<BoardView>> {
    let mut problems = Problems::default();
    let above = bounded(&mut problems, "above", reach.above, 0, LONGEST_REACH);
    let below = bounded(&mut problems, "below", reach.below, 0, LONGEST_REACH);
    problems.finish()?;
    let (above, below) = (above.unwrap_or(USUAL_REACH), below.unwrap_or(USUAL_REACH));
    let board = name.board(&app, &reach.period)?;
    let around = read::around(&app, &board, by.id(), above, below);
    let (rows, size) = try_join(around, read::size(&app, &board)).await?;
    let lines: Vec<Line> = rows.iter().map(Line::of).collect();
    let rows = views(&app, Some(&by), &lines).await?;
    Ok(Tagged(part(&app, name, &board, size, rows, None)))
}

/// Shows anyone how a member stands whom they may see.
pub async fn rank_of_member(
    Viewer(by): Viewer,
    State(app): State<App>,
    Path((name, member)): Path<(BoardName, MemberId)>,
    Query(stretch): Query<Stretch>,
) -> Result<Tagged<StandingView>> {
    let board = name.board(&app, &stretch.period)?;
    let (viewer, members) = (by.map(|member| member.id()), [member]);
    let (people, found) =
        try_join(people::visible(&app, viewer, &members), read::rank_of_member(&app, &board, member)).await?;
    let (account, (entry, rank)) = people.get(&member).zip(found).ok_or_else(Error::not_found)?;
    Ok(Tagged(StandingView {
        member: BoardMemberView::of(account),
        score: entry.score.unwrap_or_default(),
        rank: rank.competition,
        dense_rank: rank.dense,
        members: rank.members,
        percentile: rank.percentile(),
    }))
}

/// Shows callers how they and those whom they follow stand, each with their rank on the whole board. Of those who
/// follow very many, the members who have been here longest are looked up.
pub async fn following(
    by: Member,
    State(app): State<App>,
    Path(name): Path<BoardName>,
    Query(stretch): Query<Stretch>,
) -> Result<Tagged<BoardView>> {
    let board = name.board(&app, &stretch.period)?;
    let followed = store::Query::of(keys::followed_by(by.id()), FOLLOWED);
    let (followed, size) = try_join(app.table.query::<Follow>(followed), read::size(&app, &board)).await?;
    let members: Vec<MemberId> = followed.items.iter().map(|follow| follow.followed).chain([by.id()]).collect();
    let (people, found) =
        try_join(people::visible(&app, Some(by.id()), &members), read::among(&app, &board, &members)).await?;
    let rows = found.iter().filter_map(|found| Line::of_entry(found).view(&people)).collect();
    Ok(Tagged(part(&app, name, &board, size, rows, None)))
}

/// Shows anyone how a board ended whose period is over, and callers how they did.
pub async fn last(
    Viewer(by): Viewer,
    State(app): State<App>,
    Path(name): Path<BoardName>,
    Query(past): Query<Past>,
) -> Result<Tagged<FinalView>> {
    let board = name.board(&app, &past.period)?;
    if !board.period.is_over(app.clock.now()) {
        return Err(Error::invalid_field("period", "Send an exact period that is over, such as week-2026-W47."));
    }
    let own = async {
        match &by {
            Some(by) => final_rank(&app, &board, by.id()).await,
            None => Ok(None),
        }
    };
    let (places, own) = try_join(final_places(&app, &board), own).await?;
    let lines: Vec<Line> = places.iter().map(Line::of_final).collect();
    let rows = views(&app, by.as_ref(), &lines).await?;
    let me = own.map(|FinalRank { competition, dense, score, .. }| FinalStandingView {
        rank: competition,
        dense_rank: dense,
        score,
    });
    Ok(Tagged(FinalView { board: name.text(), period: board.period.to_string(), rows, me }))
}

/// The rows of those whom the viewer may see.
async fn views(app: &App, by: Option<&Member>, lines: &[Line]) -> Result<Vec<BoardRowView>> {
    let members: Vec<MemberId> = lines.iter().map(|line| line.member).collect();
    let people = people::visible(app, by.map(Member::id), &members).await?;
    Ok(lines.iter().filter_map(|line| line.view(&people)).collect())
}

fn part(
    app: &App,
    name: BoardName,
    board: &Board,
    size: Count,
    rows: Vec<BoardRowView>,
    next: Option<Cursor>,
) -> BoardView {
    BoardView {
        board: name.text(),
        period: board.period.to_string(),
        closed: board.period.is_over(app.clock.now()),
        members: size.members,
        scores: size.scores,
        rows,
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_ahead_of_all_and_the_last_of_themselves() {
        let of = |competition, members| Rank { competition, dense: 1, equals: 1, members, scores: 1 }.percentile();
        assert_eq!([of(1, 1), of(1, 8), of(8, 8), of(2, 3)], [100.0, 100.0, 12.5, 66.7]);
        assert_eq!([of(9, 8), of(1, 0)], [12.5, 100.0]);
    }

    #[test]
    fn every_board_has_its_name() {
        for name in BoardName::ALL {
            assert_eq!(name.text().parse::<BoardName>().map(BoardName::text), Ok(name.text()));
        }
        assert!("Game".parse::<BoardName>().is_err());
    }
}
