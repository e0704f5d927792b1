//! Feeds: what members did is handed out to the streams of those who follow them, and those whom it concerns are told.

pub mod fan_out;
pub mod notices;

use shared::App;
use shared::events::{Event, Happened};
use shared::lambda::Function;
use shared::queue::{self, Batch};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE"];

/// The function.
pub fn function(app: App) -> Function {
    Function::event(app, |app, batch: Batch| async move { Ok(queue::each(&app, batch, follow_up).await) })
}

async fn follow_up(app: App, happened: Happened) -> shared::Result<()> {
    notices::tell(&app, &happened).await?;
    match happened.event {
        Event::Acted { action } => fan_out::acted(&app, &action, fan_out::WIDE).await,
        Event::Unacted { member, action } => fan_out::unacted(&app, member, action).await,
        Event::MemberJoined { member } => fan_out::joined(&app, member).await,
        Event::ThingDeleted { thing, .. } => fan_out::deleted(&app, thing).await,
        // A rule of the template sends nothing else here; what it does send by mistake needs nothing done.
        _ => Ok(()),
    }
}
