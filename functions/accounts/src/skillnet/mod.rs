//! SkillNet's words for accounts (its contract, sections 2 to 4): what its two surfaces have in common, which is what a
//! member may tell of themselves, and how it is checked.

pub mod client;
pub mod document;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::auth::passwords;
use shared::auth::secrets;
use shared::auth::{Client, Member};
use shared::dialect::skillnet::people::{RatingsView, SkillView};
use shared::error::Problems;
use shared::http::body;
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::name::{Email, Username, fold};
use shared::model::profile::{Profile, Skill};
use shared::{App, Error, Result, media};

use crate::joining::{self, Joined, NewMember};
use crate::password::{self, Proof};
use crate::profile::{self, Edit, Taken};
use crate::recovery::{self, NotSet};
use crate::{email, naming};

/// That a field is not there.
pub const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
const NAME_TAKEN: &str = "A user with that username already exists.";
const EMAIL_TAKEN: &str = "A user is already registered with this e-mail address.";
const NOT_AN_EMAIL: &str = "Enter a valid email address.";
const DIFFERENT: &str = "The two password fields didn't match.";

/// New accounts per address and hour.
const JOIN_PER_HOUR: u32 = 10;
/// How often a name is made for somebody before others take it.
const TRIES: usize = 3;

const LONGEST_NAME: usize = 150;
const LONGEST_PASSWORD: usize = 128;
const LONGEST_SKILL: usize = 100;
const MOST_SKILLS: usize = 50;

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
            google: GoogleView { linked: false, email: None, scopes: Vec::new() },
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

/// An account to be made.
#[derive(Deserialize, JsonSchema)]
pub struct NewUser {
    #[schemars(length(max = 150))]
    name: Option<String>,
    /// With `last_name` in place of `name`.
    #[schemars(length(max = 150))]
    first_name: Option<String>,
    #[schemars(length(max = 150))]
    last_name: Option<String>,
    /// Made from name or address where there is none.
    #[schemars(regex(pattern = "^[A-Za-z0-9_]{3,30}$"))]
    username: Option<String>,
    #[schemars(required, length(max = 254))]
    email: Option<String>,
    #[schemars(length(min = 8, max = 128))]
    password: Option<String>,
    /// With `password2` in place of `password`.
    #[schemars(length(min = 8, max = 128))]
    password1: Option<String>,
    #[schemars(length(min = 8, max = 128))]
    password2: Option<String>,
    #[schemars(length(max = 20))]
    phone: Option<String>,
    #[schemars(length(max = 2000))]
    bio: Option<String>,
    #[schemars(with = "Option<Vec<String>>")]
    skills: Option<Value>,
}

/// Which of the two surfaces somebody joins on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Document,
    Client,
}

/// Makes an account with its first session.
async fn join(app: &App, client: &Client, input: NewUser, surface: Surface) -> Result<Joined> {
    joining::admit_up_to(app, client, JOIN_PER_HOUR).await?;
    let mut problems = Problems::default();
    let (first_name, last_name) = match (input.name.as_deref(), &input.first_name, &input.last_name) {
        (None, None, None) if surface == Surface::Document && input.username.is_none() => {
            problems.add("name", REQUIRED);
            (None, None)
        }
        (Some(name), None, None) if name.trim().is_empty() && input.username.is_none() => {
            problems.add("name", BLANK);
            (None, None)
        }
        _ => person(&mut problems, "", input.name, input.first_name, input.last_name),
    };
    let (first_name, last_name) = (first_name.unwrap_or_default(), last_name.unwrap_or_default());
    let called = format!("{first_name} {last_name}");
    let email = match input.email.as_deref().map(str::trim) {
        None => problems.check("email", Err(REQUIRED)),
        Some("") => problems.check("email", Err(BLANK)),
        Some(text) => problems.check("email", Email::parse(text).map_err(|_| NOT_AN_EMAIL)),
    };
    let username = input.username.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let chosen = username.map(|text| problems.check("username", parse_username(text)));
    // Nothing tells yet whether the two are free; where one of them is wrong, the other is looked at all the same.
    let (name_free, email_free) = tokio::join!(
        async {
            match &chosen {
                Some(Some(name)) => joining::is_free(app, name).await,
                _ => Ok(true),
            }
        },
        async {
            match &email {
                Some(email) => joining::is_unheld(app, email).await,
                None => Ok(true),
            }
        },
    );
    if !name_free? {
        problems.add("username", NAME_TAKEN);
    }
    if !email_free? {
        problems.add("email", EMAIL_TAKEN);
    }
    let known = [username.unwrap_or_default(), input.email.as_deref().unwrap_or_default(), &first_name, &last_name];
    let field = if surface == Surface::Document && input.password1.is_none() { "password" } else { "password1" };
    let first = if field == "password" { input.password } else { input.password1 };
    let second = (field == "password1").then_some(input.password2);
    let password = new_password(&mut problems, field, first, second, &known);
    let mut profile = Profile::new(MemberId(0));
    let told = EditProfile {
        phone: input.phone.map(Some),
        bio: input.bio.map(Some),
        skills: input.skills,
        ..EditProfile::default()
    };
    tell(&mut problems, &mut profile, &told, app.clock.now());
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(email), Some(password)) = (email, password) else { return Err(Error::not_found()) };
    for attempt in 0..TRIES {
        let username = match &chosen {
            Some(chosen) => chosen.clone(),
            None => naming::find_free(app, &called, &email, attempt > 0).await?,
        };
        let Some(username) = username else { continue };
        let new = NewMember {
            email: Some(email.clone()),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            profile: Some(profile.clone()),
            ..NewMember::new(username, password.clone())
        };
        match joining::join(app, new, Some(client)).await? {
            Ok(joined) => return Ok(joined),
            Err(Taken::Email) => return Err(Error::invalid_field("email", EMAIL_TAKEN)),
            Err(_) if chosen.is_some() => return Err(Error::invalid_field("username", NAME_TAKEN)),
            // Somebody else was given the same name at the same time.
            Err(_) => {}
        }
    }
    Err(Error::invalid_field("username", NAME_TAKEN))
}

