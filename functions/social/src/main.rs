//! The `social` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("social", social::NEEDS, social::function)
}
