//! `measure`: the harnesses. Each runs by itself, on loopback and within bounds, and prints a table beside its budgets.

mod boards;
mod cold_start;
mod feeds;
mod figures;
mod load;
mod prices;
mod process;
mod server;
mod sockets;
mod table;
mod weekly;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Measures Guildhall, and says which of its budgets hold.
///
/// Figures of the release profile are the ones that count: `cargo build --release --workspace`, then
/// `cargo run --release -p tests --bin measure -- cold-start`, `-- prices`, `-- load` or
/// `-- sockets`.
#[derive(Debug, Parser)]
#[command(name = "measure", verbatim_doc_comment)]
struct Cli {
    #[command(subcommand)]
    harness: Harness,
}

#[derive(Debug, Subcommand)]
enum Harness {
    /// Start every function's binary against a stub Runtime API: times, memory, size, processor time per request.
    ColdStart(cold_start::Arguments),
    /// List what every route asks of the table, and what a million requests cost.
    Prices,
    /// Press the local cloud with reads, writes and logins: rates, latencies, memory.
    Load(load::Arguments),
    /// Open thousands of sockets to the local cloud, and write over them: latencies, losses, memory.
    Sockets(sockets::Arguments),
    /// Hold the boards against an oracle, or measure them.
    Boards(boards::Arguments),
    /// Hand one action out to thousands of followers, while calls fail and everything comes twice.
    Feeds(feeds::Arguments),
    /// Make the report of a week for thousands, while things crash and everything comes twice.
    Weekly(weekly::Arguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One thread: the other processor belongs to what is measured.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("The runtime did not start: {error}.")),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = run(cli.harness) => outcome,
            // What was started is ended as the harness is dropped.
            () = told_to_stop() => Err("Stopped.".to_owned()),
        }
    });
    match outcome {
        Ok(report) => print(&report),
        Err(reason) => fail(&reason),
    }
}

async fn run(harness: Harness) -> Result<String, String> {
    match harness {
        Harness::ColdStart(arguments) => cold_start::run(&arguments).await,
        Harness::Prices => prices::run().await,
        Harness::Boards(arguments) => boards::run(&arguments).await,
        Harness::Sockets(arguments) => sockets::run(&arguments).await,
        Harness::Feeds(arguments) => feeds::run(&arguments).await,
        Harness::Weekly(arguments) => weekly::run(&arguments).await,
        Harness::Load(arguments) => load::run(&arguments).await,
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn told_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn print(report: &str) -> ExitCode {
    match writeln!(io::stdout(), "{report}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(reason: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{reason}");
    ExitCode::FAILURE
}

/// Says on standard error what is being done, since the tables come last.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}
