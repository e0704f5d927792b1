//! How SkillNet shows people: in short wherever somebody is mentioned, in full to its web client, and with what only
//! their partners may know (its contract, sections 2 and 4).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::MemberId;
use crate::media;
use crate::model::account::Account;
use crate::model::name::Email;
use crate::model::profile::{Profile, Skill};

/// What a member was given by those who reviewed them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RatingsView {
    average: f64,
    count: i64,
}

impl RatingsView {
    /// The ratings of a profile.
    pub fn of(profile: &Profile) -> RatingsView {
        RatingsView { average: profile.rating(), count: profile.rating_count }
    }
}

/// Somebody, wherever they are mentioned.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PersonView {
    id: MemberId,
    username: String,
    name: String,
    profile_picture: Option<String>,
    title: Option<String>,
    location: Option<String>,
    ratings: RatingsView,
}

impl PersonView {
    /// A member in short.
    pub fn of(account: &Account, profile: &Profile) -> PersonView {
        PersonView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            name: account.full_name(),
            profile_picture: account.avatar.as_deref().map(media::path),
            title: profile.title.clone(),
            location: profile.location.clone(),
            ratings: RatingsView::of(profile),
        }
    }
}

impl PersonView {
    /// Somebody of whom the viewer may see no more than their name.
    pub fn unseen(account: &Account) -> PersonView {
        PersonView {
            id: account.id,
            username: account.username.as_str().to_owned(),
            name: String::new(),
            profile_picture: None,
            title: None,
            location: None,
            ratings: RatingsView { average: 0.0, count: 0 },
        }
    }
}

/// A skill.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SkillView {
    id: u64,
    name: String,
}

impl SkillView {
    /// The skills of a profile.
    pub fn all(profile: &Profile) -> Vec<SkillView> {
        profile.skills.iter().map(|Skill { id, name, .. }| SkillView { id: *id, name: name.clone() }).collect()
    }
}

/// How close a viewer is to the member whom they look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// As anybody is.
    Stranger,
    /// They agreed on a swap.
    Partner,
    /// It is the member.
    Oneself,
}

/// A profile as the web client reads it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClientProfileView {
    id: MemberId,
    /// The same again: here a profile has no id of its own.
    user: MemberId,
    username: String,
    user_first_name: String,
    user_last_name: String,
    /// Null but for the member.
    user_email: Option<String>,
    /// Null but for the member and their partners.
    phone: Option<String>,
    title: Option<String>,
    /// Null but for the member and their partners; others have `location`.
    address: Option<String>,
    location: Option<String>,
    profile_picture: Option<String>,
    banner_image: Option<String>,
    bio: Option<String>,
    skills: Vec<ClientSkillView>,
    rating: f64,
    rating_count: i64,
    #[serde(rename = "createdAt")]
    created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    updated_at: DateTime<Utc>,
    date_joined: DateTime<Utc>,
}

/// A skill of somebody as the web client reads it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClientSkillView {
    id: u64,
    user: MemberId,
    name: String,
    #[serde(rename = "createdAt")]
    created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    updated_at: DateTime<Utc>,
}

impl ClientProfileView {
    /// A member in full, as far as this viewer may know.
    pub fn of(account: &Account, profile: &Profile, viewer: Closeness) -> ClientProfileView {
        let for_partners = |text: &Option<String>| if viewer >= Closeness::Partner { text.clone() } else { None };
        let email = account.email.as_ref().filter(|_| viewer == Closeness::Oneself);
        let skill = |skill: &Skill| ClientSkillView {
            id: skill.id,
            user: account.id,
            name: skill.name.clone(),
            created_at: skill.added_at,
            updated_at: skill.added_at,
        };
        ClientProfileView {
            id: account.id,
            user: account.id,
            username: account.username.as_str().to_owned(),
            user_first_name: account.first_name.clone(),
            user_last_name: account.last_name.clone(),
            user_email: email.map(|email| Email::as_str(email).to_owned()),
            phone: for_partners(&profile.phone),
            title: profile.title.clone(),
            address: for_partners(&profile.address),
            location: profile.location.clone(),
            profile_picture: account.avatar.as_deref().map(media::path),
            banner_image: profile.banner.as_deref().map(media::path),
            bio: profile.bio.clone(),
            skills: profile.skills.iter().map(skill).collect(),
            rating: profile.rating(),
            rating_count: profile.rating_count,
            created_at: account.joined_at,
            updated_at: account.changed_at(),
            date_joined: account.joined_at,
        }
    }
}

/// An answer to the web client.
#[derive(Serialize, JsonSchema)]
pub struct DataView<T> {
    /// Always `success`.
    status: &'static str,
    data: T,
}

impl<T> DataView<T> {
    /// The answer that brings this.
    pub fn of(data: T) -> DataView<T> {
        DataView { status: "success", data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::Username;

    #[test]
    fn what_is_for_partners_is_for_nobody_else() {
        let Ok(username) = Username::parse("ada") else { unreachable!("a name") };
        let email = Email::parse("ada@example.org").ok();
        let account = Account { email, ..Account::new(MemberId(7), username, DateTime::UNIX_EPOCH) };
        let profile = Profile {
            phone: Some("+44".to_owned()),
            address: Some("12 St James's Square".to_owned()),
            location: Some("London".to_owned()),
            ..Profile::new(MemberId(7))
        };
        let shown = |viewer| {
            let view = ClientProfileView::of(&account, &profile, viewer);
            (view.user_email.is_some(), view.phone.is_some(), view.address.is_some(), view.location.is_some())
        };
        assert_eq!(shown(Closeness::Stranger), (false, false, false, true));
        assert_eq!(shown(Closeness::Partner), (false, true, true, true));
        assert_eq!(shown(Closeness::Oneself), (true, true, true, true));
    }
}
