//! The post: hands letters to SES, each once however often its event arrives ([`shared::mail`]).

use chrono::Duration;
use shared::mail::{self, Letter};
use shared::{App, Result};

/// How long a claim holds: longer than the function may run.
const CLAIMED_FOR: Duration = Duration::seconds(60);

/// The post office.
#[derive(Clone, Default)]
pub struct Post(mail::Post);

impl Post {
    /// Sends the letter unless the one of this id was sent before. The id is made from what the letter is about; it is
    /// written only once it is clear that it goes out.
    pub async fn send_once(&self, app: &App, id: &str, letter: impl Future<Output = Result<Letter>>) -> Result<()> {
        mail::once(app, id, CLAIMED_FOR, async { self.0.send(app, letter.await?).await }).await
    }
}
