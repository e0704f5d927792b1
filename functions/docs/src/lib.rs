//! Docs: whether the service answers, and what it can do, for programs and for people. Nothing here asks the table.

pub mod assets;
pub mod description;
pub mod health;
pub mod page;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &[];

/// Every route.
pub fn routes<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Native)
        .get("/health/", health::show, "Say that the service answers", Price::FREE)
        .get("/openapi.json", description::show, "Describe every operation", Price::FREE)
        .get("/docs/", page::show, "Show the description as a page", Price::FREE)
        .get("/docs/{file}", assets::send, "Send what the page is made of", Price::FREE)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
