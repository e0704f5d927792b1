//! The letters: who gets which when something happens, and how each reads, with its subject, text and HTML beside it.

use askama::Template;
use shared::auth::{codes, entry};
use shared::boards;
use shared::events::{Event, Happened};
use shared::ids::MemberId;
use shared::mail::Letter;
use shared::model::account::Account;
use shared::model::code::Purpose;
use shared::model::name::Email;
use shared::model::notice::Digest;
use shared::model::profile::Profile;
use shared::model::subscription::Subscription;
use shared::stopping::{self, Letters, Sort};
use shared::store::keys;
use shared::{App, Error, Result, notices};

/// A letter that is called for, not written yet: what is in it may be good for one letter only.
pub struct Draft {
    kind: Kind,
    account: Account,
    to: Email,
    event: Event,
    /// What a digest tells.
    news: Vec<String>,
}

/// Which letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Asks whether an address is the member's own.
    ConfirmAddress,
    /// Welcomes a member whom letters reach now.
    Welcome,
    /// Tells a member that somebody guessed at their password.
    NameLocked,
    /// Tells a member that their password is another now.
    PasswordChanged,
    /// Tells a member that their second factor is on.
    SecondFactorOn,
    /// Tells a member that it is off.
    SecondFactorOff,
    /// Tells a member that they finished among the first three of a board.
    BoardWon,
    /// Tells a member what is new, who asked to be told.
    Digest,
    /// Brings a link to set a new password.
    ResetPassword,
    /// Brings a link to sign in with.
    SignInLink,
    /// Brings a code to sign in with, and a link that does the same.
    SignInCode,
    /// Brings a link that ends a subscription.
    EndSubscription,
}

/// The letter that an event calls for, if it does and if there is somebody to send it to.
pub async fn about(app: &App, happened: &Happened) -> Result<Option<Draft>> {
    let (kind, member) = match happened.event {
        Event::EmailChanged { member } | Event::ConfirmationAsked { member: Some(member) } => {
            (Kind::ConfirmAddress, member)
        }
        Event::EmailConfirmed { member } => (Kind::Welcome, member),
        Event::NameLocked { member: Some(member) } => (Kind::NameLocked, member),
        Event::PasswordChanged { member } => (Kind::PasswordChanged, member),
        Event::SecondFactorAdded { member } => (Kind::SecondFactorOn, member),
        Event::SecondFactorRemoved { member } => (Kind::SecondFactorOff, member),
        Event::BoardWon { member, .. } => (Kind::BoardWon, member),
        Event::DigestDue { member, .. } => (Kind::Digest, member),
        Event::PasswordResetAsked { member: Some(member) } => (Kind::ResetPassword, member),
        Event::SignInLinkAsked { member: Some(member) } => (Kind::SignInLink, member),
        Event::SignInCodeAsked { member: Some(member) } => (Kind::SignInCode, member),
        Event::UnsubscribeAsked { member: Some(member) } => (Kind::EndSubscription, member),
        _ => return Ok(None),
    };
    let Some(account) = account(app, member).await? else { return Ok(None) };
    let Some(to) = account.email.clone() else { return Ok(None) };
    let kind = match kind {
        // Whoever has another way in has to say first that the address is theirs.
        Kind::SignInCode if !entry::opens_by_letter(&account, profile(app, member).await?.as_ref()) => {
            Kind::ConfirmAddress
        }
        kind => kind,
    };
    let goes = match kind {
        Kind::ConfirmAddress => !account.email_confirmed,
        Kind::BoardWon | Kind::Digest => account.email_confirmed && account.is_usable(),
        Kind::Welcome | Kind::NameLocked | Kind::PasswordChanged | Kind::SecondFactorOn | Kind::SecondFactorOff => {
            account.email_confirmed
        }
        // Whoever can read it proves by that that the address is theirs.
        Kind::ResetPassword | Kind::SignInLink | Kind::SignInCode => account.is_usable(),
        Kind::EndSubscription => {
            account.is_usable() && app.table.get::<Subscription>(keys::subscription(member)).await?.is_some()
        }
    };
    let news = match happened.event {
        Event::DigestDue { member, after, up_to } if goes => {
            match app.table.get::<Digest>(keys::wants_digest(member)).await? {
                Some(_) => notices::news(app, member, after, up_to).await?,
                None => return Ok(None),
            }
        }
        _ => Vec::new(),
    };
    // What was new has been seen, or undone.
    let goes = goes && (kind != Kind::Digest || !news.is_empty());
    Ok(goes.then(|| Draft { kind, account, to, event: happened.event.clone(), news }))
}

/// What is new for a member.
#[derive(Template)]
#[template(path = "digest/body.txt")]
struct DigestText<'a> {
    name: &'a str,
    home: &'a str,
    stop: &'a str,
    news: &'a [String],
}

