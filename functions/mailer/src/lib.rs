//! The mailer: what happened becomes letters, and letters go out once.

pub mod letters;
pub mod post;

use shared::App;
use shared::events::Happened;
use shared::lambda::Function;
use shared::queue::{self, Batch};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SENDER", "SIGNING_SECRET"];

/// The function.
pub fn function(app: App) -> Function {
    let post = post::Post::default();
    Function::event(app, move |app, batch: Batch| {
        let post = post.clone();
        async move { Ok(queue::each(&app, batch, |app, happened| write_and_send(app, post.clone(), happened)).await) }
    })
}

async fn write_and_send(app: App, post: post::Post, happened: Happened) -> shared::Result<()> {
    match (letters::about(&app, &happened).await?, happened.event.member()) {
        (Some(draft), Some(member)) => post.send_once(&app, &happened, member, draft.write(&app)).await,
        _ => Ok(()),
    }
}
