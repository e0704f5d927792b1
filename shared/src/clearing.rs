//! What goes together: a like, a comment or a post with the action that tells of it, and with a thing whatever others
//! made of it.
//!
//! A counter moves in the transaction of the item that it counts, so that it is exact however often this is run.

use futures_util::future::try_join_all;

use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::{ActionId, MemberId};
use crate::media;
use crate::model::action::{Action, Verb};
use crate::model::post::{Comment, Like, Post};
use crate::model::thing::{Kind, Thing};
use crate::store::{Change, Condition, Query, Range, StoreError, Write, keys};
use crate::visibility::Audience;

/// Actions per page, and transactions at once.
const PAGE: usize = 100;
const AT_ONCE: usize = 8;
/// How often a transaction is tried that runs into others.
const TRIES: usize = 5;

/// Where a thing counts what is made of it; members count nothing.
pub fn counter(on: Thing, name: &str, amount: i64) -> Option<Write> {
    (on.kind != Kind::Member).then(|| Write::change(Change::of(keys::thing(on)).add(name, amount)))
}

/// Takes a like back; says whether it was there.
pub async fn unlike(app: &App, like: &Like) -> Result<bool> {
    let as_it_was = Condition::equals("action", like.action);
    let gone = Write::delete(keys::like(like.member, like.on), as_it_was);
    take_back(app, gone, like.member, like.action, counter(like.on, "likes", -1), Vec::new()).await
}

/// Deletes a comment, together with `also`; says whether it was there.
pub async fn uncomment(app: &App, comment: &Comment, also: Vec<Write>) -> Result<bool> {
    let gone = Write::delete(keys::thing(comment.id.into()), Condition::present());
    let counted = counter(comment.on, "comments", -1);
    take_back(app, gone, comment.owner, ActionId(comment.id.0), counted, also).await
}

/// What was `gone` goes with its action and where it was counted, if that is still there.
async fn take_back(
    app: &App,
    gone: Write,
    actor: MemberId,
    action: ActionId,
    counted: Option<Write>,
    also: Vec<Write>,
) -> Result<bool> {
    let mut counted = counted;
    for _ in 0..TRIES {
        let mut writes = vec![gone.clone()];
        writes.extend(counted.clone());
        writes.extend(withdrawn(app, actor, action)?);
        writes.extend(also.iter().cloned());
        match app.table.together(writes).await {
            Ok(()) => return Ok(true),
            Err(StoreError::Refused { write: 0, .. }) => return Ok(false),
            Err(StoreError::Refused { write: 1, .. }) if counted.is_some() => counted = None,
            Err(StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// The writes by which an action that everyone may see is gone.
pub fn withdrawn(app: &App, actor: MemberId, action: ActionId) -> Result<[Write; 2]> {
    Ok([
        Write::delete(keys::action(actor, Audience::Everyone, action), Condition::default()),
        happened(app, Event::Unacted { member: actor, action })?,
    ])
}

/// Whoever hears this may simply try again.
pub fn busy() -> Error {
    Error::conflict("busy", "Too many are at this at the same time. Try again.")
}

/// Deletes a post, together with `also`; says whether it was there. What others made of it follows.
pub async fn unpost(app: &App, post: &Post, also: Vec<Write>) -> Result<bool> {
    let (member, thing) = (post.owner, Thing::from(post.id));
    let as_it_was = Condition::equals("images", &post.images);
    let mut writes = vec![Write::delete(keys::thing(thing), as_it_was)];
    writes.extend(withdrawn(app, member, ActionId(post.id.0))?);
    writes.push(happened(app, Event::ThingDeleted { member, thing })?);
    writes.extend(media::let_go_of_all(app, member, post.images.iter().map(|image| image.file.clone()).collect())?);
    writes.extend(also);
    match app.table.together(writes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { write: 0, found: None }) => Ok(false),
        // Its pictures are others by now.
        Err(StoreError::Refused { write: 0, .. } | StoreError::Busy(_)) => Err(busy()),
        Err(error) => Err(error.into()),
    }
}

/// Removes whatever was done to a thing that is gone, or with it: the actions, and the likes and comments that they
/// tell of. It may break off anywhere and be run again.
pub async fn clear(app: &App, thing: Thing) -> Result<()> {
    for done in [keys::done_to(thing), keys::done_with(thing)] {
        clear_all(app, done).await?;
    }
    Ok(())
}

async fn clear_all(app: &App, done: Range) -> Result<()> {
    let mut next: Option<String> = None;
    loop {
        let page = app.table.query::<Action>(Query::of(done.clone(), PAGE).on_from(next.as_deref())?).await?;
        for some in page.items.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|action| undo(app, action))).await?;
        }
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

async fn undo(app: &App, action: &Action) -> Result<()> {
    let key = keys::action(action.actor, action.audience, action.id);
    let told = match (action.verb, action.target, action.object) {
        (Verb::Liked, Some(target), _) => Some(keys::like(action.actor, target)),
        (Verb::Commented, _, Some(comment)) => Some(keys::thing(comment)),
        _ => None,
    };
    let mut writes = vec![Write::delete(key, Condition::present())];
    writes.extend(told.map(|told| Write::delete(told, Condition::default())));
    writes.push(happened(app, Event::Unacted { member: action.actor, action: action.id })?);
    match app.table.together(writes).await {
        // The index shows for a moment what is gone.
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes what a member wrote and liked, from wherever it lies, with what others made of it.
pub async fn clear_written(app: &App, member: MemberId) -> Result<()> {
    let mut next: Option<String> = None;
    loop {
        let range = keys::owned_of_kind(member, Kind::Post);
        let page = app.table.query::<Post>(Query::of(range, PAGE).on_from(next.as_deref())?).await?;
        for post in page.items {
            unpost(app, &post, Vec::new()).await?;
            clear(app, post.id.into()).await?;
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    loop {
        let range = keys::owned_of_kind(member, Kind::Comment);
        let page = app.table.query::<Comment>(Query::of(range, PAGE).on_from(next.as_deref())?).await?;
        for some in page.items.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|comment| uncomment(app, comment, Vec::new()))).await?;
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    loop {
        let page = app.table.query::<Like>(Query::of(keys::likes_of(member), PAGE).on_from(next.as_deref())?).await?;
        for some in page.items.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|like| unlike(app, like))).await?;
        }
        next = page.next;
        if next.is_none() {
            return clear(app, member.into()).await;
        }
    }
}
