//! Social: who follows whom, what members write, and what others make of it.

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// Every route, a table for each noun.
pub fn routes<P: Purpose>() -> Routes<P> {
    graph().and(writing()).and(streams()).and(reports())
}

/// Who follows whom, and who has blocked whom.
fn graph<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
}

/// Posts, comments and likes.
fn writing<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
}

/// What was done, by whom and to what.
fn streams<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
}

/// What the staff is told of.
fn reports<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
