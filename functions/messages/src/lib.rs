//! Messages: conversations of two members, in the words of each product.

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// Every route, one table per dialect.
pub fn routes<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
