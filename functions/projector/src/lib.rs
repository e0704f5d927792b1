//! The projector: reads the table's stream and passes on what happened.
//!
//! [`outbox`] puts events on the bus, [`figures`] counts what happened by day, [`boards`] keeps the leaderboards up to
//! date, and [`coding`] those of coding profiles. Every projection reads the same batch and says how far it came; the stream then starts again at the first record that somebody could not deal with, so each must take a record twice
//! without harm.

pub mod boards;
pub mod coding;
pub mod figures;
pub mod outbox;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use serde::Deserialize;
use shared::lambda::Function;
use shared::queue::Failures;
use shared::{App, Result};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["BOARDS_TABLE", "BUS", "TABLE"];

/// The function.
pub fn function(app: App) -> Function {
    let bus = outbox::Bus::default();
    Function::event(app, move |app, batch| project(app, bus.clone(), batch))
}

async fn project(app: App, bus: outbox::Bus, batch: Event) -> Result<Failures> {
    let mut failures = Failures::default();
    let passed_on = outbox::pass_on(&app, &bus, &batch.records).await;
    let counted = figures::count(&app, &batch.records).await;
    let followed = boards::follow(&app, &batch.records).await;
    let placed = coding::follow(&app, &batch.records).await;
    for first_failed in [passed_on, counted, followed, placed].into_iter().flatten() {
        failures.add(first_failed);
    }
    Ok(failures)
}

/// Where the item lies that a record is about.
#[derive(Deserialize)]
struct Place {
    pk: String,
    sk: String,
}

impl Place {
    fn of(record: &EventRecord) -> Option<Place> {
        serde_dynamo::from_item(record.change.keys.clone()).ok()
    }
}
