//! Groups: founded by the first who is in them, gone with the last. A subscriber is in one at a time.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::coding::subscriber::{Subscriber, without_one};
use shared::http::{Body, Field, Json};
use shared::model::name::fold;
use shared::model::subscription::CodingGroup;
use shared::store::{Change, StoreError, Stored, Write, keys};
use shared::{App, Error, Result, store};

use crate::caller::{Caller, Missing};

/// The longest name, in characters.
const LONGEST: usize = 50;
/// The longest name as it is compared, in bytes, which is a part of a key.
const LONGEST_FOLDED: usize = 1_000;
/// How often it is tried where others come and go at the same moment.
const TRIES: u32 = 10;

/// What to do, and with which group.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Wish {
    /// `create_group`, `join_group` or `leave_group`.
    action: Field<String>,
    /// The name of the group to be founded.
    group_name: Field<String>,
    /// The name of the group to be joined.
    existing_group_name: Field<String>,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
pub struct GroupView {
    status: &'static str,
    /// The group that the caller is in now, or was in before.
    group: String,
}

enum Act {
    Found(Option<String>),
    Join(Option<String>),
    Leave,
}

/// Founds a group, joins or leaves one.
pub async fn change(caller: Caller, State(app): State<App>, Body(wish): Body<Wish>) -> Result<Json<GroupView>> {
    let (member, mut subscriber) = caller.subscriber(Missing::Missing)?;
    let act = match wish.action.value().as_deref() {
        Some("create_group") => Act::Found(name(wish.group_name)),
        Some("join_group") => Act::Join(name(wish.existing_group_name)),
        Some("leave_group") => Act::Leave,
        _ => return Err(refused("unknown action")),
    };
    for attempt in 0..TRIES {
        if attempt > 0 {
            store::pause(attempt).await;
            subscriber = Subscriber::of(&app, member.id()).await?.ok_or(Missing::Missing)?;
        }
        let (status, group, mut writes) = match &act {
            Act::Found(name) => found(&subscriber, name.as_deref())?,
            Act::Join(name) => join(&app, &subscriber, name.as_deref()).await?,
            Act::Leave => leave(&app, &subscriber).await?,
        };
        let stays = !matches!(act, Act::Leave);
        writes.extend(subscriber.moved(&app, stays.then_some(group.as_str())));
        match app.table.together(writes).await {
            Ok(()) => return Ok(Json(GroupView { status, group })),
            Err(StoreError::Refused { write: 0, .. }) if matches!(act, Act::Found(_)) => {
                return Err(refused("group exists"));
            }
            // The group or the subscriber is another by now.
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("busy", "Too many come and go at the same time. Try again."))
}

/// What is done, to which group, and what becomes of that.
type Step = (&'static str, String, Vec<Write>);

fn found(subscriber: &Subscriber, name: Option<&str>) -> Result<Step> {
    if subscriber.subscription.group.is_some() {
        return Err(refused("already in group"));
    }
    let name = name.ok_or_else(nameless)?.to_owned();
    let write = Write::create(&CodingGroup { name: name.clone(), members: 1 })?;
    Ok(("joined", name, vec![write]))
}

async fn join(app: &App, subscriber: &Subscriber, name: Option<&str>) -> Result<Step> {
    let name = name.ok_or_else(nameless)?;
    let group = app.table.get::<CodingGroup>(keys::coding_group(&fold(name))).await?;
    let group = group.ok_or_else(|| Error::not_found().coded("group not found"))?;
    if subscriber.subscription.group.is_some() {
        return Err(refused("already in group"));
    }
    let write = Write::change(Change::of(group.key()).add("members", 1));
    Ok(("joined", group.name, vec![write]))
}

async fn leave(app: &App, subscriber: &Subscriber) -> Result<Step> {
    let name = subscriber.subscription.group.clone().ok_or_else(|| refused("not in group"))?;
    let group = app.table.get::<CodingGroup>(keys::coding_group(&fold(&name))).await?;
    Ok(("left", name, group.as_ref().map(without_one).into_iter().collect()))
}

/// A name that a group may have.
fn name(field: Field<String>) -> Option<String> {
    let name = field.value()?.trim().to_owned();
    let fits = (1..=LONGEST).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    (fits && fold(&name).len() <= LONGEST_FOLDED).then_some(name)
}

fn nameless() -> Error {
    refused("group name required")
}

fn refused(code: &'static str) -> Error {
    Error::invalid(code, "")
}
