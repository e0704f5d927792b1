//! SkillNet's routes for Google (its contract, section 3.1, "Google sign-in").

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::entry::Entered;
use shared::auth::{Client, Member};
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Json, NoContent, Query, SetCookies};
use shared::{App, Error, Result};

use super::{arrival, journey, link};
use crate::joint::SignedInView;

/// Where to go afterwards, and how to be told where to go now.
#[derive(Deserialize, JsonSchema)]
pub struct Departure {
    /// An address of ours, or of a client that is known here.
    next: Option<String>,
    /// `json` for the address in a body; without it, a redirect.
    format: Option<String>,
}

/// The way to Google.
#[derive(Serialize, JsonSchema)]
pub struct DepartureView {
    authorization_url: String,
    state: String,
}

/// The way to Google, as a redirect or as data.
pub enum Departing {
    /// For a browser.
    Redirect(Found),
    /// For a program.
    Data(Json<DepartureView>),
}

impl IntoResponse for Departing {
    fn into_response(self) -> Response {
        match self {
            Departing::Redirect(found) => found.into_response(),
            Departing::Data(data) => data.into_response(),
        }
    }
}

impl Describe for Departing {
    fn describe(operation: &mut Operation<'_>) {
        Json::<DepartureView>::describe(operation);
        Found::describe(operation);
    }
}

/// 302 to a page elsewhere, which is not told from where.
pub struct Found(String);

impl IntoResponse for Found {
    fn into_response(self) -> Response {
        match HeaderValue::try_from(self.0) {
            Ok(address) => {
                let headers = [(LOCATION, address), (REFERRER_POLICY, HeaderValue::from_static("no-referrer"))];
                (StatusCode::FOUND, headers).into_response()
            }
            Err(cause) => Error::internal("An address could not be written.", cause).into_response(),
        }
    }
}

impl Describe for Found {
    fn describe(operation: &mut Operation<'_>) {
        operation.redirect(StatusCode::FOUND);
    }
}

/// Sends anyone to Google, to sign in.
pub async fn depart(
    client: Client,
    State(app): State<App>,
    Query(Departure { next, format }): Query<Departure>,
) -> Result<(SetCookies, Departing)> {
    let journey::Beginning { authorization_url, state, cookie } =
        journey::begin(&app, &client, next.as_deref(), None).await?;
    let departing = match format.as_deref() {
        Some("json") => Departing::Data(Json(DepartureView { authorization_url, state })),
        _ => Departing::Redirect(Found(authorization_url)),
    };
    Ok((SetCookies(vec![cookie]), departing))
}

/// What Google sends somebody back with.
#[derive(Deserialize, JsonSchema)]
pub struct Return {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Takes back whoever was sent to Google, and leads them on: with a one-time code to sign in with, or, where a member
/// wanted to link their account, with the word that they did.
pub async fn come_back(
    client: Client,
    State(app): State<App>,
    headers: HeaderMap,
    Query(back): Query<Return>,
) -> Result<(SetCookies, Found)> {
    let mut problems = shared::error::Problems::default();
    let state = problems.check("state", back.state.filter(|state| !state.is_empty()).ok_or(REQUIRED));
    problems.finish()?;
    let journey = journey::end(&app, &headers, &state.unwrap_or_default()).await?;
    if let Some(error) = back.error {
        return Err(match error.as_str() {
            "access_denied" => Error::forbidden("access_denied", "You did not allow it."),
            _ => Error::elsewhere("google_failed", "Google did not let you through. Try again later.", "its own error"),
        });
    }
    let code = back.code.ok_or_else(|| Error::invalid_field("code", REQUIRED))?;
    let identity = journey::identify(&app, &journey, &code).await?;
    let word = match journey.member {
        Some(member) => {
            link::add(&app, member, journey.epoch, &identity).await?;
            "google=linked".to_owned()
        }
        None => {
            let account = arrival::welcome(&app, &client, &identity).await?;
            format!("one_time_code={}", arrival::code(&app, &account).await?)
        }
    };
    let next = journey.next.split('#').next().unwrap_or_default();
    Ok((SetCookies(vec![journey::forget(&app)]), Found(format!("{next}#{word}"))))
}

const REQUIRED: &str = "This field is required.";

/// What somebody has who comes from Google: a one-time code of ours, or Google's code with the state.
#[derive(Deserialize, JsonSchema)]
pub struct Proof {
    one_time_code: Option<String>,
    code: Option<String>,
    state: Option<String>,
    /// A code of the member's second factor, where it is on.
    #[serde(default)]
    second_factor: Option<String>,
}

/// Signs in whoever comes from Google.
pub async fn sign_in(
    client: Client,
    State(app): State<App>,
    headers: HeaderMap,
    Body(proof): Body<Proof>,
) -> Result<(SetCookies, Json<SignedInView>)> {
    let second = proof.second_factor.as_deref();
    let entered = match (proof.one_time_code, proof.code, proof.state) {
        (Some(code), _, _) => arrival::enter_by_code(&app, &client, &code, second).await?,
        (None, Some(code), Some(state)) => {
            let journey = journey::end(&app, &headers, &state).await?;
            if journey.member.is_some() {
                return Err(Error::invalid("unknown_state", "This journey was not to sign in."));
            }
            let identity = journey::identify(&app, &journey, &code).await?;
            let account = arrival::welcome(&app, &client, &identity).await?;
            arrival::enter(&app, &client, account, second).await?
        }
        _ => return Err(Error::invalid_field("one_time_code", "Send this, or code and state.")),
    };
    let Entered { account, profile, session, .. } = entered;
    let view = SignedInView::of(&app, &session, &account, &profile, "Login successful").await?;
    Ok((SetCookies(vec![journey::forget(&app)]), Json(view)))
}

/// Where to go afterwards.
#[derive(Deserialize, JsonSchema)]
pub struct NextPage {
    /// An address of ours, or of a client that is known here.
    next: Option<String>,
}

/// Gives the caller the way to Google, to allow entries in their calendar; their Google account is linked by it.
pub async fn ask_for_calendar(
    by: Member,
    client: Client,
    State(app): State<App>,
    Body(NextPage { next }): Body<NextPage>,
) -> Result<(SetCookies, Json<DepartureView>)> {
    let journey::Beginning { authorization_url, state, cookie } =
        journey::begin(&app, &client, next.as_deref(), Some(&by.account)).await?;
    Ok((SetCookies(vec![cookie]), Json(DepartureView { authorization_url, state })))
}

/// Unlinks the caller's Google account, and gives back what they allowed there.
pub async fn unlink(by: Member, State(app): State<App>) -> Result<NoContent> {
    super::expect_on(&app)?;
    link::remove(&app, &by).await?;
    Ok(NoContent)
}
