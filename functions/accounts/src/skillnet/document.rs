//! SkillNet's accounts as its document has them (its contract, section 3.1).

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use shared::auth::{Beside, Client, Member, Viewer};
use shared::dialect::skillnet::people::{PersonView, SkillView};
use shared::http::{Accepted, Body, Created, Json};
use shared::members::{self, Named};
use shared::model::account::Account;
use shared::model::profile::Profile;
use shared::{App, Error, Result, media, profile};

use super::password::{self, Address, Key, NewPassword, Reset};
use super::sign_up::{self, NewUser, Surface};
use super::telling::{self, EditProfile};
use super::{DetailView, OwnProfileView};
use crate::email;
use crate::joint::SignedInView;
use crate::recovery::{self, Wish};

/// Makes an account and signs its member in.
pub async fn sign_up(
    client: Client,
    State(app): State<App>,
    Body(input): Body<NewUser>,
) -> Result<Created<SignedInView>> {
    let joined = sign_up::join(&app, &client, input, Surface::Document).await?;
    let Some((session, _)) = joined.entered else { return Err(Error::not_found()) };
    let message = "User registered successfully";
    SignedInView::of(&app, &session, &joined.account, &joined.profile, message).await.map(Created)
}

/// Shows the caller their own profile.
pub async fn show(by: Member, State(app): State<App>) -> Result<Json<OwnProfileView>> {
    let profile = profile::of(&app, by.id()).await?;
    Ok(Json(OwnProfileView::of(&by.account, &profile)))
}

/// Edits the caller's own profile. Fields left out stay, whatever the method.
pub async fn edit(by: Member, State(app): State<App>, Body(input): Body<EditProfile>) -> Result<Json<OwnProfileView>> {
    let (account, profile) = telling::edit(&app, &by, input).await?;
    Ok(Json(OwnProfileView::of(&account, &profile)))
}

/// A profile, as everybody sees it.
#[derive(Serialize, JsonSchema)]
pub struct PublicProfileView {
    #[serde(flatten)]
    person: PersonView,
    bio: Option<String>,
    skills: Vec<SkillView>,
    #[serde(rename = "bannerImage")]
    banner_image: Option<String>,
    xp: i64,
    level: i64,
    completed_swaps: i64,
    badges: Vec<BadgeView>,
    date_joined: DateTime<Utc>,
    #[serde(rename = "createdAt")]
    created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    updated_at: DateTime<Utc>,
}

/// A badge that somebody was awarded.
#[derive(Serialize, JsonSchema)]
pub struct BadgeView {
    code: String,
    name: String,
    icon: Option<String>,
    #[serde(rename = "achievedAt")]
    achieved_at: DateTime<Utc>,
}

impl PublicProfileView {
    fn of(account: &Account, profile: &Profile) -> PublicProfileView {
        PublicProfileView {
            person: PersonView::of(account, profile),
            bio: profile.bio.clone(),
            skills: SkillView::all(profile),
            banner_image: profile.banner.as_deref().map(media::path),
            xp: profile.xp,
            level: profile.level(),
            completed_swaps: profile.completed_swaps,
            badges: Vec::new(),
            date_joined: account.joined_at,
            created_at: account.joined_at,
            updated_at: account.changed_at(),
        }
    }
}

/// Shows anyone the member of an id or a name, unless they are hidden from the caller.
pub async fn show_member(
    Beside(Viewer(viewer), named): Beside<Viewer, Named>,
    State(app): State<App>,
) -> Result<Json<PublicProfileView>> {
    let viewer = viewer.map(|viewer| viewer.id());
    let (account, profile) = members::find(&app, viewer, &named).await?.ok_or_else(Error::not_found)?;
    Ok(Json(PublicProfileView::of(&account, &profile)))
}

/// Confirms the address of whoever has the code from the letter.
pub async fn verify_email(State(app): State<App>, Body(input): Body<Key>) -> Result<Json<DetailView>> {
    password::verify_email(&app, input).await?;
    Ok(Json(DetailView { detail: "ok" }))
}

/// Sends the caller the letter again that asks to confirm their address.
pub async fn resend_verification(by: Member, State(app): State<App>) -> Result<Accepted<DetailView>> {
    email::ask_again(&app, &by).await?;
    Ok(Accepted(DetailView { detail: "Verification e-mail sent." }))
}

/// Sends a letter with a link to set a new password, if somebody has this address; which is not told.
pub async fn ask_reset(client: Client, State(app): State<App>, Body(input): Body<Address>) -> Result<Json<DetailView>> {
    recovery::ask(&app, &client, &input.parse()?, Wish::Password).await?;
    Ok(Json(DetailView { detail: "Password reset e-mail has been sent." }))
}

/// Sets a new password for whoever has the code from the letter, and ends every session.
pub async fn reset_password(State(app): State<App>, Body(input): Body<Reset>) -> Result<Json<DetailView>> {
    password::reset_password(&app, input).await?;
    Ok(Json(DetailView { detail: "Password has been reset with the new password." }))
}

/// Changes the caller's password. Every other session ends; this one goes on.
pub async fn change_password(
    by: Member,
    State(app): State<App>,
    Body(input): Body<NewPassword>,
) -> Result<Json<DetailView>> {
    password::change_password(&app, &by, input).await?;
    Ok(Json(DetailView { detail: "New password has been saved." }))
}
