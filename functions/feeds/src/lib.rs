//! Feeds: what members did is handed out to the streams of those who follow them, and those whom it concerns are told.

pub mod notices;

use shared::App;
use shared::events::Happened;
use shared::lambda::Function;
use shared::queue::{self, Batch};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE"];

/// The function.
pub fn function(app: App) -> Function {
    Function::event(app, |app, batch: Batch| async move { Ok(queue::each(&app, batch, follow_up).await) })
}

async fn follow_up(app: App, happened: Happened) -> shared::Result<()> {
    notices::tell(&app, &happened).await
}
