//! The functions that are built into this program: all of them, by the names of their binaries.

use shared::App;
use shared::config::Environment;
use shared::lambda::Function;

use super::Start;

/// Starts the function whose binary has this name.
pub(super) fn start(binary: &str, environment: &Environment, with: &Start<'_>) -> Result<Function, String> {
    let (needs, function): (&[&str], fn(App) -> Function) = match binary {
        "accounts" => (accounts::NEEDS, accounts::function),
        "admin" => (admin::NEEDS, admin::function),
        "chat" => (chat::NEEDS, chat::function),
        "docs" => (docs::NEEDS, docs::function),
        "exporter" => (exporter::NEEDS, exporter::function),
        "feeds" => (feeds::NEEDS, feeds::function),
        "fetcher" => (fetcher::NEEDS, fetcher::function),
        "files" => (files::NEEDS, files::function),
        "jobs" => (jobs::NEEDS, jobs::function),
        "leaderboards" => (leaderboards::NEEDS, leaderboards::function),
        "mailer" => (mailer::NEEDS, mailer::function),
        "messages" => (messages::NEEDS, messages::function),
        "projector" => (projector::NEEDS, projector::function),
        "social" => (social::NEEDS, social::function),
        "tracker" => (tracker::NEEDS, tracker::function),
        other => return Err(format!("The template names a binary {other}, which is not built into the local cloud.")),
    };
    let app = App::with_needs(environment, needs).map_err(|error| format!("{binary} does not start: {error}"))?;
    let app = app.with_clock(with.clock.clone()).with_ids(with.ids.clone());
    Ok(function(app.with_http_client((with.wire)(binary))))
}
