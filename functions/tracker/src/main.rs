//! The `tracker` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("tracker", tracker::NEEDS, tracker::function)
}
