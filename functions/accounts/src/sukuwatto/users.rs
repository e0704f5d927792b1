//! The collection of users: listed and read by the staff, edited and deleted by themselves or the staff.

use axum::extract::State;
use chrono::Datelike;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Member, Staff, roles};
use shared::error::{Kind, Problems};
use shared::http::page::Place;
use shared::http::{Body, Field, Json, NoContent, Numbered, NumberedView, Path, Query};
use shared::ids::MemberId;
use shared::model::account::{Account, EmailHeld, NameHeld};
use shared::model::name::{Email, Username, fold};
use shared::model::profile::{Profile, Tier};
use shared::model::role::Role;
use shared::store::{Write, keys};
use shared::visibility::Audience;
use shared::{App, Error, Result, joining, leaving};

use super::joining::parse_username;
use super::views::{AUDIENCES, GENDERS, SYSTEMS, UserFullView};
use super::{Text, choice, email, no_choice, taken};
use crate::members::{self, DEEPEST, Names};
use crate::picture::{self, NotAnUpload};
use shared::profile::{self, Edit, Taken};

/// Users on a page, at most: as many as one batch holds with their profiles.
const LARGEST_PAGE: usize = 50;
/// Sukuwatto's units, by their ids.
const UNITS: std::ops::RangeInclusive<i64> = 1..=16;
/// The first year that somebody may have been born in.
const FIRST_YEAR: i64 = 1900;

/// What whoever gives a picture hears that is not theirs to give.
pub(super) const NOT_AN_UPLOAD: &str = "This is none of your uploads, or serves something else.";

const FIRST_NAME: Text = Text { longest: 30, blank: true };
const LAST_NAME: Text = Text { longest: 150, blank: true };
const LINE: Text = Text { longest: 200, blank: true };
/// The original has no bound; but every read pays for it.
const BIOGRAPHY: Text = Text { longest: 10_000, blank: true };
const FILENAME: Text = Text { longest: 1024, blank: false };

/// Which users.
#[derive(Deserialize, JsonSchema)]
pub struct Filter {
    /// Only the one with this name.
    #[serde(default)]
    username: String,
    /// Only the one with this address.
    #[serde(default)]
    email: String,
}

