//! What becomes of a board whose period is over: it stands still, its final standings are kept, and those ahead hear
//! of it.
//!
//! Each step may be done twice, late, or by two at once: a closed board no longer moves, so both find the same.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::board::{Board, Period};
use super::path::Node;
use super::read::{self, Position, Ranked};
use super::standing::Standing;
use super::tree::{CLOSED, NodeItem};
use super::{Noted, read::Page};
use crate::app::App;
use crate::error::Result;
use crate::events::{Event, happened_as};
use crate::ids::MemberId;
use crate::store::{Change, Condition, Key, Query, StoreError, Stored, Write, keys};

/// Lines of a board that are kept in their order.
const TOP: i64 = 100;
/// Members up to this rank hear of it.
const WINNERS: i64 = 3;
/// Lines that one transaction keeps: each is two items at most, and a transaction takes 100 writes.
const TOGETHER: usize = 49;

/// That the boards of a period are closed, those included that nobody has begun.
#[derive(Serialize, Deserialize)]
pub(super) struct ClosedPeriod {
    period: String,
    at: DateTime<Utc>,
}

impl Stored for ClosedPeriod {
    fn key(&self) -> Key {
        keys::closed_period(&self.period)
    }
}

/// Where a member ended up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalRank {
    /// On which board.
    pub board: Board,
    /// Who.
    pub member: MemberId,
    /// The score.
    pub score: i64,
    /// 1 and the members with a higher score.
    pub competition: i64,
    /// 1 and the higher scores.
    pub dense: i64,
    /// The place among the lines that are kept in their order, if it is one of them.
    pub place: Option<u64>,
}

impl Stored for FinalRank {
    fn key(&self) -> Key {
        keys::final_rank(self.member, &self.board)
    }
}

/// One of the lines that are kept in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalPlace {
    /// The member and their rank.
    #[serde(flatten)]
    pub rank: FinalRank,
    /// What the board showed beside the score, as JSON.
    pub card: Option<String>,
}

impl Stored for FinalPlace {
    fn key(&self) -> Key {
        keys::final_place(&self.rank.board, self.rank.place.unwrap_or_default())
    }
}

/// How far the closing of a board has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Lines kept.
    kept: i64,
    /// Where to go on.
    next: Option<Position>,
    /// Whether nothing is left to do.
    done: bool,
}

/// The boards that there are of a period.
pub async fn boards_of(app: &App, period: Period) -> Result<Vec<Board>> {
    let mut boards = Vec::new();
    let mut query = Query::of(keys::boards(period), 100);
    loop {
        let page = app.boards.table.query::<Noted>(query).await?;
        boards.extend(page.items.into_iter().map(|noted| noted.board));
        match page.next {
            Some(next) => query = Query::of(keys::boards(period), 100).after(&next)?,
            None => return Ok(boards),
        }
    }
}

/// What closing a period came to.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Boards of the period.
    boards: usize,
    /// Boards that were closed by this run.
    closed: usize,
    /// Whether time ran out: the rest is to be done by another run.
    pub unfinished: bool,
}

impl std::ops::AddAssign for Report {
    fn add_assign(&mut self, other: Report) {
        self.boards += other.boards;
        self.closed += other.closed;
        self.unfinished |= other.unfinished;
    }
}

/// Closes the boards of a period that is over, until `deadline`. `lag` is how long the index may be behind.
pub async fn close(app: &App, period: Period, deadline: DateTime<Utc>, lag: Duration) -> Result<Report> {
    let mut report = Report::default();
    if !period.is_over(app.clock.now()) {
        return Ok(report);
    }
    // From here on nobody begins a board of this period.
    app.boards.table.put(&ClosedPeriod { period: period.to_string(), at: app.clock.now() }).await?;
    let mut query = Query::of(keys::boards(period), 100);
    loop {
        let page = app.boards.table.query::<Noted>(query).await?;
        report.boards += page.items.len();
        let open: Vec<Noted> = page.items.into_iter().filter(|noted| !noted.closing.unwrap_or_default().done).collect();
        for noted in &open {
            stop(app, &noted.board).await?;
        }
        if !open.is_empty() {
            // What moved last shows up in the index first.
            tokio::time::sleep(lag).await;
        }
        for noted in open {
            match close_board(app, noted, deadline).await? {
                true => report.closed += 1,
                false => report.unfinished = true,
            }
        }
        match page.next {
            Some(next) => query = Query::of(keys::boards(period), 100).after(&next)?,
            None => return Ok(report),
        }
    }
}

