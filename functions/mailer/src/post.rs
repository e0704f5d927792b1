//! The post: hands letters to SES, each once however often its event arrives ([`shared::mail`]).

use chrono::Duration;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;
use shared::mail::{self, About, Letter};
use shared::{App, Error, Result};

/// How long a claim holds: longer than the function may run.
const CLAIMED_FOR: Duration = Duration::seconds(60);

/// The post office.
#[derive(Clone, Default)]
pub struct Post(mail::Post);

impl Post {
    /// Sends the letter about this, unless that was done before. It is written only once it is clear that it goes out.
    pub async fn send_once(
        &self,
        app: &App,
        about: &About,
        letter: impl Future<Output = Result<Letter>>,
    ) -> Result<()> {
        let send = async {
            let letter = letter.await?;
            if letter.stop.is_some() || !letter.pictures.is_empty() {
                return self.0.send_raw(app, &letter.to, written_out(app, &letter)?).await;
            }
            self.0.send(app, letter).await
        };
        mail::once(app, about, CLAIMED_FOR, send).await
    }
}

/// The letter with what SES has no words for: the headers by which its reader's program offers to stop letters of its
/// kind (RFC 8058), and the pictures that its page shows (RFC 2387).
fn written_out(app: &App, letter: &Letter) -> Result<Vec<u8>> {
    let (name, address) = mail::sender(&app.config.sender);
    let mut message = MessageBuilder::new()
        .from(Address::new_address(name, address))
        .to(letter.to.as_str())
        .subject(&*letter.subject)
        .date(app.clock.now().timestamp());
    if let Some(stop) = &letter.stop {
        message = message
            .header("List-Unsubscribe", Raw::new(format!("<{stop}>")))
            .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
    }
    let mut page = MimePart::new("text/html", &*letter.html);
    if !letter.pictures.is_empty() {
        let pictures =
            letter.pictures.iter().map(|picture| MimePart::new("image/png", &*picture.png).inline().cid(&*picture.id));
        page = MimePart::new("multipart/related", [page].into_iter().chain(pictures).collect::<Vec<_>>());
    }
    let text = MimePart::new("text/plain", &*letter.text);
    let written = message.body(MimePart::new("multipart/alternative", vec![text, page])).write_to_vec();
    written.map_err(|cause| Error::internal("A letter could not be written.", cause))
}
