//! What becomes of conversations when one of the two leaves: nothing is left of them.

use super::count;
use crate::app::App;
use crate::error::Result;
use crate::ids::MemberId;
use crate::model::conversation::{AttachmentHeld, Talk};
use crate::store::{Condition, Query, StoreError, Write, keys};

/// Items read at once.
const PAGE: usize = 100;

/// Removes every conversation of a member, on both sides. It may break off anywhere and be run again: a member's own side
/// goes last, by which the rest is found.
pub async fn forget_all(app: &App, member: MemberId) -> Result<()> {
    loop {
        // Always the first page: what is on it is gone afterwards.
        let talks = app.table.query::<Talk>(Query::of(keys::talks_of(member), PAGE)).await?.items;
        if talks.is_empty() {
            return Ok(());
        }
        for talk in talks {
            forget(app, member, &talk).await?;
            app.table.delete(keys::talk(member, talk.other), Condition::default()).await?;
        }
    }
}

async fn forget(app: &App, member: MemberId, talk: &Talk) -> Result<()> {
    let other = talk.other;
    forget_other_side(app, member, other).await?;
    loop {
        let files = Query::of(keys::attachments(member, other), PAGE);
        let files = app.table.query::<AttachmentHeld>(files).await?.items;
        if files.is_empty() {
            break;
        }
        for held in files {
            app.media.delete(&held.attachment.file).await?;
            let record = keys::attachment(member, other, &held.attachment.reference);
            app.table.delete(record, Condition::default()).await?;
        }
    }
    loop {
        let left = app.table.keys(Query::of(keys::all_between(member, other), PAGE)).await?.items;
        if left.is_empty() {
            break;
        }
        for key in left {
            app.table.delete(key, Condition::default()).await?;
        }
    }
    app.table.delete(keys::thread(talk.thread), Condition::default()).await?;
    Ok(())
}

/// Removes the side of whoever stays, who has one conversation less then.
async fn forget_other_side(app: &App, member: MemberId, other: MemberId) -> Result<()> {
    let Some(side) = super::side(app, other, member).await? else { return Ok(()) };
    let mut writes = vec![Write::delete(keys::talk(other, member), Condition::present())];
    if side.latest.is_some() {
        writes.push(count(other, -1));
    }
    match app.table.together(writes).await {
        // Another run was here first.
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
