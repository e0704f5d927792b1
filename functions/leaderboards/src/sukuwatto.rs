//! Sukuwatto's words for boards (its contract, part S, sections 3.10 and 4.10): points won by training, this week, this
//! month, this year and ever. Ranks are dense, and whoever hides their profile is still shown by name and picture.

use std::collections::BTreeSet;
use std::ops::Range;

use axum::extract::State;
use futures_util::future::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Viewer;
use shared::boards::{Board, Entry, Name, Rank, Ranked, Scope, Span, TRAINING, read};
use shared::dialect::sukuwatto::people::{UserMinView, terms};
use shared::error::Kind;
use shared::http::page::Place;
use shared::http::{Json, Numbered, NumberedView, Query};
use shared::ids::MemberId;
use shared::members::{self, DEEPEST};
use shared::model::account::Account;
use shared::model::name::fold;
use shared::{App, Error, Result};

use crate::page;
use crate::people::{self, People};

/// Lines on a page, at most: as many accounts as one batch holds.
const LARGEST_PAGE: usize = 100;
/// Lines on a dashboard.
const WINDOW: usize = 5;
/// Lines above and below the caller that a dashboard may show.
const REACH: usize = WINDOW - 1;
/// Members with fitting names whom a search looks up on a board that is too long to be gone through.
const LOOKED_UP: usize = 100;

/// Which lines.
#[derive(Deserialize, JsonSchema)]
pub struct Filter {
    /// Parts of a name, separated by blanks and commas.
    #[serde(default)]
    search: String,
    /// Only the member with this name.
    #[serde(default, rename = "user__username")]
    username: String,
}

/// A member's place on a board.
#[derive(Serialize, JsonSchema)]
pub struct LeaderboardPositionView {
    /// The member's own: nobody is on a board twice.
    id: MemberId,
    user: UserMinView,
    experience: i64,
    rank: i64,
}

/// One line of a board.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    member: MemberId,
    score: i64,
    rank: i64,
}

impl Line {
    fn of(Ranked { row, dense, .. }: &Ranked) -> Line {
        Line { member: row.member, score: row.score, rank: *dense }
    }

    fn of_entry((entry, rank): &(Entry, Rank)) -> Line {
        Line { member: entry.member, score: entry.score.unwrap_or_default(), rank: rank.dense }
    }
}

