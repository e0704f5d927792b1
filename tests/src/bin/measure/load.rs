//! `measure load`: the local cloud as a process of its own, pressed with reads, writes and logins.
//!
//! Server and generator share the machine, as they do on a contributor's laptop; the generator is one thread with one
//! connection per caller, each of whom is a member of their own.

mod client;
mod crowd;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;
use tests::repository;

use self::client::Connection;
use self::crowd::{Block, Crowd, Kind, Outcome, Until};
use crate::figures::{MEBIBYTE, mebibytes, milliseconds, thousands};
use crate::process::Process;
use crate::say;
use crate::table::{Budgets, Table};

/// How long the server may take to answer its first request.
const PATIENCE: Duration = Duration::from_secs(30);
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
    let mut server = Server::start(arguments).await?;
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

/// The server, and the folder of its data. Both are gone when it is dropped.
struct Server {
    process: Process,
    address: SocketAddr,
    /// From its start to its first answer.
    start: Duration,
    _data: TempDir,
}

impl Server {
    async fn start(arguments: &Arguments) -> Result<Server, String> {
        let binary = match &arguments.server {
            Some(binary) => binary.clone(),
            None => std::env::current_exe().map_err(|error| error.to_string())?.with_file_name("local"),
        };
        if !binary.is_file() {
            let binary = binary.display();
            return Err(format!("There is no {binary}; build it with `cargo build --release --workspace`."));
        }
        let data = TempDir::new().map_err(|error| format!("No folder for the data can be made: {error}."))?;
        let address = free_address()?;
        let mut command = Command::new(binary);
        command.arg("--template").arg(repository().join("template.yaml")).args(["--port", &address.port().to_string()]);
        if arguments.memory {
            command.arg("--memory");
        } else {
            command.arg("--data").arg(data.path().join("data"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = Process::start(&mut command)?;
        while !answers(address).await {
            if process.has_ended() {
                return Err("The server ended before it answered.".to_owned());
            }
            if process.started().elapsed() > PATIENCE {
                return Err(format!("The server did not answer within {} seconds.", PATIENCE.as_secs()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let start = process.started().elapsed();
        Ok(Server { process, address, start, _data: data })
    }
}

/// A port that nobody listens on at this moment.
fn free_address() -> Result<SocketAddr, String> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|error| format!("No port is free: {error}."))
}

async fn answers(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    connection.get("/health/", "").await.is_ok_and(|reply| reply.status.is_success())
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
