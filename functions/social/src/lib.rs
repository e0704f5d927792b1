//! Social: who follows whom, what members write, and what others make of it.

pub mod blocks;
pub mod comments;
pub mod content_types;
pub mod digest;
pub mod feed;
pub mod follows;
pub mod likes;
pub mod months;
pub mod notices;
pub mod posts;
pub mod replies;
pub mod reports;
pub mod skills;
pub mod stopping;
pub mod streams;
pub mod views;
pub mod written;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// A page of fifty members, each with what stands between them and the caller.
const PEOPLE: Price = Price::of(3, 230.0, 2.0);
/// A page of everything that is written, of which every entry costs up to a dozen reads; one trip more where little was
/// written in two months.
const PAGE: Price = Price::of(4, 500.0, 1.0);
/// A page of a stream: every entry is about several things and members.
const STREAM: Price = Price::of(3, 600.0, 1.0);
/// Everything that was done to a thing, as far as it is shown.
const DOINGS: Price = Price::of(2, 2_200.0, 0.0);

/// Every route, a table for each noun.
pub fn routes<P: Purpose>() -> Routes<P> {
    graph().and(writing()).and(streams()).and(reports()).and(notices())
}

/// Who follows whom, who has blocked whom, and what members are good at.
fn graph<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
        .post("/api/follow/", follows::follow, "Follow a member, or ask to", Price::of(3, 9.0, 28.0))
        .post("/api/unfollow/", follows::unfollow, "Follow a member no more", Price::of(3, 5.0, 24.0))
        .get("/api/is-following/", follows::is_following, "Show whether one follows a member", Price::of(2, 6.0, 0.0))
        .get("/api/followers/", follows::followers, "List who follows a member", PEOPLE)
        .get("/api/following/", follows::following, "List whom a member follows", PEOPLE)
        .get("/api/follow-requests/", follows::requests, "List who asks to follow one", PEOPLE)
        .get(
            "/api/follow-request-number/",
            follows::request_number,
            "Count who asks to follow one",
            Price::of(2, 30.0, 0.0),
        )
        .post("/api/approve-follow-request/", follows::approve, "Let a member follow one", Price::of(3, 5.0, 28.0))
        .post("/api/reject-follow-request/", follows::reject, "Let a member not follow one", Price::of(3, 4.0, 3.0))
        .post("/api/block/", blocks::block, "Block a member", Price::of(3, 7.0, 42.0))
        .post("/api/unblock/", blocks::unblock, "Take a block back", Price::of(3, 4.0, 4.0))
        .get("/api/is-blocked/", blocks::is_blocked, "Show whether one has blocked a member", Price::of(2, 5.0, 0.0))
        .get("/api/blocked-users/", blocks::blocked, "List whom one has blocked", PEOPLE)
        .get("/api/user-skills/", skills::list, "List what a member is good at", Price::of(2, 15.0, 0.0))
}

/// Posts, comments and likes.
fn writing<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
        .get("/api/posts/", posts::list, "List posts", PAGE)
        .post("/api/posts/", posts::create, "Publish a post", Price::of(3, 6.0, 26.0))
        .get("/api/posts/{post}/", posts::read, "Show a post", Price::of(2, 5.0, 0.0))
        .put("/api/posts/{post}/", posts::replace, "Write a post anew", Price::of(3, 8.0, 28.0))
        .patch("/api/posts/{post}/", posts::edit, "Change a post", Price::of(3, 8.0, 28.0))
        .delete("/api/posts/{post}/", posts::delete, "Delete a post", Price::of(2, 5.0, 30.0))
        .get("/api/comments/", comments::list, "List comments", PAGE)
        .post("/api/comments/", comments::create, "Comment on a thing", Price::of(4, 6.0, 24.0))
        .get("/api/comments/{comment}/", comments::read, "Show a comment", Price::of(2, 6.0, 0.0))
        .put("/api/comments/{comment}/", comments::replace, "Write a comment anew", Price::of(2, 5.0, 6.0))
        .patch("/api/comments/{comment}/", comments::edit, "Change a comment", Price::of(2, 5.0, 6.0))
        .delete("/api/comments/{comment}/", comments::delete, "Delete a comment", Price::of(2, 5.0, 24.0))
        .post("/api/toggle-like/", likes::toggle, "Like a thing, or no more", Price::of(4, 7.0, 24.0))
        .get("/api/user-liked/", likes::liked, "Ask whether one likes a thing", Price::of(2, 3.0, 0.0))
        .get("/api/content-types/", content_types::list, "List the sorts of things", Price::FREE)
}

/// What was done, by whom and to what.
fn streams<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
        .get("/api/user-stream/", streams::own, "Show what those did whom one follows", STREAM)
        .get("/api/actor-stream/", streams::of_actor, "Show what a member did", STREAM)
        .get("/api/target-stream/", streams::to_thing, "Show what was done to a thing", DOINGS)
        .get("/api/action-object-stream/", streams::with_thing, "Show what made a thing", DOINGS)
}

/// What the staff is told of.
fn reports<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
        .get("/api/reports/", reports::list, "List reports", Price::of(3, 200.0, 2.0))
        .post("/api/reports/", reports::make, "Tell the staff of something", Price::of(4, 12.0, 12.0))
        .get("/api/reports/{report_id}/", reports::read, "Show a report", Price::of(3, 6.0, 0.0))
        .put("/api/reports/{report_id}/", reports::replace, "See to a report", Price::of(4, 7.0, 14.0))
        .patch("/api/reports/{report_id}/", reports::edit, "See to a report", Price::of(4, 7.0, 14.0))
        .delete("/api/reports/{report_id}/", reports::remove, "Remove a report", Price::of(3, 4.0, 12.0))
}

/// What members are told of.
fn notices<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Native)
        .get("/v1/notices", notices::list, "List what one is told of", Price::of(3, 230.0, 0.0))
        .get("/v1/notices/unseen", notices::unseen, "Count what is new of it", Price::of(2, 12.0, 0.0))
        .post("/v1/notices/seen", notices::see, "Note what one has seen of it", Price::of(3, 6.0, 6.0))
        .get("/v1/notices/digest", digest::read, "Show whether one gets a letter about it", Price::of(2, 3.0, 0.0))
        .put("/v1/notices/digest", digest::switch, "Get a letter about it, or none", Price::of(2, 2.0, 6.0))
        .get("/v1/letters/stop", stopping::ask, "Show the page that stops letters of a sort", Price::FREE)
        .post("/v1/letters/stop", stopping::stop, "Stop letters of a sort by the link in one", Price::of(1, 0.0, 4.0))
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
