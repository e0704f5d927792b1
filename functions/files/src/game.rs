//! The game users API's words for pictures (its contract, sections 3 and 4.3).

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::auth::Member;
use shared::error::Problems;
use shared::http::{Json, Upload};
use shared::ids::MemberId;
use shared::{App, Error, Result};

use crate::picture::{self, Format, NOT_AN_IMAGE};
use crate::slot::{self, Picture, Slot};

const MEGABYTE: f64 = 1_048_576.0;

/// A new picture.
#[derive(Serialize, JsonSchema)]
pub struct AvatarView {
    id: MemberId,
    username: String,
    message: &'static str,
    avatar_url: String,
}

/// Sets the caller's own picture.
pub async fn set_avatar(by: Member, State(app): State<App>, upload: Upload) -> Result<Json<AvatarView>> {
    let file = upload.file("avatar").filter(|file| !file.filename.is_empty());
    let file = file.ok_or_else(|| Error::invalid("no_file", "No file uploaded."))?;
    let mut problems = Problems::default();
    let extension = file.filename.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
    let format = problems.check(
        "avatar",
        Format::of_extension(&extension).ok_or_else(|| {
            let shown: String = extension.chars().filter(|char| !char.is_control()).take(50).collect();
            format!("File extension “{shown}” is not allowed. Allowed extensions are: jpg, jpeg, png.")
        }),
    );
    let limit = app.config.max_avatar_megabytes;
    if file.bytes.len() as f64 > limit * MEGABYTE {
        problems.add("avatar", format!("File size exceeds the limit {limit} MB."));
    } else if file.bytes.is_empty() {
        problems.add("avatar", "The submitted file is empty.");
    }
    problems.finish()?;
    // An extension that is not allowed is a problem, so there is a format here.
    let Some(format) = format else { return Err(Error::not_found()) };
    let clean = picture::cleaned(file.bytes, format).await?;
    let bytes = clean.map_err(|_| Error::invalid_field("avatar", NOT_AN_IMAGE))?;
    let picture = Picture { filename: &file.filename, bytes, format };
    let name = slot::set(&app, &by, Slot::Avatar, by.account.avatar.clone(), picture).await?;
    Ok(Json(AvatarView {
        id: by.id(),
        username: by.account.username.as_str().to_owned(),
        message: "Avatar updated.",
        avatar_url: shared::media::path(&name),
    }))
}
