//! The staff's pages: finding members, and what the staff may do about them (contract of the game's users API,
//! `GET /admin/`). Plain pages and forms, made here and without a script.

pub mod entry;
pub mod form;
pub mod members;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// Every route.
pub fn routes() -> Routes {
    // A page of the list is 25 accounts with their scores.
    Routes::new(Dialect::Staff)
        .get("/admin/", members::list, "List and search members", Price::of(3, 54.0, 0.0))
        .get("/admin/sign-in/", entry::ask, "Show the form to sign in", Price::FREE)
        .post("/admin/sign-in/", entry::sign_in, "Sign in", Price::of(5, 4.0, 14.0))
        .post("/admin/sign-out/", entry::sign_out, "Sign out", Price::of(2, 2.0, 6.0))
        .get("/admin/users/{user_id}/", members::show, "Show a member", Price::of(3, 5.0, 0.0))
        .post("/admin/users/{user_id}/activate/", members::activate, "Activate an account", Price::of(3, 4.0, 9.0))
        .post(
            "/admin/users/{user_id}/deactivate/",
            members::deactivate,
            "Deactivate an account",
            Price::of(3, 4.0, 10.0),
        )
        .post("/admin/users/{user_id}/unlock/", members::unlock, "Forget failed logins", Price::of(4, 5.0, 4.0))
        .post("/admin/users/{user_id}/score/", members::set_score, "Set a score", Price::of(3, 3.0, 8.0))
        .post("/admin/users/{user_id}/delete/", members::delete, "Delete an account", Price::of(3, 4.0, 18.0))
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
