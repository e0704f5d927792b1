//! The pictures of a profile as SkillNet's web client uploads them (its contract, section 4.1).

use std::marker::PhantomData;

use axum::extract::{FromRequest, Request, State};
use shared::auth::Member;
use shared::dialect::skillnet::people::{ClientProfileView, Closeness, DataView};
use shared::http::describe::{Describe, Operation};
use shared::http::multipart::UploadedFile;
use shared::http::{Json, Upload};
use shared::model::profile::Profile;
use shared::store::keys;
use shared::{App, Error, Result};

use crate::picture::{self, Format, NOT_AN_IMAGE};
use crate::slot::{self, Picture, Slot};

/// The largest file, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// A field of a form.
pub trait Field {
    /// Its name.
    const NAME: &'static str;
}

/// The field of the member's own face.
pub struct ProfilePicture;

/// The field of what is behind it.
pub struct BannerImage;

impl Field for ProfilePicture {
    const NAME: &'static str = "profile_picture";
}

impl Field for BannerImage {
    const NAME: &'static str = "banner_image";
}

/// The file in a field of a form.
pub struct Sent<F>(UploadedFile, PhantomData<F>);

impl<F: Field> FromRequest<App> for Sent<F> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Sent<F>> {
        let file = Upload::from_request(request, app).await?.file(F::NAME);
        let file = file.ok_or_else(|| Error::invalid_field(F::NAME, "No file was submitted."))?;
        if file.bytes.len() > LARGEST {
            return Err(Error::too_large(LARGEST));
        }
        Ok(Sent(file, PhantomData))
    }
}

impl<F: Field> Describe for Sent<F> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_file(F::NAME);
    }
}

/// Sets the caller's own picture.
pub async fn set_picture(
    by: Member,
    State(app): State<App>,
    sent: Sent<ProfilePicture>,
) -> Result<Json<DataView<ClientProfileView>>> {
    set(&app, by, Slot::Avatar, sent).await
}

/// Sets what is behind the caller's own profile.
pub async fn set_banner(
    by: Member,
    State(app): State<App>,
    sent: Sent<BannerImage>,
) -> Result<Json<DataView<ClientProfileView>>> {
    set(&app, by, Slot::Banner, sent).await
}

async fn set<F: Field>(
    app: &App,
    by: Member,
    slot: Slot,
    Sent(file, _): Sent<F>,
) -> Result<Json<DataView<ClientProfileView>>> {
    let not_an_image = || Error::invalid_field(F::NAME, NOT_AN_IMAGE);
    // Browsers name a pasted picture as they please; what is in it counts.
    let format = Format::of_content(&file.bytes).ok_or_else(not_an_image)?;
    let bytes = picture::cleaned(file.bytes, format).await?.map_err(|_| not_an_image())?;
    let profile: Option<Profile> = app.table.get(keys::profile(by.id())).await?;
    let mut profile = profile.unwrap_or_else(|| Profile::new(by.id()));
    let mut account = by.account.clone();
    account.updated_at = Some(app.clock.now());
    let place = match slot {
        Slot::Avatar => &mut account.avatar,
        Slot::Banner => &mut profile.banner,
    };
    let picture = Picture { filename: &file.filename, bytes, format: format.kept_as() };
    *place = Some(slot::set(app, &by, slot, place.take(), picture).await?);
    Ok(Json(DataView::of(ClientProfileView::of(&account, &profile, Closeness::Oneself))))
}
