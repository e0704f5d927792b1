//! The mailer: what happened becomes letters, and letters go out once.

pub mod chart;
pub mod letters;
pub mod post;
pub mod reports;
pub mod summary;

use shared::events::{Event, Happened};
use shared::lambda::Function;
use shared::mail::About;
use shared::model::letter::TRIES;
use shared::model::refresh::SUMMARY_TRIES;
use shared::queue::{self, Batch, Delivery, Then};
use shared::{App, Result};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SENDER", "SIGNING_SECRET"];

/// The function.
pub fn function(app: App) -> Function {
    let post = post::Post::default();
    Function::event(app, move |app, batch: Batch| {
        let post = post.clone();
        async move {
            let handle = |app, delivery| write_and_send(app, post.clone(), delivery);
            Ok(queue::each_delivery(&app, batch, handle).await)
        }
    })
}

async fn write_and_send(app: App, post: post::Post, delivery: Delivery) -> Result<Then> {
    let is_last = |tries| delivery.is_last(tries);
    match delivery.happened.event {
        Event::RunEnded { run } => return summary::send(&app, &post, run, is_last(SUMMARY_TRIES)).await,
        Event::ReportDue { member, week } => {
            reports::send_weekly(&app, &post, member, week, is_last(TRIES)).await?;
        }
        Event::DailyReportDue { member } => {
            reports::send_daily(&app, &post, member, &about(&delivery.happened)).await?;
        }
        _ => {
            if let Some(draft) = letters::about(&app, &delivery.happened).await? {
                post.send_once(&app, &about(&delivery.happened), draft.write(&app)).await?;
            }
        }
    }
    Ok(Then::Done)
}

/// What a letter is about that tells of one occurrence.
fn about(happened: &Happened) -> About {
    About { letter: happened.id.to_string(), event: happened.event.name(), member: happened.event.member() }
}
