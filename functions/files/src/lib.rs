//! Files: members' pictures go in, checked and cleaned; everyone's media come out.

pub mod avatar;
pub mod game;
pub mod media;
pub mod picture;
pub mod sukuwatto;
pub mod uploads;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "BUCKET"];

/// Every route.
pub fn routes() -> Routes {
    let game = Routes::new(Dialect::Game)
        .post("/users/avatar/", game::set_avatar, "Set one's own picture", Price::of(2, 2.0, 12.0))
        .get("/media/avatars/{user_id}/{filename}", media::avatar, "Get a member's picture", Price::FREE);
    let sukuwatto = Routes::new(Dialect::Sukuwatto)
        .post("/api/file-upload/", sukuwatto::upload, "Upload a picture", Price::of(3, 2.0, 2.0))
        .get("/media/uploads/{user_id}/{filename}", media::upload, "Get a picture that a member uploaded", Price::FREE);
    game.and(sukuwatto)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
