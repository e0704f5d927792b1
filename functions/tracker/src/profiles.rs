//! Profiles of subscribers: which there are, another one, another name, and figures fetched anew.

use axum::extract::State;
use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::limits;
use shared::coding::subscriber::{self, Subscriber};
use shared::coding::{self, Refreshed};
use shared::error::Problems;
use shared::events::{Event, happened};
use shared::http::{Body, Field, Json, Path};
use shared::ids::ProfileId;
use shared::model::coding::CodingProfile;
use shared::model::name::fold;
use shared::platforms::{Answer, Platform};
use shared::store::{Change, Condition, StoreError, Stored, Write, keys};
use shared::{App, Error, Result};

use crate::account::{self, Named, PATIENCE, Wanted};
use crate::caller::{Caller, Missing};
use crate::views::{ChangedProfileView, OneProfileView, ProfileView, SubscriberView};

/// How long a profile is not fetched again, however that went (contract of SkillTracker, section 3).
const APART: Duration = Duration::seconds(60);
/// How often something is tried that others may change at the same moment.
const TRIES: usize = 4;

/// A subscriber with their profiles.
#[derive(Serialize, JsonSchema)]
pub struct OwnView {
    subscriber: SubscriberView,
    profiles: Vec<ProfileView>,
}

/// Shows callers themselves and their profiles.
pub async fn list(caller: Caller) -> Result<Json<OwnView>> {
    let (member, Subscriber { subscription, profiles }) = caller.subscriber(Missing::NotFound)?;
    let subscriber = SubscriberView::of(&member.account, &subscription);
    Ok(Json(OwnView { subscriber, profiles: profiles.iter().map(ProfileView::from).collect() }))
}

/// An account on a platform.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewProfile {
    /// LeetCode, CodeChef or Codeforces.
    #[schemars(required)]
    platform_name: Field<String>,
    #[schemars(required, length(min = 1, max = 100))]
    username: Field<String>,
}

