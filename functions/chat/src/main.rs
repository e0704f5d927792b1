//! The `chat` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("chat", chat::NEEDS, chat::function)
}
