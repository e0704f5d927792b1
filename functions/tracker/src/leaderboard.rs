//! The leaderboard: a line per profile, by rating or by solved problems (contract of SkillTracker, section 4.4).
//!
//! The boards keep it in order as profiles change ([`shared::coding::boards`]), so nothing of it is cached. One round trip
//! tells how long the board is, where each page begins and where the caller stands; another one reads the page.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::extract::State;
use futures_util::future::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::boards::read::{self, Page};
use shared::boards::{Board, Ranked, Survey};
use shared::coding::boards::{By, Card, LOWEST};
use shared::coding::subscriber::Subscriber;
use shared::http::{Json, Query};
use shared::model::name::fold;
use shared::platforms::Platform;
use shared::{App, Error, Result};

use crate::caller::{Caller, Missing};
use crate::views::ProfileView;

/// Lines on a page.
const PAGE: usize = 10;
/// The scores that figures have: one beyond is shown all the same, and takes a few round trips more.
const USUAL: RangeInclusive<i64> = LOWEST..=8_191;
/// The highest score of a profile without the figure that decides.
const UNRATED: i64 = -1;

/// Which lines, in which order.
#[derive(Deserialize, JsonSchema)]
pub struct Choice {
    /// `rating` or `problems_solved`; anything else counts as `rating`.
    sort_by: Option<String>,
    /// Only those of this platform.
    platform: Option<String>,
    /// Only those of this group, which must be the caller's own.
    group: Option<String>,
    /// From 1; beyond the last page it is the last one.
    page: Option<String>,
}

/// A profile and its rank.
#[derive(Serialize, JsonSchema)]
pub struct LineView {
    #[serde(flatten)]
    profile: ProfileView,
    /// One and the profiles with a higher figure: equals share it.
    rank: i64,
}

/// Where a profile of the caller stands.
#[derive(Serialize, JsonSchema)]
pub struct StandingView {
    rank: i64,
    total_in_leaderboard: i64,
    profile: ProfileView,
}

/// What was asked for.
#[derive(Serialize, JsonSchema)]
pub struct FiltersView {
    platform: Option<String>,
    group: Option<String>,
}

/// A page of the leaderboard.
#[derive(Serialize, JsonSchema)]
pub struct LeaderboardView {
    results: Vec<LineView>,
    page: usize,
    pages: usize,
    sort_by: String,
    filters: FiltersView,
    /// By platform: where the caller's own profiles stand, whatever the page.
    user_rankings: BTreeMap<&'static str, StandingView>,
}

/// Shows callers a page of the leaderboard, and where they stand on it.
pub async fn show(
    caller: Caller,
    State(app): State<App>,
    Query(choice): Query<Choice>,
) -> Result<Json<LeaderboardView>> {
    let (_, subscriber) = caller.subscriber(Missing::NotFound)?;
    let by = if choice.sort_by.as_deref() == Some("problems_solved") { By::Solved } else { By::Rating };
    let asked = choice.page.as_deref().and_then(|page| page.trim().parse::<usize>().ok()).unwrap_or(1).max(1);
    let mut view = LeaderboardView {
        results: Vec::new(),
        page: 1,
        pages: 1,
        sort_by: choice.sort_by.unwrap_or_else(|| "rating".to_owned()),
        filters: FiltersView { platform: choice.platform, group: choice.group },
        user_rankings: BTreeMap::new(),
    };
    let Some((board, platform)) = board(by, &view.filters, &subscriber) else { return Ok(Json(view)) };
    let (survey, first) = try_join(Survey::of(&app, &board, USUAL), async {
        // Where the first page begins is known before.
        if asked == 1 { read::top(&app, &board, PAGE).await.map(Some) } else { Ok(None) }
    })
    .await?;
    let unrated = survey.rank(&app, UNRATED).await?.competition;
    let rank = |score: i64, rank: i64| if score <= UNRATED { unrated } else { rank };
    let members = survey.size().members;
    for profile in subscriber.profiles.iter().filter(|own| platform.is_none_or(|platform| own.platform == platform)) {
        let (score, _) = by.place(profile.figures);
        let rank = rank(score, survey.rank(&app, score).await?.competition);
        // The board may hear of a profile a moment after its owner.
        let total_in_leaderboard = members.max(rank);
        let standing = StandingView { rank, total_in_leaderboard, profile: profile.into() };
        view.user_rankings.insert(profile.platform.name(), standing);
    }
    view.pages = usize::try_from(members).unwrap_or(0).div_ceil(PAGE).max(1);
    view.page = asked.min(view.pages);
    let Page { rows, .. } = match first {
        Some(first) => first,
        None => survey.page(&app, (view.page - 1) * PAGE, PAGE).await.map_err(among_equals)?,
    };
    for Ranked { row, competition, .. } in rows {
        let card: Card = serde_json::from_str(row.card.as_deref().unwrap_or_default())
            .map_err(|cause| Error::internal("A card could not be read.", cause))?;
        view.results.push(LineView { profile: card.into(), rank: rank(row.score, competition) });
    }
    Ok(Json(view))
}

/// The board that has the lines which are asked for, and the platform that they are of; `None` if there are none, since
/// there is no such platform, or the group is not the caller's own.
fn board(by: By, filters: &FiltersView, subscriber: &Subscriber) -> Option<(Board, Option<Platform>)> {
    let asked = |filter: &Option<String>| filter.clone().filter(|filter| !filter.is_empty());
    let platform = match asked(&filters.platform) {
        Some(name) => Some(Platform::find(&name)?),
        None => None,
    };
    let group = match asked(&filters.group) {
        Some(name) => Some(subscriber.subscription.group.as_deref().filter(|own| fold(own) == fold(&name))?),
        None => None,
    };
    Some((by.board(platform, group), platform))
}

/// The one thing that is wrong with a page by its number.
fn among_equals(error: Error) -> Error {
    if error.fields.is_empty() {
        return error;
    }
    let many = "Too many profiles have the same figures there. Ask for a platform, or sort by the other figure.";
    Error::invalid_field("page", many)
}
