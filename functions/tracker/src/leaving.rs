//! Unsubscribing. Whoever has no other way in than letters was here as a subscriber only, and is gone altogether; others
//! keep their account.

use axum::extract::State;
use chrono::Duration;
use futures_util::future::{join3, try_join};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Client, codes, entry, limits, sessions};
use shared::coding::subscriber::Subscriber;
use shared::events::{Event, happened};
use shared::http::notice::{Form, Notice};
use shared::http::{Body, Field, Html, Json, Query, SetCookies};
use shared::model::account::{Account, EmailHeld};
use shared::model::code::Purpose;
use shared::model::name::Email;
use shared::store::{StoreError, Write, keys};
use shared::{App, Error, Result, leaving, profile};

use crate::caller::Visitor;
use crate::views::{StatusView, no_session_cookie};

/// Letters per client, and per address, and hour.
const LETTERS_PER_CLIENT: u32 = 20;
const LETTERS: u32 = 5;
/// Their group may be counted anew at the same moment.
const TRIES: u32 = 8;
/// Where the link in the letter leads, and the button there.
const PAGE: &str = "/v1/subscription/end";

/// Who leaves, where that is not whoever is signed in.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Farewell {
    email: Field<String>,
}

/// Ends the subscription of whoever is signed in. Others get a letter with a link that does it, if somebody has the address
/// that they give; which is not told.
pub async fn unsubscribe(
    Visitor { member, subscriber }: Visitor,
    client: Client,
    State(app): State<App>,
    Body(Farewell { email }): Body<Farewell>,
) -> Result<(SetCookies, Json<StatusView>)> {
    let not_found = || Error::not_found().coded("not found");
    if let (Some(member), Some(_)) = (&member, subscriber) {
        if !end(&app, &member.account, Some(&member.session.id), &[]).await? {
            return Err(not_found());
        }
        return Ok((SetCookies(vec![no_session_cookie(&app)]), Json(StatusView { status: "unsubscribed" })));
    }
    let email = email.value().map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
    let email = match (email, member) {
        (Some(email), _) => email,
        (None, Some(_)) => return Err(not_found()),
        (None, None) => return Err(Error::invalid("email required", "")),
    };
    let invalid = |_| Error::invalid_field("email", "Enter a valid email address.");
    ask(&app, &client, &Email::parse(&email).map_err(invalid)?).await?;
    Ok((SetCookies(vec![]), Json(StatusView { status: "confirmation_sent" })))
}

/// Has the letter sent.
async fn ask(app: &App, client: &Client, email: &Email) -> Result<()> {
    let (hour, folded) = (Duration::hours(1), email.folded());
    let (by_client, by_address, held) = join3(
        limits::take(app, "letters", &client.address, LETTERS_PER_CLIENT, hour),
        limits::take(app, "letter", &folded, LETTERS, hour),
        app.table.get::<EmailHeld>(keys::email(&folded)),
    )
    .await;
    by_client?;
    by_address?;
    // Written for unknown addresses, too: the two must not differ in what they take.
    let member = held?.map(|held| held.member);
    Ok(app.table.together(vec![happened(app, Event::UnsubscribeAsked { member })?]).await?)
}

/// Ends a member's subscription, and with it the session that they called with, or the whole account; `false` if they are
/// no subscriber. `also` are writes that belong in the same transaction.
async fn end(app: &App, account: &Account, session: Option<&str>, also: &[Write]) -> Result<bool> {
    let member = account.id;
    for attempt in 0..TRIES {
        if attempt > 0 {
            shared::store::pause(attempt).await;
        }
        let (subscriber, profile) = try_join(Subscriber::of(app, member), profile::of(app, member)).await?;
        let Some(subscriber) = subscriber else { return Ok(false) };
        let writes = subscriber.ended(app).await?.into_iter().chain(also.iter().cloned());
        let ended = match session {
            _ if entry::is_by_letters_alone(account, Some(&profile)) => leaving::delete(app, account, writes).await,
            Some(session) => sessions::end(app, member, session, writes).await.map(drop),
            None => match app.table.together(writes.collect()).await {
                Ok(()) => Ok(()),
                Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
                Err(error) => Err(error.into()),
            },
        };
        match ended {
            Ok(()) => return Ok(true),
            Err(error) if error.code == Error::changed_meanwhile().code => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::changed_meanwhile())
}

/// What the link in the letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The code from the letter.
    #[serde(default)]
    code: String,
}

/// Shows a page with a button. Opening the link ends nothing: programs that look into letters open links, too.
pub async fn page(Query(Code { code }): Query<Code>) -> Result<Html> {
    let form = Form { action: PAGE, code: &code, button: "Unsubscribe" };
    let text =
        "Your profiles, your group and your reports will be gone. If you have no password here, so will your account.";
    Notice { title: "Unsubscribe?", text, form: Some(form) }.show()
}

/// Ends the subscription of whoever has the link from the letter.
pub async fn by_link(State(app): State<App>, Body(Code { code }): Body<Code>) -> Result<Html> {
    let ended = match codes::look_up(&app, Purpose::Unsubscribe, &code).await? {
        Ok((code, account)) => end(&app, &account, None, &[codes::use_up(&code)]).await?,
        Err(_) => false,
    };
    if ended {
        let text = "You are no subscriber any more. You can close this page.";
        return Notice { title: "Unsubscribed", text, form: None }.show();
    }
    Notice { title: "Too late", text: "This link is no longer valid.", form: None }.show()
}
