//! Every question at several sizes. A small board is filled as members would; of a large one all nodes are written, and
//! the entries that the questions touch: the engine reads no others.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use shared::App;
use shared::boards::{self, Act, Board, ScoreChange, read, write};
use shared::ids::{EventId, MemberId};
use shared::meter::{Cost, Meter};
use shared::store::{Query, keys};
use tests::prices::{DOLLARS_PER_MILLION_READS, DOLLARS_PER_MILLION_WRITES};

use super::chart::{self, Line};
use super::failed;
use super::redis::Redis;
use crate::figures::{MEBIBYTE, Samples, mebibytes, milliseconds, thousands};
use crate::say;
use crate::table::{Budgets, Table};

/// Up to this size a board is filled whole.
const WHOLE: u64 = 100_000;
/// Members who are asked about.
const ASKED: usize = 40;
/// Entries on each side of them that a larger board has, too.
const BESIDE: usize = 60;
/// Entries at its top.
const TOP: usize = 1_000;
/// Questions of each kind.
const QUESTIONS: usize = 400;

/// Which sizes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Members of the boards.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000, 10_000_000], value_name = "N")]
    members: Vec<u64>,
    /// Where to draw the chart.
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
}

/// A question: what it cost at worst and on average, and how long it took.
struct Answered {
    name: &'static str,
    worst: Cost,
    reads: f64,
    writes: f64,
    samples: Samples,
}

pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let mut redis = Redis::start()?;
    let columns = ["members", "question", "trips", "reads", "writes", "p50", "p99", "$/million"];
    let heading = "Questions: sequential round trips, capacity units (mean), milliseconds on loopback";
    let mut table = Table::new(heading, columns);
    let mut budgets = Budgets::new("Budgets");
    let mut lines: Vec<Line> = Vec::new();
    let mut growth: Vec<(&'static str, f64, u32)> = Vec::new();
    for members in &arguments.members {
        let scores = super::scores::draw(*members);
        say(&format!("A board of {} members.", thousands(scores.len())));
        let cloud = tests::cloud_at_rest(&[]).await?;
        let app = super::app(&cloud)?;
        let board: Board = "points/all/all".parse().map_err(|_| "no board")?;
        let asked = fill(&app, &board, &scores).await?;
        for answered in questions(&app, &board, &asked, &scores).await? {
            let dollars = answered.reads * DOLLARS_PER_MILLION_READS + answered.writes * DOLLARS_PER_MILLION_WRITES;
            table.row([
                thousands(scores.len()),
                answered.name.to_owned(),
                answered.worst.round_trips.to_string(),
                format!("{:.1}", answered.reads),
                format!("{:.1}", answered.writes),
                milliseconds(answered.samples.median()),
                milliseconds(answered.samples.percentile(99)),
                format!("{dollars:.2}"),
            ]);
            note(&mut lines, answered.name, *members, answered.reads);
            growth.push((answered.name, answered.reads, answered.worst.round_trips));
            let budget = match answered.name {
                "rank of a score" => Some((1, 2.5)),
                "rank of a member" => Some((2, 3.0)),
                _ => None,
            };
            if let Some((trips, reads)) = budget {
                let Cost { round_trips, read_units, .. } = answered.worst;
                let what = format!("{} among {}", answered.name, thousands(scores.len()));
                let measured = format!("{round_trips} trips, {read_units} units at most");
                budgets.add(
                    &what,
                    &format!("{trips} trips, {reads} units"),
                    &measured,
                    round_trips <= trips && read_units <= reads,
                );
            }
        }
        let (units, time, counted) = count(&app, &board, &scores).await?;
        let row = |name: String, trips: String, units: f64, p50: String, p99: String| {
            let dollars = format!("{:.2}", units * DOLLARS_PER_MILLION_READS);
            [thousands(scores.len()), name, trips, format!("{units:.1}"), "0.0".to_owned(), p50, p99, dollars]
        };
        let how = if counted { "counting entries" } else { "counting entries (computed)" };
        let trips = (units * 8_192.0 / MEBIBYTE as f64).ceil().max(1.0);
        table.row(row(how.to_owned(), format!("{trips:.0}"), units, time, String::new()));
        note(&mut lines, "counting entries", *members, units);
        if let Some(redis) = &mut redis {
            redis.fill(&scores)?;
            let members: Vec<_> = asked.iter().copied().cycle().take(QUESTIONS).collect();
            let samples = redis.ranks(&members)?;
            let name = format!("Redis, {} MiB", mebibytes(redis.resident()?));
            table.row([
                thousands(scores.len()),
                name,
                "2".to_owned(),
                String::new(),
                String::new(),
                milliseconds(samples.median()),
                milliseconds(samples.percentile(99)),
                String::new(),
            ]);
        }
    }
    if arguments.members.len() > 1 {
        let first = growth.len() / arguments.members.len();
        for (small, large) in growth[..first].iter().zip(&growth[growth.len() - first..]) {
            let measured = format!("{:.1} times the units, {} and {} trips", large.1 / small.1, small.2, large.2);
            budgets.note(&format!("{}: growth", large.0), &measured);
        }
    }
    if redis.is_none() {
        say("There is no redis-server here to compare with.");
    }
    if let Some(file) = &arguments.chart {
        chart::draw(file, &lines)?;
    }
    Ok(format!("{table}{budgets}"))
}

fn note(lines: &mut Vec<Line>, name: &str, members: u64, units: f64) {
    if units <= 0.0 {
        return;
    }
    let point = (members as f64, units);
    match lines.iter_mut().find(|line| line.name == name) {
        Some(line) => line.points.push(point),
        None => lines.push(Line { name: name.to_owned(), points: vec![point] }),
    }
}

