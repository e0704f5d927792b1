//! The `docs` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("docs", docs::NEEDS, docs::function)
}
