//! Who is online: everyone with an open socket, a page at a time.

use shared::http::Cursor;
use shared::ids::MemberId;
use shared::model::socket::Presence;
use shared::store::{Query, keys};
use shared::{App, Result};

use crate::frames::{OnlineView, ServerFrame};

/// Sockets per page; a member with several appears once.
const PAGE: usize = 100;
const LIST: &str = "online";

/// One page for `viewer`.
pub async fn page(app: &App, viewer: MemberId, cursor: Option<Cursor>) -> Result<ServerFrame> {
    let mut query = Query::of(keys::online(), PAGE);
    if let Some(cursor) = cursor {
        query = query.after(&cursor.open(app, LIST, Some(viewer))?)?;
    }
    let page = app.table.query::<Presence>(query).await?;
    let mut members: Vec<OnlineView> = page
        .items
        .into_iter()
        .map(|open| OnlineView { id: open.member, username: open.username.as_str().to_owned() })
        .collect();
    // A member's sockets lie side by side.
    members.dedup_by_key(|member| member.id);
    let next = page.next.map(|next| Cursor::new(app, LIST, Some(viewer), &next));
    Ok(ServerFrame::Online { members, next })
}
