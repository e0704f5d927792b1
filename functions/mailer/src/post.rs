//! The post: hands letters to SES, each once however often its event arrives ([`shared::mail`]).

use chrono::Duration;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;
use shared::events::Happened;
use shared::ids::MemberId;
use shared::mail::{self, About, Letter};
use shared::{App, Error, Result};

/// How long a claim holds: longer than the function may run.
const CLAIMED_FOR: Duration = Duration::seconds(60);

/// The post office.
#[derive(Clone, Default)]
pub struct Post(mail::Post);

impl Post {
    /// Sends a member the letter about what happened, unless that was done before. It is written only once it is clear
    /// that it goes out.
    pub async fn send_once(
        &self,
        app: &App,
        happened: &Happened,
        member: MemberId,
        letter: impl Future<Output = Result<Letter>>,
    ) -> Result<()> {
        let about = About { letter: happened.id.to_string(), event: happened.event.name(), member };
        let send = async {
            let letter = letter.await?;
            match &letter.stop {
                Some(stop) => self.0.send_raw(app, &letter.to, with_a_way_out(app, &letter, stop)?).await,
                None => self.0.send(app, letter).await,
            }
        };
        mail::once(app, &about, CLAIMED_FOR, send).await
    }
}

/// The letter with the headers by which its reader's program offers to stop letters of its kind (RFC 8058), for which
/// SES has no words.
fn with_a_way_out(app: &App, letter: &Letter, stop: &str) -> Result<Vec<u8>> {
    let (name, address) = mail::sender(&app.config.sender);
    let written = MessageBuilder::new()
        .from(Address::new_address(name, address))
        .to(letter.to.as_str())
        .subject(&*letter.subject)
        .date(app.clock.now().timestamp())
        .header("List-Unsubscribe", Raw::new(format!("<{stop}>")))
        .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"))
        .text_body(&*letter.text)
        .html_body(&*letter.html)
        .write_to_vec();
    written.map_err(|cause| Error::internal("A letter could not be written.", cause))
}
