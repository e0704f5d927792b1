//! `measure boards`: the boards against an oracle, at several sizes, and under changes.

mod chart;
mod engine;
mod house;
mod leaderboard;
mod model;
mod redis;
mod scores;
mod shape;
mod sizes;

use clap::{Args, Subcommand};

/// Which of them.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Random changes and questions, with faults, against a sorted list.
    Model(model::Arguments),
    /// Every question at several sizes: round trips, units, latencies; beside counting, and beside Redis.
    Sizes(sizes::Arguments),
    /// What other shapes of the tree would cost.
    Shape(shape::Arguments),
    /// Changes of one board in batches of a thousand: rate, and write units per change.
    Engine(engine::Arguments),
    /// Changes of one board through the whole local cloud, while it is read.
    House(house::Arguments),
    /// Pages of SkillTracker's leaderboard by its route: round trips and units at several sizes.
    Leaderboard(leaderboard::Arguments),
}

/// Runs one of them.
pub async fn run(arguments: &Arguments) -> Result<String, String> {
    match &arguments.what {
        What::Model(arguments) => model::run(arguments).await,
        What::Sizes(arguments) => sizes::run(arguments).await,
        What::Shape(arguments) => shape::run(arguments).await,
        What::Engine(arguments) => engine::run(arguments).await,
        What::House(arguments) => house::run(arguments).await,
        What::Leaderboard(arguments) => leaderboard::run(arguments).await,
    }
}

/// The app of the function that writes boards.
fn app(cloud: &local::Cloud) -> Result<shared::App, String> {
    let environment = cloud.functions().environment("projector").ok_or("The template has no projector.")?;
    let app = shared::App::new(environment).map_err(|error| error.to_string())?;
    Ok(app.with_clock(cloud.clock().clone()))
}

fn failed(error: shared::Error) -> String {
    error.to_string()
}
