//! Forms: each carries a token that is good only in the browser that it was shown in, so that no other site can have
//! a form of ours filled in.
//!
//! A browser is known by its session or, while there is none, by a cookie of its own.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use chrono::Duration;
use http::HeaderMap;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::auth::sessions;
use shared::dialect::Dialect;
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, cookies};
use shared::model::session::Session;
use shared::{App, Error, Result};

const COOKIE: &str = "form";
const COOKIE_LASTS: Duration = Duration::days(1);

/// The token for forms that are shown in this session.
pub fn token(app: &App, session: &Session) -> String {
    seal(app, &of_session(&session.id))
}

/// The browser at the other end, whoever sits at it.
pub struct Browser(Option<String>);

impl Browser {
    /// The token for a form, with the cookie that must go along where the browser is not known yet.
    pub fn token(self, app: &App) -> (String, Option<String>) {
        match self.0 {
            Some(browser) => (seal(app, &browser), None),
            None => {
                // Sealed, because an id alone can be guessed.
                let value = app.seal.seal(COOKIE, &app.ids.next(app.clock.now()));
                (seal(app, &of_cookie(&value)), Some(cookies::set(app, COOKIE, &value, COOKIE_LASTS)))
            }
        }
    }

    fn of(headers: &HeaderMap) -> Browser {
        let ticket = Dialect::Staff.session_cookie().and_then(|name| cookies::find(headers, name));
        let session = ticket.as_deref().and_then(sessions::read_ticket).map(|(_, session)| of_session(&session));
        Browser(session.or_else(|| cookies::find(headers, COOKIE).map(|value| of_cookie(&value))))
    }
}

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Browser, Infallible> {
        Ok(Browser::of(&parts.headers))
    }
}

impl Describe for Browser {
    fn describe(_: &mut Operation<'_>) {}
}

/// A form as it was filled in, in the browser that it was shown in.
pub struct Form<T>(pub T);

/// A form with nothing to fill in: a button.
#[derive(Deserialize, JsonSchema)]
pub struct Button {}

/// What is sent of a form.
#[derive(Deserialize, JsonSchema)]
struct Filled<T> {
    /// The token that the form was shown with.
    token: String,
    #[serde(flatten)]
    input: T,
}

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Form<T>> {
        let Browser(browser) = Browser::of(request.headers());
        let Body(Filled { token, input }) = Body::from_request(request, app).await?;
        let shown_here = browser.and_then(|browser| app.seal.open::<()>(&purpose(&browser), &token));
        shown_here.map(|()| Form(input)).ok_or_else(|| {
            let message = "This form was shown in another session, or cookies are switched off. Load its page again.";
            Error::forbidden("stale_form", message)
        })
    }
}

impl<T: JsonSchema> Describe for Form<T> {
    fn describe(operation: &mut Operation<'_>) {
        Body::<Filled<T>>::describe(operation);
    }
}

fn seal(app: &App, browser: &str) -> String {
    app.seal.seal(&purpose(browser), &())
}

fn purpose(browser: &str) -> String {
    format!("form\0{browser}")
}

fn of_session(session: &str) -> String {
    format!("session {session}")
}

fn of_cookie(value: &str) -> String {
    format!("cookie {value}")
}
