//! The `feeds` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("feeds", feeds::NEEDS, feeds::function)
}
