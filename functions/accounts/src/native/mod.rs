//! Guildhall's own routes: sessions and tokens, and what a letter leads to.

pub mod email;
pub mod members;
pub mod password;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
pub mod tokens;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::ACCEPT;
use schemars::JsonSchema;
use serde::Serialize;
use shared::http::describe::{Describe, Operation};
use shared::http::{Html, Json};
use shared::{Error, Result};

/// What came of it, in a word.
#[derive(Serialize, JsonSchema)]
pub struct StatusView {
    /// The word.
    status: &'static str,
}

/// A page that says something, perhaps with a form that has one button.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    title: &'a str,
    text: &'a str,
    form: Option<Form<'a>>,
}

/// A form of one button.
struct Form<'a> {
    action: &'a str,
    code: &'a str,
    button: &'a str,
}

impl Notice<'_> {
    fn show(&self) -> Result<Html> {
        show(self)
    }
}

fn show(page: &impl Template) -> Result<Html> {
    page.render().map(Html).map_err(|cause| Error::internal("A page could not be written.", cause))
}

/// An answer as a page for browsers and as JSON for everyone else.
pub enum Told {
    /// For a browser.
    Page(Html),
    /// For a program.
    Data(Json<StatusView>),
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        match self {
            Told::Page(page) => page.into_response(),
            Told::Data(data) => data.into_response(),
        }
    }
}

impl Describe for Told {
    fn describe(operation: &mut Operation<'_>) {
        Json::<StatusView>::describe(operation);
        Html::describe(operation);
    }
}

/// Whether a page is wanted rather than data.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}
