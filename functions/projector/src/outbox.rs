//! Table → bus: every record that a handler left in its transaction, in the outbox, becomes an event; and so does every
//! socket that opens or closes, whichever way it goes, which is news by itself.

use std::sync::{Arc, OnceLock};

use aws_lambda_events::dynamodb::EventRecord;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::BehaviorVersion;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use shared::App;
use shared::events::{Event, Happened, SOURCE};
use shared::store::keys;

use crate::{Place, sequence_number, text};

/// EventBridge takes at most ten events at once.
const AT_ONCE: usize = 10;

/// The event bus. Connects with the first event.
#[derive(Clone, Default)]
pub struct Bus(Arc<OnceLock<Client>>);

impl Bus {
    fn client(&self, app: &App) -> &Client {
        self.0.get_or_init(|| {
            let aws = &app.config.aws;
            let mut config = aws_sdk_eventbridge::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(aws.region())
                .credentials_provider(aws.credentials())
                .retry_config(aws.retries());
            config.set_endpoint_url(aws.endpoint_url.clone());
            config.set_http_client(app.http_client.clone());
            Client::from_conf(config.build())
        })
    }
}

/// What goes to the bus: an event as it stands in the outbox.
struct Outgoing {
    name: String,
    event: String,
}

impl Outgoing {
    /// What a record tells the bus, if it tells anything.
    fn of(app: &App, record: &EventRecord) -> Option<Outgoing> {
        let Place { pk, sk } = Place::of(record)?;
        let is_new = record.event_name == "INSERT";
        if keys::is_outbox(sk) {
            let said = |name| text(&record.change.new_image, name).map(str::to_owned);
            // An outbox record that runs out is removed, which is no news.
            return Some(Outgoing { name: said("name")?, event: said("event")? }).filter(|_| is_new);
        }
        let has_moved = is_new || record.event_name == "REMOVE";
        let member = keys::member_of(pk).filter(|_| has_moved && keys::is_socket(sk))?;
        let event = Event::PresenceMoved { member };
        let name = event.name().to_owned();
        let happened = Happened { id: app.new_event_id(), at: app.clock.now(), event };
        serde_json::to_string(&happened).ok().map(|event| Outgoing { name, event })
    }
}

/// Puts the batch's events on the bus, in their order. Returns the sequence number of the first record that could
/// not be passed on; the stream starts again there.
pub async fn pass_on(app: &App, bus: &Bus, records: &[EventRecord]) -> Option<String> {
    let new = records.iter().filter_map(|record| Some((sequence_number(record), Outgoing::of(app, record)?)));
    let new: Vec<_> = new.collect();
    for some in new.chunks(AT_ONCE) {
        let entries = some.iter().map(|(_, outgoing)| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&app.config.bus)
                .source(SOURCE)
                .detail_type(&outgoing.name)
                .detail(&outgoing.event)
                .build()
        });
        let put = bus.client(app).put_events().set_entries(Some(entries.collect())).send().await;
        let failed = match &put {
            // Entry by entry: what EventBridge did not take has an error code in its place.
            Ok(answer) => answer.entries().iter().position(|entry| entry.error_code().is_some()),
            Err(_) => Some(0),
        };
        if let Some(failed) = failed {
            let (sequence_number, outgoing) = &some[failed];
            tracing::error!(event = outgoing.name, sequence_number, "An event did not reach the bus.");
            return Some(sequence_number.clone());
        }
    }
    None
}
