//! Removes what is left of a member whose account was deleted: sessions, codes, sockets, failed logins, records of
//! letters and of what happened, conversations, files, exports, the link to a Google account, and what others keep about
//! them.
//!
//! It may break off anywhere and be run again: it finds what is left, and what is gone stays gone.

use shared::auth::limits;
use shared::ids::MemberId;
use shared::model::google::GoogleLink;
use shared::model::{export, upload};
use shared::store::{Condition, Query, Range, StoreError, keys};
use shared::{App, Result, talk};

/// Keys per page.
const PAGE: usize = 100;

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
    // Found through the member's own side of each.
    talk::forget_all(app, member).await?;
    loop {
        // Always the first page: what is on it is gone afterwards.
        let left = app.table.keys(Query::of(keys::all_of(member), PAGE)).await?.items;
        if left.is_empty() {
            break;
        }
        for key in left {
            app.table.delete(key, Condition::default()).await?;
        }
    }
    for others in [keys::followers(member), keys::blocked_by(member)] {
        remove_all(app, others).await?;
    }
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

/// Removes what an index finds, page after page: it is a moment behind, so the first page may go on showing what is
/// gone.
async fn remove_all(app: &App, range: Range) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let query = Query::of(range.clone(), PAGE).on_from(after.as_deref())?;
        let page = app.table.keys(query).await?;
        for key in page.items {
            app.table.delete(key, Condition::default()).await?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
