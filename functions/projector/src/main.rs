//! The `projector` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("projector", projector::NEEDS, projector::function)
}
