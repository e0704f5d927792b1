//! Leaderboards: who has the most points.

pub mod game;
pub mod ranking;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE"];

/// Every route.
pub fn routes<P: Purpose>() -> Routes<P> {
    // A thousand rows of about 300 bytes, read from an index, are 38 units; a first page of 100 is 4.
    Routes::new(Dialect::Game).get(
        "/users/leaderboard/",
        game::leaderboard,
        "Show the leaderboard",
        Price::of(1, 38.0, 0.0),
    )
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
