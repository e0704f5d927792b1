//! Who is calling, as arguments of a handler: a signature says who may call.
//!
//! Identity is read from what the route's dialect accepts (a cookie, a bearer token), with one round trip for
//! session and account. Ended sessions, deactivated, banned and deleted accounts are handled here and nowhere else.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use chrono::Duration;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::sessions::Standing;
use super::{sessions, tokens};
use crate::app::App;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::http::cookies;
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::name::Username;
use crate::model::role::Role;
use crate::model::session::Session;

/// A signed-in member.
#[derive(Clone)]
pub struct Member {
    /// Their account, as it was when the request began.
    pub account: Account,
    /// The session that they called with.
    pub session: Session,
}

impl Member {
    /// Who.
    pub fn id(&self) -> MemberId {
        self.account.id
    }
}

/// Anyone: a signed-in member, or nobody.
#[derive(Clone)]
pub struct Viewer(pub Option<Member>);

/// A member of the staff, in whichever role.
#[derive(Clone)]
pub struct Staff(pub Member);

/// A member of the staff who may do everything that the staff may.
#[derive(Clone)]
pub struct Administrator(pub Member);

/// A program that holds the operations token, such as a game's server.
#[derive(Clone, Copy)]
pub struct Operator;

impl FromRequestParts<App> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Viewer> {
        let dialect = Dialect::of(parts);
        // A token that is not good is not the same as none: its owner must learn that it has ended.
        if let Some(token) = shown_token(parts)? {
            return by_token(app, &token).await.map(|member| Viewer(Some(member)));
        }
        let ticket = dialect.session_cookie().and_then(|name| cookies::find(&parts.headers, name));
        let Some((member, session)) = ticket.as_deref().and_then(sessions::read_ticket) else {
            return Ok(Viewer(None));
        };
        let found = sessions::find(app, member, &session).await?;
        Ok(Viewer(found.map(|(session, account)| Member { account, session })))
    }
}

/// The access token that a request shows, by header or, where the dialect has one, by cookie; the header counts first.
fn shown_token(parts: &Parts) -> Result<Option<String>> {
    let dialect = Dialect::of(parts);
    if dialect.takes_bearer()
        && let Some(header) = parts.headers.get(AUTHORIZATION)
    {
        let words: Vec<_> = header.to_str().unwrap_or_default().split_whitespace().collect();
        match words[..] {
            [scheme, token] if scheme.eq_ignore_ascii_case("bearer") => return Ok(Some(token.to_owned())),
            [scheme, ..] if scheme.eq_ignore_ascii_case("bearer") => {
                let message = "Authorization header must contain two space-delimited values";
                return Err(Error::unauthenticated("bad_authorization_header", message));
            }
            // Another scheme is not for us.
            _ => {}
        }
    }
    Ok(dialect.token_cookie().and_then(|name| cookies::find(&parts.headers, name)).filter(|token| !token.is_empty()))
}

/// The token that a request shows, whatever it is good for: where a refresh token may stand in the header, too.
pub struct Bearer(pub Option<String>);

impl FromRequestParts<App> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Bearer> {
        shown_token(parts).map(Bearer)
    }
}

/// Whoever the request's token is of, even if that has run out: for signing out, which must always work.
pub struct Leaver(pub Option<(MemberId, String)>);

