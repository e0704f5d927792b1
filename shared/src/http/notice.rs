//! Pages that letters lead to: a few words, and perhaps a form with one button.

use askama::Template;
use http::HeaderMap;
use http::header::ACCEPT;

use super::Html;
use crate::error::{Error, Result};

/// A page that says something, perhaps with a form that has one button.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct Notice<'a> {
    /// What it is about.
    pub title: &'a str,
    /// What it says.
    pub text: &'a str,
    /// What its reader may do about it.
    pub form: Option<Form<'a>>,
}

/// A form of one button.
pub struct Form<'a> {
    /// Where it is sent.
    pub action: &'a str,
    /// The code that the letter brought.
    pub code: &'a str,
    /// What the button says.
    pub button: &'a str,
}

/// The form that asks for the second factor of whoever came by a letter.
#[derive(Template)]
#[template(path = "second_factor.html")]
pub struct SecondFactorPage<'a> {
    /// Where it is sent.
    pub action: &'a str,
    /// The code that the letter brought.
    pub code: &'a str,
    /// What was wrong the last time.
    pub problem: Option<&'a str>,
}

impl Notice<'_> {
    /// The page as it is sent.
    pub fn show(&self) -> Result<Html> {
        show(self)
    }
}

/// A page as it is sent.
pub fn show(page: &impl Template) -> Result<Html> {
    page.render().map(Html).map_err(|cause| Error::internal("A page could not be written.", cause))
}

/// Whether a page is wanted rather than data.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}