/// Shows anyone the board of this week.
pub async fn weekly(
    _: Viewer,
    State(app): State<App>,
    numbered: Numbered,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<LeaderboardPositionView>>> {
    list(&app, Span::Week, &numbered, &filter).await.map(Json)
}

/// Shows anyone the board of this month.
pub async fn monthly(
    _: Viewer,
    State(app): State<App>,
    numbered: Numbered,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<LeaderboardPositionView>>> {
    list(&app, Span::Month, &numbered, &filter).await.map(Json)
}

/// Shows anyone the board of this year.
pub async fn yearly(
    _: Viewer,
    State(app): State<App>,
    numbered: Numbered,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<LeaderboardPositionView>>> {
    list(&app, Span::Year, &numbered, &filter).await.map(Json)
}

/// Shows anyone the board of all time.
pub async fn alltime(
    _: Viewer,
    State(app): State<App>,
    numbered: Numbered,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<LeaderboardPositionView>>> {
    list(&app, Span::AllTime, &numbered, &filter).await.map(Json)
}

/// Shows callers those around them this week, and others the first five.
pub async fn weekly_dashboard(by: Viewer, State(app): State<App>) -> Result<Json<Vec<LeaderboardPositionView>>> {
    dashboard(&app, &by, Span::Week).await.map(Json)
}

/// Shows callers those around them this month, and others the first five.
pub async fn monthly_dashboard(by: Viewer, State(app): State<App>) -> Result<Json<Vec<LeaderboardPositionView>>> {
    dashboard(&app, &by, Span::Month).await.map(Json)
}

/// Shows callers those around them this year, and others the first five.
pub async fn yearly_dashboard(by: Viewer, State(app): State<App>) -> Result<Json<Vec<LeaderboardPositionView>>> {
    dashboard(&app, &by, Span::Year).await.map(Json)
}

/// Shows callers those around them of all time, and others the first five.
pub async fn alltime_dashboard(by: Viewer, State(app): State<App>) -> Result<Json<Vec<LeaderboardPositionView>>> {
    dashboard(&app, &by, Span::AllTime).await.map(Json)
}

fn board(app: &App, span: Span) -> Board {
    Board { name: Name::of(TRAINING), scope: Scope::all(), period: span.at(app.clock.now()) }
}

async fn list(
    app: &App,
    span: Span,
    numbered: &Numbered,
    filter: &Filter,
) -> Result<NumberedView<LeaderboardPositionView>> {
    let board = board(app, span);
    let terms = terms(&filter.search);
    let (place, lines) = if filter.username.is_empty() && terms.is_empty() {
        let (place, rows) = page::numbered(app, &board, numbered, LARGEST_PAGE).await?;
        (place, rows.iter().map(Line::of).collect())
    } else {
        let found = match filter.username.as_str() {
            "" => search(app, &board, &terms).await?,
            name => Found { lines: line_of(app, &board, name, &terms).await?, are_all: true },
        };
        let place = found.place(numbered)?;
        let lines = found.lines[place.rows.clone()].to_vec();
        (place, lines)
    };
    let people = people::present(app, &members_of(&lines)).await?;
    Ok(numbered.view(app, &place, views(&lines, &people)))
}

/// Lines that were found by names, the best first.
struct Found {
    lines: Vec<Line>,
    /// Whether nobody else has such a name.
    are_all: bool,
}

impl Found {
    fn place(&self, numbered: &Numbered) -> Result<Place> {
        numbered.place(self.lines.len(), LARGEST_PAGE).map_err(|error| match error.kind {
            Kind::NotFound if !self.are_all => {
                Error::invalid("too_deep", "More names fit than this list goes through. Search for more of the name.")
            }
            _ => error,
        })
    }
}

/// Everybody on a board whose name has all of these terms in it. A board that is not too long is gone through; on a
/// longer one the first names that fit are looked up.
async fn search(app: &App, board: &Board, terms: &[String]) -> Result<Found> {
    let (names, size) = try_join(members::search(app, terms), read::size(app, board)).await?;
    let members: BTreeSet<MemberId> = names.held.iter().map(|held| held.member).collect();
    if usize::try_from(size.members).is_ok_and(|members| members <= DEEPEST) {
        let rows = read::top(app, board, DEEPEST).await?.rows;
        let lines = rows.iter().filter(|ranked| members.contains(&ranked.row.member)).map(Line::of);
        return Ok(Found { lines: lines.collect(), are_all: names.are_all });
    }
    let some: Vec<MemberId> = names.held.iter().map(|held| held.member).take(LOOKED_UP).collect();
    let lines = read::among(app, board, &some).await?.iter().map(Line::of_entry).collect();
    Ok(Found { lines, are_all: names.are_all && members.len() <= LOOKED_UP })
}

/// The line of the member with this name, if they have one and all of these terms are in the name.
async fn line_of(app: &App, board: &Board, name: &str, terms: &[String]) -> Result<Vec<Line>> {
    let folded = fold(name);
    if !terms.iter().all(|term| folded.contains(term)) {
        return Ok(Vec::new());
    }
    let Some(member) = members::holder(app, name).await? else { return Ok(Vec::new()) };
    Ok(read::among(app, board, &[member]).await?.iter().map(Line::of_entry).collect())
}

async fn dashboard(app: &App, Viewer(by): &Viewer, span: Span) -> Result<Vec<LeaderboardPositionView>> {
    let board = board(app, span);
    let own = by.as_ref().map(|member| member.id());
    let around = async {
        match own {
            Some(own) => read::around(app, &board, own, REACH, REACH).await,
            None => Ok(Vec::new()),
        }
    };
    // A few more than are shown: somebody among them may have left just now.
    let (around, top) = try_join(around, read::top(app, &board, WINDOW + REACH)).await?;
    let rows = if around.is_empty() { top.rows } else { around };
    let mut lines: Vec<Line> = rows.iter().map(Line::of).collect();
    let people = people::present(app, &members_of(&lines)).await?;
    lines.retain(|line| people.contains_key(&line.member));
    let place = lines.iter().position(|line| Some(line.member) == own);
    Ok(views(&lines[window(place, lines.len())], &people))
}

/// Which of some lines a dashboard shows: two above and two below the caller's own, more on one side where there are
/// fewer on the other, and the first ones of nobody's.
fn window(own: Option<usize>, lines: usize) -> Range<usize> {
    let first = own.unwrap_or(0).saturating_sub(WINDOW / 2).min(lines.saturating_sub(WINDOW));
    first..lines.min(first + WINDOW)
}

fn members_of(lines: &[Line]) -> Vec<MemberId> {
    lines.iter().map(|line| line.member).collect()
}

/// The lines of those who are there.
fn views(lines: &[Line], people: &People<Account>) -> Vec<LeaderboardPositionView> {
    let view = |line: &Line| {
        let user = UserMinView::of(people.get(&line.member)?);
        Some(LeaderboardPositionView { id: line.member, user, experience: line.score, rank: line.rank })
    };
    lines.iter().filter_map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_has_two_lines_on_either_side_or_as_many_as_there_are() {
        for (own, lines, shown) in [
            (None, 0, 0..0),
            (None, 3, 0..3),
            (None, 9, 0..5),
            (Some(0), 1, 0..1),
            (Some(2), 4, 0..4),
            // The first, the second, somewhere in between, the last but one, the last.
            (Some(0), 9, 0..5),
            (Some(1), 9, 0..5),
            (Some(4), 9, 2..7),
            (Some(4), 6, 1..6),
            (Some(4), 5, 0..5),
        ] {
            assert_eq!(window(own, lines), shown, "{own:?} of {lines}");
        }
    }
}
