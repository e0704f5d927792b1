//! The `messages` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("messages", messages::NEEDS, messages::function)
}
