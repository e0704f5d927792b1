//! Dialects: the wire habits of the APIs that Guildhall speaks.
//!
//! A dialect says how an [`Error`] looks, which credentials count, and how its error bodies are described. What a
//! thing *is* never depends on it.

mod game;
pub mod joint;
mod leettrack;
mod native;
pub mod skillnet;
pub mod skillnet_client;
mod staff;
pub mod sukuwatto;
mod tracker;

use chrono::Duration;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};

use crate::error::{Error, Kind};

/// Whose wire habits a route has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// SkillTracker.
    Tracker,
    /// SkillNet, as its document says.
    Skillnet,
    /// SkillNet, as its web client calls it.
    SkillnetClient,
    /// The game users API.
    Game,
    /// LeetTrack.
    Leettrack,
    /// The paths that SkillNet and LeetTrack share, in the words of both.
    Joint,
    /// Sukuwatto.
    Sukuwatto,
    /// The pages of the staff, for browsers.
    Staff,
    /// What none of the five has: problem details (RFC 9457).
    #[default]
    Native,
}

/// An error as a dialect sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: String,
    /// Its media type.
    pub media: &'static str,
}

impl Refusal {
    fn json(status: StatusCode, body: Value) -> Refusal {
        Refusal { status, body: body.to_string(), media: "application/json" }
    }
}

impl Dialect {
    /// The dialect of the route that a request came by.
    pub fn of(parts: &Parts) -> Dialect {
        parts.extensions.get().copied().unwrap_or_default()
    }

    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Tracker => "SkillTracker",
            Dialect::Skillnet => "SkillNet",
            Dialect::SkillnetClient => "SkillNet's web client",
            Dialect::Game => "Game users",
            Dialect::Leettrack => "LeetTrack",
            Dialect::Joint => "SkillNet and LeetTrack",
            Dialect::Sukuwatto => "Sukuwatto",
            Dialect::Staff => "Staff",
            Dialect::Native => "Guildhall",
        }
    }

    /// What it is, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Dialect::Tracker => "Coding profiles, groups and the weekly report.",
            Dialect::Skillnet => "Skill swaps, chat, calls, forums, reviews and badges.",
            Dialect::SkillnetClient => "The same, in the forms that its web client speaks.",
            Dialect::Game => "Accounts, pictures, scores and the leaderboard of a game.",
            Dialect::Leettrack => "LeetCode problems, learning paths and spaced repetition.",
            Dialect::Joint => "The paths that both have, answering in the words of both.",
            Dialect::Sukuwatto => "Workouts, plans, charts, the social feed and leaderboards.",
            Dialect::Staff => "Pages for those who look after the members; for browsers.",
            Dialect::Native => "What none of the products has, and all of them may use.",
        }
    }

    /// The error as this dialect words it. `request` names the request to whoever looks into a failure of ours.
    pub fn refuse(self, error: &Error, request: &str) -> Refusal {
        match self {
            Dialect::Tracker => tracker::refuse(error, request),
            Dialect::Skillnet => skillnet::refuse(error, request),
            Dialect::SkillnetClient => skillnet_client::refuse(error, request),
            Dialect::Game => game::refuse(error, request),
            Dialect::Leettrack => leettrack::refuse(error, request),
            Dialect::Joint => joint::refuse(error, request),
            Dialect::Sukuwatto => sukuwatto::refuse(error, request),
            Dialect::Staff => staff::refuse(error, request),
            Dialect::Native => native::refuse(error, request),
        }
    }

    /// The JSON schema of its error bodies.
    pub fn refusal_schema(self) -> Value {
        match self {
            Dialect::Tracker => tracker::schema(),
            Dialect::Game => game::schema(),
            Dialect::Leettrack => leettrack::schema(),
            Dialect::Staff => staff::schema(),
            Dialect::Native => native::schema(),
            Dialect::Skillnet => skillnet::schema(),
            Dialect::SkillnetClient => skillnet_client::schema(),
            Dialect::Joint => joint::schema(),
            Dialect::Sukuwatto => sukuwatto::schema(),
        }
    }

    /// The media type of its error bodies.
    pub fn refusal_media(self) -> &'static str {
        match self {
            Dialect::Staff => staff::MEDIA,
            Dialect::Native => native::MEDIA,
            _ => "application/json",
        }
    }

    /// The cookie that carries a session, where one may.
    pub fn session_cookie(self) -> Option<&'static str> {
        match self {
            Dialect::Tracker | Dialect::Game | Dialect::Staff | Dialect::Native => Some("sessionid"),
            Dialect::Skillnet | Dialect::SkillnetClient | Dialect::Leettrack | Dialect::Joint | Dialect::Sukuwatto => {
                None
            }
        }
    }

    /// The cookie that carries an access token, where one may.
    pub fn token_cookie(self) -> Option<&'static str> {
        (self == Dialect::Sukuwatto).then_some("Authorization")
    }

    /// Whether a browser can be signed in without its page's doing.
    pub fn takes_cookies(self) -> bool {
        self.session_cookie().is_some() || self.token_cookie().is_some()
    }

    /// How long an access token is good for that this dialect gives out.
    pub fn token_lifetime(self) -> Duration {
        match self {
            // Its dashboard loses the session whenever it must refresh (its contract, section 4.1).
            Dialect::SkillnetClient => Duration::hours(6),
            // LeetTrack's client never refreshes.
            Dialect::Skillnet | Dialect::Leettrack | Dialect::Joint => Duration::hours(1),
            Dialect::Tracker | Dialect::Game | Dialect::Sukuwatto | Dialect::Staff | Dialect::Native => {
                Duration::minutes(15)
            }
        }
    }

    /// Whether an access token in the `Authorization` header counts.
    pub fn takes_bearer(self) -> bool {
        !matches!(self, Dialect::Tracker | Dialect::Game | Dialect::Staff)
    }

    /// The page that whoever is not signed in is sent to, where there is one: browsers show pages, and follow.
    pub fn sign_in_page(self) -> Option<&'static str> {
        (self == Dialect::Staff).then_some(staff::SIGN_IN)
    }
}

/// The status that a kind has where a contract does not say otherwise.
fn usual_status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Unreadable => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Elsewhere => StatusCode::BAD_GATEWAY,
        Kind::TooSlow => StatusCode::GATEWAY_TIMEOUT,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// As [`usual_status`], for the dialects that answer wrong values with 400.
fn status_400(kind: Kind) -> StatusCode {
    if kind == Kind::Invalid { StatusCode::BAD_REQUEST } else { usual_status(kind) }
}

/// The sentence for the caller: of a failure of ours, only by what name to ask about it.
fn sentence(error: &Error, request: &str) -> String {
    match error.kind {
        Kind::Internal => format!("Something went wrong on our side. Request {request}."),
        _ => error.message.clone().into_owned(),
    }
}

/// The wrong fields as an object of lists.
fn field_map(error: &Error) -> Value {
    error.fields.iter().map(|(field, messages)| (field.clone().into_owned(), json!(messages))).collect()
}