/// Lists all users for the staff, in the order of their names.
pub async fn list(
    _: Staff,
    State(app): State<App>,
    numbered: Numbered,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<UserFullView>>> {
    let names = if filter.username.is_empty() && filter.email.is_empty() {
        members::search(&app, &[]).await?
    } else {
        Names { held: filtered(&app, &filter).await?, are_all: true }
    };
    let place = place(&numbered, &names, LARGEST_PAGE)?;
    let keys: Vec<_> = names.held[place.rows.clone()]
        .iter()
        .map(|held| (keys::account(held.member), keys::profile(held.member)))
        .collect();
    let found = app.table.get_pairs::<Account, Profile>(&keys).await?;
    // The index is a moment behind: who was deleted just now may still stand in it.
    let views = found.into_iter().filter_map(|(account, profile)| {
        let account = account?;
        let profile = profile.unwrap_or_else(|| Profile::new(account.id));
        Some(UserFullView::of(&account, &profile))
    });
    Ok(Json(numbered.view(&app, &place, views.collect())))
}

/// The one user that a filter leaves, if there is one.
async fn filtered(app: &App, filter: &Filter) -> Result<Vec<NameHeld>> {
    let by_name = match filter.username.as_str() {
        "" => None,
        name => Some(members::holder(app, name).await?),
    };
    let by_email = match Email::parse(filter.email.trim()) {
        _ if filter.email.is_empty() => None,
        Err(_) => Some(None),
        Ok(email) => {
            let held: Option<EmailHeld> = app.table.get(keys::email(&email.folded())).await?;
            Some(held.map(|held| held.member))
        }
    };
    let found = match (by_name, by_email) {
        (Some(name), Some(email)) => name.filter(|member| email == Some(*member)),
        (Some(found), None) | (None, Some(found)) => found,
        (None, None) => None,
    };
    Ok(found.map(|member| NameHeld { name: fold(&filter.username), member }).into_iter().collect())
}

/// Where a page lies in a list of names, which are counted up to a depth only.
pub(super) fn place(numbered: &Numbered, names: &Names, largest: usize) -> Result<Place> {
    numbered.place(names.held.len(), largest).map_err(|error| {
        if error.kind == Kind::NotFound && !names.are_all {
            let message = format!("This list goes no further than {DEEPEST} entries. Search for a name instead.");
            return Error::invalid("too_deep", message);
        }
        error
    })
}

/// Shows the staff a user.
pub async fn read(_: Staff, State(app): State<App>, Path(member): Path<MemberId>) -> Result<Json<UserFullView>> {
    let (account, profile) = find(&app, member).await?;
    Ok(Json(UserFullView::of(&account, &profile)))
}

async fn find(app: &App, member: MemberId) -> Result<(Account, Profile)> {
    let (account, profile) = app.table.get_two(keys::account(member), keys::profile(member)).await?;
    let account = account.ok_or_else(Error::not_found)?;
    Ok((account, profile.unwrap_or_else(|| Profile::new(member))))
}

/// The user whom a path names, if it is the caller, or one whom the caller may act on as one of the staff.
async fn find_own(app: &App, by: &Member, member: MemberId) -> Result<(Account, Profile)> {
    let (account, profile) = find(app, member).await?;
    if by.id() == member || (by.account.role.is_some() && roles::hands_off(by, &account).is_none()) {
        return Ok((account, profile));
    }
    Err(not_yours())
}

fn not_yours() -> Error {
    Error::forbidden("not_yours", "You do not have permission to perform this action.")
}

/// What belongs in the transaction of an act: nothing where it is one's own, an entry in the trail where it is done
/// by the staff.
fn noted(app: &App, by: &Member, on: &Account, what: &'static str) -> Result<Vec<Write>> {
    if by.id() == on.id { Ok(Vec::new()) } else { roles::noted(app, by, on, what, None) }
}

/// What users tell of themselves, when they join and later.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UserFields {
    #[schemars(with = "String", length(max = 30))]
    first_name: Field<String>,
    #[schemars(with = "String", length(max = 150))]
    last_name: Field<String>,
    /// `m`, `f` or `n`.
    #[schemars(with = "Option<String>", regex(pattern = "^[mfn]$"))]
    gender: Field<String>,
    year_birth: Field<i64>,
    month_birth: Field<i64>,
    /// `m` for metric, `i` for imperial.
    #[schemars(with = "String", regex(pattern = "^[mi]$"))]
    system: Field<String>,
    #[schemars(with = "Option<String>", length(max = 200))]
    location: Field<String>,
    #[schemars(with = "Option<String>", length(max = 10_000))]
    biography: Field<String>,
    /// The path of one of the user's own uploads.
    profile_filename: Field<String>,
    #[schemars(with = "i64", range(min = 1, max = 16))]
    default_weight_unit: Field<i64>,
    #[schemars(with = "i64", range(min = 1, max = 16))]
    default_speed_unit: Field<i64>,
    #[schemars(with = "i64", range(min = 1, max = 16))]
    default_distance_unit: Field<i64>,
    #[schemars(with = "i64", range(min = 1, max = 16))]
    default_energy_unit: Field<i64>,
    /// `e` for everyone, `r` for members, `f` for followers, `u` for nobody else; so with the other two.
    #[schemars(with = "String", regex(pattern = "^[erfu]$"))]
    default_visibility_workouts: Field<String>,
    #[schemars(with = "String", regex(pattern = "^[erfu]$"))]
    default_visibility_user_bio_datas: Field<String>,
    #[schemars(with = "String", regex(pattern = "^[erfu]$"))]
    visibility: Field<String>,
    #[schemars(with = "bool")]
    follow_approval_required: Field<bool>,
    /// Counts for advanced supporters and the staff only; so do the two classes.
    #[schemars(with = "bool")]
    custom_class: Field<bool>,
    #[schemars(with = "Option<String>", length(max = 200))]
    primary_class: Field<String>,
    #[schemars(with = "Option<String>", length(max = 200))]
    secondary_class: Field<String>,
}

