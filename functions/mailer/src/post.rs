//! The post: hands letters to SES, each once however often its event arrives.
//!
//! A letter is claimed before it is sent and marked after. A message that comes twice finds the mark; one that
//! comes while another copy is being sent waits its turn in the queue. Only if a sender dies between SES's answer
//! and the mark can a letter go out twice, since no post office offers more.

use std::sync::{Arc, OnceLock};

use aws_sdk_ses::Client;
use aws_sdk_ses::config::BehaviorVersion;
use aws_sdk_ses::types::{Body, Content, Destination, Message};
use chrono::Duration;
use shared::events::Happened;
use shared::ids::MemberId;
use shared::model::letter::LetterRecord;
use shared::model::name::Email;
use shared::store::{Change, Condition, StoreError, Stored, keys};
use shared::{App, Error, Result};

/// How long a claim holds: longer than the function may run.
const CLAIMED_FOR: Duration = Duration::seconds(60);

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

/// The post office. Connects with the first letter.
#[derive(Clone, Default)]
pub struct Post(Arc<OnceLock<Client>>);

impl Post {
    /// Sends a member the letter about what happened, unless that was done before.
    pub async fn send_once(&self, app: &App, about: &Happened, member: MemberId, letter: Letter) -> Result<()> {
        let key = || keys::letter(member, &about.id.to_string());
        if !claim(app, about, member).await? {
            return Ok(());
        }
        match self.send(app, letter).await {
            Ok(()) => {
                app.table.change::<LetterRecord>(Change::of(key()).set("sent", true).remove("error")).await?;
                Ok(())
            }
            Err(NotSent(code)) => {
                // Let go at once, so that the next delivery need not wait for the claim to run out.
                let failed =
                    Change::of(key()).set("claimed_until", app.clock.now()).add("tries", 1).set("error", &code);
                app.table.change::<LetterRecord>(failed).await?;
                Err(Error::internal("A letter was not sent.", code))
            }
        }
    }

    async fn send(&self, app: &App, letter: Letter) -> Result<(), NotSent> {
        let content = |text: String| {
            let content = Content::builder().charset("UTF-8").data(text).build();
            content.map_err(|_| NotSent("not written".to_owned()))
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
        // SES quotes the address in its errors, and addresses stay out of logs and records.
        let code = |error| aws_sdk_ses::error::ProvideErrorMetadata::code(&error).unwrap_or("not reached").to_owned();
        sent.map(drop).map_err(|error| NotSent(code(error)))
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

/// Why a letter did not go out, in SES's word.
struct NotSent(String);

/// Whether the letter is ours to send; an error while somebody else is at it.
async fn claim(app: &App, about: &Happened, member: MemberId) -> Result<bool> {
    let now = app.clock.now();
    let record = LetterRecord {
        letter: about.id.to_string(),
        about: about.event.name().to_owned(),
        member,
        sent: false,
        tries: 0,
        error: None,
        claimed_until: now + CLAIMED_FOR,
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
