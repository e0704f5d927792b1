//! The exporter: everything that is kept about a member, in one archive, to the address that is known to be theirs.
//!
//! [`data`] lists what is collected, [`archive`] packs it, [`letter`] writes to the member. A small archive comes with
//! the letter; a large one stays in the bucket for a week, and the letter has a link to it.

pub mod archive;
pub mod data;
pub mod letter;

use bytes::Bytes;
use chrono::Duration;
use shared::events::{Event, Happened};
use shared::ids::{ExportId, MemberId};
use shared::lambda::Function;
use shared::mail::{self, About, Post};
use shared::media::File;
use shared::model::account::Account;
use shared::model::export::{self, DataRequest};
use shared::model::name::Email;
use shared::queue::{self, Batch};
use shared::store::{Condition, StoreError, keys};
use shared::{App, Result};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["BOARDS_TABLE", "TABLE", "BUCKET", "PUBLIC_URL", "SIGNING_SECRET", "SENDER"];

/// How long a claim holds: longer than the function may run.
const CLAIMED_FOR: Duration = Duration::seconds(180);
/// The largest letter that takes the archive along. SES takes 10 MB; many a mailbox takes less.
const LARGEST_LETTER: usize = 7_000_000;

/// The function.
pub fn function(app: App) -> Function {
    let post = Post::default();
    Function::event(app, move |app, batch: Batch| {
        let post = post.clone();
        async move { Ok(queue::each(&app, batch, |app, happened| follow_up(app, post.clone(), happened)).await) }
    })
}

async fn follow_up(app: App, post: Post, happened: Happened) -> Result<()> {
    match happened.event {
        Event::PersonalDataAsked { member, request } => answer(&app, &post, member, request).await,
        // The template's rule sends nothing else here; what it does send by mistake needs nothing done.
        _ => Ok(()),
    }
}

/// Answers a request that is still open, and closes it.
async fn answer(app: &App, post: &Post, member: MemberId, request: ExportId) -> Result<()> {
    let Some(open) = open_request(app, member, request).await? else { return Ok(()) };
    let account = app.table.get::<Account>(keys::account(member)).await?;
    let reachable = account.filter(|account| account.is_usable() && account.email_confirmed);
    if let Some((account, email)) = reachable.and_then(|account| account.email.clone().map(|email| (account, email))) {
        let about =
            About { letter: format!("personal-data-{request}"), event: "PersonalDataAsked", member: Some(member) };
        mail::once(app, &about, CLAIMED_FOR, send(app, post, &open, &account, &email)).await?;
    }
    close(app, &open).await
}

/// The request, unless it was answered, ran out, or went with its member.
async fn open_request(app: &App, member: MemberId, request: ExportId) -> Result<Option<DataRequest>> {
    let open = app.table.get::<DataRequest>(keys::data_request(member)).await?;
    Ok(open.filter(|open| open.request == request))
}

async fn close(app: &App, open: &DataRequest) -> Result<()> {
    let same = Condition::equals("request", open.request);
    match app.table.delete(keys::data_request(open.member), same).await {
        // Closed already, and perhaps another one opened since.
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn send(app: &App, post: &Post, open: &DataRequest, account: &Account, email: &Email) -> Result<()> {
    let data::Everything { json, files } = data::collect(app, account).await?;
    // Packing takes a while; other requests of a local server should not wait for it.
    let archive = archive::pack(json, files).await?;
    let name = account.username.as_str();
    let letter = letter::with_archive(app, email, name, &archive)?;
    let (letter, kept) = if letter.len() <= LARGEST_LETTER {
        (letter, None)
    } else {
        let file = export::file_name(app, open);
        app.media.put(&file, File { bytes: Bytes::from(archive), content_type: "application/zip".to_owned() }).await?;
        (letter::with_link(app, email, name, &export::link(app, &file))?, Some(file))
    };
    // Whoever left in the meantime gets no letter, and nothing of theirs stays.
    if open_request(app, open.member, open.request).await?.is_none() {
        return match kept {
            Some(file) => app.media.delete(&file).await,
            None => Ok(()),
        };
    }
    post.send_raw(app, email, letter).await
}
