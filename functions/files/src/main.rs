//! The `files` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("files", files::NEEDS, files::function)
}
