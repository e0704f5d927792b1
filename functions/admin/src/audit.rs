//! The audit trail: who of the staff did what, to whom, and when.

use askama::Template;
use axum::extract::State;
use shared::audit::Entry;
use shared::auth::Staff;
use shared::http::{Cursor, Page, Query};
use shared::store::{self, keys};
use shared::{App, Result};

use crate::page::{self, AUDIT, Frame, Moment, Place, Whom};

/// Entries on a page.
const PAGE: usize = 25;
const LIST: &str = "admin/audit";

/// One entry.
struct Row {
    at: Moment,
    by: String,
    what: String,
    whom: Option<Whom>,
    detail: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    is_first: bool,
    next: Option<Cursor>,
}

/// Shows the staff everything that the staff ever did, the latest first.
pub async fn list(Staff(by): Staff, State(app): State<App>, Query(Place { cursor }): Query<Place>) -> Result<Page> {
    let query = store::Query::of(keys::audit_trail(), PAGE);
    let query = match &cursor {
        Some(cursor) => query.after(&cursor.open(&app, LIST, Some(by.id()))?)?,
        None => query,
    };
    let page = app.table.query::<Entry>(query).await?;
    let names = page::names(&app, page.items.iter().filter_map(|entry| entry.whom)).await?;
    let row = |entry: Entry| Row {
        at: Moment(entry.at),
        by: entry.by.name,
        what: in_words(&entry.what),
        whom: entry.whom.map(|whom| Whom::among(&names, whom)),
        detail: entry.detail.unwrap_or_default(),
    };
    let rows = page.items.into_iter().map(row).collect();
    let next = page.next.map(|next| Cursor::new(&app, LIST, Some(by.id()), &next));
    page::show(&AuditPage { frame: Frame::of(&app, &by, AUDIT), rows, is_first: cursor.is_none(), next })
}

/// `sessions_ended` as people write it.
fn in_words(what: &str) -> String {
    let words = what.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
