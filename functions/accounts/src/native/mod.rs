//! Guildhall's own routes: sessions and tokens, and what a letter leads to.

pub mod email;
pub mod members;
pub mod password;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
pub mod tokens;

use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use shared::http::describe::{Describe, Operation};
use shared::http::{Html, Json};

/// What came of it, in a word.
#[derive(Serialize, JsonSchema)]
pub struct StatusView {
    /// The word.
    status: &'static str,
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
