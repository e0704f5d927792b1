//! The `admin` function on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run("admin", admin::NEEDS, admin::function)
}
