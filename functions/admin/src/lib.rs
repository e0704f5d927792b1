//! The staff's pages: what there is to look after, and what the staff may do about it. Plain pages and forms, made
//! here; a script makes them handier where one may run.

pub mod acts;
pub mod assets;
pub mod audit;
pub mod chart;
pub mod entry;
pub mod form;
pub mod jobs;
pub mod letters;
pub mod member;
pub mod members;
pub mod overview;
pub mod page;
pub mod refreshes;
pub mod reports;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET"];

/// Every route.
pub fn routes<P: Purpose>() -> Routes<P> {
    let doors = Routes::new(Dialect::Staff)
        .get("/admin/style.css", assets::send::<0>, "Get the stylesheet", Price::FREE)
        .get("/admin/script.js", assets::send::<1>, "Get the script", Price::FREE)
        .get("/admin/icon.svg", assets::send::<2>, "Get the icon", Price::FREE)
        .get("/admin/sign-in/", entry::ask, "Show the form to sign in", Price::FREE)
        .post("/admin/sign-in/", entry::sign_in, "Sign in", Price::of(5, 4.0, 14.0))
        .post("/admin/sign-out/", entry::sign_out, "Sign out", Price::of(2, 2.0, 6.0));
    // A page of the list is 25 accounts with their scores, one of letters or of the trail 25 accounts for their names.
    let pages = Routes::new(Dialect::Staff)
        .get("/admin/", overview::show, "Show figures", Price::of(2, 5.0, 0.0))
        .get("/admin/users/", members::list, "List and search members", Price::of(3, 54.0, 0.0))
        .get("/admin/users/{user_id}/", member::show, "Show a member", Price::of(2, 6.0, 0.0))
        .get("/admin/reports/", reports::list, "List reports", Price::of(3, 40.0, 0.0))
        .get("/admin/reports/{report_id}/", reports::show, "Show a report", Price::of(4, 12.0, 0.0))
        .get("/admin/letters/", letters::list, "List letters sent and failed", Price::of(4, 32.0, 0.0))
        .get("/admin/jobs/", jobs::list, "List jobs and their runs", Price::of(2, 12.0, 0.0))
        .get("/admin/refreshes/", refreshes::list, "List refresh runs", Price::of(3, 40.0, 0.0))
        .get("/admin/audit/", audit::list, "List what the staff did", Price::of(3, 32.0, 0.0));
    let acts = Routes::new(Dialect::Staff)
        .post("/admin/users/{user_id}/edit/", acts::edit, "Edit a profile", Price::of(4, 4.0, 25.0))
        .post("/admin/users/{user_id}/activate/", acts::activate, "Activate an account", Price::of(3, 4.0, 13.0))
        .post("/admin/users/{user_id}/deactivate/", acts::deactivate, "Deactivate an account", Price::of(3, 4.0, 14.0))
        .post("/admin/users/{user_id}/ban/", acts::ban, "Ban a member", Price::of(3, 4.0, 14.0))
        .post("/admin/users/{user_id}/reinstate/", acts::reinstate, "Lift a ban", Price::of(3, 4.0, 13.0))
        .post("/admin/users/{user_id}/unlock/", acts::unlock, "Forget failed logins", Price::of(4, 5.0, 8.0))
        .post(
            "/admin/users/{user_id}/reset-password/",
            acts::reset_password,
            "Send a letter to set a new password",
            Price::of(3, 4.0, 8.0),
        )
        .post("/admin/users/{user_id}/score/", acts::set_score, "Set a score", Price::of(4, 5.0, 12.0))
        .post("/admin/users/{user_id}/end-sessions/", acts::end_sessions, "End all sessions", Price::of(3, 4.0, 10.0))
        .post(
            "/admin/users/{user_id}/sessions/{session}/end/",
            acts::end_session,
            "End a session",
            Price::of(3, 4.0, 10.0),
        )
        .post(
            "/admin/users/{user_id}/remove-second-factor/",
            acts::remove_second_factor,
            "Switch off a lost second factor",
            Price::of(3, 4.0, 14.0),
        )
        .post("/admin/users/{user_id}/role/", acts::set_role, "Set a role", Price::of(3, 4.0, 8.0))
        .post("/admin/users/{user_id}/delete/", acts::delete, "Delete an account", Price::of(3, 4.0, 20.0))
        .post("/admin/reports/{report_id}/see-to/", reports::settle, "See to a report", Price::of(3, 6.0, 14.0))
        .post("/admin/reports/{report_id}/remove/", reports::remove, "Delete what is reported", Price::of(5, 6.0, 24.0))
        .post("/admin/jobs/{job}/run/", jobs::run, "Run a job now", Price::of(2, 2.0, 8.0));
    doors.and(pages).and(acts)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
