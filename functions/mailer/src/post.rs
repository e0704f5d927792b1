//! The post: hands letters to SES, each once however often its event arrives.
//!
//! A letter is claimed before it is sent and marked after. A message that comes twice finds the mark; one that
//! comes while another copy is being sent waits its turn in the queue. Only if a sender dies between SES's answer
//! and the mark can a letter go out twice, since no post office offers more.

use std::sync::{Arc, OnceLock};

use aws_sdk_ses::Client;
use aws_sdk_ses::config::BehaviorVersion;
use aws_sdk_ses::types::{Body, Content, Destination, Message};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use shared::model::name::Email;
use shared::store::{Change, Condition, Key, StoreError, Stored, keys};
use shared::{App, Error, Result};

/// How long a claim holds: longer than the function may run.
const CLAIMED_FOR: Duration = Duration::seconds(60);
/// How long a letter is known to have been sent; queues keep messages for two weeks at most.
const REMEMBERED: Duration = Duration::days(30);

/// A letter, ready to go.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom.
    pub to: Email,
    /// The subject, one line.
    pub subject: String,
    /// For readers of plain text.
    pub text: String,
    /// For everyone else.
    pub html: String,
}

/// What became of a letter.
#[derive(Serialize, Deserialize)]
struct Record {
    letter: String,
    sent: bool,
    claimed_until: DateTime<Utc>,
    written_at: DateTime<Utc>,
}

impl Stored for Record {
    fn key(&self) -> Key {
        keys::letter(&self.letter)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.written_at + REMEMBERED)
    }
}

/// The post office. Connects with the first letter.
#[derive(Clone, Default)]
pub struct Post(Arc<OnceLock<Client>>);

impl Post {
    /// Sends the letter unless the one of this id was sent before. The id is made from what the letter is about; it is
    /// written only once it is clear that it goes out.
    pub async fn send_once(&self, app: &App, id: &str, letter: impl Future<Output = Result<Letter>>) -> Result<()> {
        if !claim(app, id).await? {
            return Ok(());
        }
        let sent = async { self.send(app, letter.await?).await };
        if let Err(error) = sent.await {
            // Let go at once, so that the next delivery need not wait for the claim to run out.
            let now = app.clock.now();
            app.table.change::<Record>(Change::of(keys::letter(id)).set("claimed_until", now)).await?;
            return Err(error);
        }
        app.table.change::<Record>(Change::of(keys::letter(id)).set("sent", true)).await?;
        Ok(())
    }

    async fn send(&self, app: &App, letter: Letter) -> Result<()> {
        let content = |text: String| {
            let content = Content::builder().charset("UTF-8").data(text).build();
            content.map_err(|cause| Error::internal("A letter could not be written.", cause))
        };
        let body = Body::builder().text(content(letter.text)?).html(content(letter.html)?).build();
        let message = Message::builder().subject(content(letter.subject)?).body(body).build();
        let sent = self
            .client(app)
            .send_email()
            .source(&app.config.sender)
            .destination(Destination::builder().to_addresses(letter.to.as_str()).build())
            .message(message)
            .send()
            .await;
        // SES quotes the address in its errors, and addresses stay out of the log.
        sent.map(drop).map_err(|error| {
            let code = aws_sdk_ses::error::ProvideErrorMetadata::code(&error).unwrap_or("not reached");
            Error::internal("A letter was not sent.", code.to_owned())
        })
    }

    fn client(&self, app: &App) -> &Client {
        self.0.get_or_init(|| {
            let aws = &app.config.aws;
            let mut config = aws_sdk_ses::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(aws.region())
                .credentials_provider(aws.credentials());
            config.set_endpoint_url(aws.endpoint_url.clone());
            config.set_http_client(app.http_client.clone());
            Client::from_conf(config.build())
        })
    }
}

/// Whether the letter is ours to send; an error while somebody else is at it.
async fn claim(app: &App, id: &str) -> Result<bool> {
    let now = app.clock.now();
    let record = Record { letter: id.to_owned(), sent: false, claimed_until: now + CLAIMED_FOR, written_at: now };
    let found = match app.table.create(&record).await {
        Ok(()) => return Ok(true),
        Err(StoreError::Refused { found: Some(found), .. }) => found.read::<Record>()?,
        Err(error) => return Err(error.into()),
    };
    if found.sent {
        return Ok(false);
    }
    let busy = || Error::internal("A letter is being sent by another.", "claimed");
    if found.claimed_until > now {
        return Err(busy());
    }
    let taken_over = Change::of(keys::letter(id))
        .set("claimed_until", record.claimed_until)
        .when(Condition::equals("claimed_until", found.claimed_until).and(Condition::equals("sent", false)));
    match app.table.change::<Record>(taken_over).await {
        Ok(_) => Ok(true),
        Err(StoreError::Refused { .. }) => Err(busy()),
        Err(error) => Err(error.into()),
    }
}
