//! SkillNet's words for boards (its contract, section 3.7): points, completed swaps and reviews. Ranks skip after
//! equals.

use axum::extract::State;
use futures_util::future::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Viewer;
use shared::boards::{Board, Entry, Name, REVIEWS, Rank, SWAPS, Scope, Span, XP, read};
use shared::dialect::skillnet::people::PersonView;
use shared::http::{Json, Numbered, NumberedView, Query};
use shared::ids::MemberId;
use shared::{App, Result};

use crate::figures::{self, Figures};
use crate::{page, people};

/// Lines on a page where the caller does not say, and at most.
const USUAL_PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// What is ranked.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum By {
    #[default]
    Xp,
    Swaps,
    Rating,
}

/// For which stretch of time.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum When {
    Week,
    Month,
    Year,
    #[default]
    All,
}

/// Which board.
#[derive(Deserialize, JsonSchema)]
pub struct Choice {
    /// What is ranked.
    #[serde(default)]
    by: By,
    /// For which stretch of time: this week, this month, this year, or ever.
    #[serde(default)]
    period: When,
}

impl Choice {
    fn board(&self, app: &App) -> Board {
        let name = match self.by {
            By::Xp => XP,
            By::Swaps => SWAPS,
            By::Rating => REVIEWS,
        };
        let span = match self.period {
            When::Week => Span::Week,
            When::Month => Span::Month,
            When::Year => Span::Year,
            When::All => Span::AllTime,
        };
        Board { name: Name::of(name), scope: Scope::all(), period: span.at(app.clock.now()) }
    }
}

/// A line.
#[derive(Serialize, JsonSchema)]
pub struct LeaderView {
    rank: i64,
    user: PersonView,
    score: i64,
    xp: i64,
    level: i64,
    completed_swaps: i64,
    /// What reviewers gave on average, to one decimal.
    rating: f64,
    rating_count: i64,
}

/// A page, and the caller's own line.
#[derive(Serialize, JsonSchema)]
pub struct LeadersView {
    #[serde(flatten)]
    page: NumberedView<LeaderView>,
    /// Null for those who are not on the board, and for nobody.
    me: Option<LeaderView>,
}

/// A member, their score and their rank.
#[derive(Clone, Copy)]
struct Line {
    member: MemberId,
    score: i64,
    rank: i64,
}

/// Shows anyone who has most points, swaps or stars, as far as the caller may see them.
pub async fn leaderboard(
    Viewer(by): Viewer,
    State(app): State<App>,
    numbered: Numbered,
    Query(choice): Query<Choice>,
) -> Result<Json<LeadersView>> {
    let board = choice.board(&app);
    let numbered = numbered.usually(USUAL_PAGE);
    let viewer = by.map(|member| member.id());
    let ((place, rows), own) =
        try_join(page::numbered(&app, &board, &numbered, LARGEST_PAGE), own(&app, &board, viewer)).await?;
    let lines: Vec<Line> = rows
        .iter()
        .map(|ranked| Line { member: ranked.row.member, score: ranked.row.score, rank: ranked.competition })
        .chain(own)
        .collect();
    let mut views = views(&app, viewer, &lines).await?;
    let me = own.and_then(|_| views.pop().flatten());
    let page = numbered.view(&app, &place, views.into_iter().flatten().collect());
    Ok(Json(LeadersView { page, me }))
}

/// The caller's own line, if they are on the board.
async fn own(app: &App, board: &Board, viewer: Option<MemberId>) -> Result<Option<Line>> {
    let Some(member) = viewer else { return Ok(None) };
    let found = read::rank_of_member(app, board, member).await?;
    let line =
        |(entry, rank): (Entry, Rank)| Line { member, score: entry.score.unwrap_or_default(), rank: rank.competition };
    Ok(found.map(line))
}

/// The lines in full, in their order; none for those whom the viewer may not see.
async fn views(app: &App, viewer: Option<MemberId>, lines: &[Line]) -> Result<Vec<Option<LeaderView>>> {
    let members: Vec<MemberId> = lines.iter().map(|line| line.member).collect();
    let (people, figures) =
        try_join(people::visible_in_full(app, viewer, &members), figures::of(app, &members)).await?;
    let view = |(line, figures): (&Line, Figures)| {
        let (account, profile) = people.get(&line.member)?;
        Some(LeaderView {
            rank: line.rank,
            user: PersonView::of(account, profile),
            score: line.score,
            xp: figures.xp,
            level: figures.level(),
            completed_swaps: figures.completed_swaps,
            rating: figures.rating.rating,
            rating_count: figures.rating.count,
        })
    };
    Ok(lines.iter().zip(figures).map(view).collect())
}
