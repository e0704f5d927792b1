//! SkillTracker's leaderboard by its route, at several sizes: what a page takes does not grow with the board, whatever
//! its number.

use clap::Args;
use http::Method;
use serde_json::json;
use shared::App;
use shared::boards::{self, Act, Board, ScoreChange, read, write};
use shared::coding::boards::{By, LOWEST};
use shared::ids::{EventId, MemberId};
use tests::browser::Browser;

use super::failed;
use crate::figures::thousands;
use crate::say;
use crate::table::{Budgets, Table};

/// Lines on a page.
const PAGE: i64 = 10;
/// What most have as their rating.
const USUAL: i64 = 1_500;
/// Lines that are really there, where pages are asked for; of the others only the counts are.
const LINES: u64 = 60;
/// Round trips of a page: the session, what counts the board, the page itself.
const TRIPS: u32 = 3;

/// Which sizes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Profiles on the boards.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 1_000_000], value_name = "N")]
    profiles: Vec<u64>,
}

pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let mut table = Table::new("Pages of the leaderboard", ["profiles", "page", "trips", "calls", "reads"]);
    let mut budgets = Budgets::new("Budgets");
    for profiles in &arguments.profiles {
        say(&format!("A board of {} profiles.", thousands(usize::try_from(*profiles).unwrap_or(usize::MAX))));
        let cloud = tests::cloud_at_rest(&[]).await?;
        let app = super::app(&cloud)?;
        let board = By::Rating.board(None, None);
        fill(&app, &board, *profiles).await?;
        let usual = read::rank_of_score(&app, &board, USUAL).await.map_err(failed)?;
        let mut subscriber = Browser::new(&cloud);
        subscriber.ask(Method::POST, "/subscribe", json!({ "email": "ada@example.org" })).await?;
        let last = usual.members.div_euclid(PAGE);
        let amid = (usual.competition + usual.equals / 2) / PAGE + 1;
        let mut worst = 0;
        for (name, page) in [("the first", 1), ("the second", 2), ("amid equals", amid), ("the last", last)] {
            let shown = subscriber.get(&format!("/leaderboard?page={page}")).await?;
            let lines = shown["results"].as_array().map_or(0, Vec::len);
            let invocation = cloud.functions().recent().into_iter().next().ok_or("Nothing was invoked.")?;
            let cost = invocation.cost;
            worst = worst.max(cost.round_trips);
            table.row([
                thousands(usize::try_from(usual.members).unwrap_or_default()),
                format!("{name}: {page}, {lines} lines"),
                cost.round_trips.to_string(),
                cost.calls.to_string(),
                format!("{:.1}", cost.read_units),
            ]);
        }
        let what = format!("a page among {}", thousands(usize::try_from(*profiles).unwrap_or_default()));
        budgets.add(&what, &format!("{TRIPS} trips"), &format!("{worst} trips at most"), worst <= TRIPS);
        cloud.shutdown().await;
    }
    Ok(format!("{table}{budgets}"))
}

/// Counts so many profiles, three in five of them with a rating, and writes some where pages are asked for.
async fn fill(app: &App, board: &Board, profiles: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(profiles);
    let mut scores: Vec<i64> = (0..profiles)
        .map(|_| {
            // The sum of twelve even draws is as good as normal.
            let normal: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            let rating = (USUAL as f64 + 350.0 * normal) as i64;
            let solved = random.i64(0..1_000);
            if random.u8(0..5) < 3 { rating.max(0) } else { LOWEST + 1 + solved }
        })
        .collect();
    scores.sort_unstable();
    write::count_only(app, board, super::scores::counted(&scores)).await.map_err(failed)?;
    let lines = [4_000, USUAL, LOWEST].into_iter().zip(0..).flat_map(|(score, place)| {
        (1..=LINES).flat_map(move |number| {
            let member = MemberId(1 << 40 | place << 20 | number);
            let card = json!({
                "id": member, "member": member, "platform": "LeetCode", "username": format!("coder{number}"),
                "figures": { "rating": score, "solved": 1, "contests": 1 },
            });
            [Act::Set { score, reached: EventId(1) }, Act::Card(card.to_string())].map(|act| (member, act))
        })
    });
    let change = |(member, act)| ScoreChange { board: board.clone(), member, event: EventId(1), act };
    boards::apply(app, lines.map(change)).await.map(drop).map_err(failed)
}
