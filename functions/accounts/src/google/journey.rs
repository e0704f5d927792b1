//! The way to Google and back: whoever comes back must have been sent, from the same browser, ten minutes ago at most,
//! and comes back once.

use chrono::Duration;
use http::HeaderMap;
use shared::auth::openid::{self, Ask, Identity};
use shared::auth::{Client, limits};
use shared::http::{cookies, origin};
use shared::model::account::Account;
use shared::model::google::{Journey, UNDER_WAY};
use shared::store::{Condition, StoreError, keys};
use shared::{App, Error, Result};

use super::expect_on;

/// What signing in needs.
pub const SIGN_IN: &str = "openid email profile";
/// What putting swaps into a calendar needs, too.
pub const CALENDAR: &str = "openid email profile https://www.googleapis.com/auth/calendar.events";

/// Journeys begun per network address (contract of SkillNet, section 1: as logins).
const PER_WINDOW: u32 = 20;
const WINDOW: Duration = Duration::minutes(15);

/// The cookie by which a browser is known again.
const COOKIE: &str = "google_journey";

/// A journey that begins.
pub struct Beginning {
    /// Where to send them.
    pub authorization_url: String,
    /// What they come back with.
    pub state: String,
    /// What their browser keeps meanwhile.
    pub cookie: String,
}

/// Begins a journey: of somebody who signs in, or of a member who wants to link their account.
pub async fn begin(app: &App, client: &Client, next: Option<&str>, member: Option<&Account>) -> Result<Beginning> {
    expect_on(app)?;
    let next = origin::own_page(&app.config, next.filter(|next| !next.is_empty()).unwrap_or("/"));
    let next = next.ok_or_else(|| {
        Error::invalid_field("next", "This must be an address of ours, or of a client that is known here.")
    })?;
    limits::take(app, "google", &client.address, PER_WINDOW, WINDOW).await?;
    let (state, browser) = (openid::random()?, openid::random()?);
    let journey = Journey {
        id: openid::digest(&state),
        browser: openid::digest(&browser),
        verifier: openid::random()?,
        nonce: openid::random()?,
        next: next.into(),
        member: member.map(|account| account.id),
        epoch: member.map_or(0, |account| account.session_epoch),
        expires_at: app.clock.now() + UNDER_WAY,
    };
    let ask = Ask {
        scope: if member.is_some() { CALENDAR } else { SIGN_IN },
        state: &state,
        nonce: &journey.nonce,
        verifier: &journey.verifier,
        redirect_uri: &redirect_uri(app),
        offline: member.is_some(),
    };
    let authorization_url = app.openid.authorization_url(app, &ask).await?;
    app.table.create(&journey).await?;
    Ok(Beginning { authorization_url, state, cookie: cookies::set(app, COOKIE, &browser, UNDER_WAY) })
}

/// Takes back whoever comes with this state. The journey is over by it, whatever becomes of it.
pub async fn end(app: &App, headers: &HeaderMap, state: &str) -> Result<Journey> {
    expect_on(app)?;
    let unknown = || Error::invalid("unknown_state", "This sign-in is not known here, or it is over. Begin again.");
    let key = keys::google_journey(&openid::digest(state));
    let journey = app.table.get::<Journey>(key.clone()).await?.ok_or_else(unknown)?;
    let browser = cookies::find(headers, COOKIE).map(|browser| openid::digest(&browser));
    // Both are digests of secrets that we made, so how they compare tells nothing.
    if journey.expires_at <= app.clock.now() || browser.as_deref() != Some(&journey.browser) {
        return Err(unknown());
    }
    match app.table.delete(key, Condition::present()).await {
        Ok(()) => Ok(journey),
        Err(StoreError::Refused { .. }) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

/// Who came back, by Google's word for their code.
pub async fn identify(app: &App, journey: &Journey, code: &str) -> Result<Identity> {
    app.openid.redeem(app, code, &journey.verifier, &journey.nonce, &redirect_uri(app)).await
}

/// Takes the cookie away again.
pub fn forget(app: &App) -> String {
    cookies::clear(app, COOKIE)
}

fn redirect_uri(app: &App) -> String {
    format!("{}/api/v1/auth/google/callback", app.config.public_url)
}
