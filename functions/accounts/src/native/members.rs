//! Other members, found by their names.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Member;
use shared::http::{Cursor, Json, Query};
use shared::ids::MemberId;
use shared::model::account::{Account, NameHeld};
use shared::model::name::{LONGEST_USERNAME, fold};
use shared::store::{self, keys};
use shared::{App, Result, media};

use crate::members;

/// Names on one page.
const PAGE: usize = 20;

/// Whom one looks for.
#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// How their names begin; case makes no difference.
    #[serde(default)]
    name: String,
    /// Where the page begins: `next` of the page before.
    cursor: Option<Cursor>,
}

/// A member, as far as every list shows them.
#[derive(Serialize, JsonSchema)]
pub struct MemberView {
    id: MemberId,
    username: String,
    /// The path of their picture.
    avatar: Option<String>,
}

impl MemberView {
    fn of(account: Account) -> MemberView {
        let avatar = account.avatar.as_deref().map(media::path);
        MemberView { id: account.id, username: account.username.as_str().to_owned(), avatar }
    }
}

/// One page of members.
#[derive(Serialize, JsonSchema)]
pub struct MembersView {
    /// In the order of their names. There may be few or none on a page: those who hide from the caller are left out.
    items: Vec<MemberView>,
    /// The cursor of the next page; null after the last.
    next: Option<Cursor>,
}

/// Lists the members whose names begin as asked and whom the caller may see.
pub async fn list(by: Member, State(app): State<App>, Query(search): Query<Search>) -> Result<Json<MembersView>> {
    let prefix: String = fold(search.name.trim()).chars().take(LONGEST_USERNAME).collect();
    let list = format!("members/{prefix}");
    let query = store::Query::of(keys::names(&prefix), PAGE);
    let query = match &search.cursor {
        Some(cursor) => query.after(&cursor.open(&app, &list, Some(by.id()))?)?,
        None => query,
    };
    let (admitted, page) = tokio::join!(members::admit_page(&app, &by), app.table.query::<NameHeld>(query));
    admitted?;
    let page = page?;
    let found: Vec<_> = page.items.iter().map(|held| held.member).collect();
    let items = members::visible(&app, Some(by.id()), &found).await?.into_iter().map(MemberView::of).collect();
    let next = page.next.map(|next| Cursor::new(&app, &list, Some(by.id()), &next));
    Ok(Json(MembersView { items, next }))
}
