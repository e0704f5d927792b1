//! The first page: who one is, signing in, and asking for a report.

use std::borrow::Cow;

use axum::extract::State;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::entry::{self, Entered};
use shared::auth::{Client, Viewer};
use shared::coding::subscriber::Subscriber;
use shared::http::{Body, Field, Json, SetCookies, cookies};
use shared::model::account::Account;
use shared::{App, Result};

use crate::caller::Visitor;
use crate::reports::{self, Queued};
use crate::sign_in::{self, Came};
use crate::views::{ProfileView, StatusView, SubscriberView, cookie_name, no_session_cookie, session_cookie};

/// Who one is, and what came of what one asked for.
#[derive(Serialize, JsonSchema)]
pub struct HomeView {
    /// Null for whoever is not signed in, or no subscriber.
    subscriber: Option<SubscriberView>,
    platforms: Vec<ProfileView>,
    /// Why one was not signed in.
    email_error: Option<Cow<'static, str>>,
    messages: Vec<&'static str>,
}

impl HomeView {
    fn of(account: Option<&Account>, subscriber: Option<&Subscriber>) -> HomeView {
        let known = account.zip(subscriber);
        HomeView {
            subscriber: known.map(|(account, subscriber)| SubscriberView::of(account, &subscriber.subscription)),
            platforms: known
                .map(|(_, known)| known.profiles.iter().map(ProfileView::from).collect())
                .unwrap_or_default(),
            email_error: None,
            messages: Vec::new(),
        }
    }
}

/// Shows anyone who they are. A cookie that is good for nothing is taken away.
pub async fn show(
    Visitor { member, subscriber }: Visitor,
    State(app): State<App>,
    headers: HeaderMap,
) -> (SetCookies, Json<HomeView>) {
    let stale = member.is_none() && cookies::find(&headers, cookie_name()).is_some();
    let cookies = if stale { vec![no_session_cookie(&app)] } else { vec![] };
    let account = member.map(|member| member.account);
    (SetCookies(cookies), Json(HomeView::of(account.as_ref(), subscriber.as_ref())))
}

/// What one may ask for here, both at once if one likes.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Wishes {
    /// Signs in: by itself it has a code sent to this address.
    email: Field<String>,
    /// The code that was sent there.
    code: Field<String>,
    /// A code from the authenticator, or one for recovery, where the second factor is on.
    second_factor: Field<String>,
    /// Has today's report sent.
    send_report: Field<bool>,
}

/// Signs anyone in, and has subscribers' reports sent. It answers 200 whatever comes of it.
pub async fn act(
    Visitor { member, subscriber }: Visitor,
    client: Client,
    State(app): State<App>,
    Body(wishes): Body<Wishes>,
) -> Result<(SetCookies, Json<HomeView>)> {
    let mut cookies = Vec::new();
    let (mut account, mut subscriber) = (member.map(|member| member.account), subscriber);
    let (mut email_error, mut messages) = (None, Vec::new());
    let mut shows_nobody = false;
    if let Field::Given(email) = wishes.email {
        let code = wishes.code.value().filter(|code| !code.trim().is_empty());
        match sign_in::come(&app, &client, &email, code.as_deref(), wishes.second_factor.value().as_deref()).await? {
            Came::In(entered, known) => {
                let Entered { account: theirs, ticket, .. } = *entered;
                cookies = vec![session_cookie(&app, &ticket), client.remember(&app, theirs.id)];
                (account, subscriber) = (Some(theirs), Some(known));
            }
            // The same whoever has the address, even where that is the caller.
            Came::WithCodeSent => {
                shows_nobody = true;
                messages.push("Sign-in code sent");
            }
            Came::TooOften => messages.push("Too many sign-in codes. Try again later."),
            Came::Not(why) => email_error = Some(why),
        }
    }
    if wishes.send_report == Field::Given(true) {
        messages.push(match &subscriber {
            Some(subscriber) => match reports::queue(&app, subscriber.subscription.member).await? {
                Queued::Today => "Daily report queued",
                Queued::NotAnyMore(_) => "Daily report limit reached",
            },
            None => "You need to log in to send the report.",
        });
    }
    let shown =
        if shows_nobody { HomeView::of(None, None) } else { HomeView::of(account.as_ref(), subscriber.as_ref()) };
    Ok((SetCookies(cookies), Json(HomeView { email_error, messages, ..shown })))
}

/// Signs out whoever is signed in; nobody else has anything to fear from it.
pub async fn log_out(Viewer(by): Viewer, State(app): State<App>) -> Result<(SetCookies, Json<StatusView>)> {
    if let Some(by) = by {
        entry::sign_out(&app, &by).await?;
    }
    Ok((SetCookies(vec![no_session_cookie(&app)]), Json(StatusView { status: "logged out" })))
}
