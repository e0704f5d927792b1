//! Signing in as a subscriber: by a code that is sent to the address, or by the link beside it (contract of SkillTracker,
//! section 4.6).
//!
//! Whoever reads what is sent to an address proves that it is theirs; so they become a subscriber by it if they were none,
//! and whoever had come by the address alone is out. An address that nobody has proved yet opens no account that has
//! another way in, for whoever uses that may be somebody else.
//!
//! Asking for a code and trying one have the same answers and take the same calls whether anybody has the address or not.

use std::borrow::Cow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use futures_util::future::{join3, try_join};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::codes::{self, Shown};
use shared::auth::entry::{self, Entered};
use shared::auth::limits::{self, Attempt};
use shared::auth::{Client, second_factor, secrets};
use shared::coding::subscriber::Subscriber;
use shared::error::Kind;
use shared::events::{Event, happened};
use shared::http::describe::{Describe, Operation};
use shared::http::notice::{Form, Notice, SecondFactorPage, show};
use shared::http::{Body, Html, Query, SetCookies};
use shared::ids::MemberId;
use shared::model::account::{Account, EmailHeld};
use shared::model::code::SignInCode;
use shared::model::name::Email;
use shared::model::profile::Profile;
use shared::model::subscription::Subscription;
use shared::store::{Write, keys};
use shared::{App, Result};

use crate::views::session_cookie;

/// Codes per address in [`WINDOW`].
const CODES: u32 = 3;
const WINDOW: Duration = Duration::minutes(15);
/// Letters per client and hour, whomever they are for.
const LETTERS_PER_CLIENT: u32 = 20;
/// Under what name wrong codes are counted, apart from wrong passwords.
const GUESSES: &str = "sign-in-code";
/// Where the link leads, and the button there.
const PAGE: &str = "/v1/subscription/sign-in";

/// What came of giving an address.
pub enum Came {
    /// They are signed in.
    In(Box<Entered>, Subscriber),
    /// A code was sent, if somebody has the address.
    WithCodeSent,
    /// There were enough codes for now.
    TooOften,
    /// They are not, and hear why.
    Not(Cow<'static, str>),
}

/// Signs in whoever has the code that was sent to their address; without one, sends it.
pub async fn come(app: &App, client: &Client, email: &str, code: Option<&str>, second: Option<&str>) -> Result<Came> {
    let Ok(email) = Email::parse(email.trim()) else { return Ok(Came::Not("Enter a valid email address.".into())) };
    match code {
        Some(code) => by_digits(app, client, &email, code, second).await,
        None if app.config.immediate_subscriber_login => at_once(app, client, &email).await,
        None => ask(app, client, &email).await,
    }
}

/// Has a code sent.
async fn ask(app: &App, client: &Client, email: &Email) -> Result<Came> {
    let folded = email.folded();
    let (by_client, by_address, held) = join3(
        limits::take(app, "letters", &client.address, LETTERS_PER_CLIENT, Duration::hours(1)),
        limits::take(app, "sign-in-code", &folded, CODES, WINDOW),
        app.table.get::<EmailHeld>(keys::email(&folded)),
    )
    .await;
    for counted in [by_client, by_address] {
        match counted {
            Err(error) if error.kind == Kind::TooMany => return Ok(Came::TooOften),
            counted => counted?,
        };
    }
    // Written for unknown addresses, too: the two must not differ in what they take.
    let member = held?.map(|held| held.member);
    app.table.together(vec![happened(app, Event::SignInCodeAsked { member })?]).await?;
    Ok(Came::WithCodeSent)
}

/// Signs in whoever gives a subscriber's address, where the operator wants it so. Accounts that have anything to protect
/// them take a code all the same.
async fn at_once(app: &App, client: &Client, email: &Email) -> Result<Came> {
    let unknown = || Ok(Came::Not("Email not found. Please subscribe first.".into()));
    let Some(EmailHeld { member, .. }) = app.table.get(keys::email(&email.folded())).await? else { return unknown() };
    let (found, subscriber) = try_join(
        app.table.get_two::<Account, Profile>(keys::account(member), keys::profile(member)),
        Subscriber::of(app, member),
    )
    .await?;
    let ((Some(account), profile), Some(subscriber)) = (found, subscriber) else { return unknown() };
    let open = entry::is_by_letters_alone(&account, profile.as_ref()) && account.role.is_none();
    if !account.is_usable() || account.second_factor || !open {
        return ask(app, client, email).await;
    }
    let proof = second_factor::demand(app, &account, None).await?;
    let profile = profile.unwrap_or_else(|| Profile::new(member));
    match entry::enter(app, client, account, profile, proof).await? {
        Some(entered) => Ok(Came::In(Box::new(entered), subscriber)),
        None => unknown(),
    }
}

async fn by_digits(app: &App, client: &Client, email: &Email, typed: &str, second: Option<&str>) -> Result<Came> {
    let folded = email.folded();
    let holder = app.table.get::<EmailHeld>(keys::email(&folded)).await?.map(|held| held.member);
    // Counted before the code is looked at; and the same reads for an address that nobody has: no member has the id 0.
    let (attempt, theirs) = tokio::join!(
        limits::login(app, holder, &folded, Some(GUESSES), &client.address),
        Theirs::of(app, holder.unwrap_or(MemberId(0))),
    );
    let attempt = match attempt {
        Err(error) if error.kind == Kind::TooMany => {
            return Ok(Came::Not("Too many wrong codes. Try again later.".into()));
        }
        attempt => attempt?,
    };
    match theirs?.enter(app, client, &Shown::Digits(typed.trim()), second, Some(&attempt)).await {
        Ok(Some((entered, subscriber))) => {
            attempt.succeeded(app).await?;
            Ok(Came::In(entered, subscriber))
        }
        Ok(None) => Ok(Came::Not("This code is not right, or not any more.".into())),
        // The code stays good until the other half comes with it.
        Err(error) if second_factor::is_half(&error) || error.kind == Kind::TooMany => {
            Ok(Came::Not(error.message.clone()))
        }
        Err(error) => Err(error),
    }
}

/// What is kept of somebody who wants to sign in.
struct Theirs {
    account: Option<Account>,
    profile: Option<Profile>,
    code: Option<SignInCode>,
    subscriber: Option<Subscriber>,
}

impl Theirs {
    /// Reads it. One round trip.
    async fn of(app: &App, member: MemberId) -> Result<Theirs> {
        let (found, subscriber) = try_join(
            app.table.get_three(keys::account(member), keys::profile(member), keys::sign_in_code(member)),
            Subscriber::of(app, member),
        )
        .await?;
        let (account, profile, code) = found;
        Ok(Theirs { account, profile, code, subscriber })
    }

