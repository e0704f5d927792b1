//! Accounts: joining, signing in and out, the profile, the password, leaving.
//!
//! What an account is and what may happen to it stands in the nouns ([`joining`], [`password`], [`email`],
//! and what the staff may do as well in `shared`: `auth::entry`, `profile`, `leaving`, `stats`); a dialect's file only translates.

pub mod email;
pub mod game;
pub mod google;
pub mod joining;
pub mod leettrack;
pub mod native;
pub mod password;
pub mod personal_data;
pub mod recovery;
pub mod second_factor;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET", "TOKEN_SECRET"];

/// Every route, one table per dialect.
pub fn routes() -> Routes {
    // A profile is also found under `/user/<id>`: the contract writes its update so once.
    let game = Routes::new(Dialect::Game)
        .post("/users/register/", game::register, "Make an account", Price::of(3, 1.0, 13.0))
        .post("/users/login/", game::login, "Sign in", Price::of(5, 4.0, 14.0))
        .post("/users/logout/", game::logout, "Sign out", Price::of(2, 2.0, 6.0))
        .post("/users/password/", game::change_password, "Change the password", Price::of(3, 2.0, 14.0))
        .get("/users/{user_id}/", game::show, "Show one's own profile", Price::of(2, 3.0, 0.0))
        .patch("/users/{user_id}/", game::edit, "Edit or deactivate one's own profile", Price::of(4, 4.0, 24.0))
        .delete("/users/{user_id}/", game::delete, "Delete one's own account", Price::of(3, 2.0, 18.0))
        .put("/users/{user_id}/stats/", game::write_stats, "Write a score", Price::of(2, 2.0, 8.0))
        .get("/user/{user_id}/", game::show, "Show one's own profile", Price::of(2, 3.0, 0.0))
        .patch("/user/{user_id}/", game::edit, "Edit or deactivate one's own profile", Price::of(4, 4.0, 24.0))
        .delete("/user/{user_id}/", game::delete, "Delete one's own account", Price::of(3, 2.0, 18.0));
    let native = Routes::new(Dialect::Native)
        .post("/v1/token", native::tokens::issue, "Get an access token for this session", Price::of(2, 2.0, 1.0))
        .get(
            "/.well-known/jwks.json",
            native::tokens::key_set,
            "List the keys that verify access tokens",
            Price::of(1, 1.0, 0.0),
        )
        .get("/v1/sessions", native::sessions::list, "List one's own sessions", Price::of(2, 4.0, 0.0))
        .post("/v1/sessions", native::sessions::begin, "Sign in", Price::of(5, 5.0, 14.0))
        .delete("/v1/sessions", native::sessions::end_all, "End all of one's sessions", Price::of(2, 2.0, 8.0))
        .delete("/v1/sessions/{session}", native::sessions::end, "End one of one's sessions", Price::of(2, 2.0, 6.0))
        .post("/v1/sessions/refresh", native::tokens::refresh, "Get new tokens", Price::of(3, 3.0, 3.0))
        .get(
            "/v1/email/confirm",
            native::email::ask_to_confirm,
            "Show the page that confirms an address",
            Price::of(1, 2.0, 0.0),
        )
        .post("/v1/email/confirm", native::email::confirm, "Confirm an e-mail address", Price::of(2, 2.0, 10.0))
        .post("/v1/email/letter", native::email::ask_again, "Get that letter again", Price::of(3, 2.0, 4.0))
        .post("/v1/password/reset", native::password::ask, "Get a letter to set a new password", Price::of(2, 1.0, 6.0))
        .post(
            "/v1/password/reset/confirm",
            native::password::set,
            "Set a new password by a letter",
            Price::of(2, 2.0, 14.0),
        )
        .get(
            "/reset-password/{code}",
            native::password::page,
            "Show the page that sets a new password",
            Price::of(1, 2.0, 0.0),
        )
        .post(
            "/reset-password/{code}",
            native::password::fill,
            "Set a new password by the page",
            Price::of(2, 2.0, 14.0),
        )
        .get(
            "/v1/second-factor",
            native::second_factor::show,
            "Tell whether one's own second factor is on",
            Price::of(2, 3.0, 0.0),
        )
        .post(
            "/v1/second-factor",
            native::second_factor::begin,
            "Get a secret for an authenticator",
            Price::of(3, 2.0, 8.0),
        )
        .delete(
            "/v1/second-factor",
            native::second_factor::remove,
            "Switch one's own second factor off",
            Price::of(4, 3.0, 14.0),
        )
        .post(
            "/v1/second-factor/confirm",
            native::second_factor::confirm,
            "Switch one's own second factor on",
            Price::of(3, 3.0, 10.0),
        )
        .post(
            "/v1/second-factor/recovery-codes",
            native::second_factor::renew,
            "Get new recovery codes",
            Price::of(3, 3.0, 6.0),
        )
        .post("/v1/sign-in/letter", native::sign_in::ask, "Get a letter to sign in with", Price::of(2, 1.0, 6.0))
        .get("/v1/sign-in", native::sign_in::page, "Show the page that signs in by a letter", Price::FREE)
        .post("/v1/sign-in", native::sign_in::sign_in, "Sign in by a letter", Price::of(4, 4.0, 12.0));
    let leettrack = Routes::new(Dialect::Leettrack)
        .post("/api/v1/auth/register", leettrack::register, "Make an account, and sign in", Price::of(4, 4.0, 24.0))
        .get("/api/v1/auth/me", leettrack::me, "Show one's own account", Price::of(1, 2.0, 0.0))
        .put("/api/v1/auth/user/settings", leettrack::set, "Set one's name at LeetCode", Price::of(2, 2.0, 8.0));
    let sukuwatto = Routes::new(Dialect::Sukuwatto).post(
        "/api/request-personal-data/",
        personal_data::ask,
        "Ask for everything that is kept about oneself",
        Price::of(5, 4.0, 5.0),
    );
    let skillnet = Routes::new(Dialect::Skillnet)
        .get("/api/v1/auth/google/login", google::skillnet::depart, "Go to Google to sign in", Price::of(2, 0.0, 2.0))
        .get(
            "/api/v1/auth/google/callback",
            google::skillnet::come_back,
            "Come back from Google",
            Price::of(7, 5.0, 21.0),
        )
        .post("/api/v1/auth/google", google::skillnet::sign_in, "Sign in after Google", Price::of(8, 5.0, 24.0))
        .post(
            "/api/v1/auth/google/calendar",
            google::skillnet::ask_for_calendar,
            "Go to Google to allow entries in one's calendar",
            Price::of(3, 2.0, 2.0),
        )
        .delete("/api/v1/auth/google", google::skillnet::unlink, "Unlink one's Google account", Price::of(3, 3.0, 6.0));
    game.and(native).and(leettrack).and(sukuwatto).and(skillnet)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
