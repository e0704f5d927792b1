//! Files: members' pictures go in, checked and cleaned; everyone's media come out, and to each their own data.

pub mod game;
pub mod media;
pub mod personal_data;
pub mod picture;
pub mod skillnet;
pub mod skillnet_files;
pub mod slot;
pub mod sukuwatto;
pub mod uploads;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "BUCKET", "PUBLIC_URL", "SIGNING_SECRET"];

/// Every route.
pub fn routes<P: Purpose>() -> Routes<P> {
    let game = Routes::new(Dialect::Game)
        .post("/users/avatar/", game::set_avatar, "Set one's own picture", Price::of(2, 2.0, 12.0))
        .get("/media/avatars/{user_id}/{filename}", media::avatar, "Get a member's picture", Price::FREE);
    let sukuwatto = Routes::new(Dialect::Sukuwatto)
        .post("/api/file-upload/", sukuwatto::upload, "Upload a picture", Price::of(3, 2.0, 2.0))
        .get("/media/uploads/{user_id}/{filename}", media::upload, "Get a picture that a member uploaded", Price::FREE);
    let native = Routes::new(Dialect::Native).get(
        "/v1/personal-data",
        personal_data::fetch,
        "Get one's own data by the link from a letter",
        Price::FREE,
    );
    // Its client has two spellings for what changes a profile.
    let skillnet = Routes::new(Dialect::SkillnetClient)
        .post("/api/profile/picture/", skillnet::set_picture, "Set one's own picture", Price::of(3, 4.0, 8.0))
        .post("/api/profile/profile/picture/", skillnet::set_picture, "Set one's own picture", Price::of(3, 4.0, 8.0))
        .post("/api/profile/banner/", skillnet::set_banner, "Set one's own banner", Price::of(3, 4.0, 18.0))
        .post("/api/profile/profile/banner/", skillnet::set_banner, "Set one's own banner", Price::of(3, 4.0, 18.0))
        .get("/media/banners/{user_id}/{filename}", media::banner, "Get a member's banner", Price::FREE);
    let files = Routes::new(Dialect::Skillnet)
        .post("/api/v1/files/", skillnet_files::begin, "Ask for a place for a picture", Price::of(2, 2.0, 1.0))
        .put("/api/v1/files/{code}/", skillnet_files::receive, "Send the picture", Price::of(2, 2.0, 2.0));
    game.and(native).and(skillnet).and(files).and(sukuwatto)
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
