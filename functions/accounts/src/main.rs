//! The `accounts` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("accounts", accounts::NEEDS, accounts::function)
}
