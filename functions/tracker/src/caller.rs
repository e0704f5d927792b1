//! Who calls, with what is kept of them as a subscriber: both are read in one round trip.

use axum::extract::FromRequestParts;
use http::request::Parts;
use shared::auth::{Beside, Member, Viewer, sessions};
use shared::coding::subscriber::Subscriber;
use shared::dialect::Dialect;
use shared::http::cookies;
use shared::http::describe::{Describe, Operation};
use shared::{App, Error, Result};

/// Anyone: a member, who may be a subscriber, or nobody.
pub struct Visitor {
    /// The member.
    pub member: Option<Member>,
    /// The subscriber that the member is.
    pub subscriber: Option<Subscriber>,
}

/// A signed-in member, who may be a subscriber.
pub struct Caller {
    member: Member,
    subscriber: Option<Subscriber>,
}

/// How a member hears that they are no subscriber; the contract has two words for it (section 1, "Anonymous").
#[derive(Clone, Copy, Debug)]
pub enum Missing {
    /// Where something of theirs is looked for.
    NotFound,
    /// Where they are to do something.
    Missing,
}

impl Caller {
    /// The subscriber that they are.
    pub fn subscriber(self, missing: Missing) -> Result<(Member, Subscriber)> {
        match self.subscriber {
            Some(subscriber) => Ok((self.member, subscriber)),
            None => Err(missing.into()),
        }
    }
}

impl From<Missing> for Error {
    fn from(missing: Missing) -> Error {
        Error::not_found().coded(match missing {
            Missing::NotFound => "subscriber not found",
            Missing::Missing => "subscriber missing",
        })
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor> {
        let Beside(Viewer(member), Named(named)) = Beside::from_request_parts(parts, app).await?;
        // What the ticket names counts only where the ticket is good.
        Ok(Visitor { subscriber: named.filter(|_| member.is_some()), member })
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Caller> {
        let Beside(member, Named(subscriber)) = Beside::<Member, Named>::from_request_parts(parts, app).await?;
        Ok(Caller { member, subscriber })
    }
}

/// The subscriber whom a request's ticket names, whether it is good or not.
struct Named(Option<Subscriber>);

impl FromRequestParts<App> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Named> {
        let ticket = Dialect::of(parts).session_cookie().and_then(|name| cookies::find(&parts.headers, name));
        match ticket.as_deref().and_then(sessions::read_ticket) {
            Some((member, _)) => Subscriber::of(app, member).await.map(Named),
            None => Ok(Named(None)),
        }
    }
}

impl Describe for Visitor {
    fn describe(operation: &mut Operation<'_>) {
        Viewer::describe(operation);
    }
}

impl Describe for Caller {
    fn describe(operation: &mut Operation<'_>) {
        Member::describe(operation);
    }
}
