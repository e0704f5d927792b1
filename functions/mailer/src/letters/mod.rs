//! The letters: one function each, with its subject, text and HTML beside it.

use askama::Template;
use shared::events::{Event, Happened};
use shared::ids::MemberId;
use shared::mail::Letter;
use shared::model::account::Account;
use shared::model::link;
use shared::model::name::Email;
use shared::store::keys;
use shared::{App, Error, Result};

/// The letter that an event calls for, if it does and if there is somebody to send it to.
pub async fn about(app: &App, happened: &Happened) -> Result<Option<Letter>> {
    match happened.event {
        Event::EmailChanged { member } => confirm_address(app, member).await,
        Event::EmailConfirmed { member } => welcome(app, member).await,
        Event::NameLocked { member: Some(member) } => name_locked(app, member).await,
        Event::PasswordChanged { member } => password_changed(app, member).await,
        _ => Ok(None),
    }
}

/// Renders the three parts of a letter from the same values.
macro_rules! letter {
    ($subject:tt, $text:tt, $page:tt, $($field:ident),*) => {{
        #[derive(Template)]
        #[template(path = $subject)]
        struct Subject;
        #[derive(Template)]
        #[template(path = $text)]
        struct Text<'a> { $($field: &'a str),* }
        #[derive(Template)]
        #[template(path = $page)]
        struct Page<'a> { $($field: &'a str),* }
        Parts {
            subject: Subject.render(),
            text: Text { $($field: &$field),* }.render(),
            html: Page { $($field: &$field),* }.render(),
        }
    }};
}

/// The parts of a letter as their templates gave them.
struct Parts {
    subject: askama::Result<String>,
    text: askama::Result<String>,
    html: askama::Result<String>,
}

fn written(to: Email, Parts { subject, text, html }: Parts) -> Result<Option<Letter>> {
    let broken = |cause| Error::internal("A letter could not be written.", cause);
    let subject = subject.map_err(broken)?.trim().to_owned();
    Ok(Some(Letter { to, subject, text: text.map_err(broken)?, html: html.map_err(broken)? }))
}

/// Asks whether an address is the member's own. The only letter to an address that is not confirmed.
async fn confirm_address(app: &App, member: MemberId) -> Result<Option<Letter>> {
    let Some(account) = account(app, member).await? else { return Ok(None) };
    let Some(email) = account.email.filter(|_| !account.email_confirmed) else { return Ok(None) };
    let (name, link) = (account.username.as_str(), link::confirm_email(app, member, &email));
    written(
        email,
        letter!("confirm_address/subject.txt", "confirm_address/body.txt", "confirm_address/body.html", name, link),
    )
}

/// Welcomes a member whom letters reach now.
async fn welcome(app: &App, member: MemberId) -> Result<Option<Letter>> {
    let Some((account, email)) = reachable(app, member).await? else { return Ok(None) };
    let (name, home) = (account.username.as_str(), &app.config.public_url);
    written(email, letter!("welcome/subject.txt", "welcome/body.txt", "welcome/body.html", name, home))
}

/// Tells a member that somebody guessed at their password.
async fn name_locked(app: &App, member: MemberId) -> Result<Option<Letter>> {
    let Some((account, email)) = reachable(app, member).await? else { return Ok(None) };
    let name = account.username.as_str();
    written(email, letter!("name_locked/subject.txt", "name_locked/body.txt", "name_locked/body.html", name))
}

/// Tells a member that their password is another now.
async fn password_changed(app: &App, member: MemberId) -> Result<Option<Letter>> {
    let Some((account, email)) = reachable(app, member).await? else { return Ok(None) };
    let name = account.username.as_str();
    written(
        email,
        letter!("password_changed/subject.txt", "password_changed/body.txt", "password_changed/body.html", name),
    )
}

async fn account(app: &App, member: MemberId) -> Result<Option<Account>> {
    app.table.get(keys::account(member)).await
}

/// A member with an address that is known to be theirs.
async fn reachable(app: &App, member: MemberId) -> Result<Option<(Account, Email)>> {
    let account = account(app, member).await?.filter(|account| account.email_confirmed);
    Ok(account.and_then(|account| account.email.clone().map(|email| (account, email))))
}
