//! The projector: reads the table's stream and passes on what happened.
//!
//! [`outbox`] puts events on the bus, [`figures`] counts what happened by day, [`boards`] keeps the leaderboards up to
//! date, and [`coding`] those of coding profiles. Every projection reads the same batch and says how far it came; the
//! stream then starts again at the first record that somebody could not deal with, so each must take a record twice
//! without harm.

pub mod boards;
pub mod coding;
pub mod figures;
pub mod outbox;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use serde_dynamo::{AttributeValue, Item};
use shared::events::Happened;
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
    let followed = follow::<boards::ForBoards>(&app, &batch.records).await;
    let placed = follow::<coding::ForCodingBoards>(&app, &batch.records).await;
    for first_failed in [passed_on, counted, followed, placed].into_iter().flatten() {
        failures.add(first_failed);
    }
    Ok(failures)
}

/// What a batch of records says for a projection that takes it as a whole and reads the table as it is now.
pub trait News: Sized {
    /// What these records say, if any of them says anything, and the sequence number of the first that does.
    fn read(records: &[EventRecord]) -> Option<(String, Self)>;

    /// Brings what is projected up to date. Taken twice it changes nothing the second time.
    fn apply(self, app: &App) -> impl Future<Output = Result<()>> + Send;
}

/// Applies what a batch says. Returns the sequence number of the first record to be tried again.
async fn follow<N: News>(app: &App, records: &[EventRecord]) -> Option<String> {
    let (_, news) = N::read(records)?;
    let Err(error) = news.apply(app).await else { return None };
    tracing::error!("{error}");
    // One after the other, to see which of them it is.
    for record in records {
        let Some((first, news)) = N::read(std::slice::from_ref(record)) else { continue };
        if news.apply(app).await.is_err() {
            return Some(first);
        }
    }
    None
}

/// What names a record to the stream. Every record has one; without it the whole batch would come again.
fn sequence_number(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}

/// Where the item lies that a record is about.
struct Place<'a> {
    pk: &'a str,
    sk: &'a str,
}

impl Place<'_> {
    fn of(record: &EventRecord) -> Option<Place<'_>> {
        let keys = &record.change.keys;
        Some(Place { pk: text(keys, "pk")?, sk: text(keys, "sk")? })
    }
}

/// The event of this name that a record puts in the outbox, if it does. The others stay unread, and they are most.
fn event_of(record: &EventRecord, name: &str) -> Option<Happened> {
    let outbox = &record.change.new_image;
    let is_it = record.event_name == "INSERT" && text(outbox, "name")? == name;
    serde_json::from_str(text(outbox, "event").filter(|_| is_it)?).ok()
}

/// A text among the attributes of an item.
fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    match item.inner().get(name)? {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}