/// What a user told, checked.
pub struct Told {
    /// A new given name.
    pub first_name: Option<String>,
    /// A new family name.
    pub last_name: Option<String>,
    /// Who may see the profile from now on.
    pub audience: Option<Audience>,
    /// The path of a new picture, or none.
    pub picture: Option<Option<String>>,
    /// The profile as it is to be.
    pub profile: Profile,
}

impl UserFields {
    /// Checks everything, notes what is wrong, and lays what is right over what was `kept`.
    pub(super) fn apply(
        self,
        app: &App,
        problems: &mut Problems,
        kept: Option<&Account>,
        old: &Profile,
        chooses_class: bool,
    ) -> Told {
        let mut profile = old.clone();
        let text = |problems: &mut Problems, name, rule: Text, field: Field<String>, kept: Option<&str>| {
            let given = field.nullable(problems, name)?;
            match given {
                None => Some(None),
                Some(text) => rule.check(problems, name, &text, kept).map(Some),
            }
        };
        let name = |problems: &mut Problems, name, rule: Text, field: Field<String>, kept: Option<&str>| {
            let typed = field.optional(problems, name)?;
            rule.check(problems, name, &typed, kept)
        };
        let first_name =
            name(problems, "first_name", FIRST_NAME, self.first_name, kept.map(|kept| kept.first_name.as_str()));
        let last_name =
            name(problems, "last_name", LAST_NAME, self.last_name, kept.map(|kept| kept.last_name.as_str()));
        if let Some(gender) = self.gender.nullable(problems, "gender") {
            profile.gender = gender.and_then(|code| choice(problems, "gender", &code, &GENDERS));
        }
        let this_year = i64::from(app.clock.now().year());
        if let Some(year) = within(problems, "year_birth", self.year_birth, FIRST_YEAR, this_year) {
            profile.year_birth = year;
        }
        if let Some(month) = within(problems, "month_birth", self.month_birth, 1, 12) {
            profile.month_birth = month;
        }
        if let Some(system) = chosen(problems, "system", self.system, &SYSTEMS) {
            profile.units.system = system;
        }
        if let Some(location) = text(problems, "location", LINE, self.location, old.location.as_deref()) {
            profile.location = location;
        }
        if let Some(bio) = text(problems, "biography", BIOGRAPHY, self.biography, old.bio.as_deref()) {
            profile.bio = bio;
        }
        let picture = text(problems, "profile_filename", FILENAME, self.profile_filename, None);
        let units = &mut profile.units;
        for (name, field, unit) in [
            ("default_weight_unit", self.default_weight_unit, &mut units.weight),
            ("default_speed_unit", self.default_speed_unit, &mut units.speed),
            ("default_distance_unit", self.default_distance_unit, &mut units.distance),
            ("default_energy_unit", self.default_energy_unit, &mut units.energy),
        ] {
            if let Some(given) = field.optional(problems, name) {
                let checked = if UNITS.contains(&given) { Ok(given) } else { Err(no_choice(&given.to_string())) };
                *unit = problems.check(name, checked).unwrap_or(*unit);
            }
        }
        for (name, field, audience) in [
            ("default_visibility_workouts", self.default_visibility_workouts, &mut profile.workouts_audience),
            ("default_visibility_user_bio_datas", self.default_visibility_user_bio_datas, &mut profile.body_audience),
        ] {
            *audience = chosen(problems, name, field, &AUDIENCES).unwrap_or(*audience);
        }
        let audience = chosen(problems, "visibility", self.visibility, &AUDIENCES);
        if let Some(needed) = self.follow_approval_required.optional(problems, "follow_approval_required") {
            profile.follow_approval = needed;
        }
        // Of anybody else they are not even looked at.
        if chooses_class {
            let classes = &mut profile.classes;
            let custom = self.custom_class.optional(problems, "custom_class");
            let primary = text(problems, "primary_class", LINE, self.primary_class, classes.primary.as_deref());
            let secondary = text(problems, "secondary_class", LINE, self.secondary_class, classes.secondary.as_deref());
            classes.custom = custom.unwrap_or(classes.custom);
            if classes.custom {
                classes.primary = primary.unwrap_or(classes.primary.take());
                classes.secondary = secondary.unwrap_or(classes.secondary.take());
            } else {
                classes.primary = classes.primary_computed.clone();
                classes.secondary = classes.secondary_computed.clone();
            }
        }
        Told { first_name, last_name, audience, picture, profile }
    }
}

