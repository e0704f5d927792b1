//! The `fetcher` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("fetcher", fetcher::NEEDS, fetcher::function)
}
