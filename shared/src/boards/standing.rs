//! Whether boards show a member: not while they are banned or have switched their account off, and never again once
//! it is deleted.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::board::Board;
use super::entry::{Act, Entry};
use super::write::{ScoreChange, apply};
use crate::app::App;
use crate::error::Result;
use crate::ids::{EventId, MemberId};
use crate::model::account::Account;
use crate::store::{Condition, Key, Query, StoreError, Stored, Write, keys};

/// How long a deleted member is remembered, hashed, so that what comes late makes no entry: longer than a stream.
const REMEMBERED: Duration = Duration::days(2);
/// Entries read at once.
const PAGE: usize = 100;

/// Whether boards show a member. Without one they do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Standing {
    #[serde(skip)]
    member: Option<MemberId>,
    pub shown: bool,
    pub gone: bool,
    /// Which of two is the later one.
    pub by: EventId,
    ends: Option<DateTime<Utc>>,
}

impl Stored for Standing {
    fn key(&self) -> Key {
        keys::standing(self.member.unwrap_or(MemberId(0)))
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        self.ends
    }
}

/// Looks how a member's account stands, and shows or hides them on every board they are on. Whoever left for good is
/// removed from all of them, with everything that the boards keep.
///
/// It looks at the account as it is and not as some change left it, so that it makes no difference how often and in
/// which order it is called. Returns the boards that they are on.
pub async fn follow_account(app: &App, member: MemberId) -> Result<Vec<Board>> {
    let by = EventId::at(app.clock.now());
    let account = app.table.get::<Account>(keys::account(member)).await?;
    let gone = account.is_none();
    let shown = account.is_some_and(|account| account.is_usable());
    let ends = gone.then(|| app.clock.now() + REMEMBERED);
    let old = app.boards.table.get::<Standing>(keys::standing(member)).await?;
    if !gone && shown && old.is_none() {
        // As everyone who was never hidden.
        return Ok(vec![]);
    }
    let standing = Standing { member: Some(member), shown, gone, by, ends };
    // First the standing, then the entries: a first entry holds only if the standing is what it was.
    let later = Condition::absent_or(Condition::at_most("by", by));
    match app.boards.table.together(vec![Write::put(&standing)?.when(later)]).await {
        Ok(()) => {}
        // Somebody has looked after us.
        Err(StoreError::Refused { .. }) => return Ok(vec![]),
        Err(error) => return Err(error.into()),
    }
    let mut boards = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::entries_of(member), PAGE).on_from(next.as_deref())?;
        let page = app.boards.table.query::<Entry>(query).await?;
        let show = |entry: &Entry| ScoreChange { board: entry.board.clone(), member, event: by, act: Act::Show(shown) };
        apply(app, page.items.iter().map(show)).await?;
        boards.extend(page.items.into_iter().map(|entry| entry.board));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    if gone {
        super::close::forget(app, member).await?;
    }
    Ok(boards)
}
