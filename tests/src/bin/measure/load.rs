//! `measure load`: the local cloud as a process of its own, pressed with reads, writes and logins.
//!
//! Server and generator share the machine, as they do on a contributor's laptop; the generator is one thread with one
//! connection per caller, each of whom is a member of their own.

pub mod client;
mod crowd;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use self::crowd::{Block, Crowd, Kind, Outcome, Until};
use crate::figures::{MEBIBYTE, mebibytes, milliseconds, thousands};
use crate::say;
use crate::server::Server;
use crate::table::{Budgets, Table};

/// How long a whole series of writes may take.
const LONGEST: Duration = Duration::from_secs(30 * 60);
const START: Duration = Duration::from_millis(500);
const RESIDENT: u64 = 80 * MEBIBYTE;
/// The slowest block of a series of writes must reach this part of the first one's rate for it to be flat.
const FLAT: f64 = 0.75;

/// How much, and of what.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Seconds of each kind of request.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Callers at a time.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    concurrency: u16,
    /// Instead of all that, this many writes, with the rate of every 10,000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    writes: Option<u64>,
    /// Keep the server's data in memory; writes are durable only without this.
    #[arg(long)]
    memory: bool,
    /// The server's binary [default: `local` beside this one].
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

/// Starts a server, presses it, and ends it.
pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let mut server = Server::start(arguments.server.as_deref(), arguments.memory, &[]).await?;
    say(&format!("Registering {} callers.", arguments.concurrency));
    let crowd = Crowd::register(server.address, arguments.concurrency).await?;
    let mut outcomes = Vec::new();
    match arguments.writes {
        Some(writes) => outcomes.push(crowd.press(Kind::Write, Until::Count(writes, LONGEST)).await?),
        None => {
            for kind in [Kind::Read, Kind::Write, Kind::Login] {
                say(&format!("{} for {} seconds.", kind.name(), arguments.seconds));
                outcomes.push(crowd.press(kind, Until::Time(Duration::from_secs(arguments.seconds))).await?);
            }
        }
    }
    if server.process.has_ended() {
        return Err("The server ended under the load.".to_owned());
    }
    report(arguments, &server, &outcomes)
}

fn report(arguments: &Arguments, server: &Server, outcomes: &[Outcome]) -> Result<String, String> {
    let kept = if arguments.memory { "in memory" } else { "on disk" };
    let heading = format!("Load on the local cloud, data {kept}, {} callers; milliseconds", arguments.concurrency);
    let mut table = Table::new(heading, ["what", "requests", "per second", "p50", "p90", "p99", "longest", "errors"]);
    let mut budgets = Budgets::new("Budgets");
    for outcome in outcomes {
        let rate = outcome.per_second();
        table.row([
            outcome.kind.name().to_owned(),
            thousands(outcome.latencies.count()),
            format!("{rate:.0}"),
            milliseconds(outcome.latencies.median()),
            milliseconds(outcome.latencies.percentile(90)),
            milliseconds(outcome.latencies.percentile(99)),
            milliseconds(outcome.latencies.longest()),
            outcome.errors.to_string(),
        ]);
        let least = outcome.kind.least_per_second();
        budgets.add(outcome.kind.name(), &format!("{least}/s"), &format!("{rate:.0}/s"), rate >= least);
    }
    let mut text = table.to_string();
    if let (Some(_), [outcome]) = (arguments.writes, outcomes) {
        text += &blocks(outcome, &mut budgets).to_string();
    }
    let errors: u64 = outcomes.iter().map(|outcome| outcome.errors).sum();
    budgets.add("failed requests", "0", &errors.to_string(), errors == 0);
    let (resident, peak) = (server.process.resident()?, server.process.peak_resident()?);
    let measured = format!("{} MiB (at most {})", mebibytes(resident), mebibytes(peak));
    budgets.add("resident at the end", "80 MiB", &measured, resident <= RESIDENT);
    let start = format!("{} ms", milliseconds(server.start));
    budgets.add("start to the first answer", "500 ms", &start, server.start <= START);
    text += &budgets.to_string();
    for outcome in outcomes {
        if let Some(error) = &outcome.first_error {
            text += &format!("\nThe first error of {}: {error}", outcome.kind.name());
        }
    }
    Ok(text)
}

/// The rate of every block of a series, and whether it stays what it was.
fn blocks(outcome: &Outcome, budgets: &mut Budgets) -> Table {
    let mut table = Table::new("Block by block", ["up to", "per second", "p50", "p99"]);
    let mut total = 0;
    for block in &outcome.blocks {
        total += block.latencies.count();
        let rate = format!("{:.0}", block.per_second());
        let (median, late) = (block.latencies.median(), block.latencies.percentile(99));
        table.row([thousands(total), rate, milliseconds(median), milliseconds(late)]);
    }
    let rates = || outcome.blocks.iter().map(Block::per_second);
    let first = rates().next().unwrap_or_default();
    let slowest = rates().fold(first, f64::min);
    let budget = format!("{:.0} % of the first block's rate", FLAT * 100.0);
    let measured = format!("{:.0} % in the slowest", slowest / first * 100.0);
    budgets.add("flat", &budget, &measured, slowest >= FLAT * first);
    table
}
