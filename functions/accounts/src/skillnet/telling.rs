//! What members tell of themselves, and how it is checked.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use shared::auth::Member;
use shared::error::Problems;
use shared::http::body;
use shared::model::account::Account;
use shared::model::name::fold;
use shared::model::profile::{Profile, Skill};
use shared::profile::{self, Edit};
use shared::{App, Error, Result};

use super::BLANK;
use crate::picture::{self, NotAnUpload};

const LONGEST_NAME: usize = 150;
const LONGEST_SKILL: usize = 100;
const MOST_SKILLS: usize = 50;
const NOT_AN_UPLOAD: &str = "This is not a file that you uploaded here, or it serves something else.";

/// What may change about oneself; what is left out stays.
#[derive(Default, Deserialize, JsonSchema)]
pub struct EditProfile {
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    pub(super) first_name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    pub(super) last_name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 20))]
    pub(super) phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 500))]
    pub(super) address: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 100))]
    pub(super) location: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 100))]
    pub(super) title: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 2000))]
    pub(super) bio: Option<Option<String>>,
    /// Names, or objects with a `name`; they replace those that were there.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Vec<String>")]
    pub(super) skills: Option<Value>,
    /// The reference of an upload, or null to remove it.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>")]
    pub(super) profile_picture: Option<Option<String>>,
    /// The reference of an upload, or null to remove it.
    #[serde(default, rename = "bannerImage", alias = "banner_image", deserialize_with = "body::given")]
    #[schemars(with = "Option<String>")]
    pub(super) banner_image: Option<Option<String>>,
}

/// Changes the caller's profile, and returns it as it is now.
pub(super) async fn edit(app: &App, by: &Member, input: EditProfile) -> Result<(Account, Profile)> {
    let member = by.id();
    let (picture, banner) = (path(app, &input.profile_picture), path(app, &input.banner_image));
    let (old, idle_picture, idle_banner) = tokio::join!(
        profile::of(app, member),
        picture::idle(app, member, picture.flatten()),
        picture::idle(app, member, banner.flatten()),
    );
    let (old, idle_picture, idle_banner) = (old?, idle_picture?, idle_banner?);
    let mut new = old.clone();
    let mut problems = Problems::default();
    tell(&mut problems, &mut new, &input, app.clock.now());
    let mut named = |field, path: Option<Option<&str>>, now: Option<&str>, idle| {
        let named = picture::named(path?, now, idle).map_err(|NotAnUpload| NOT_AN_UPLOAD);
        problems.check(field, named).flatten()
    };
    let avatar = named("profile_picture", picture, by.account.avatar.as_deref(), idle_picture);
    let banner = named("bannerImage", banner, old.banner.as_deref(), idle_banner);
    if let (Some(Some(avatar)), Some(Some(banner))) = (&avatar, &banner)
        && avatar == banner
    {
        // A file serves one purpose.
        problems.add("bannerImage", NOT_AN_UPLOAD);
    }
    new.banner = banner.unwrap_or(new.banner);
    let (first_name, last_name) =
        person(&mut problems, &by.account.full_name(), input.name, input.first_name, input.last_name);
    problems.finish()?;
    let edit = Edit { first_name, last_name, avatar, profile: Some((old, new.clone())), ..Edit::default() };
    match profile::edit(app, &by.account, edit, []).await? {
        Ok(account) => Ok((account, new)),
        // Nothing of it is unique.
        Err(_) => Err(Error::changed_meanwhile()),
    }
}

/// Puts what was told into a profile, as far as it is in order.
pub(super) fn tell(problems: &mut Problems, profile: &mut Profile, input: &EditProfile, now: DateTime<Utc>) {
    let texts = [
        ("phone", &input.phone, &mut profile.phone, 20),
        ("address", &input.address, &mut profile.address, 500),
        ("location", &input.location, &mut profile.location, 100),
        ("title", &input.title, &mut profile.title, 100),
        ("bio", &input.bio, &mut profile.bio, 2000),
    ];
    for (field, sent, place, longest) in texts {
        if let Some(sent) = sent {
            let text = sent.as_deref().map(|sent| text(sent, longest)).transpose();
            *place = problems.check(field, text).flatten();
        }
    }
    if let Some(sent) = &input.skills
        && let Some(skills) = problems.check("skills", skills(sent, &profile.skills, now))
    {
        profile.skills = skills;
    }
}

/// A text as it is kept: trimmed, with one kind of line end, and with nothing in it that cannot be shown.
fn text(sent: &str, longest: usize) -> Result<String, String> {
    let text = sent.trim().replace("\r\n", "\n");
    if text.chars().count() > longest {
        return Err(format!("Ensure this field has no more than {longest} characters."));
    }
    if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\t')) {
        return Err("Null and control characters are not allowed.".to_owned());
    }
    Ok(text)
}

/// A set of skills from a list of names; those that were there before keep their time.
fn skills(sent: &Value, before: &[Skill], now: DateTime<Utc>) -> Result<Vec<Skill>, String> {
    let not_a_list = || "Expected a list of items.".to_owned();
    // A form has texts only; JSON in one is what a list looks like there.
    let parsed: Value = match sent {
        Value::String(text) => serde_json::from_str(text).map_err(|_| not_a_list())?,
        other => other.clone(),
    };
    let mut skills: Vec<Skill> = Vec::new();
    for item in parsed.as_array().ok_or_else(not_a_list)? {
        let name = item.as_str().or(item["name"].as_str()).ok_or("Every skill is a name.")?;
        let name = text(name, LONGEST_SKILL)?;
        if name.is_empty() {
            return Err(BLANK.to_owned());
        }
        let skill = Skill::new(&name, now);
        if skills.iter().any(|known| fold(&known.name) == fold(&name)) {
            continue;
        }
        if skills.len() == MOST_SKILLS {
            return Err(format!("Ensure this field has no more than {MOST_SKILLS} elements."));
        }
        let added_at = before.iter().find(|known| known.id == skill.id).map_or(now, |known| known.added_at);
        skills.push(Skill { added_at, ..skill });
    }
    Ok(skills)
}

/// The path of a picture, or none, where something was sent: clients may put our own address before it.
fn path<'a>(app: &App, sent: &'a Option<Option<String>>) -> Option<Option<&'a str>> {
    let sent = sent.as_ref()?.as_deref().filter(|sent| !sent.is_empty());
    Some(sent.map(|sent| sent.strip_prefix(&app.config.public_url).unwrap_or(sent)))
}

/// Given and family name: each by itself, or the first word of a name and the rest of it.
pub(super) fn person(
    problems: &mut Problems,
    now: &str,
    name: Option<String>,
    first: Option<String>,
    last: Option<String>,
) -> (Option<String>, Option<String>) {
    let mut part =
        |field, sent: Option<String>| sent.and_then(|sent| profile::person_name(problems, field, sent, LONGEST_NAME));
    let (name, first, last) = (part("name", name), part("first_name", first), part("last_name", last));
    match name {
        // Whoever sends back what they were shown means no change, wherever given and family name part.
        Some(name) if name != now => {
            let (given, family) = name.split_once(char::is_whitespace).unwrap_or((&name, ""));
            (first.or(Some(given.to_owned())), last.or(Some(family.trim_start().to_owned())))
        }
        _ => (first, last),
    }
}
