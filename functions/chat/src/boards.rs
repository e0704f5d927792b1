//! Boards as a socket sees them: the first page, now and whenever it changes.

use futures_util::StreamExt;
use futures_util::stream;
use serde::Serialize;
use shared::boards::watch::{self, Claim, Watcher};
use shared::boards::{self, Board, Scope, read};
use shared::ids::MemberId;
use shared::live::Reached;
use shared::model::account::Account;
use shared::model::socket::Socket;
use shared::store::keys;
use shared::visibility::{Relation, may_see};
use shared::{App, Error, Result};

use crate::connection;
use crate::frames::ServerFrame;

/// Lines of a page.
const LINES: usize = 20;
/// Sockets that are written to at once: a slow one holds up no more than its own place.
const AT_ONCE: usize = 50;

/// How often it is looked again where another one shows the same board.
const TRIES: usize = 5;

/// A line of a board.
#[derive(Debug, Serialize)]
pub struct LineView {
    rank: i64,
    member: MemberView,
    score: i64,
}

#[derive(Debug, Serialize)]
struct MemberView {
    id: MemberId,
    username: String,
}

/// Lets a socket follow a board, and shows it the page as it is.
pub async fn follow(app: &App, socket: &Socket, board: Board) -> Result<ServerFrame> {
    if !boards::NAMES.contains(&board.name.as_str()) || board.scope != Scope::all() {
        return Err(Error::invalid_field("board", "There is no such board."));
    }
    watch::begin(app, socket, &board).await?;
    page(app, board).await
}

/// Shows a board's page to everyone who follows it, if it has changed.
pub async fn show(app: &App, board: Board) -> Result<()> {
    for _ in 0..TRIES {
        let frame = page(app, board.clone()).await?;
        let text =
            serde_json::to_string(&frame).map_err(|cause| Error::internal("A frame could not be written.", cause))?;
        match watch::claim(app, &board, &keys::digest(&text)).await? {
            Claim::Shown => return Ok(()),
            Claim::After(wait) => {
                tokio::time::sleep(wait.to_std().unwrap_or_default()).await;
                return send_all(app, &board, &frame).await;
            }
            // Another one shows what came meanwhile: look again.
            Claim::Taken => {}
        }
    }
    Err(Error::conflict("busy_board", "The board is being shown by others."))
}

async fn send_all(app: &App, board: &Board, frame: &ServerFrame) -> Result<()> {
    let mut after = None;
    loop {
        let watchers = watch::watchers(app, board, after).await?;
        let sent = stream::iter(watchers.items).map(|watcher| send(app, watcher, frame));
        // One that could not be reached this time hears of the next change.
        let mut sent = sent.buffer_unordered(AT_ONCE);
        while let Some(sent) = sent.next().await {
            if let Err(error) = sent {
                tracing::warn!("{error}");
            }
        }
        after = watchers.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn send(app: &App, watcher: Watcher, frame: &ServerFrame) -> Result<()> {
    match app.sockets.send(&watcher.connection, frame).await? {
        Reached::Open => Ok(()),
        Reached::Gone => {
            connection::forget(app, &watcher.connection).await?;
            watch::forget(app, &watcher).await
        }
    }
}

/// The first page, as anybody may see it: without those who may not be seen.
async fn page(app: &App, board: Board) -> Result<ServerFrame> {
    let lines = read::top(app, &board, LINES).await?.rows;
    let keys: Vec<_> = lines.iter().map(|line| keys::account(line.row.member)).collect();
    let accounts = app.table.lately().get_all::<Account>(&keys).await?;
    let line = |(line, account): (boards::Ranked, Option<Account>)| {
        let anyone = |account: &Account| may_see(None, account.id, account.audience, Relation::default());
        let account = account.filter(Account::is_usable).filter(anyone)?;
        let member = MemberView { id: account.id, username: account.username.as_str().to_owned() };
        Some(LineView { rank: line.competition, member, score: line.row.score })
    };
    let rows = lines.into_iter().zip(accounts).filter_map(line).collect();
    Ok(ServerFrame::Board { board, rows })
}
