//! Files: members' pictures go in, checked and cleaned; everyone's media come out.

pub mod avatar;
pub mod game;
pub mod media;
pub mod picture;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "BUCKET"];

/// Every route.
pub fn routes() -> Routes {
    Routes::new(Dialect::Game)
        .post("/users/avatar/", game::set_avatar, "Set one's own picture", Price::of(2, 2.0, 10.0))
        .get("/media/avatars/{user_id}/{filename}", media::avatar, "Get a member's picture", Price::FREE)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
