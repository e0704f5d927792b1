//! Letters on their way out: the post office, and how each goes out once however often its event arrives.
//!
//! A letter is claimed before it is sent and marked after. A message that comes twice finds the mark; one that
//! comes while another copy is being sent waits its turn in the queue. Only if a sender dies between SES's answer
//! and the mark can a letter go out twice, since no post office offers more.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use aws_sdk_ses::Client;
use aws_sdk_ses::config::BehaviorVersion;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::{Body, Content, Destination, Message, RawMessage};
use chrono::Duration;

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::model::letter::LetterRecord;
use crate::model::name::Email;
use crate::store::{Change, Condition, Key, StoreError, Stored, keys, pause};

/// How often it is tried to mark a letter, each time with every attempt that the table makes of it; and how long the
/// waits between are, as [`pause`] counts them: up to a second and more.
const MARKS: u32 = 4;
const FIRST_PAUSE: u32 = 5;

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
    /// Where its reader stops letters of its kind with one click, where that can be (RFC 8058).
    pub stop: Option<String>,
    /// The pictures that its HTML shows.
    pub pictures: Vec<Picture>,
}

/// A picture in a letter.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What the HTML calls it, after `cid:`.
    pub id: String,
    /// The picture, as a PNG.
    pub png: Vec<u8>,
}

/// What a letter is about; names it among its member's letters, or among those to no member.
pub struct About {
    /// Its id, made from what it is about.
    pub letter: String,
    /// The event that it tells of.
    pub event: &'static str,
    /// To whom; none stands for whoever runs the house.
    pub member: Option<MemberId>,
}

/// Sends a letter by `send`, unless the one about this was sent before. A claim holds for `claimed_for`, which is longer
/// than the function may run.
pub async fn once(
    app: &App,
    about: &About,
    claimed_for: Duration,
    send: impl Future<Output = Result<()>>,
) -> Result<()> {
    let key = || keys::letter(about.member, &about.letter);
    if !claim(app, about, claimed_for).await? {
        return Ok(());
    }
    if let Err(error) = send.await {
        // Let go at once, so that the next delivery need not wait for the claim to run out.
        let failed =
            Change::of(key()).set("claimed_until", app.clock.now()).add("tries", 1).set("error", error.cause());
        app.table.change::<LetterRecord>(failed).await?;
        return Err(error);
    }
    mark_sent(app, key()).await
}

/// Marks a letter that has gone out. Unmarked it would go out again, so this does not give up with the first failure.
async fn mark_sent(app: &App, key: Key) -> Result<()> {
    let sent = Change::of(key).set("sent", true).remove("error");
    for attempt in 1.. {
        match app.table.change::<LetterRecord>(sent.clone()).await {
            Ok(_) => break,
            Err(error) if attempt == MARKS => return Err(error.into()),
            Err(_) => pause(attempt + FIRST_PAUSE).await,
        }
    }
    Ok(())
}

/// Whether the letter is ours to send; an error while somebody else is at it.
async fn claim(app: &App, about: &About, claimed_for: Duration) -> Result<bool> {
    let now = app.clock.now();
    let record = LetterRecord {
        letter: about.letter.clone(),
        about: about.event.to_owned(),
        member: about.member,
        sent: false,
        tries: 0,
        error: None,
        claimed_until: now + claimed_for,
        written_at: now,
    };
    let found = match app.table.create(&record).await {
        Ok(()) => return Ok(true),
        Err(StoreError::Refused { found: Some(found), .. }) => found.read::<LetterRecord>()?,
        Err(error) => return Err(error.into()),
    };
    if found.sent {
        return Ok(false);
    }
    let busy = || Error::internal("A letter is being sent by another.", "claimed");
    if found.claimed_until > now {
        return Err(busy());
    }
    let taken_over = Change::of(record.key())
        .set("claimed_until", record.claimed_until)
        .when(Condition::equals("claimed_until", found.claimed_until).and(Condition::equals("sent", false)));
    match app.table.change::<LetterRecord>(taken_over).await {
        Ok(_) => Ok(true),
        Err(StoreError::Refused { .. }) => Err(busy()),
        Err(error) => Err(error.into()),
    }
}

/// The post office. Connects with the first letter.
#[derive(Clone, Default)]
pub struct Post(Arc<OnceLock<Client>>);

impl Post {
    /// Sends a letter of text and HTML.
    pub async fn send(&self, app: &App, letter: Letter) -> Result<()> {
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
        sent.map(drop).map_err(not_sent)
    }

    /// Sends a letter that is written out already, attachments and all (RFC 5322).
    pub async fn send_raw(&self, app: &App, to: &Email, letter: Vec<u8>) -> Result<()> {
        let message = RawMessage::builder().data(Blob::new(letter)).build();
        let message = message.map_err(|cause| Error::internal("A letter could not be written.", cause))?;
        let sent = self
            .client(app)
            .send_raw_email()
            .source(&app.config.sender)
            .destinations(to.as_str())
            .raw_message(message)
            .send()
            .await;
        sent.map(drop).map_err(not_sent)
    }

    fn client(&self, app: &App) -> &Client {
        self.0.get_or_init(|| {
            let aws = &app.config.aws;
            let mut config = aws_sdk_ses::Config::builder()
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

/// The name and the address of a sender: of `hall@example.org`, or of `Guildhall <hall@example.org>`.
pub fn sender(configured: &str) -> (Option<&str>, &str) {
    match configured.trim().strip_suffix('>').and_then(|named| named.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"')), address),
        None => (None, configured.trim()),
    }
}

/// SES quotes the address in its errors, and addresses stay out of the log.
fn not_sent<E: ProvideErrorMetadata>(error: SdkError<E>) -> Error {
    let code = error.code().unwrap_or("not reached");
    Error::internal("A letter was not sent.", code.to_owned())
}
