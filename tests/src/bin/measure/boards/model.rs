//! The long run against the oracle.

use std::time::Instant;

use clap::Args;
use tests::boards::model::{self, Plan};
use tests::wire::Wire;

use crate::figures::thousands;
use crate::say;

/// Operations that one cloud sees, before another one begins with another seed.
const AT_ONCE: usize = 100_000;

/// How many.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Changes and questions in all.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    operations: usize,
    /// What is drawn follows from it.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let began = Instant::now();
    let (mut changes, mut questions, mut crashes, mut repairs) = (0, 0, 0, 0);
    let mut seed = arguments.seed;
    while changes + questions < arguments.operations {
        let cloud = tests::cloud_at_rest(&[]).await?;
        let wire = Wire::default();
        let app = super::app(&cloud)?.with_http_client(wire.client("projector"));
        let operations = AT_ONCE.min(arguments.operations - changes - questions);
        let plan = Plan { operations, members: 50 + seed % 7 * 60, seed, rarely: 100 };
        let outcome = model::run(&app, &wire, plan).await.map_err(|error| format!("With seed {seed}: {error}"))?;
        changes += outcome.changes;
        questions += outcome.questions;
        crashes += outcome.crashes;
        repairs += outcome.repairs;
        say(&format!("{} operations, seed {seed}.", thousands(changes + questions)));
        seed += 1;
    }
    Ok(format!(
        "\n{} changes delivered, {} questions answered as the oracle does.\n\
         {} batches broke off between two calls and came again; {} trees were damaged or lost and mended.\n\
         {:.0} seconds.",
        thousands(changes),
        thousands(questions),
        thousands(crashes),
        thousands(repairs),
        began.elapsed().as_secs_f64(),
    ))
}