/// Fills a board, and returns some members with their scores.
async fn fill(app: &App, board: &Board, scores: &[i64]) -> Result<Vec<(u64, i64)>, String> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by_key(|place| (std::cmp::Reverse(scores[*place]), *place));
    let spread = |number: usize| (number * order.len() / ASKED + order.len() / ASKED / 2).min(order.len() - 1);
    let asked: Vec<(u64, i64)> =
        (0..ASKED).map(|number| order[spread(number)]).map(|place| (place as u64 + 1, scores[place])).collect();
    let kept: BTreeSet<usize> = if scores.len() as u64 <= WHOLE {
        (0..scores.len()).collect()
    } else {
        let around = (0..ASKED).flat_map(|number| spread(number).saturating_sub(BESIDE)..spread(number) + BESIDE);
        (0..TOP).chain(around).filter_map(|rank| order.get(rank).copied()).collect()
    };
    let others: Vec<i64> = (0..scores.len()).filter(|place| !kept.contains(place)).map(|place| scores[place]).collect();
    write::count_only(app, board, super::scores::counted(&others)).await.map_err(failed)?;
    let changes: Vec<ScoreChange> = kept
        .into_iter()
        .map(|place| {
            let event = EventId(place as u64 + 1);
            let act = Act::Set { score: scores[place], reached: event };
            ScoreChange { board: board.clone(), member: MemberId(event.0), event, act }
        })
        .collect();
    for some in changes.chunks(1_000) {
        boards::apply(app, some.to_vec()).await.map_err(failed)?;
    }
    Ok(asked)
}

async fn questions(app: &App, board: &Board, asked: &[(u64, i64)], scores: &[i64]) -> Result<Vec<Answered>, String> {
    let some: Vec<MemberId> = asked.iter().take(20).map(|(member, _)| MemberId(*member)).collect();
    let mut event = scores.len() as u64;
    let mut answered = vec![
        ask("rank of a score", asked, async |_, score| read::rank_of_score(app, board, score).await.map(drop)).await?,
        ask("rank of a member", asked, async |member, _| read::rank_of_member(app, board, member).await.map(drop))
            .await?,
        ask("top 20", asked, async |_, _| read::top(app, board, 20).await.map(drop)).await?,
        ask("5 around a member", asked, async |member, _| read::around(app, board, member, 2, 2).await.map(drop))
            .await?,
        ask("20 friends", asked, async |_, _| read::among(app, board, &some).await.map(drop)).await?,
        ask("size", asked, async |_, _| read::size(app, board).await.map(drop)).await?,
    ];
    let page = read::top(app, board, 20).await.map_err(failed)?;
    if let Some(position) = page.next {
        let next = async |_, _| read::after(app, board, position, 20).await.map(drop);
        answered.push(ask("next 20", asked, next).await?);
    }
    // Where the asked members' scores begin: among equals a page is found from the one before.
    let above = |own: i64| scores.iter().filter(|score| **score > own).count() as i64;
    let offsets: Vec<(u64, i64)> = asked.iter().map(|(member, score)| (*member, above(*score))).collect();
    let by_number = async |_, offset: i64| read::at(app, board, offset as usize, 20).await.map(drop);
    answered.push(ask("page by number", &offsets, by_number).await?);
    let add = |member: MemberId, _| {
        event += 1;
        let change = ScoreChange { board: board.clone(), member, event: EventId(event), act: Act::Add(1) };
        async move { boards::apply(app, [change]).await.map(drop) }
    };
    answered.push(ask("one change alone", asked, add).await?);
    Ok(answered)
}

/// Asks the same of one member after the other.
async fn ask<F: Future<Output = shared::Result<()>>>(
    name: &'static str,
    members: &[(u64, i64)],
    mut question: impl FnMut(MemberId, i64) -> F,
) -> Result<Answered, String> {
    let mut samples = Vec::new();
    let (mut worst, mut reads, mut writes) = (Cost::default(), 0.0, 0.0);
    for (member, score) in members.iter().cycle().take(QUESTIONS) {
        let meter = Meter::default();
        let began = Instant::now();
        meter.measure(question(MemberId(*member), *score)).await.map_err(failed)?;
        samples.push(began.elapsed());
        let cost = meter.cost();
        worst.round_trips = worst.round_trips.max(cost.round_trips);
        worst.read_units = worst.read_units.max(cost.read_units);
        reads += cost.read_units / QUESTIONS as f64;
        writes += cost.write_units / QUESTIONS as f64;
    }
    Ok(Answered { name, worst, reads, writes, samples: Samples::of(samples) })
}

/// What it takes to count the entries above the member in the middle, page by page: units, time, and whether it was
/// measured. Where the entries are not all there it is computed from the size of those that are.
async fn count(app: &App, board: &Board, scores: &[i64]) -> Result<(f64, String, bool), String> {
    let page = |after: Option<String>| {
        let query = Query::of(keys::places(board), usize::MAX);
        match after {
            Some(after) => query.after(&after),
            None => Ok(query),
        }
    };
    let half = scores.len() / 2;
    let meter = Meter::default();
    let began = Instant::now();
    let (mut seen, mut after) = (0, None);
    while seen < half {
        let query = page(after.take()).map_err(failed)?;
        let read = meter.measure(app.boards.table.keys(query)).await.map_err(failed)?;
        seen += read.items.len();
        after = read.next;
        if after.is_none() {
            break;
        }
    }
    let (units, whole) = (meter.cost().read_units, seen >= half);
    let time = if whole { milliseconds(began.elapsed()) } else { String::new() };
    Ok((units * half as f64 / seen.max(1) as f64, time, whole))
}
