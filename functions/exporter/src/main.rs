//! The `exporter` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("exporter", exporter::NEEDS, exporter::function)
}
