//! Through the whole local cloud: a score is written by its route, the stream carries it to the projector, and the
//! board shows it; while others read the board.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use local::{Cloud, Options, Pumps, Storage};
use serde_json::json;
use shared::boards::{Board, read};
use shared::clock::Clock;
use shared::ids::{Ids, MemberId};
use shared::model::name::Username;
use shared::model::score::Score;
use tempfile::TempDir;
use tests::browser::Browser;
use tests::players;
use tests::wire::Wire;

use super::failed;
use crate::figures::{Samples, milliseconds, thousands};
use crate::say;
use crate::table::Budgets;

const TOKEN: &str = "a-token-for-the-harness";
/// How often the board is asked whether it shows a change.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How much.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Changes per second.
    #[arg(long, default_value_t = 200, value_name = "N")]
    rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,
    /// Members on the board.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    members: u32,
}

pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let cloud = Cloud::start(Options {
        template: tests::repository().join("template.yaml"),
        overrides: [("OperationsToken", TOKEN), ("RateLimitFactor", "0")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        storage: Storage::Folder(folder.path().to_owned()),
        public_url: "http://localhost:8000".to_owned(),
        clock: Clock::system(),
        ids: Ids::random(),
        invoke: None,
        pumps: Pumps::Running,
        wire: Some(Wire::default().for_functions()),
    })
    .await?;
    say("Filling the board.");
    players::give_accounts(&cloud, arguments.members).await?;
    let app = super::app(&cloud)?;
    for number in 1..=arguments.members {
        let name = Username::parse(&format!("player-{number:06}")).map_err(|_| "no name")?;
        let score = Score::new(MemberId(number.into()), name, app.clock.now());
        app.table.put(&score).await.map_err(|error| format!("{error:?}"))?;
    }
    let board: Board = "game/all/all".parse().map_err(|_| "no board")?;
    while read::size(&app, &board).await.map_err(failed)?.members < i64::from(arguments.members) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let expected = Arc::new((0..=arguments.members).map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
    let begin: Vec<i64> = {
        let mut scores = vec![0; arguments.members as usize + 1];
        let mut page = read::top(&app, &board, 1_000).await.map_err(failed)?;
        loop {
            page.rows.iter().for_each(|line| scores[line.row.member.0 as usize] = line.row.score);
            match page.next {
                Some(position) => page = read::after(&app, &board, position, 1_000).await.map_err(failed)?,
                None => break scores,
            }
        }
    };
    let changes = arguments.rate as usize * arguments.seconds as usize;
    say(&format!("{} changes.", thousands(changes)));
    let mut browser = Browser::new(&cloud);
    browser.carry(TOKEN);
    let began = Instant::now();
    let mut random = fastrand::Rng::with_seed(5);
    let mut writing = tokio::task::JoinSet::new();
    let mut looking = tokio::task::JoinSet::new();
    let mut reading = Vec::new();
    for number in 0..changes {
        let due = began + Duration::from_secs_f64(number as f64 / f64::from(arguments.rate));
        tokio::time::sleep_until(due.into()).await;
        let member = random.u32(1..=arguments.members);
        let points = random.i64(1..=50);
        let (mut browser, app, board, expected) = (browser.clone(), app.clone(), board.clone(), expected.clone());
        let look = number % 20 == 0;
        writing.spawn(async move {
            let path = format!("/users/{member}/stats/");
            let written = browser.ask(http::Method::PUT, &path, json!({ "add_score": points })).await?;
            expected[member as usize].fetch_add(points as usize, Ordering::Relaxed);
            let score = written["score"].as_i64().ok_or("The answer has no score.")?;
            Ok::<_, String>((look, member, score, Instant::now()))
        });
        while let Some(written) = writing.try_join_next() {
            let (look, member, score, at) = written.map_err(|error| error.to_string())??;
            if look {
                let (app, board) = (app.clone(), board.clone());
                looking.spawn(shown(app, board, MemberId(member.into()), score, at));
            }
        }
        if number % 4 == 0 {
            let asked = Instant::now();
            read::rank_of_member(&app, &board, MemberId(member.into())).await.map_err(failed)?;
            reading.push(asked.elapsed());
        }
    }
    while let Some(written) = writing.join_next().await {
        written.map_err(|error| error.to_string())??;
    }
    let took = began.elapsed();
    let mut staleness = Vec::new();
    while let Some(shown) = looking.join_next().await {
        staleness.push(shown.map_err(|error| error.to_string())??);
    }
    let staleness = Samples::of(staleness);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (mut wrong, mut lines) = (0, Vec::new());
    let mut page = read::top(&app, &board, 1_000).await.map_err(failed)?;
    loop {
        lines.append(&mut page.rows);
        match page.next {
            Some(position) => page = read::after(&app, &board, position, 1_000).await.map_err(failed)?,
            None => break,
        }
    }
    let mut ranks = 0;
    for (place, line) in lines.iter().enumerate() {
        let member = line.row.member.0 as usize;
        wrong += usize::from(line.row.score != begin[member] + expected[member].load(Ordering::Relaxed) as i64);
        let above = lines[..place].iter().filter(|other| other.row.score > line.row.score).count() as i64;
        let rank = read::rank_of_score(&app, &board, line.row.score).await.map_err(failed)?;
        ranks += usize::from(rank.competition != above + 1 || rank.members != lines.len() as i64);
    }
    cloud.shutdown().await;
    let mut budgets = Budgets::new("Through the whole local cloud, data on disk");
    let rate = changes as f64 / took.as_secs_f64();
    budgets.add(
        "changes",
        &format!("{}/s", arguments.rate),
        &format!("{rate:.0}/s"),
        rate >= 0.98 * f64::from(arguments.rate),
    );
    budgets.add(
        "lost changes",
        "0 members",
        &format!("{wrong} members"),
        wrong == 0 && lines.len() == arguments.members as usize,
    );
    budgets.add("wrong ranks at the end", "0", &ranks.to_string(), ranks == 0);
    let late = staleness.percentile(99);
    let measured = format!("{} ms, half within {} ms", milliseconds(late), milliseconds(staleness.median()));
    budgets.add("until the board shows it, p99", "2000 ms", &measured, late < Duration::from_secs(2));
    let reading = Samples::of(reading);
    let measured =
        format!("{} ms, half within {} ms", milliseconds(reading.percentile(99)), milliseconds(reading.median()));
    budgets.note("a rank read meanwhile, p99", &measured);
    Ok(budgets.to_string())
}

/// How long it takes from the answer until the board shows this score, or a later one.
async fn shown(
    app: shared::App,
    board: Board,
    member: MemberId,
    score: i64,
    since: Instant,
) -> Result<Duration, String> {
    loop {
        let line = read::rank_of_member(&app, &board, member).await.map_err(failed)?;
        if line.is_some_and(|(entry, _)| entry.score >= Some(score)) {
            return Ok(since.elapsed());
        }
        if since.elapsed() > Duration::from_secs(60) {
            return Err(format!("The board never showed the score of member {member}."));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
