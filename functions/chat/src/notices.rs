//! Notices on open sockets: whoever is online hears at once what they are told of.

use serde::Serialize;
use shared::model::notice::Notice;
use shared::model::socket::{Presence, Surface};
use shared::notices::{self, NoticeView};
use shared::store::{Query, keys};
use shared::{App, Result};

use crate::connection;

/// Sockets looked at in one query.
const PAGE: usize = 100;

/// A notice on its way.
#[derive(Serialize)]
struct NoticeFrame<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    #[serde(flatten)]
    notice: &'a NoticeView,
}

/// Shows a notice on the sockets of whoever it is for, as far as those speak our own words.
pub async fn show(app: &App, notice: Notice) -> Result<()> {
    let member = notice.member;
    let views = notices::views(app, member, &[notice], None).await?;
    let Some(view) = views.first() else { return Ok(()) };
    let frame = NoticeFrame { what: "notice", notice: view };
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::sockets_of(member), PAGE).on_from(next.as_deref())?;
        let page = app.table.query::<Presence>(query).await?;
        for open in page.items.iter().filter(|open| open.surface == Surface::Native) {
            // One that cannot be reached must not keep the others from hearing it, nor have it told twice.
            if let Err(error) = connection::send(app, open, &frame).await {
                tracing::warn!("{error}");
            }
        }
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}
