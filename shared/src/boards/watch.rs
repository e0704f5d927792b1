//! Watching a board: an open socket hears when its first page changes, at most once a second.
//!
//! Whoever has changed a board that somebody watches says so, once in a second ([`announce`]). The word takes a second
//! to arrive, so whoever looks then also sees what was not told because it came in the same second.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::board::Board;
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::model::socket::{LONGEST, Socket};
use crate::store::{Change, Condition, Key, Page, Query, StoreError, Stored, Write, keys};

/// Boards that one socket may watch.
const MOST: usize = 10;
/// Watchers read at once.
const PAGE: usize = 100;

/// That a board is watched.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    board: Board,
    /// The second in which a change was announced last.
    #[serde(default)]
    announced: i64,
    /// What was on the page that was shown last, hashed.
    #[serde(default)]
    pub page: Option<String>,
    /// When it was shown.
    #[serde(default)]
    pub shown_at: Option<DateTime<Utc>>,
}

/// A socket that watches a board.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watcher {
    board: Board,
    /// The gateway's name for the socket.
    pub connection: String,
    opened_at: DateTime<Utc>,
}

impl Stored for Watcher {
    fn key(&self) -> Key {
        keys::watcher(&self.board, &self.connection)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.opened_at + LONGEST)
    }
}

/// Lets a socket watch a board.
///
/// # Errors
/// If it watches as many as it may.
pub async fn begin(app: &App, socket: &Socket, board: &Board) -> Result<()> {
    let mut boards = socket.boards.clone();
    if boards.contains(board) {
        return Ok(());
    }
    if boards.len() >= MOST {
        return Err(Error::conflict("too_many_boards", format!("A socket may follow {MOST} boards.")));
    }
    boards.push(board.clone());
    let watcher = Watcher { board: board.clone(), connection: socket.connection.clone(), opened_at: socket.opened_at };
    let ends = (app.clock.now() + LONGEST).timestamp();
    let writes = vec![
        Write::put(&watcher)?,
        Write::change(Change::of(keys::watched(board)).or_create().set("board", board).set("ttl", ends)),
        Write::change(Change::of(keys::socket(&socket.connection)).set("boards", boards).when(as_known(socket))),
    ];
    settle(app, writes).await
}

/// Frames of one socket may be dealt with at once.
fn as_known(socket: &Socket) -> Condition {
    Condition::equals("boards", &socket.boards)
}

async fn settle(app: &App, writes: Vec<Write>) -> Result<()> {
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// Forgets a watcher that is gone.
pub async fn forget(app: &App, Watcher { board, connection, .. }: &Watcher) -> Result<()> {
    let gone = Write::delete(keys::watcher(board, connection), Condition::default());
    Ok(app.table.together(vec![gone]).await?)
}

/// Lets a socket watch a board no longer.
pub async fn end(app: &App, socket: &Socket, board: &Board) -> Result<()> {
    let mut boards = socket.boards.clone();
    boards.retain(|other| other != board);
    let writes = vec![
        Write::delete(keys::watcher(board, &socket.connection), Condition::default()),
        Write::change(Change::of(keys::socket(&socket.connection)).set("boards", boards).when(as_known(socket))),
    ];
    settle(app, writes).await
}

/// Says of those among these boards that are watched that something has moved there.
pub async fn announce(app: &App, boards: &[Board]) -> Result<()> {
    let second = app.clock.now().timestamp();
    for some in boards.chunks(100) {
        let keys: Vec<_> = some.iter().map(keys::watched).collect();
        for watched in app.table.lately().get_all::<Watched>(&keys).await?.into_iter().flatten() {
            if watched.announced >= second {
                continue;
            }
            let known = Some(watched.announced).filter(|announced| *announced > 0);
            let change = Change::of(keys::watched(&watched.board))
                .set("announced", second)
                .when(Condition::equals("announced", known));
            let told = happened(app, Event::BoardMoved { board: watched.board })?;
            match app.table.together(vec![Write::change(change), told]).await {
                // Somebody else has, in this second.
                Ok(()) | Err(StoreError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// What came of a claim to show a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the one that was shown last, or nobody watches.
    Shown,
    /// Show it, after this time.
    After(Duration),
    /// Somebody else has claimed to show one at this moment.
    Taken,
}

/// Claims to show a page, unless it is the one that was shown last; at such a time that there are never two in a
/// second.
pub async fn claim(app: &App, board: &Board, page: &str) -> Result<Claim> {
    let now = app.clock.now();
    let Some(watched) = app.table.get::<Watched>(keys::watched(board)).await? else { return Ok(Claim::Shown) };
    if watched.page.as_deref() == Some(page) {
        return Ok(Claim::Shown);
    }
    let due = watched.shown_at.map_or(now, |shown| now.max(shown + Duration::seconds(1)));
    let change = Change::of(keys::watched(board))
        .set("page", page)
        .set("shown_at", due)
        .when(Condition::equals("shown_at", watched.shown_at));
    match app.table.together(vec![Write::change(change)]).await {
        Ok(()) => Ok(Claim::After(due - now)),
        Err(StoreError::Refused { .. }) => Ok(Claim::Taken),
        Err(error) => Err(error.into()),
    }
}

/// The sockets that watch a board, a page of them.
pub async fn watchers(app: &App, board: &Board, after: Option<String>) -> Result<Page<Watcher>> {
    let query = Query::of(keys::watchers(board), PAGE).on_from(after.as_deref())?;
    app.table.query(query).await
}