/// What may change about oneself; what is left out stays.
#[derive(Default, Deserialize, JsonSchema)]
pub struct EditProfile {
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 20))]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 500))]
    address: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 100))]
    location: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 100))]
    title: Option<Option<String>>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>", length(max = 2000))]
    bio: Option<Option<String>>,
    /// Names, or objects with a `name`; they replace those that were there.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Vec<String>")]
    skills: Option<Value>,
    /// Null to remove it; another one is uploaded.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "Option<String>")]
    profile_picture: Option<Option<String>>,
    /// Null to remove it; another one is uploaded.
    #[serde(default, rename = "bannerImage", alias = "banner_image", deserialize_with = "body::given")]
    #[schemars(with = "Option<String>")]
    banner_image: Option<Option<String>>,
}

/// Changes the caller's profile, and returns it as it is now.
async fn edit(app: &App, by: &Member, input: EditProfile) -> Result<(Account, Profile)> {
    let old = profile::of(app, by.id()).await?;
    let mut new = old.clone();
    let mut problems = Problems::default();
    tell(&mut problems, &mut new, &input, app.clock.now());
    let (first_name, last_name) =
        person(&mut problems, &by.account.full_name(), input.name, input.first_name, input.last_name);
    let avatar = input.profile_picture.and_then(|sent| {
        let now = by.account.avatar.as_deref();
        problems.check("profile_picture", picture(app, sent, now)).flatten()
    });
    if let Some(sent) = input.banner_image {
        let banner = problems.check("bannerImage", picture(app, sent, old.banner.as_deref())).flatten();
        new.banner = banner.unwrap_or(new.banner);
    }
    problems.finish()?;
    let edit = Edit { first_name, last_name, avatar, profile: Some((old, new.clone())), ..Edit::default() };
    match profile::edit(app, by, edit).await? {
        Ok(account) => Ok((account, new)),
        // Nothing of it is unique.
        Err(_) => Err(Error::changed_meanwhile()),
    }
}

/// Puts what was told into a profile, as far as it is in order.
fn tell(problems: &mut Problems, profile: &mut Profile, input: &EditProfile, now: DateTime<Utc>) {
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

/// A picture as a profile names it: none, or the one that it has already (then nothing changes). Others are uploaded.
fn picture(app: &App, sent: Option<String>, now: Option<&str>) -> Result<Option<Option<String>>, &'static str> {
    let Some(sent) = sent.filter(|sent| !sent.is_empty()) else { return Ok(Some(None)) };
    let path = now.map(media::path);
    let same = path.is_some_and(|path| sent == path || sent == format!("{}{path}", app.config.public_url));
    if same { Ok(None) } else { Err("This is not a file that you uploaded here.") }
}

/// Given and family name: each by itself, or the first word of a name and the rest of it.
fn person(
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

fn parse_username(text: &str) -> Result<Username, &'static str> {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let fits = (3..=30).contains(&text.len()) && text.chars().all(plain);
    let username = Username::parse(text).ok().filter(|_| fits);
    username.ok_or("Enter a valid username: 3 to 30 letters, digits and underscores.")
}