    /// Signs them in if this is their code; `None` if it is not. What was counted as a failure is forgotten.
    async fn enter(
        self,
        app: &App,
        client: &Client,
        shown: &Shown<'_>,
        second: Option<&str>,
        attempt: Option<&Attempt>,
    ) -> Result<Option<(Box<Entered>, Subscriber)>> {
        let Theirs { account, profile, code, subscriber } = self;
        let (Some(account), Some(code)) = (account, code) else { return Ok(None) };
        let Some(use_up) = codes::use_up_digits(app, &account, &code, shown) else { return Ok(None) };
        if !entry::opens_by_letter(&account, profile.as_ref()) {
            return Ok(None);
        }
        let mut proof = second_factor::demand(app, &account, second).await?.with(use_up).of_address(&code.email);
        if let Some(attempt) = attempt {
            proof = proof.with(attempt.forget());
        }
        let member = account.id;
        let subscriber = match subscriber {
            Some(subscriber) => subscriber,
            None => {
                let subscription = Subscription::new(member, app.clock.now());
                proof = proof.with(Write::create(&subscription)?);
                Subscriber { subscription, profiles: Vec::new() }
            }
        };
        let profile = profile.unwrap_or_else(|| Profile::new(member));
        let entered = entry::enter(app, client, account, profile, proof).await?;
        Ok(entered.map(|entered| (Box::new(entered), subscriber)))
    }
}

/// What the link in the letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The code from the letter.
    #[serde(default)]
    code: String,
}

/// Shows a page with a button. Opening the link uses nothing up: programs that look into letters open links, too.
pub async fn page(Query(Code { code }): Query<Code>) -> Result<Html> {
    let form = Form { action: PAGE, code: &code, button: "Sign in" };
    Notice { title: "Welcome back", text: "Press the button, and you are signed in.", form: Some(form) }.show()
}

/// What the letter brought, and the second factor of whoever has one.
#[derive(Deserialize, JsonSchema)]
pub struct Codes {
    /// The code from the letter.
    #[serde(default)]
    code: String,
    /// A code from the authenticator, or one for recovery.
    #[serde(default)]
    second_factor: Option<String>,
}

/// A page, and the cookies of whoever was signed in by it.
pub struct Entrance(Option<SetCookies>, Html);

impl IntoResponse for Entrance {
    fn into_response(self) -> Response {
        match self {
            Entrance(Some(cookies), page) => (cookies, page).into_response(),
            Entrance(None, page) => page.into_response(),
        }
    }
}

impl Describe for Entrance {
    fn describe(operation: &mut Operation<'_>) {
        <(SetCookies, Html)>::describe(operation);
    }
}

/// Signs in whoever has the link from the letter. Where the member has a second factor, the link stays good until that
/// is shown along with it.
pub async fn by_link(
    client: Client,
    State(app): State<App>,
    Body(Codes { code, second_factor: second }): Body<Codes>,
) -> Result<Entrance> {
    let entered = match secrets::read(&code) {
        Some((member, secret)) => {
            let theirs = Theirs::of(&app, member).await?;
            theirs.enter(&app, &client, &Shown::Link(&secret), second.as_deref(), None).await
        }
        None => Ok(None),
    };
    match entered {
        Ok(Some((entered, _))) => {
            let cookies = vec![session_cookie(&app, &entered.ticket), client.remember(&app, entered.account.id)];
            let text = "You are signed in. You can close this page.";
            Ok(Entrance(Some(SetCookies(cookies)), Notice { title: "Signed in", text, form: None }.show()?))
        }
        Ok(None) => {
            let text = "This link is no longer valid. Ask for a new one.";
            Ok(Entrance(None, Notice { title: "Too late", text, form: None }.show()?))
        }
        Err(error) if second_factor::is_half(&error) => {
            let problem = second.as_ref().map(|_| error.message.as_ref());
            Ok(Entrance(None, show(&SecondFactorPage { action: PAGE, code: &code, problem })?))
        }
        Err(error) => Err(error),
    }
}
