//! Files: members' pictures go in, checked and cleaned; everyone's media come out, and to each their own data.

pub mod avatar;
pub mod game;
pub mod media;
pub mod personal_data;
pub mod picture;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "BUCKET", "SIGNING_SECRET"];

/// Every route.
pub fn routes() -> Routes {
    let game = Routes::new(Dialect::Game)
        .post("/users/avatar/", game::set_avatar, "Set one's own picture", Price::of(2, 2.0, 10.0))
        .get("/media/avatars/{user_id}/{filename}", media::avatar, "Get a member's picture", Price::FREE);
    let native = Routes::new(Dialect::Native).get(
        "/v1/personal-data",
        personal_data::fetch,
        "Get one's own data by the link from a letter",
        Price::FREE,
    );
    game.and(native)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
