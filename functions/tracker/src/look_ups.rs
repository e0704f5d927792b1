//! What is known of any account on a platform, whoever has it.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::Duration;
use futures_util::future::try_join3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Client, limits};
use shared::http::{Json, Query};
use shared::model::coding::{CodingProfile, Figures};
use shared::platforms::{self, Answer, Platform};
use shared::store::keys;
use shared::{App, Result};

use crate::account::Named;

/// Accounts per address and hour of which a platform is asked.
const PER_HOUR: u32 = 30;
const NOT_AVAILABLE: &str = "N/A";

/// The accounts to look up.
#[derive(Deserialize, JsonSchema)]
pub struct Names {
    leetcode: Option<String>,
    codeforces: Option<String>,
    codechef: Option<String>,
}

/// A figure, or a word in its place.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum FigureView {
    Number(i64),
    Word(&'static str),
}

/// What is known of an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FiguresView {
    /// A number; or why there is none: `No username provided`, `User not found` or `Error`.
    problems_solved: FigureView,
    rating: FigureView,
    contests: FigureView,
}

impl FiguresView {
    fn without(why: &'static str) -> FiguresView {
        let [rating, contests] = [FigureView::Word(NOT_AVAILABLE), FigureView::Word(NOT_AVAILABLE)];
        FiguresView { problems_solved: FigureView::Word(why), rating, contests }
    }
}

impl From<Figures> for FiguresView {
    fn from(Figures { rating, solved, contests }: Figures) -> FiguresView {
        let view = |figure: Option<i64>| match figure.filter(|figure| *figure >= 0) {
            Some(number) => FigureView::Number(number),
            None => FigureView::Word(NOT_AVAILABLE),
        };
        FiguresView { problems_solved: view(solved), rating: view(rating), contests: view(contests) }
    }
}

/// Shows anyone what is known of accounts. A profile that is kept here answers at once; of others their platform is asked.
pub async fn show(
    client: Client,
    State(app): State<App>,
    Query(names): Query<Names>,
) -> Result<Json<BTreeMap<&'static str, FiguresView>>> {
    let look_up = |platform, username: Option<String>| look_up(&app, &client, platform, username);
    let (leetcode, codeforces, codechef) = try_join3(
        look_up(Platform::LeetCode, names.leetcode),
        look_up(Platform::Codeforces, names.codeforces),
        look_up(Platform::CodeChef, names.codechef),
    )
    .await?;
    Ok(Json(BTreeMap::from([("leetcode", leetcode), ("codeforces", codeforces), ("codechef", codechef)])))
}

async fn look_up(app: &App, client: &Client, platform: Platform, username: Option<String>) -> Result<FiguresView> {
    let username = username.map(|username| username.trim().to_owned()).filter(|username| !username.is_empty());
    let Some(username) = username else { return Ok(FiguresView::without("No username provided")) };
    let account = Named { platform, username };
    if !account.is_possible() {
        return Ok(FiguresView::without("User not found"));
    }
    if let Some(figures) = kept(app, &account).await? {
        return Ok(figures.into());
    }
    limits::take(app, "look-up", &client.address, PER_HOUR, Duration::hours(1)).await?;
    Ok(match platforms::look_up(app, platform, &account.username).await? {
        Answer::Known(report) => Figures::default().after(&report).into(),
        Answer::Unknown => FiguresView::without("User not found"),
        Answer::Failed(_) => FiguresView::without("Error"),
    })
}

/// The figures of the profile that somebody here has by this account, if its platform has ever told them.
async fn kept(app: &App, account: &Named) -> Result<Option<Figures>> {
    let Some(held) = account.holder(app).await? else { return Ok(None) };
    let profile = app.table.get::<CodingProfile>(keys::coding_profile(held.member, account.platform)).await?;
    Ok(profile.map(|profile| profile.figures).filter(|figures| figures.solved.is_some()))
}
