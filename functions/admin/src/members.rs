//! Members, to be found by how their names begin.

use askama::Template;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::Staff;
use shared::http::{Cursor, Page, Query};
use shared::model::account::{Account, NameHeld};
use shared::model::name::{LONGEST_USERNAME, fold};
use shared::model::score::Score;
use shared::store::{self, keys};
use shared::{App, Result};

use crate::page::{self, Frame, MEMBERS};

/// Members on one page of the list.
const PAGE: usize = 25;

/// Which members.
#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// How their names begin; case makes no difference.
    #[serde(default)]
    name: String,
    /// Where the page begins.
    cursor: Option<Cursor>,
    /// What has just been done.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage<'a> {
    frame: Frame<'a>,
    name: &'a str,
    rows: Vec<(Account, Score)>,
    is_first: bool,
    first: String,
    next: Option<String>,
}

/// Shows the staff the members in the order of their names, all of them or those whose names begin as asked.
pub async fn list(Staff(by): Staff, State(app): State<App>, Query(search): Query<Search>) -> Result<Page> {
    let name: String = search.name.trim().chars().take(LONGEST_USERNAME).collect();
    let prefix: String = fold(&name).chars().take(LONGEST_USERNAME).collect();
    let list = format!("admin/members/{prefix}");
    let query = store::Query::of(keys::names(&prefix), PAGE);
    let query = match &search.cursor {
        Some(cursor) => query.after(&cursor.open(&app, &list, Some(by.id()))?)?,
        None => query,
    };
    let page = app.table.query::<NameHeld>(query).await?;
    let keys: Vec<_> = page.items.iter().map(|held| (keys::account(held.member), keys::score(held.member))).collect();
    let found = app.table.get_pairs::<Account, Score>(&keys).await?;
    // The index is a moment behind: who was deleted just now may still stand in it.
    let rows = found.into_iter().filter_map(|(account, score)| Some((account?, score?))).collect();
    let next = page.next.map(|next| Cursor::new(&app, &list, Some(by.id()), &next));
    page::show(&MembersPage {
        frame: Frame::of(&app, &by, MEMBERS).after(search.done.as_deref()),
        rows,
        is_first: search.cursor.is_none(),
        first: address(&name, None),
        next: next.map(|next| address(&name, Some(&next))),
        name: &name,
    })
}

fn address(name: &str, cursor: Option<&Cursor>) -> String {
    let mut query = form_urlencoded::Serializer::new(format!("{MEMBERS}?"));
    query.append_pair("name", name);
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor.as_str());
    }
    query.finish()
}
