//! SkillNet's words for accounts (its contract, sections 2 to 4): what its two surfaces have in common.

pub mod client;
pub mod document;
pub mod password;
pub mod sign_up;
pub mod telling;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use shared::dialect::skillnet::people::{RatingsView, SkillView};
use shared::ids::MemberId;
use shared::media;
use shared::model::account::Account;
use shared::model::profile::{LinkedGoogle, Profile};

/// That a field is not there.
pub const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NOT_AN_EMAIL: &str = "Enter a valid email address.";

/// A profile, as its owner sees it.
#[derive(Serialize, JsonSchema)]
pub struct OwnProfileView {
    id: MemberId,
    /// The same again: here a profile has no id of its own.
    user: MemberId,
    username: String,
    name: String,
    email: Option<String>,
    email_verified: bool,
    phone: Option<String>,
    address: Option<String>,
    location: Option<String>,
    title: Option<String>,
    bio: Option<String>,
    profile_picture: Option<String>,
    #[serde(rename = "bannerImage")]
    banner_image: Option<String>,
    skills: Vec<SkillView>,
    ratings: RatingsView,
    xp: i64,
    level: i64,
    google: GoogleView,
    date_joined: DateTime<Utc>,
    #[serde(rename = "createdAt")]
    created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    updated_at: DateTime<Utc>,
}

/// The Google account that a member signs in with.
#[derive(Serialize, JsonSchema)]
pub struct GoogleView {
    linked: bool,
    email: Option<String>,
    scopes: Vec<String>,
}

impl GoogleView {
    fn of(linked: Option<&LinkedGoogle>) -> GoogleView {
        let (email, scopes) = linked.map(|google| (google.email.clone(), google.scopes.clone())).unzip();
        GoogleView { linked: linked.is_some(), email, scopes: scopes.unwrap_or_default() }
    }
}

impl OwnProfileView {
    /// The member's own profile.
    pub fn of(account: &Account, profile: &Profile) -> OwnProfileView {
        OwnProfileView {
            id: account.id,
            user: account.id,
            username: account.username.as_str().to_owned(),
            name: account.full_name(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            email_verified: account.email_confirmed,
            phone: profile.phone.clone(),
            address: profile.address.clone(),
            location: profile.location.clone(),
            title: profile.title.clone(),
            bio: profile.bio.clone(),
            profile_picture: account.avatar.as_deref().map(media::path),
            banner_image: profile.banner.as_deref().map(media::path),
            skills: SkillView::all(profile),
            ratings: RatingsView::of(profile),
            xp: profile.xp,
            level: profile.level(),
            google: GoogleView::of(profile.google.as_ref()),
            date_joined: account.joined_at,
            created_at: account.joined_at,
            updated_at: account.changed_at(),
        }
    }
}

/// What came of it, in a sentence.
#[derive(Serialize, JsonSchema)]
pub struct DetailView {
    detail: &'static str,
}
