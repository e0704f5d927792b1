//! How the platforms fail.

use std::convert::Infallible;
use std::io;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Account, Call, Question, Told, json_reply, redirect, reply};

/// A page in the place of an answer.
const PAGE: &str = "<!doctype html><html><head><title>Just a moment...</title></head>\
    <body><h1>Checking your browser</h1></body></html>";
/// More than anybody reads.
const HUGE: usize = 8 * 1024 * 1024;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is never answered.
    Silent,
    /// It is answered, and the answer never ends.
    Slow,
    /// Too much was asked; for so many seconds, if the platform says so.
    Limited(Option<u32>),
    /// Something is broken there.
    Broken,
    /// It is a platform's own way to say that it is too busy.
    Busy,
    /// A page comes in the place of an answer.
    Html,
    /// The same with the status that says so: robots are kept out.
    Blocked,
    /// The answer breaks off.
    Truncated,
    /// The connection does.
    Cut,
    /// There is no such account.
    NotFound,
    /// It is somewhere else.
    Redirect(String),
    /// The answer is far too large.
    Huge,
    /// There is nothing where a figure should be.
    Nulls,
    /// Numbers are texts.
    Texts,
}

impl Fault {
    /// The fault that a name such as `fault-html` asks for.
    pub(super) fn named(username: &str) -> Option<Fault> {
        Some(match username.strip_prefix("fault-")? {
            "silent" => Fault::Silent,
            "slow" => Fault::Slow,
            "limited" => Fault::Limited(Some(1)),
            "broken" => Fault::Broken,
            "busy" => Fault::Busy,
            "html" => Fault::Html,
            "blocked" => Fault::Blocked,
            "truncated" => Fault::Truncated,
            "cut" => Fault::Cut,
            "redirect" => Fault::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
            "huge" => Fault::Huge,
            "nulls" => Fault::Nulls,
            "texts" => Fault::Texts,
            _ => return None,
        })
    }

    /// What is told instead of what should be.
    pub(super) async fn answer(self, asked: &Question, account: Option<&Account>, now: DateTime<Utc>) -> Response {
        match self {
            Fault::Silent => std::future::pending().await,
            Fault::Slow => {
                let begun = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"{")) });
                Response::new(Body::from_stream(begun.chain(stream::pending())))
            }
            Fault::Cut => Response::new(Body::from_stream(stream::once(async {
                Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
            }))),
            Fault::Limited(seconds) => {
                let mut response = reply(StatusCode::TOO_MANY_REQUESTS, "text/plain", Bytes::from("Too Many Requests"));
                response.headers_mut().extend(seconds.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
                response
            }
            Fault::Broken => reply(StatusCode::INTERNAL_SERVER_ERROR, "text/html", Bytes::from(PAGE)),
            Fault::Busy => {
                let busy = json!({ "status": "FAILED", "comment": "Call limit exceeded" });
                json_reply(StatusCode::SERVICE_UNAVAILABLE, &busy)
            }
            Fault::Html => reply(StatusCode::OK, "text/html", Bytes::from(PAGE)),
            Fault::Blocked => blocked(),
            Fault::NotFound => asked.answer(None, now).into_response(),
            Fault::Redirect(to) => redirect(&to),
            Fault::Huge => reply(StatusCode::OK, "application/json", Bytes::from(vec![b' '; HUGE])),
            Fault::Truncated => match asked.answer(account, now) {
                Told::Json(status, body) => reply(status, "application/json", half(&body.to_string())),
                // Before anything that is looked for.
                Told::Page(page) => reply(StatusCode::OK, "text/html", half(&page)),
                Told::Home => redirect("/"),
            },
            Fault::Nulls => changed(asked, account, now, &|_| Value::Null),
            Fault::Texts => changed(asked, account, now, &|leaf| match leaf {
                Value::Number(number) => json!(number.to_string()),
                other => other,
            }),
        }
    }
}

/// Robots are kept out.
pub(super) fn blocked() -> Response {
    reply(StatusCode::FORBIDDEN, "text/html", Bytes::from(PAGE))
}

fn half(text: &str) -> Bytes {
    Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2])
}

/// The right answer, with something else in the place of everything that it tells.
fn changed(
    asked: &Question,
    account: Option<&Account>,
    now: DateTime<Utc>,
    change: &dyn Fn(Value) -> Value,
) -> Response {
    match asked.answer(account, now) {
        Told::Json(status, mut body) => {
            let told = if asked.call == Call::Figures { &mut body["data"] } else { &mut body["result"] };
            *told = leaves(told.take(), change);
            json_reply(status, &body)
        }
        // In a page every number is a text.
        Told::Page(page) => {
            let page =
                if change(json!(1)).is_null() { page.replace(|char: char| char.is_ascii_digit(), "") } else { page };
            reply(StatusCode::OK, "text/html", Bytes::from(page))
        }
        home => home.into_response(),
    }
}

fn leaves(value: Value, change: &dyn Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(|value| leaves(value, change)).collect(),
        Value::Object(all) => all.into_iter().map(|(name, value)| (name, leaves(value, change))).collect(),
        leaf => change(leaf),
    }
}
