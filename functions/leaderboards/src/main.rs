//! The `leaderboards` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("leaderboards", leaderboards::NEEDS, leaderboards::function)
}