/// A chosen value, where one was chosen.
fn chosen<T: Copy>(
    problems: &mut Problems,
    name: &'static str,
    field: Field<String>,
    codes: &[(&str, T)],
) -> Option<T> {
    let code = field.optional(problems, name)?;
    choice(problems, name, &code, codes)
}

/// A number within bounds, or none on purpose.
fn within(
    problems: &mut Problems,
    name: &'static str,
    field: Field<i64>,
    least: i64,
    most: i64,
) -> Option<Option<i32>> {
    let Some(number) = field.nullable(problems, name)? else { return Some(None) };
    let checked = if number < least {
        Err(format!("Ensure this value is greater than or equal to {least}."))
    } else if number > most {
        Err(format!("Ensure this value is less than or equal to {most}."))
    } else {
        i32::try_from(number).map_err(|_| no_choice(&number.to_string()))
    };
    problems.check(name, checked).map(Some)
}

/// A user as they are to be.
#[derive(Deserialize, JsonSchema)]
pub struct EditUser {
    /// Checked, and else ignored: names stay.
    #[serde(default)]
    username: Field<String>,
    #[serde(default)]
    email: Field<String>,
    #[serde(flatten)]
    fields: UserFields,
}

/// Edits a user, for themselves or the staff. What is left out stays as it is.
pub async fn replace(
    by: Member,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Body(input): Body<EditUser>,
) -> Result<Json<UserFullView>> {
    change(&app, by, member, input, true).await
}

/// Edits a user, for themselves or the staff.
pub async fn edit(
    by: Member,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Body(input): Body<EditUser>,
) -> Result<Json<UserFullView>> {
    change(&app, by, member, input, false).await
}

async fn change(app: &App, by: Member, member: MemberId, input: EditUser, whole: bool) -> Result<Json<UserFullView>> {
    let (account, old) = find_own(app, &by, member).await?;
    let mut problems = Problems::default();
    let username = if whole {
        input.username.required(&mut problems, "username")
    } else {
        input.username.optional(&mut problems, "username")
    };
    let name = other_name(&mut problems, &account, username);
    let address = new_email(&mut problems, &account, input.email);
    let chooses_class = by.account.role.is_some() || old.tier == Tier::Advanced;
    let told = input.fields.apply(app, &mut problems, Some(&account), &old, chooses_class);
    let (free, avatar) = tokio::join!(is_free(app, name), own_upload(app, &account, told.picture));
    if !free? {
        let (field, sentence) = taken(Taken::Username);
        problems.add(field, sentence);
    }
    let avatar = problems.check("profile_filename", avatar?.map_err(|NotAnUpload| NOT_AN_UPLOAD)).flatten();
    problems.finish()?;
    let edit = Edit {
        email: address.map(Some),
        first_name: told.first_name,
        last_name: told.last_name,
        avatar,
        audience: told.audience,
        profile: Some((old, told.profile.clone())),
        ..Edit::default()
    };
    match profile::edit(app, &account, edit, noted(app, &by, &account, "edited")?).await? {
        Ok(account) => Ok(Json(UserFullView::of(&account, &told.profile))),
        Err(other) => {
            let (field, sentence) = taken(other);
            Err(Error::invalid_field(field, sentence))
        }
    }
}

