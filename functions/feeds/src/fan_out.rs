//! What a member did is handed out to the feeds of those who follow them, and taken back from there.
//!
//! Whoever has very many followers is an exception: nothing is handed out, and readers look with them. Every follower
//! is told so before the first thing is held back, and until the last one knows it is handed out as well; readers take
//! no notice of what comes twice.

use futures_util::future::try_join_all;
use serde::de::IgnoredAny;
use shared::ids::{ActionId, MemberId};
use shared::model::account::Account;
use shared::model::action::{Action, Verb};
use shared::model::feed::{FeedEntry, Wide};
use shared::model::profile::Profile;
use shared::model::relation::{Follow, FollowOfMany};
use shared::model::thing::{Kind, Thing};
use shared::store::{Condition, Key, Query, StoreError, Write, keys};
use shared::visibility::Audience;
use shared::{App, Result, clearing};

/// Followers beyond whom nothing is handed out: writing to so many takes a few seconds and a cent for everything that a
/// member does, and whoever follows one of them reads three queries more.
pub const WIDE: i64 = 10_000;
/// What whoever begins to follow somebody finds in their feed of before.
const CAUGHT_UP: usize = 50;
/// Followers per page.
const PAGE: usize = 500;
/// What followers may see.
const FOR_FOLLOWERS: [Audience; 3] = [Audience::Everyone, Audience::Members, Audience::Followers];

/// Hands out what a member did, to as many followers as `most` at once.
pub async fn acted(app: &App, action: &Action, most: i64) -> Result<()> {
    let actor = action.actor;
    let (done, profile, wide) = app
        .table
        .get_three::<IgnoredAny, Profile, Wide>(place(action), keys::profile(actor), keys::wide(actor))
        .await?;
    if done.is_none() {
        return Ok(());
    }
    if let (Verb::Followed, Some(Thing { kind: Kind::Member, id })) = (action.verb, action.target) {
        catch_up(app, actor, MemberId(id)).await?;
    }
    if wide.as_ref().is_some_and(|wide| wide.known) || action.audience == Audience::Owner {
        return Ok(());
    }
    let widens = wide.is_some() || profile.is_some_and(|profile| profile.followers > most);
    if widens {
        // From here on whoever begins to follow is told.
        widen(app, actor, false).await?;
    }
    hand_out(app, action, widens).await?;
    if widens {
        widen(app, actor, true).await?;
    }
    // It may have been taken back while it was handed out.
    if app.table.get::<IgnoredAny>(place(action)).await?.is_none() {
        unacted(app, actor, action.id).await?;
    }
    Ok(())
}

fn place(action: &Action) -> Key {
    keys::action(action.actor, action.audience, action.id)
}

async fn hand_out(app: &App, action: &Action, widens: bool) -> Result<()> {
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::followers(action.actor), PAGE).on_from(next.as_deref())?;
        let page = app.table.query::<Follow>(query).await?;
        let entry = |follow: &Follow| FeedEntry { reader: follow.member, action: action.clone() };
        app.table.put_all(&page.items.iter().map(entry).collect::<Vec<_>>()).await?;
        if widens {
            let many = |follow: &Follow| FollowOfMany { member: follow.member, followed: action.actor };
            app.table.put_all(&page.items.iter().map(many).collect::<Vec<_>>()).await?;
        }
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Notes that a member has very many followers; not of one who has left.
async fn widen(app: &App, member: MemberId, known: bool) -> Result<()> {
    let wide = Wide { member, known, since: app.clock.now() };
    let unknown = Condition::absent_or(Condition::equals("known", false));
    let writes = vec![Write::check(keys::account(member), Condition::present()), Write::put(&wide)?.when(unknown)];
    refused_is_done(app.table.together(writes).await)
}

/// Lets a member who begins to follow another find the latest of what that one did.
async fn catch_up(app: &App, reader: MemberId, followed: MemberId) -> Result<()> {
    let (follow, wide) =
        app.table.get_two::<IgnoredAny, Wide>(keys::follow(reader, followed), keys::wide(followed)).await?;
    if follow.is_none() {
        return Ok(());
    }
    if wide.is_some() {
        let writes = vec![
            Write::check(keys::follow(reader, followed), Condition::present()),
            Write::put(&FollowOfMany { member: reader, followed })?,
        ];
        return refused_is_done(app.table.together(writes).await);
    }
    let latest = FOR_FOLLOWERS.map(|audience| {
        app.table.query::<Action>(Query::of(keys::actions_of(followed, audience), CAUGHT_UP).backwards())
    });
    let mut actions: Vec<Action> = try_join_all(latest).await?.into_iter().flat_map(|page| page.items).collect();
    actions.sort_by_key(|action| std::cmp::Reverse(action.id));
    actions.truncate(CAUGHT_UP);
    let entries: Vec<_> = actions.into_iter().map(|action| FeedEntry { reader, action }).collect();
    app.table.put_all(&entries).await
}

/// Takes back what was handed out of an action that is gone. One that was only moved to another audience stays.
pub async fn unacted(app: &App, actor: MemberId, action: ActionId) -> Result<()> {
    let audiences = [Audience::Everyone, Audience::Members, Audience::Followers, Audience::Owner];
    let places = audiences.map(|audience| keys::action(actor, audience, action));
    if app.table.get_all::<IgnoredAny>(&places).await?.iter().any(Option::is_some) {
        return Ok(());
    }
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::fed_with(actor, action), PAGE).on_from(next.as_deref())?;
        let page = app.table.keys(query).await?;
        app.table.delete_all(&page.items).await?;
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Notes that a member joined.
pub async fn joined(app: &App, member: MemberId) -> Result<()> {
    let Some(account) = app.table.get::<Account>(keys::account(member)).await? else { return Ok(()) };
    let action = Action {
        id: ActionId(member.0),
        actor: member,
        verb: Verb::Joined,
        target: None,
        target_owner: None,
        object: Some(member.into()),
        object_owner: None,
        audience: Audience::Everyone,
        at: account.joined_at,
    };
    let writes = vec![Write::check(keys::account(member), Condition::present()), Write::create(&action)?];
    refused_is_done(app.table.together(writes).await)
}

/// Removes what others made of a thing that is gone.
pub async fn deleted(app: &App, thing: Thing) -> Result<()> {
    if app.table.get::<IgnoredAny>(keys::thing(thing)).await?.is_some() {
        return Ok(());
    }
    clearing::clear(app, thing).await
}

/// What was done before needs not be done again, and nothing is done for whoever has left.
fn refused_is_done(result: Result<(), StoreError>) -> Result<()> {
    match result {
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