#[derive(Template)]
#[template(path = "digest/body.html")]
struct DigestPage<'a> {
    name: &'a str,
    home: &'a str,
    stop: &'a str,
    news: &'a [String],
}

/// Renders the three parts of a letter from the same values.
macro_rules! letter {
    ($subject:literal, $text:literal, $page:literal, $($field:ident),*) => {{
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

impl Draft {
    /// Writes it, with a new code where it brings one.
    pub async fn write(self, app: &App) -> Result<Letter> {
        let (name, home) = (self.account.username.as_str(), app.config.public_url.as_str());
        let stop = (self.kind == Kind::Digest)
            .then(|| stopping::link(app, Letters { member: self.account.id, sort: Sort::Digest }));
        let code = async |purpose| codes::issue(app, &self.account, purpose, &self.to).await;
        let Parts { subject, text, html } = match self.kind {
            Kind::ConfirmAddress => {
                let link = format!("{home}/v1/email/confirm?code={}", code(Purpose::ConfirmEmail).await?);
                letter!(
                    "confirm_address/subject.txt",
                    "confirm_address/body.txt",
                    "confirm_address/body.html",
                    name,
                    link
                )
            }
            Kind::Welcome => letter!("welcome/subject.txt", "welcome/body.txt", "welcome/body.html", name, home),
            Kind::NameLocked => {
                letter!("name_locked/subject.txt", "name_locked/body.txt", "name_locked/body.html", name)
            }
            Kind::PasswordChanged => {
                letter!("password_changed/subject.txt", "password_changed/body.txt", "password_changed/body.html", name)
            }
            Kind::SecondFactorOn => {
                letter!("second_factor_on/subject.txt", "second_factor_on/body.txt", "second_factor_on/body.html", name)
            }
            Kind::SecondFactorOff => {
                letter!(
                    "second_factor_off/subject.txt",
                    "second_factor_off/body.txt",
                    "second_factor_off/body.html",
                    name
                )
            }
            Kind::BoardWon => {
                let (rank, board, period, score) = of_board(&self.event);
                letter!(
                    "board_won/subject.txt",
                    "board_won/body.txt",
                    "board_won/body.html",
                    name,
                    home,
                    rank,
                    board,
                    period,
                    score
                )
            }
            Kind::Digest => {
                let (stop, news) = (stop.as_deref().unwrap_or_default(), &self.news[..]);
                Parts {
                    subject: Ok("What is new for you".to_owned()),
                    text: DigestText { name, home, stop, news }.render(),
                    html: DigestPage { name, home, stop, news }.render(),
                }
            }
            Kind::ResetPassword => {
                let link = format!("{home}/reset-password/{}", code(Purpose::ResetPassword).await?);
                letter!("reset_password/subject.txt", "reset_password/body.txt", "reset_password/body.html", name, link)
            }
            Kind::SignInLink => {
                let link = format!("{home}/v1/sign-in?code={}", code(Purpose::SignIn).await?);
                letter!("sign_in_link/subject.txt", "sign_in_link/body.txt", "sign_in_link/body.html", name, link)
            }
            Kind::SignInCode => {
                let (digits, code) = codes::issue_digits(app, &self.account, &self.to).await?;
                let link = format!("{home}/v1/subscription/sign-in?code={code}");
                letter!("sign_in_code/subject.txt", "sign_in_code/body.txt", "sign_in_code/body.html", digits, link)
            }
            Kind::EndSubscription => {
                let link = format!("{home}/v1/subscription/end?code={}", code(Purpose::Unsubscribe).await?);
                letter!("end_subscription/subject.txt", "end_subscription/body.txt", "end_subscription/body.html", link)
            }
        };
        let broken = |cause| Error::internal("A letter could not be written.", cause);
        let subject = subject.map_err(broken)?.trim().to_owned();
        let (text, html) = (text.map_err(broken)?, html.map_err(broken)?);
        Ok(Letter { to: self.to.clone(), subject, text, html, stop, pictures: Vec::new() })
    }
}

/// How a letter says which rank that is, on which board, in which period, with how many points.
fn of_board(event: &Event) -> (&'static str, &'static str, String, String) {
    let Event::BoardWon { board, rank, score, .. } = event else { return Default::default() };
    let rank = match rank {
        1 => "first",
        2 => "second",
        _ => "third",
    };
    let name = match board.name.as_str() {
        boards::TRAINING => " in training",
        boards::XP => " in experience",
        boards::SWAPS => " in skill swaps",
        boards::REVIEWS => " in reviews",
        _ => "",
    };
    (rank, name, board.period.in_words(), score.to_string())
}

async fn profile(app: &App, member: MemberId) -> Result<Option<Profile>> {
    app.table.get(keys::profile(member)).await
}

async fn account(app: &App, member: MemberId) -> Result<Option<Account>> {
    app.table.get(keys::account(member)).await
}
