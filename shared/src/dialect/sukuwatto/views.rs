//! Members as Sukuwatto shows them, and its codes for what stands in a profile.

use schemars::JsonSchema;
use serde::Serialize;

use super::people::UserMinView;
use crate::ids::MemberId;
use crate::media;
use crate::model::account::Account;
use crate::model::level::level;
use crate::model::profile::{Gender, Profile, System, Tier};
use crate::visibility::Audience;

/// Who may see a thing.
pub const AUDIENCES: [(&str, Audience); 4] =
    [("e", Audience::Everyone), ("r", Audience::Members), ("f", Audience::Followers), ("u", Audience::Owner)];
/// Genders.
pub const GENDERS: [(&str, Gender); 3] = [("m", Gender::Male), ("f", Gender::Female), ("n", Gender::Neutral)];
/// Systems of measurement.
pub const SYSTEMS: [(&str, System); 2] = [("m", System::Metric), ("i", System::Imperial)];
/// Tiers.
const TIERS: [(&str, Tier); 3] = [("n", Tier::Novice), ("i", Tier::Intermediate), ("a", Tier::Advanced)];

/// The code of a value; every value has one.
fn code<T: Copy + PartialEq>(codes: &[(&'static str, T)], value: T) -> &'static str {
    codes.iter().find(|(_, known)| *known == value).map_or("", |(code, _)| code)
}

/// A member who hides from the viewer.
#[derive(Serialize, JsonSchema)]
pub struct UserHiddenView {
    #[serde(flatten)]
    user: UserMinView,
    followers_number: i64,
    followings_number: i64,
    /// Always true.
    hidden: bool,
    is_active: bool,
}

impl UserHiddenView {
    /// What everybody may know of a member.
    pub fn of(account: &Account, profile: &Profile) -> UserHiddenView {
        UserHiddenView {
            user: UserMinView::of(account),
            followers_number: profile.followers,
            followings_number: profile.followings,
            hidden: true,
            is_active: account.is_usable(),
        }
    }
}

/// A member who has just joined.
#[derive(Serialize, JsonSchema)]
pub struct NewUserView {
    id: MemberId,
    username: String,
    first_name: String,
    last_name: String,
    /// `m`, `f` or `n`.
    gender: Option<&'static str>,
    year_birth: Option<i32>,
    month_birth: Option<i32>,
    /// `m` for metric, `i` for imperial.
    system: &'static str,
    location: Option<String>,
    biography: Option<String>,
    profile_filename: Option<String>,
    default_weight_unit: i64,
    default_speed_unit: i64,
    default_distance_unit: i64,
    default_energy_unit: i64,
    /// `e` for everyone, `r` for members, `f` for followers, `u` for nobody else; so with the other two.
    default_visibility_workouts: &'static str,
    default_visibility_user_bio_datas: &'static str,
    visibility: &'static str,
    follow_approval_required: bool,
    followers_number: i64,
    followings_number: i64,
    /// `n` for novice, `i` for intermediate, `a` for advanced.
    tier: &'static str,
    is_staff: bool,
    /// Always empty.
    groups: Vec<i64>,
}

impl NewUserView {
    /// A member, whole but for what training makes of them.
    pub fn of(account: &Account, profile: &Profile) -> NewUserView {
        NewUserView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            gender: profile.gender.map(|gender| code(&GENDERS, gender)),
            year_birth: profile.year_birth,
            month_birth: profile.month_birth,
            system: code(&SYSTEMS, profile.units.system),
            location: profile.location.clone(),
            biography: profile.bio.clone(),
            profile_filename: account.avatar.as_deref().map(media::path),
            default_weight_unit: profile.units.weight,
            default_speed_unit: profile.units.speed,
            default_distance_unit: profile.units.distance,
            default_energy_unit: profile.units.energy,
            default_visibility_workouts: code(&AUDIENCES, profile.workouts_audience),
            default_visibility_user_bio_datas: code(&AUDIENCES, profile.body_audience),
            visibility: code(&AUDIENCES, account.audience),
            follow_approval_required: profile.follow_approval,
            followers_number: profile.followers,
            followings_number: profile.followings,
            tier: code(&TIERS, profile.tier),
            is_staff: account.role.is_some(),
            groups: Vec::new(),
        }
    }
}

/// A member, whole.
#[derive(Serialize, JsonSchema)]
pub struct UserFullView {
    #[serde(flatten)]
    user: NewUserView,
    experience: i64,
    level: u64,
    primary_class: Option<String>,
    secondary_class: Option<String>,
    primary_class_computed: Option<String>,
    secondary_class_computed: Option<String>,
    custom_class: bool,
    is_active: bool,
}

impl UserFullView {
    /// Everything that a member shows.
    pub fn of(account: &Account, profile: &Profile) -> UserFullView {
        let classes = profile.classes.clone();
        UserFullView {
            user: NewUserView::of(account, profile),
            experience: profile.experience,
            level: level(profile.experience),
            primary_class: classes.primary,
            secondary_class: classes.secondary,
            primary_class_computed: classes.primary_computed,
            secondary_class_computed: classes.secondary_computed,
            custom_class: classes.custom,
            is_active: account.is_usable(),
        }
    }
}

/// A member as far as the viewer may see them.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum UserView {
    /// Whole.
    Full(Box<UserFullView>),
    /// Hidden.
    Hidden(UserHiddenView),
}

/// A member of whom the viewer may see no more than who they are, where no other shape will do.
#[derive(Serialize, JsonSchema)]
pub struct UserNamedView {
    id: MemberId,
    username: String,
    first_name: String,
    last_name: String,
    profile_filename: Option<String>,
}

impl UserNamedView {
    /// Who a member is.
    pub fn of(account: &Account) -> UserNamedView {
        UserNamedView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            profile_filename: account.avatar.as_deref().map(media::path),
        }
    }
}
