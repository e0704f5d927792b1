//! The `mailer` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("mailer", mailer::NEEDS, mailer::function)
}
