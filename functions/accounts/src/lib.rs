//! Accounts: joining, signing in and out, the profile, the password, leaving.
//!
//! What an account is and what may happen to it stands in the nouns ([`password`], [`email`], and
//! in `shared` what others do as well: `joining`, `auth::entry`, `profile`, `leaving`, `stats`); a dialect's file only translates.

pub mod email;
pub mod game;
pub mod google;
pub mod joint;
pub mod leettrack;
pub mod members;
pub mod naming;
pub mod native;
pub mod password;
pub mod personal_data;
pub mod picture;
pub mod recovery;
pub mod second_factor;
pub mod skillnet;
pub mod sukuwatto;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "PUBLIC_URL", "SIGNING_SECRET", "TOKEN_SECRET"];

/// Every route, one table per dialect.
pub fn routes<P: Purpose>() -> Routes<P> {
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
        .get("/v1/members", native::members::list, "Find members by their names", Price::of(3, 90.0, 1.0))
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
    game.and(native).and(joint()).and(leettrack()).and(skillnet()).and(google()).and(skillnet_client()).and(sukuwatto())
}

/// What SkillNet and LeetTrack share.
fn joint<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Joint)
        .post("/api/v1/auth/login", joint::login, "Sign in", Price::of(5, 6.0, 14.0))
        .post("/api/v1/auth/refresh", joint::go_on, "Get new tokens", Price::of(3, 3.0, 3.0))
        .post("/api/v1/auth/logout", joint::logout, "Sign out", Price::of(3, 2.0, 12.0))
}

/// LeetTrack.
fn leettrack<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Leettrack)
        .post("/api/v1/auth/register", leettrack::register, "Make an account, and sign in", Price::of(4, 4.0, 24.0))
        .get("/api/v1/auth/me", leettrack::me, "Show one's own account", Price::of(1, 2.0, 0.0))
        .put("/api/v1/auth/user/settings", leettrack::set, "Set one's name at LeetCode", Price::of(2, 2.0, 8.0))
}

/// SkillNet by its document.
fn skillnet<P: Purpose>() -> Routes<P> {
    use skillnet::document;
    Routes::new(Dialect::Skillnet)
        .post("/api/v1/auth/signup", document::sign_up, "Make an account and sign in", Price::of(4, 5.0, 20.0))
        .get("/api/v1/auth/profile", document::show, "Show one's own profile", Price::of(2, 4.0, 0.0))
        .put("/api/v1/auth/profile", document::edit, "Edit one's own profile", Price::of(3, 6.0, 30.0))
        .patch("/api/v1/auth/profile", document::edit, "Edit one's own profile", Price::of(3, 6.0, 30.0))
        .get("/api/v1/users/{user_id}/", document::show_member, "Show a member", Price::of(2, 9.0, 0.0))
        .post("/api/v1/auth/verify-email", document::verify_email, "Confirm an address", Price::of(2, 2.0, 10.0))
        .post(
            "/api/v1/auth/resend-verification",
            document::resend_verification,
            "Get the letter again that confirms an address",
            Price::of(3, 2.0, 4.0),
        )
        .post(
            "/api/v1/auth/password/reset",
            document::ask_reset,
            "Get a letter to set a new password",
            Price::of(2, 1.0, 6.0),
        )
        .post(
            "/api/v1/auth/password/reset/confirm",
            document::reset_password,
            "Set a new password by a letter",
            Price::of(2, 2.0, 14.0),
        )
        .post("/api/v1/auth/password/change", document::change_password, "Change the password", Price::of(3, 2.0, 14.0))
}

/// SkillNet as its web client calls it, which has two spellings for what changes a profile.
fn skillnet_client<P: Purpose>() -> Routes<P> {
    use skillnet::client;
    Routes::new(Dialect::SkillnetClient)
        .post("/api/auth/registration/", client::register, "Make an account and sign in", Price::of(4, 5.0, 20.0))
        .post("/api/auth/login/", client::login, "Sign in", Price::of(5, 6.0, 14.0))
        .post("/api/auth/logout/", client::logout, "Sign out", Price::of(1, 0.0, 6.0))
        .post("/api/auth/token/refresh/", client::go_on, "Get a new access token", Price::of(3, 3.0, 3.0))
        .get("/api/auth/user/", client::show_user, "Show one's own account", Price::of(2, 4.0, 0.0))
        .put("/api/auth/user/", client::edit_user, "Change one's names", Price::of(3, 4.0, 4.0))
        .patch("/api/auth/user/", client::edit_user, "Change one's names", Price::of(3, 4.0, 4.0))
        .post(
            "/api/auth/password/reset/",
            client::ask_reset,
            "Get a letter to set a new password",
            Price::of(2, 1.0, 6.0),
        )
        .post(
            "/api/auth/password/reset/confirm/",
            client::reset_password,
            "Set a new password by a letter",
            Price::of(2, 2.0, 14.0),
        )
        .post("/api/auth/password/change/", client::change_password, "Change the password", Price::of(3, 2.0, 14.0))
        .post(
            "/api/auth/registration/verify-email/",
            client::verify_email,
            "Confirm an address",
            Price::of(2, 2.0, 10.0),
        )
        .post(
            "/api/auth/registration/resend-email/",
            client::resend_email,
            "Get the letter again that confirms an address",
            Price::of(2, 1.0, 6.0),
        )
        .get(
            "/api/auth/account-confirm-email/{code}/",
            client::confirm_email,
            "Show the page that confirms an address",
            Price::of(1, 2.0, 0.0),
        )
        .get("/api/profile/profile/", client::show, "Show one's own profile", Price::of(2, 4.0, 0.0))
        .patch("/api/profile/update/", client::edit, "Edit one's own profile", Price::of(3, 6.0, 30.0))
        .patch("/api/profile/profile/update/", client::edit, "Edit one's own profile", Price::of(3, 6.0, 30.0))
        .post("/api/profile/skills/", client::set_skills, "Replace one's skills", Price::of(3, 4.0, 16.0))
        .post("/api/profile/profile/skills/", client::set_skills, "Replace one's skills", Price::of(3, 4.0, 16.0))
}

