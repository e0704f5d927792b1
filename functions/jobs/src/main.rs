//! The `jobs` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("jobs", jobs::NEEDS, jobs::function)
}