/// A new password, typed once or (`second`) twice, with everything noted that is wrong with it.
fn new_password(
    problems: &mut Problems,
    field: &'static str,
    first: Option<String>,
    second: Option<Option<String>>,
    known: &[&str],
) -> Option<String> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (first, repeated) = (filled(first), second.is_some());
    let second = second.and_then(filled);
    if first.is_none() {
        problems.add(field, REQUIRED);
    }
    if repeated && second.is_none() {
        problems.add(field.replace('1', "2"), REQUIRED);
    }
    let first = first?;
    if second.is_some_and(|second| second != first) {
        problems.add("non_field_errors", DIFFERENT);
    }
    if first.chars().count() > LONGEST_PASSWORD {
        problems.add(field, format!("Ensure this field has no more than {LONGEST_PASSWORD} characters."));
    }
    for weakness in passwords::weaknesses(&first, known) {
        problems.add(field, password::sentence(weakness));
    }
    Some(first)
}

/// A password to be changed.
#[derive(Deserialize, JsonSchema)]
pub struct NewPassword {
    #[schemars(required, length(min = 1))]
    old_password: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password1: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password2: Option<String>,
}

/// Changes the password of whoever is signed in. Every other session ends.
async fn change_password(app: &App, by: &Member, input: NewPassword) -> Result<()> {
    let mut problems = Problems::default();
    let old = problems.check("old_password", input.old_password.filter(|old| !old.is_empty()).ok_or(REQUIRED));
    let known = profile::known(&by.account);
    let new = new_password(&mut problems, "new_password1", input.new_password1, Some(input.new_password2), &known);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(old), Some(new)) = (old, new) else { return Err(Error::not_found()) };
    let wrong = "Your old password was entered incorrectly. Please enter it again.";
    let proof = Proof::by_password(app, by, old).await?;
    let proof = proof.ok_or_else(|| Error::invalid_field("old_password", wrong))?;
    password::change_and_stay(app, by, proof, new).await
}

/// An address.
#[derive(Deserialize, JsonSchema)]
pub struct Address {
    #[schemars(required)]
    email: Option<String>,
}

impl Address {
    fn parse(&self) -> Result<Email> {
        let email = self.email.as_deref().map(str::trim).ok_or_else(|| Error::invalid_field("email", REQUIRED))?;
        Email::parse(email).map_err(|_| Error::invalid_field("email", NOT_AN_EMAIL))
    }
}

/// A new password for whoever has the letter.
#[derive(Deserialize, JsonSchema)]
pub struct Reset {
    /// The member's id, in decimal digits or those in base64.
    #[schemars(with = "Option<String>")]
    uid: Option<Value>,
    /// The code from the letter.
    #[schemars(required)]
    token: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password1: Option<String>,
    #[schemars(required, length(min = 8, max = 128))]
    new_password2: Option<String>,
}

/// Sets a new password for whoever has the code from the letter, and ends every session.
async fn reset_password(app: &App, input: Reset) -> Result<()> {
    let mut problems = Problems::default();
    let token = problems.check("token", input.token.filter(|token| !token.is_empty()).ok_or(REQUIRED));
    // The code names its member by itself; an id beside it must not name another.
    if let (Some(token), Some(uid)) = (&token, &input.uid)
        && secrets::read(token).is_some_and(|(member, _)| !names(uid, member))
    {
        problems.add("uid", "Invalid value");
    }
    let new = new_password(&mut problems, "new_password1", input.new_password1, Some(input.new_password2), &[]);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(token), Some(new)) = (token, new) else { return Err(Error::not_found()) };
    match recovery::set_password(app, &token, new).await? {
        Ok(_) => Ok(()),
        Err(NotSet::Void(_)) => Err(Error::invalid_field("token", "Invalid value")),
        Err(NotSet::Weak(weaknesses)) => {
            let mut problems = Problems::default();
            weaknesses.into_iter().for_each(|weakness| problems.add("new_password1", password::sentence(weakness)));
            problems.finish()
        }
    }
}

/// Whether an id as some client keeps it is this member's.
fn names(uid: &Value, member: MemberId) -> bool {
    let digits = member.to_string();
    match uid {
        Value::Number(number) => number.as_u64() == Some(member.0),
        Value::String(text) => *text == digits || secrets::encode(digits.as_bytes()) == text.trim_end_matches('='),
        _ => false,
    }
}

/// The code from a letter.
#[derive(Deserialize, JsonSchema)]
pub struct Key {
    #[schemars(required)]
    key: Option<String>,
}

/// Confirms the address that a code was sent to.
async fn verify_email(app: &App, input: Key) -> Result<()> {
    let key = input.key.filter(|key| !key.is_empty()).ok_or_else(|| Error::invalid_field("key", REQUIRED))?;
    match email::confirm(app, &key).await {
        Ok(_) => Ok(()),
        // It is called a code everywhere else.
        Err(mut error) => {
            error.fields.iter_mut().for_each(|(field, _)| *field = "key".into());
            Err(error)
        }
    }
}