/// Signing in with Google, a part of SkillNet's document.
fn google<P: Purpose>() -> Routes<P> {
    use google::skillnet;
    Routes::new(Dialect::Skillnet)
        .get("/api/v1/auth/google/login", skillnet::depart, "Go to Google to sign in", Price::of(2, 0.0, 2.0))
        .get("/api/v1/auth/google/callback", skillnet::come_back, "Come back from Google", Price::of(7, 5.0, 23.0))
        .post("/api/v1/auth/google", skillnet::sign_in, "Sign in after Google", Price::of(8, 5.0, 26.0))
        .post(
            "/api/v1/auth/google/calendar",
            skillnet::ask_for_calendar,
            "Go to Google to allow entries in one's calendar",
            Price::of(3, 2.0, 2.0),
        )
        .delete("/api/v1/auth/google", skillnet::unlink, "Unlink one's Google account", Price::of(3, 3.0, 8.0))
}

/// Sukuwatto.
fn sukuwatto<P: Purpose>() -> Routes<P> {
    use sukuwatto::{collections, joining, lookup, password, tokens, users};
    Routes::new(Dialect::Sukuwatto)
        .get("/api/", collections, "Show where the collections are", Price::FREE)
        .post("/api/sign-up/", joining::sign_up, "Make an account", Price::of(3, 2.0, 24.0))
        .post("/api/token/", tokens::obtain, "Sign in", Price::of(5, 5.0, 14.0))
        .post("/api/refresh/", tokens::renew, "Get new tokens", Price::of(2, 2.0, 1.0))
        .post("/api/logout/", tokens::leave, "Sign out", Price::of(1, 0.0, 6.0))
        .get("/api/users/", users::list, "List all users", Price::of(4, 115.0, 0.0))
        .get("/api/users/{user_id}/", users::read, "Show a user", Price::of(2, 4.0, 0.0))
        .put("/api/users/{user_id}/", users::replace, "Edit a user", Price::of(5, 6.0, 20.0))
        .patch("/api/users/{user_id}/", users::edit, "Edit some of a user", Price::of(5, 6.0, 20.0))
        .delete("/api/users/{user_id}/", users::delete, "Delete a user", Price::of(3, 4.0, 18.0))
        .get("/api/get-user/", lookup::get_user, "Show a user by name", Price::of(2, 8.0, 0.0))
        .get("/api/user-exists/", joining::user_exists, "Ask after a name", Price::of(2, 1.0, 1.0))
        .get("/api/user-email/", lookup::own_email, "Show one's own address", Price::of(1, 2.0, 0.0))
        .get(
            "/api/user-profile-filename/",
            lookup::profile_filename,
            "Show where a user's picture is",
            Price::of(2, 4.0, 0.0),
        )
        .get("/api/users-search/", lookup::search, "Find users by their names", Price::of(4, 225.0, 1.0))
        .post(
            "/api/user-validate-password/",
            joining::validate_password,
            "Tell what is wrong with a password",
            Price::FREE,
        )
        .post("/api/user-change-password/", password::change, "Change one's own password", Price::of(3, 2.0, 14.0))
        .post("/api/password-reset/", password::ask, "Get a letter to set a new password", Price::of(2, 1.0, 6.0))
        .post(
            "/api/password-reset-validate-token/",
            password::validate,
            "Ask whether such a letter is still good",
            Price::of(1, 2.0, 0.0),
        )
        .post(
            "/api/password-reset-confirm/",
            password::reset,
            "Set a new password by a letter",
            Price::of(3, 4.0, 14.0),
        )
        .post(
            "/api/request-personal-data/",
            personal_data::ask,
            "Ask for everything that is kept about oneself",
            Price::of(5, 4.0, 5.0),
        )
        .post("/api/ban-user/", users::ban, "Ban a user", Price::of(4, 5.0, 12.0))
        .post("/api/reinstate-user/", users::reinstate, "Take a ban back", Price::of(4, 5.0, 10.0))
        .post("/api/express-interest/", joining::express_interest, "Want to hear of us", Price::of(2, 0.0, 2.0))
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
