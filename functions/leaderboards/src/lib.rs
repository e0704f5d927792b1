//! Leaderboards: who is ahead, in the words of each product.
//!
//! What a board is and how ranks come about stands in `shared::boards`; a dialect's file only translates. [`people`]
//! says who may be shown, [`page`] where a numbered page lies.

pub mod figures;
pub mod game;
pub mod native;
pub mod page;
pub mod people;
pub mod skillnet;
pub mod sukuwatto;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "BOARDS_TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// A page of Sukuwatto's boards: one of a hundred lines far down, or found by names among many.
const PAGE: Price = Price::of(8, 200.0, 0.0);
/// Five lines of Sukuwatto's boards, out of nine.
const WINDOW: Price = Price::of(5, 20.0, 0.0);

/// Every route, one table per dialect.
pub fn routes<P: Purpose>() -> Routes<P> {
    // A thousand rows of about 300 bytes, read from an index, are 38 units; a first page of 100 is 4.
    let game = Routes::new(Dialect::Game).get(
        "/users/leaderboard/",
        game::leaderboard,
        "Show the leaderboard",
        Price::of(4, 38.0, 0.0),
    );
    game.and(sukuwatto()).and(skillnet()).and(native())
}

fn sukuwatto<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
        .get("/api/weekly-leaderboard/", sukuwatto::weekly, "Show the board of this week", PAGE)
        .get("/api/monthly-leaderboard/", sukuwatto::monthly, "Show the board of this month", PAGE)
        .get("/api/yearly-leaderboard/", sukuwatto::yearly, "Show the board of this year", PAGE)
        .get("/api/alltime-leaderboard/", sukuwatto::alltime, "Show the board of all time", PAGE)
        .get(
            "/api/weekly-leaderboard-dashboard/",
            sukuwatto::weekly_dashboard,
            "Show those around oneself this week",
            WINDOW,
        )
        .get(
            "/api/monthly-leaderboard-dashboard/",
            sukuwatto::monthly_dashboard,
            "Show those around oneself this month",
            WINDOW,
        )
        .get(
            "/api/yearly-leaderboard-dashboard/",
            sukuwatto::yearly_dashboard,
            "Show those around oneself this year",
            WINDOW,
        )
        .get(
            "/api/alltime-leaderboard-dashboard/",
            sukuwatto::alltime_dashboard,
            "Show those around oneself of all time",
            WINDOW,
        )
}

fn skillnet<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Skillnet).get(
        "/api/v1/leaderboard/",
        skillnet::leaderboard,
        "Show who swaps most, or best",
        Price::of(6, 680.0, 0.0),
    )
}

/// Of a page of a hundred, four units a row go to who may see whom.
fn native<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Native)
        .get("/v1/boards/{board}", native::top, "Show a board", Price::of(3, 420.0, 0.0))
        .get("/v1/boards/{board}/around-me", native::around_me, "Show those around oneself", Price::of(5, 420.0, 0.0))
        .get(
            "/v1/boards/{board}/members/{user_id}",
            native::rank_of_member,
            "Show how a member stands",
            Price::of(3, 10.0, 0.0),
        )
        .get(
            "/v1/boards/{board}/following",
            native::following,
            "Show oneself and those whom one follows",
            Price::of(4, 480.0, 0.0),
        )
        .get("/v1/boards/{board}/final", native::last, "Show how a board ended", Price::of(3, 420.0, 0.0))
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