/// Keeps the final standings of a board that stands still. Tells whether it came to the end.
async fn close_board(app: &App, Noted { board, closing }: Noted, deadline: DateTime<Utc>) -> Result<bool> {
    let mut progress = closing.unwrap_or_default();
    loop {
        if app.clock.now() >= deadline {
            return Ok(false);
        }
        let Page { rows, next } = match progress.next {
            Some(position) => read::after(app, &board, position, TOGETHER).await?,
            None if progress.kept == 0 => read::top(app, &board, TOGETHER).await?,
            None => Page { rows: vec![], next: None },
        };
        tell_winners(app, &board, &rows).await?;
        let lines: Vec<FinalRank> =
            rows.iter().zip(progress.kept + 1..).map(|(row, place)| line(&board, row, place)).collect();
        let kept = lines.iter().zip(&rows).map(|(line, row)| keep(line, row)).collect::<Result<Vec<_>>>()?.concat();
        if !kept.is_empty() {
            app.boards.table.together(kept).await?;
        }
        // Whoever leaves is marked first, and what is kept of them removed afterwards: either that finds these lines, or
        // this finds the mark.
        let mut writes = remove_gone(app, &lines).await?;
        let done = next.is_none();
        let after = Progress { kept: progress.kept + rows.len() as i64, next, done };
        let known = Condition::equals("closing", Some(progress).filter(|progress| *progress != Progress::default()));
        writes.push(Write::change(Change::of(keys::board(&board)).set("closing", after).when(known)));
        match app.boards.table.together(writes).await {
            Ok(()) if done => return Ok(true),
            Ok(()) => progress = after,
            // Another run is at it.
            Err(StoreError::Refused { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Lets nothing move any more: every transaction that moves somebody asks the root, in one of its shards.
async fn stop(app: &App, board: &Board) -> Result<()> {
    let close = |shard| Change::of(keys::node(board, Node::Root, shard)).or_create().set(CLOSED, true);
    // With the first one closed, there will not be more of them.
    app.boards.table.together(vec![Write::change(close(0))]).await?;
    let first = app.boards.table.get::<NodeItem>(keys::node(board, Node::Root, 0)).await?;
    for shard in 1..first.map_or(1, |first| first.state().shards) {
        app.boards.table.together(vec![Write::change(close(shard))]).await?;
    }
    Ok(())
}

fn line(board: &Board, Ranked { row, competition, dense }: &Ranked, place: i64) -> FinalRank {
    FinalRank {
        board: board.clone(),
        member: row.member,
        score: row.score,
        competition: *competition,
        dense: *dense,
        place: (place <= TOP).then_some(place.unsigned_abs()),
    }
}

fn keep(line: &FinalRank, Ranked { row, .. }: &Ranked) -> Result<Vec<Write>> {
    let own = Write::put(line)?;
    let place =
        line.place.map(|_| Write::put(&FinalPlace { rank: line.clone(), card: row.card.clone() })).transpose()?;
    Ok([Some(own), place].into_iter().flatten().collect())
}

/// The writes that remove the lines of those who have left for good.
async fn remove_gone(app: &App, lines: &[FinalRank]) -> Result<Vec<Write>> {
    let keys: Vec<Key> = lines.iter().map(|line| keys::standing(line.member)).collect();
    let standings = app.boards.table.get_all::<Standing>(&keys).await?;
    let gone = lines.iter().zip(standings).filter(|(_, standing)| standing.as_ref().is_some_and(|by| by.gone));
    Ok(gone.flat_map(|(line, _)| remove(&line.board, line.member, line.place)).collect())
}

fn remove(board: &Board, member: MemberId, place: Option<u64>) -> Vec<Write> {
    let own = Write::delete(keys::final_rank(member, board), Condition::default());
    // Another line may have come to its place.
    let still = Condition::absent_or(Condition::equals("member", member));
    let place = place.map(|place| Write::delete(keys::final_place(board, place), still));
    [Some(own), place].into_iter().flatten().collect()
}

/// Tells of everyone who came out among the first three, under ids that are made from what it is about.
async fn tell_winners(app: &App, board: &Board, rows: &[Ranked]) -> Result<()> {
    for Ranked { row, competition, .. } in rows.iter().take_while(|row| row.competition <= WINNERS) {
        let id = keys::id_of(&format!("won {board} {}", row.member));
        let won = Event::BoardWon { member: row.member, board: board.clone(), rank: *competition, score: row.score };
        let still_here = Write::check(keys::account(row.member), Condition::present());
        match app.table.together(vec![happened_as(id, app.clock.now(), won)?, still_here]).await {
            // It was told before, or there is nobody to tell.
            Ok(()) | Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Removes everything that the boards keep of a member whom no board shows any more.
pub(super) async fn forget(app: &App, member: MemberId) -> Result<()> {
    #[derive(Deserialize)]
    struct Own {
        sk: String,
        board: Board,
        place: Option<u64>,
    }
    let mut query = Query::of(keys::all_of(member), 40);
    loop {
        let page = app.boards.table.query::<Own>(query).await?;
        for Own { sk, board, place } in &page.items {
            if keys::is_entry(sk) {
                // A closed board counts them still, and it stands still.
                app.boards.table.delete(keys::entry(member, board), Condition::default()).await?;
                continue;
            }
            match app.boards.table.together(remove(board, member, *place)).await {
                Ok(()) => {}
                Err(StoreError::Refused { .. }) => {
                    app.boards.table.delete(keys::final_rank(member, board), Condition::default()).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        match page.next {
            Some(next) => query = Query::of(keys::all_of(member), 40).after(&next)?,
            None => return Ok(()),
        }
    }
}

/// A member's final standing, where the board is closed.
pub async fn final_rank(app: &App, board: &Board, member: MemberId) -> Result<Option<FinalRank>> {
    app.boards.table.get(keys::final_rank(member, board)).await
}

/// The final standings of a closed board, the best first: up to the hundredth line.
pub async fn final_places(app: &App, board: &Board) -> Result<Vec<FinalPlace>> {
    Ok(app.boards.table.query(Query::of(keys::final_places(board), TOP as usize)).await?.items)
}
