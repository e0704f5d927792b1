//! SkillTracker: who subscribes, what they are called on coding platforms, in which groups they are, and who is ahead.
//!
//! A subscriber is a member with a [`shared::model::subscription::Subscription`]; one who came with an address and nothing
//! else has no password. What changes together stands in `shared::coding`; how figures are fetched, in `shared::platforms`.

pub mod account;
pub mod caller;
pub mod groups;
pub mod home;
pub mod leaderboard;
pub mod leaving;
pub mod look_ups;
pub mod operations;
pub mod profiles;
pub mod reports;
pub mod sign_in;
pub mod subscribe;
pub mod views;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &[
    "TABLE",
    "BOARDS_TABLE",
    "PUBLIC_URL",
    "SIGNING_SECRET",
    "LEETCODE_GRAPHQL_URL",
    "CODEFORCES_API_URL",
    "CODECHEF_BASE_URL",
];

/// Another name for a profile: the hold on the old one, on the new one, the profile, and what follows.
const RENAME: Price = Price::of(3, 6.0, 24.0);

/// Every route, one table per dialect.
pub fn routes<P: Purpose>() -> Routes<P> {
    let native = Routes::new(Dialect::Native)
        .get(
            "/v1/subscription/reports",
            reports::show,
            "Show whether one gets the weekly report",
            Price::of(2, 3.0, 0.0),
        )
        .put("/v1/subscription/reports", reports::switch, "Get the weekly report, or none", Price::of(2, 2.0, 4.0))
        // Where links in letters lead.
        .get("/v1/subscription/sign-in", sign_in::page, "Show the page that signs a subscriber in", Price::FREE)
        .post("/v1/subscription/sign-in", sign_in::by_link, "Sign a subscriber in by a letter", Price::of(2, 7.0, 20.0))
        .get("/v1/subscription/end", leaving::page, "Show the page that ends a subscription", Price::FREE)
        .post("/v1/subscription/end", leaving::by_link, "End a subscription by a letter", Price::of(4, 8.0, 60.0));
    native.and(tracker())
}

fn tracker<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Tracker)
        .get("/", home::show, "Show who one is", Price::of(1, 5.0, 0.0))
        .post("/", home::act, "Sign in, or ask for today's report", Price::of(6, 12.0, 28.0))
        .post("/send_daily_report/", reports::send, "Ask for today's report", Price::of(3, 5.0, 5.0))
        .post("/subscribe", subscribe::subscribe, "Subscribe", Price::of(4, 8.0, 32.0))
        // Codeforces is asked page by page, and what was seen there is kept.
        .post("/add_platform_profile", profiles::add, "Add a profile", Price::of(6, 8.0, 16.0))
        .get(
            "/update-platform-username/{platform}/{username}/",
            profiles::show,
            "Show one of one's own profiles",
            Price::of(1, 5.0, 0.0),
        )
        .put(
            "/update-platform-username/{platform}/{username}/",
            profiles::rename,
            "Give a profile another name",
            RENAME,
        )
        .patch(
            "/update-platform-username/{platform}/{username}/",
            profiles::rename,
            "Give a profile another name",
            RENAME,
        )
        .post("/logout", home::log_out, "Sign out", Price::of(2, 5.0, 6.0))
        .post("/unsubscribe", leaving::unsubscribe, "End one's subscription", Price::of(4, 10.0, 60.0))
        .post("/create_or_join_group/", groups::change, "Found, join or leave a group", Price::of(3, 6.0, 24.0))
        // Half a read unit for each of 27 nodes; the rest is for a page that begins far among equals.
        .get("/leaderboard", leaderboard::show, "Show the leaderboard", Price::of(3, 80.0, 0.0))
        .post("/trigger-leaderboard/", operations::fetch_all, "Have every profile fetched", Price::of(1, 0.0, 3.0))
        .get("/api/fetch-data", look_ups::show, "Look up accounts on platforms", Price::of(5, 8.0, 6.0))
        .post("/api/weekly-update/", operations::report, "Have the weekly report written", Price::of(1, 0.0, 3.0))
        .get("/my-profiles/", profiles::list, "List one's own profiles", Price::of(1, 5.0, 0.0))
        .post("/profiles/{profile_id}/refresh/", profiles::refresh, "Fetch a profile anew", Price::of(4, 6.0, 8.0))
}

/// The function.
pub fn function(app: App) -> Function {
    if app.config.immediate_subscriber_login {
        tracing::warn!("Subscribers sign in by their address alone, since SubscriberLogin is immediate.");
    }
    routes().serve(app)
}
