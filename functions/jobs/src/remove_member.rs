//! Removes what is left of a member whose account was deleted: sessions, codes, sockets, failed logins, files.

use shared::auth::limits;
use shared::ids::MemberId;
use shared::store::{Condition, Query, keys};
use shared::{App, Result};

/// Keys per page.
const PAGE: usize = 100;

/// Removes everything that lies with the member, and their pictures.
pub async fn run(app: &App, member: MemberId) -> Result<()> {
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
    limits::unlock(app, member).await?;
    let pictures = format!("avatars/{member}/");
    loop {
        let left = app.media.list(&pictures, None).await?;
        if left.is_empty() {
            return Ok(());
        }
        for file in left {
            app.media.delete(&file.name).await?;
        }
    }
}
