//! Removes what is left of a member whose account was deleted: sessions, codes, sockets, failed logins, records of
//! letters and of what happened, conversations, files, exports, the link to a Google account, the subscription with what
//! it holds, and what others keep about them.
//!
//! It may break off anywhere and be run again: it finds what is left, and what is gone stays gone.

use serde::de::IgnoredAny;
use shared::auth::limits;
use shared::coding::subscriber::Subscriber;
use shared::ids::MemberId;
use shared::model::google::GoogleLink;
use shared::model::relation::Follow;
use shared::model::{export, upload};
use shared::store::{Change, Condition, Query, Range, StoreError, keys};
use shared::{App, Error, Result, clearing, graph, talk};

/// Keys per page.
const PAGE: usize = 100;
/// How often it is tried what others may be in the way of.
const TRIES: usize = 10;

/// Removes everything that lies with the member, what others keep about them, their pictures, and exports of their
/// data.
pub async fn run(app: &App, member: MemberId) -> Result<()> {
    // Found through the member's own item, so it goes first.
    if let Some(GoogleLink { subject, .. }) = app.table.get(keys::google_link(member)).await? {
        match app.table.delete(keys::google(&subject), Condition::equals("member", member)).await {
            Ok(()) | Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    unsubscribe(app, member).await?;
    unfollow_all(app, member).await?;
    clearing::clear_written(app, member).await?;
    // Found through the member's own side of each.
    talk::forget_all(app, member).await?;
    loop {
        // Always the first page: what is on it is gone afterwards.
        let left = app.table.keys(Query::of(keys::all_of(member), PAGE)).await?.items;
        if left.is_empty() {
            break;
        }
        app.table.delete_all(&left).await?;
    }
    let of_others = [
        keys::blocked_by(member),
        keys::asking(member),
        keys::caused(member),
        keys::told_of(member),
        keys::many(member),
    ];
    let of_streams = [keys::feed(member), keys::fed(member)];
    for others in of_others.into_iter().chain(of_streams) {
        remove_all(app, others).await?;
    }
    reports_of_nobody(app, member).await?;
    limits::unlock(app, member, []).await?;
    let folders =
        [format!("avatars/{member}/"), format!("banners/{member}/"), upload::folder(member), export::folder(member)];
    for folder in folders {
        loop {
            let left = app.media.list(&folder, None).await?;
            if left.is_empty() {
                break;
            }
            for file in left {
                app.media.delete(&file.name).await?;
            }
        }
    }
    Ok(())
}

/// Takes the member out of their group, and frees their accounts on platforms for others. Found through the subscription,
/// which goes with it.
async fn unsubscribe(app: &App, member: MemberId) -> Result<()> {
    for _ in 0..TRIES {
        let Some(subscriber) = Subscriber::of(app, member).await? else { return Ok(()) };
        match app.table.together(subscriber.ended(app).await?).await {
            Ok(()) => return Ok(()),
            // Others come and go in the group.
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("busy", "The member's group is being changed by others."))
}

/// Lets the member follow nobody any more and nobody the member, such that those who stay are counted exactly.
async fn unfollow_all(app: &App, member: MemberId) -> Result<()> {
    loop {
        let left = app.table.query::<Follow>(Query::of(keys::followed_by(member), PAGE)).await?.items;
        if left.is_empty() {
            break;
        }
        for follow in left {
            graph::forget_followed(app, member, follow.followed).await?;
        }
    }
    let mut after: Option<String> = None;
    loop {
        let query = Query::of(keys::followers(member), PAGE).on_from(after.as_deref())?;
        let page = app.table.query::<Follow>(query).await?;
        for follow in page.items {
            graph::forget_follower(app, member, follow.member).await?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// What the member reported stays, and says no more who it was.
async fn reports_of_nobody(app: &App, member: MemberId) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let query = Query::of(keys::reported_by(member), PAGE).on_from(after.as_deref())?;
        let page = app.table.keys(query).await?;
        for report in page.items {
            let change = Change::of(report).remove("reporter").index(None).when(Condition::equals("reporter", member));
            match app.table.change::<IgnoredAny>(change).await {
                Ok(_) | Err(StoreError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Removes what an index finds, page after page: it is a moment behind, so the first page may go on showing what is
/// gone.
async fn remove_all(app: &App, range: Range) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let query = Query::of(range.clone(), PAGE).on_from(after.as_deref())?;
        let page = app.table.keys(query).await?;
        app.table.delete_all(&page.items).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
