//! The platforms where members solve problems, so that asking them works without any network: LeetCode's queries,
//! Codeforces' API, CodeChef's pages, as far as they are asked.
//!
//! Whoever is asked about has an account with believable figures that follow from the name, unless a test says others.
//! Some names have a meaning, for trying things out by hand: `ghost…` has no account, `nocontest…` was in no contest, and
//! a name such as `fault-html` meets that [`Fault`] whenever it is asked about.

mod accounts;
mod fault;

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Value, json};
use shared::platforms::Platform;

use self::accounts::Memory;
pub use self::accounts::{Account, Call, Outage};
pub use self::fault::Fault;
use super::reply;
use crate::cloud::Cloud;

/// Where they are below the services' address.
const PATH: &str = "/platforms";

/// The platforms.
#[derive(Default)]
pub struct Platforms(Mutex<Memory>);

/// Where a platform is, as the function's variable says it, if the services are at this address.
pub fn address(platform: Platform, services: &str) -> String {
    let name = match platform {
        Platform::LeetCode => "leetcode/graphql",
        Platform::CodeChef => "codechef",
        Platform::Codeforces => "codeforces/api",
    };
    format!("{services}{PATH}/{name}")
}

/// Whether a path belongs to one of them.
pub fn owns(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.starts_with('/'))
}

/// A question to one of them.
struct Question {
    call: Call,
    username: String,
    /// Which submissions: from this one on, counted from 1, and how many.
    page: (usize, usize),
}

/// Answers a request below their path.
pub async fn answer(cloud: &Cloud, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
    let asked = match question(method, uri, headers, body) {
        Ok(question) => question,
        Err(refusal) => return refusal,
    };
    let (account, fault) = cloud.platforms().asked(asked.call, &asked.username);
    let fault = fault.or_else(|| Fault::named(&asked.username));
    if let Some(fault) = fault {
        return fault.answer(&asked, account.as_ref(), cloud.clock().now()).await;
    }
    asked.answer(account.as_ref(), cloud.clock().now()).into_response()
}

/// What somebody wants to know, or what they hear who do not ask as they should.
fn question(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<Question, Response> {
    let path = uri.path().strip_prefix(PATH).unwrap_or_default();
    let query: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let field = |name: &str| query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    let number = |name: &str, default| field(name).parse().unwrap_or(default);
    let question = |call, username: &str| {
        Ok(Question {
            call,
            username: username.to_owned(),
            page: (number("from", 1).max(1), number("count", usize::MAX)),
        })
    };
    match (method.as_str(), path.trim_start_matches('/').split_once('/').unwrap_or_default()) {
        ("POST", ("leetcode", "graphql")) => {
            let asked: Value = serde_json::from_slice(body).unwrap_or_default();
            // The name is a variable, and what is asked is what we know.
            let text = asked["query"].as_str().unwrap_or_default();
            let knows = ["$username", "matchedUser", "submitStatsGlobal", "userContestRanking"];
            match asked["variables"]["username"].as_str().filter(|_| knows.iter().all(|word| text.contains(word))) {
                Some(username) => question(Call::Figures, username),
                None => {
                    let error = json!({ "errors": [{ "message": "Cannot query that." }] });
                    Err(json_reply(StatusCode::BAD_REQUEST, &error))
                }
            }
        }
        ("GET", ("codeforces", "api/user.info")) => question(Call::Info, field("handles")),
        ("GET", ("codeforces", "api/user.status")) => question(Call::Status, field("handle")),
        ("GET", ("codeforces", "api/user.rating")) => question(Call::Rating, field("handle")),
        ("GET", ("codechef", path)) if path.starts_with("users/") => {
            let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !agent.starts_with("Mozilla/") {
                return Err(fault::blocked());
            }
            let name = percent_encoding::percent_decode_str(&path["users/".len()..]).decode_utf8_lossy();
            question(Call::Page, &name)
        }
        _ => Err(reply(StatusCode::NOT_FOUND, "text/plain", Bytes::from_static(b"There is no such page."))),
    }
}

/// What they answer, before it is bytes.
enum Told {
    Json(StatusCode, Value),
    Page(String),
    /// To the front page.
    Home,
}

impl Told {
    fn into_response(self) -> Response {
        match self {
            Told::Json(status, body) => json_reply(status, &body),
            Told::Page(page) => reply(StatusCode::OK, "text/html; charset=utf-8", Bytes::from(page)),
            Told::Home => redirect("https://www.codechef.com/"),
        }
    }
}

impl Question {
    /// What is told of an account, or that there is none.
    fn answer(&self, account: Option<&Account>, now: DateTime<Utc>) -> Told {
        let name = &self.username;
        let Some(account) = account else {
            return match self.call {
                Call::Figures => {
                    let error = json!({
                        "message": "That user does not exist.",
                        "path": ["matchedUser"],
                        "extensions": { "handled": true },
                    });
                    let data = json!({ "matchedUser": null, "userContestRanking": null });
                    Told::Json(StatusCode::OK, json!({ "errors": [error], "data": data }))
                }
                Call::Info => failed(&format!("handles: User with handle {name} not found")),
                Call::Status | Call::Rating => failed(&format!("handle: User with handle {name} not found")),
                Call::Page => Told::Home,
            };
        };
        match self.call {
            Call::Figures => Told::Json(StatusCode::OK, account.figures(name)),
            Call::Info => ok(account.info(name)),
            Call::Status => ok(account.submissions(name, self.page, now)),
            Call::Rating => ok(account.contests(name)),
            Call::Page => Told::Page(account.page(name)),
        }
    }
}

fn ok(result: Value) -> Told {
    Told::Json(StatusCode::OK, json!({ "status": "OK", "result": result }))
}

fn failed(comment: &str) -> Told {
    Told::Json(StatusCode::BAD_REQUEST, json!({ "status": "FAILED", "comment": comment }))
}

fn json_reply(status: StatusCode, body: &Value) -> Response {
    reply(status, "application/json", Bytes::from(body.to_string()))
}

fn redirect(to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().extend(HeaderValue::from_str(to).ok().map(|to| (LOCATION, to)));
    response
}

impl Platforms {
    /// Lets this be what an account has from now on.
    pub fn set(&self, platform: Platform, username: &str, account: Account) {
        self.memory().set(platform, username, Some(account));
    }

    /// Lets there be no account of this name from now on.
    pub fn remove(&self, platform: Platform, username: &str) {
        self.memory().set(platform, username, None);
    }

    /// Lets calls fail.
    pub fn fail(&self, outage: Outage) {
        self.memory().outages.push(outage);
    }

    /// Lets everything through again.
    pub fn mend(&self) {
        self.memory().outages.clear();
    }

    /// The calls that there were to a platform, the first first.
    pub fn calls(&self, platform: Platform) -> Vec<Call> {
        self.memory().calls.iter().copied().filter(|call| call.platform() == platform).collect()
    }

    fn asked(&self, call: Call, username: &str) -> (Option<Account>, Option<Fault>) {
        self.memory().asked(call, username)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
