//! Social: who follows whom, what members write, and what others make of it.

pub mod comments;
pub mod content_types;
pub mod feed;
pub mod likes;
pub mod months;
pub mod posts;
pub mod streams;
pub mod views;
pub mod written;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// A page of everything that is written, of which every entry costs up to a dozen reads; one trip more where little was
/// written in two months.
const PAGE: Price = Price::of(4, 500.0, 1.0);
/// A page of a stream: every entry is about several things and members.
const STREAM: Price = Price::of(3, 600.0, 1.0);
/// Everything that was done to a thing, as far as it is shown.
const DOINGS: Price = Price::of(2, 2_200.0, 0.0);

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
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
