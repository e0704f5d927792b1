//! What members are told of: who follows them or asks to, who likes or comments on what they wrote, who writes to them.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Member;
use shared::error::Problems;
use shared::http::{Body, Cursor, Json, NoContent, Query};
use shared::ids::{MAX_SAFE_INTEGER, NoticeId};
use shared::model::notice::Notice;
use shared::notices::{self, NoticeView, is_seen};
use shared::store::{self, Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

/// Notices on a page where the caller does not say, and at most: everybody in them costs four reads.
const USUAL_PAGE: usize = 20;
const LARGEST_PAGE: usize = 50;
/// Up to how many new ones are counted.
const COUNTED: usize = 100;
const LIST: &str = "notices";

/// Which page.
#[derive(Deserialize, JsonSchema)]
pub struct Pick {
    /// How many: 1 to 50.
    #[serde(default)]
    #[schemars(with = "usize", range(min = 1, max = 50))]
    limit: Option<i64>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<Cursor>,
}

/// A page of notices.
#[derive(Serialize, JsonSchema)]
pub struct NoticesView {
    /// The latest first. There may be fewer than asked for: what those did is left out who are out, or with whom there
    /// is a block.
    items: Vec<NoticeView>,
    /// The cursor of the next page; null after the last.
    next: Option<Cursor>,
}

/// How much is new.
#[derive(Serialize, JsonSchema)]
pub struct UnseenView {
    /// How many the caller has not seen; 100 stands for as many or more.
    unseen: usize,
}

/// What has been seen.
#[derive(Deserialize, JsonSchema)]
pub struct SeenInput {
    /// The last one that has been seen; so have all before it.
    up_to: NoticeId,
}

/// Lists what the caller is told of.
pub async fn list(by: Member, State(app): State<App>, Query(pick): Query<Pick>) -> Result<Json<NoticesView>> {
    let mut problems = Problems::default();
    let limit = pick.limit.map(|limit| usize::try_from(limit).unwrap_or_default());
    let limit = limit.and_then(|limit| {
        let within = (1..=LARGEST_PAGE).contains(&limit);
        problems.check("limit", within.then_some(limit).ok_or("Send a number from 1 to 50."))
    });
    problems.finish()?;
    let query = store::Query::of(keys::notices(by.id()), limit.unwrap_or(USUAL_PAGE)).backwards();
    let query = match &pick.cursor {
        Some(cursor) => query.after(&cursor.open(&app, LIST, Some(by.id()))?)?,
        None => query,
    };
    let (page, seen) = tokio::try_join!(app.table.query::<Notice>(query), notices::seen(&app, by.id()))?;
    let items = notices::views(&app, by.id(), &page.items, seen).await?;
    let next = page.next.map(|next| Cursor::new(&app, LIST, Some(by.id()), &next));
    Ok(Json(NoticesView { items, next }))
}

/// Tells callers how much of it they have not seen.
pub async fn unseen(by: Member, State(app): State<App>) -> Result<Json<UnseenView>> {
    let latest = store::Query::of(keys::notices(by.id()), COUNTED).backwards();
    let (page, seen) = tokio::try_join!(app.table.query::<Notice>(latest), notices::seen(&app, by.id()))?;
    let unseen = page.items.iter().filter(|notice| !is_seen(notice.id, seen)).count();
    Ok(Json(UnseenView { unseen }))
}

/// Notes that the caller has seen everything up to a notice. What they have seen stays seen.
pub async fn see(by: Member, State(app): State<App>, Body(input): Body<SeenInput>) -> Result<NoContent> {
    if !(1..=MAX_SAFE_INTEGER).contains(&input.up_to.0) {
        return Err(Error::invalid_field("up_to", "Send the id of a notice."));
    }
    // What is yet to come cannot have been seen.
    let latest = store::Query::of(keys::notices(by.id()), 1).backwards();
    let latest = app.table.query::<Notice>(latest).await?.items.first().map(|notice| notice.id);
    let Some(up_to) = latest.map(|latest| latest.min(input.up_to)) else { return Ok(NoContent) };
    let change = Change::of(keys::notices_seen(by.id())).or_create().set("member", by.id()).set("up_to", up_to);
    let further = Condition::absent_or(Condition::less("up_to", up_to));
    let here = Write::check(keys::account(by.id()), Condition::present());
    match app.table.together(vec![Write::change(change.when(further)), here]).await {
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(NoContent),
        Err(error) => Err(error.into()),
    }
}