impl FromRequestParts<App> for Leaver {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Leaver> {
        let Ok(Some(token)) = shown_token(parts) else { return Ok(Leaver(None)) };
        Ok(Leaver(tokens::session_of(app, &token).await?))
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Member> {
        let Viewer(member) = Viewer::from_request_parts(parts, app).await?;
        member.ok_or_else(not_authenticated)
    }
}

/// Who is calling, and what the route reads first whoever it is: the session and that in one round trip. Where both are
/// refused, the caller hears of the session.
pub struct Beside<C, R>(pub C, pub R);

impl<C, R> FromRequestParts<App> for Beside<C, R>
where
    C: FromRequestParts<App, Rejection = Error> + Send,
    R: FromRequestParts<App, Rejection = Error> + Send,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Beside<C, R>> {
        // Arguments only look at the request, so each may have one of its own.
        let mut same = parts.clone();
        let (caller, read) = tokio::join!(C::from_request_parts(parts, app), R::from_request_parts(&mut same, app));
        Ok(Beside(caller?, read?))
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Staff> {
        let member = Member::from_request_parts(parts, app).await?;
        if member.account.role.is_some() { Ok(Staff(member)) } else { Err(not_permitted()) }
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Administrator> {
        let Staff(member) = Staff::from_request_parts(parts, app).await?;
        if member.account.role == Some(Role::Administrator) { Ok(Administrator(member)) } else { Err(not_permitted()) }
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Operator> {
        let expected = &app.config.operations_token;
        let shown = bearer(parts).unwrap_or_default();
        let same: bool = shown.as_bytes().ct_eq(expected.expose().as_bytes()).into();
        // No token configured means that nobody may, not that everybody may.
        if same && !expected.is_empty() { Ok(Operator) } else { Err(not_authenticated()) }
    }
}

/// The member whose access token this is, if its session still stands.
pub async fn by_token(app: &App, token: &str) -> Result<Member> {
    let claims = tokens::verify(app, token).await?;
    let ended = || Error::unauthenticated("token_revoked", "Given token not valid for any token type");
    let (member, session) = claims.session().ok_or_else(ended)?;
    match sessions::look_up(app, member, session).await? {
        Standing::Stands(found) => {
            let (session, account) = *found;
            Ok(Member { account, session })
        }
        Standing::Ended => Err(ended()),
        Standing::Barred => Err(Error::unauthenticated("user_inactive", "User is inactive")),
        Standing::Gone => Err(Error::unauthenticated("user_not_found", "User not found")),
    }
}

/// What whoever is not signed in hears.
pub(crate) fn not_authenticated() -> Error {
    Error::unauthenticated("not_authenticated", "Authentication credentials were not provided.")
}

/// What whoever is signed in hears of what is not theirs to see or do.
pub(crate) fn not_permitted() -> Error {
    Error::forbidden("not_permitted", "You do not have permission to perform this action.")
}

/// The token of an `Authorization: Bearer` header (RFC 6750, 2.1), the scheme in any case.
fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The device at the other end, as far as it can be told.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its network address as the gateway saw it; of an IPv6 address the network's half, since a client has all of
    /// the other.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// The sealed device cookie, if it sent one.
    device: Option<String>,
}

/// The cookie that marks a device on which a member signed in before.
const DEVICE_COOKIE: &str = "device";
/// How long a device is remembered.
const DEVICE_REMEMBERED: Duration = Duration::days(365);

#[derive(Serialize, Deserialize)]
struct KnownDevice {
    member: MemberId,
    device: u64,
}

impl Client {
    /// The name of this device, if this member signed in on it before.
    pub fn known_to(&self, app: &App, member: Option<MemberId>) -> Option<String> {
        let known: KnownDevice = app.seal.open(DEVICE_COOKIE, self.device.as_deref()?)?;
        (Some(known.member) == member).then(|| known.device.to_string())
    }

    /// The cookie by which this device is known to this member from now on.
    pub fn remember(&self, app: &App, member: MemberId) -> String {
        let device = KnownDevice { member, device: app.ids.next(app.clock.now()) };
        cookies::set(app, DEVICE_COOKIE, &app.seal.seal(DEVICE_COOKIE, &device), DEVICE_REMEMBERED)
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Client, Infallible> {
        let address = match (viewer_address(parts, app), parts.request_context_ref()) {
            (Some(address), _) => address,
            (None, Some(RequestContext::ApiGatewayV2(context))) => context.http.source_ip.clone().unwrap_or_default(),
            (None, _) => String::new(),
        };
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Client {
            address: network_of(&address),
            user_agent: user_agent.to_owned(),
            device: cookies::find(&parts.headers, DEVICE_COOKIE),
        })
    }
}

/// The address that the edge saw, if the request came through it: the gateway only sees that of the edge.
fn viewer_address(parts: &Parts, app: &App) -> Option<String> {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (expected, shown) = (&app.config.edge_secret, text("x-edge-secret")?);
    let same: bool = shown.as_bytes().ct_eq(expected.expose().as_bytes()).into();
    if same && !expected.is_empty() { text("x-viewer-address").map(str::to_owned) } else { None }
}

fn network_of(address: &str) -> String {
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(address) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

/// The name under which a login's failures are counted, whoever has it.
pub fn login_name(typed: &str) -> String {
    Username::parse(typed)
        .map_or_else(|_| crate::model::name::fold(&typed.chars().take(300).collect::<String>()), |name| name.folded())
}