/// Adds a profile on a platform where the caller has none.
pub async fn add(
    caller: Caller,
    State(app): State<App>,
    Body(input): Body<NewProfile>,
) -> Result<Json<OneProfileView>> {
    let (member, mut subscriber) = caller.subscriber(Missing::Missing)?;
    let mut problems = Problems::default();
    let account = account::read(&mut problems, Wanted::Always, input.platform_name, input.username);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let Some(account) = account else { return Err(Error::not_found()) };
    let platform = account.platform;
    let has_one = || Error::invalid("profile exists", format!("You already have {} registered.", platform.name()));
    if subscriber.on(platform).is_some() {
        return Err(has_one());
    }
    if account.holder(&app).await?.is_some() {
        return Err(account.is_taken());
    }
    let (taken, unknown) = (account.is_taken(), account.does_not_exist());
    let known = account.look_up(&app).await?.ok_or_else(|| Error::invalid_field("username", unknown))?;
    for _ in 0..TRIES {
        let group = subscriber.subscription.group.clone();
        let profile = known.profile(&app, member.id(), group.as_deref());
        let in_group = Condition::present().and(Condition::equals("group", &group));
        let mut writes = vec![
            Write::create(&known.account.held_by(member.id()))?,
            Write::create(&profile)?,
            Write::check(keys::subscription(member.id()), in_group),
        ];
        writes.extend(account::fetched_later(&app, &profile)?);
        match app.table.together(writes).await {
            Ok(()) => return Ok(Json(OneProfileView { profile: ProfileView::from(&profile) })),
            Err(StoreError::Refused { write: 0, .. }) => return Err(taken),
            Err(StoreError::Refused { write: 1, .. }) => return Err(has_one()),
            // They have changed their group in the meantime, or are no subscriber any more.
            Err(StoreError::Refused { .. }) => {
                subscriber = Subscriber::of(&app, member.id()).await?.ok_or(Missing::Missing)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(changed_meanwhile())
}

/// Shows the caller one of their own profiles.
pub async fn show(caller: Caller, Path((platform, username)): Path<(String, String)>) -> Result<Json<OneProfileView>> {
    let (_, subscriber) = caller.subscriber(Missing::NotFound)?;
    let profile = ProfileView::from(find(&subscriber, &platform, &username)?);
    Ok(Json(OneProfileView { profile }))
}

/// Another name on a platform.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewName {
    #[schemars(required, length(min = 1, max = 100))]
    username: Field<String>,
}

/// Gives one of the caller's own profiles another name, and fetches the figures of that.
pub async fn rename(
    caller: Caller,
    State(app): State<App>,
    Path((platform, username)): Path<(String, String)>,
    Body(input): Body<NewName>,
) -> Result<Json<ChangedProfileView>> {
    let (member, subscriber) = caller.subscriber(Missing::NotFound)?;
    let old = find(&subscriber, &platform, &username)?;
    let mut problems = Problems::default();
    let username = account::read_name(&mut problems, input.username);
    problems.finish()?;
    let Some(username) = username else { return Err(Error::not_found()) };
    let updated = |profile: &CodingProfile| Json(ChangedProfileView { status: "updated", profile: profile.into() });
    if username == old.username {
        return Ok(updated(old));
    }
    let account = Named { platform: old.platform, username };
    // In another spelling it is the same account, and theirs.
    let is_other = fold(&account.username) != fold(&old.username);
    if is_other && account.holder(&app).await?.is_some() {
        return Err(account.is_taken());
    }
    let (taken, unknown) = (account.is_taken(), account.does_not_exist());
    let known = account.look_up(&app).await?.ok_or_else(|| Error::invalid_field("username", unknown))?;
    let new = CodingProfile { id: old.id, ..known.profile(&app, member.id(), old.group.as_deref()) };
    let mut writes = Vec::new();
    if is_other {
        writes.push(Write::create(&known.account.held_by(member.id()))?);
        writes.push(subscriber::let_go(old.platform, &old.username, member.id()));
        let (member, platform, username) = (member.id(), old.platform, old.username.clone());
        writes.push(happened(&app, Event::CoderLetGo { member, platform, username })?);
    }
    let same = Condition::equals("id", old.id).and(Condition::equals("username", &old.username));
    // The group may have changed by now, and stays what it is.
    let change = Change::of(new.key())
        .set("username", &new.username)
        .set("figures", new.figures)
        .set("fetch", new.fetch)
        .set("fetched_at", new.fetched_at)
        .set("updated_at", new.updated_at)
        .when(same);
    writes.push(Write::change(change));
    writes.extend(account::fetched_later(&app, &new)?);
    match app.table.together(writes).await {
        Ok(()) => Ok(updated(&new)),
        Err(StoreError::Refused { write: 0, .. }) if is_other => Err(taken),
        Err(StoreError::Refused { .. }) => Err(changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// Fetches the figures of one of the caller's own profiles anew.
pub async fn refresh(
    caller: Caller,
    State(app): State<App>,
    Path(profile): Path<ProfileId>,
) -> Result<Json<ChangedProfileView>> {
    let (_, subscriber) = caller.subscriber(Missing::NotFound)?;
    let profile = subscriber.profiles.iter().find(|own| own.id == profile).ok_or_else(no_such_profile)?;
    if let Err(wait) = limits::space_out(&app, "refresh", &profile.id.to_string(), APART).await? {
        let told = format!("You have been rate limited. Try again in {wait} seconds.");
        return Err(Error::too_many("rate_limited", told, wait));
    }
    let failed = |told: String, why: String| Err(Error::elsewhere("refresh failed", told, why));
    let Refreshed { profile, answer, kept } = coding::refresh(&app, profile, PATIENCE).await?;
    match answer {
        Answer::Known(_) if kept => Ok(Json(ChangedProfileView { status: "refreshed", profile: (&profile).into() })),
        Answer::Known(_) => Err(changed_meanwhile()),
        Answer::Unknown => {
            let told = account::does_not_exist(profile.platform, &profile.username);
            failed(told.clone(), told)
        }
        Answer::Failed(none) => failed(format!("{} does not answer.", profile.platform.name()), none.why),
    }
}

/// The caller's own profile that a path names.
fn find<'a>(subscriber: &'a Subscriber, platform: &str, username: &str) -> Result<&'a CodingProfile> {
    let own = Platform::find(platform).and_then(|platform| subscriber.on(platform));
    own.filter(|own| fold(&own.username) == fold(username)).ok_or_else(no_such_profile)
}

fn no_such_profile() -> Error {
    Error::not_found().worded("No PlatformProfile matches the given query.")
}

fn changed_meanwhile() -> Error {
    Error::conflict("changed_meanwhile", "The profile was changed at the same time. Try again.")
}
