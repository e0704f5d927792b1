//! The engine alone: stream batches of a thousand changes of one board.

use std::time::{Duration, Instant};

use clap::Args;
use shared::boards::{self, Act, Board, ScoreChange};
use shared::ids::{EventId, MemberId};
use shared::meter::Meter;
use tests::wire::Wire;

use super::failed;
use crate::figures::{Samples, milliseconds, thousands};
use crate::say;
use crate::table::{Budgets, Table};

/// Changes that come together.
const BATCH: usize = 1_000;
const LEAST_PER_SECOND: f64 = 2_000.0;
const MOST_UNITS: f64 = 4.0;
/// Writes to one item in a second. DynamoDB takes 1,000 units of one item, and a write in a transaction is two.
const MOST_WRITES: usize = 400;

/// How large a board, and for how long.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Members on the board.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    members: u64,
    /// Seconds of each kind of change.
    #[arg(long, default_value_t = 20, value_name = "N")]
    seconds: u64,
}

/// Whose changes they are.
#[derive(Clone, Copy)]
enum Crowd {
    /// Everyone's, one as likely as another.
    Even,
    /// Most of them the same members', as in any game: the likelihood falls with the rank in it (Zipf).
    Busy,
}

pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let cloud = tests::cloud_at_rest(&[]).await?;
    let wire = Wire::default();
    let app = super::app(&cloud)?.with_http_client(wire.client("projector"));
    let board: Board = "points/all/all".parse().map_err(|_| "no board")?;
    let mut event = 0;
    say(&format!("Filling a board with {} members.", thousands(arguments.members as usize)));
    let began = Instant::now();
    let meter = Meter::default();
    let scores = super::scores::draw(arguments.members);
    for (some, first) in scores.chunks(BATCH).zip((1..).step_by(BATCH)) {
        let changes = some.iter().zip(first..).map(|(score, member)| {
            event += 1;
            let act = Act::Set { score: *score, reached: EventId(event) };
            ScoreChange { board: board.clone(), member: MemberId(member), event: EventId(event), act }
        });
        let changes: Vec<_> = changes.collect();
        meter.measure(boards::apply(&app, changes)).await.map_err(failed)?;
    }
    let columns =
        ["changes", "batches", "per second", "write units each", "busiest item's writes", "p50 of a batch", "p99"];
    let mut table = Table::new("The engine alone, batches of 1,000 changes of one board; milliseconds", columns);
    let mut budgets = Budgets::new("Budgets");
    let count = arguments.members as f64;
    table.row([
        "first scores".to_owned(),
        thousands(arguments.members as usize / BATCH),
        format!("{:.0}", count / began.elapsed().as_secs_f64()),
        format!("{:.2}", meter.cost().write_units / count),
        String::new(),
        String::new(),
        String::new(),
    ]);
    for (name, crowd) in [("points, even", Crowd::Even), ("points, busy", Crowd::Busy)] {
        let mut random = fastrand::Rng::with_seed(7);
        let meter = Meter::default();
        let began = Instant::now();
        let mut batches = Vec::new();
        wire.count_items();
        while began.elapsed() < Duration::from_secs(arguments.seconds) {
            let changes: Vec<_> = (0..BATCH)
                .map(|_| {
                    event += 1;
                    let member = MemberId(crowd.draw(&mut random, arguments.members));
                    let act = Act::Add(random.i64(1..=100));
                    ScoreChange { board: board.clone(), member, event: EventId(event), act }
                })
                .collect();
            let began = Instant::now();
            meter.measure(boards::apply(&app, changes)).await.map_err(failed)?;
            batches.push(began.elapsed());
        }
        let changes = (batches.len() * BATCH) as f64;
        let rate = changes / began.elapsed().as_secs_f64();
        let units = meter.cost().write_units / changes;
        let batches = Samples::of(batches);
        let busiest = wire.most_writes();
        table.row([
            name.to_owned(),
            thousands(batches.count()),
            format!("{rate:.0}"),
            format!("{units:.2}"),
            format!("{busiest}/s"),
            milliseconds(batches.median()),
            milliseconds(batches.percentile(99)),
        ]);
        budgets.add(&format!("{name}: changes"), "2000/s", &format!("{rate:.0}/s"), rate >= LEAST_PER_SECOND);
        budgets.add(&format!("{name}: writes to an item"), "400/s", &format!("{busiest}/s"), busiest <= MOST_WRITES);
        budgets.add(&format!("{name}: write units"), "4", &format!("{units:.2}"), units <= MOST_UNITS);
    }
    Ok(format!("{table}{budgets}"))
}

impl Crowd {
    fn draw(self, random: &mut fastrand::Rng, members: u64) -> u64 {
        match self {
            Crowd::Even => random.u64(1..=members),
            // The inverse of the distribution of 1/x.
            Crowd::Busy => ((members as f64).powf(random.f64()) as u64).clamp(1, members),
        }
    }
}