/// Another name than the one there is. It has to be a good one, though it does not become anybody's.
fn other_name(problems: &mut Problems, account: &Account, typed: Option<String>) -> Option<Username> {
    let typed = typed.filter(|typed| fold(typed.trim()) != account.username.folded())?;
    parse_username(problems, &typed)
}

async fn is_free(app: &App, name: Option<Username>) -> Result<bool> {
    match name {
        Some(name) => joining::is_free(app, &name).await,
        None => Ok(true),
    }
}

/// Another address than the one there is. A form that was shown without one is sent back without one.
fn new_email(problems: &mut Problems, account: &Account, field: Field<String>) -> Option<Email> {
    let known = account.email.as_ref().map(Email::folded);
    if known.is_none() && matches!(&field, Field::Null) {
        return None;
    }
    let typed = field.optional(problems, "email")?;
    let folded = fold(typed.trim());
    if known.unwrap_or_default() == folded { None } else { email(problems, &typed) }
}

/// Another picture than the one there is, by its name in the bucket: one of the member's own uploads, or none.
async fn own_upload(
    app: &App,
    account: &Account,
    path: Option<Option<String>>,
) -> Result<Result<Option<Option<String>>, NotAnUpload>> {
    let Some(path) = path else { return Ok(Ok(None)) };
    let idle = picture::idle(app, account.id, path.as_deref()).await?;
    Ok(picture::named(path.as_deref(), account.avatar.as_deref(), idle))
}

/// Deletes a user for good, for themselves or an administrator.
pub async fn delete(by: Member, State(app): State<App>, Path(member): Path<MemberId>) -> Result<NoContent> {
    let (account, _) = find_own(&app, &by, member).await?;
    if by.id() != member && by.account.role != Some(Role::Administrator) {
        return Err(not_yours());
    }
    leaving::delete(&app, &account, noted(&app, &by, &account, "deleted")?).await?;
    Ok(NoContent)
}

/// Whom to ban, or to take back.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["username"]))]
pub struct Banned {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 150))]
    username: Field<String>,
}

/// Bans a member, for the staff, and ends their sessions. One who is banned stays so.
pub async fn ban(Staff(by): Staff, State(app): State<App>, Body(whom): Body<Banned>) -> Result<NoContent> {
    let account = reach(&app, &by, whom).await?;
    if !account.banned {
        leaving::ban(&app, &account, roles::noted(&app, &by, &account, "banned", None)?).await?;
    }
    Ok(NoContent)
}

/// Takes a ban back, for the staff. One who is not banned stays so.
pub async fn reinstate(Staff(by): Staff, State(app): State<App>, Body(whom): Body<Banned>) -> Result<NoContent> {
    let account = reach(&app, &by, whom).await?;
    if account.banned {
        leaving::reinstate(&app, &account, roles::noted(&app, &by, &account, "reinstated", None)?).await?;
    }
    Ok(NoContent)
}

/// The member to act on, unless it is not this one's to do.
async fn reach(app: &App, by: &Member, Banned { username }: Banned) -> Result<Account> {
    let member = members::holder(app, &username.value().unwrap_or_default()).await?.ok_or_else(Error::not_found)?;
    let account = app.table.get::<Account>(keys::account(member)).await?.ok_or_else(Error::not_found)?;
    match roles::hands_off(by, &account) {
        None => Ok(account),
        Some((Kind::Conflict, reason)) => Err(Error::conflict("oneself", reason)),
        Some(_) => Err(not_yours()),
    }
}
