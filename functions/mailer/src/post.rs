//! The post: hands letters to SES, each once however often its event arrives ([`shared::mail`]).

use chrono::Duration;
use shared::events::Happened;
use shared::ids::MemberId;
use shared::mail::{self, About, Letter};
use shared::{App, Result};

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
        mail::once(app, &about, CLAIMED_FOR, async { self.0.send(app, letter.await?).await }).await
    }
}
