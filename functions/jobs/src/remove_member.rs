//! Removes what is left of a member whose account was deleted: sessions, sockets, files.

use shared::ids::MemberId;
use shared::model::upload::FOLDER;
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
    for folder in ["avatars/", FOLDER] {
        remove_files(app, &format!("{folder}{member}/")).await?;
    }
    Ok(())
}

async fn remove_files(app: &App, folder: &str) -> Result<()> {
    loop {
        let left = app.media.list(folder, None).await?;
        if left.is_empty() {
            return Ok(());
        }
        for file in left {
            app.media.delete(&file.name).await?;
        }
    }
}
