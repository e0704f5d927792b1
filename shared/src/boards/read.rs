//! Ranks and pages of a board.
//!
//! A page is one query of the index, which lies in the order of the board. Ranks come from the tree, once for a page,
//! and are counted on from there. Where the scores of a board lie within known bounds, a [`Survey`] reads all that counts
//! them at once, and any page of it, whatever its number, is one more query.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::board::Board;
use super::entry::Entry;
use super::path::{LEAF_SLOTS, Node, leaf, path};
use super::tree::{AT_ONCE, Count, Rank, Tree};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::{EventId, MemberId};
use crate::store::{Query, keys};

/// Members that may be leapt over among equals to come to a page by its number.
const LONGEST_LEAP: usize = 1_000;

/// One line of a board.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose.
    pub member: MemberId,
    /// The score.
    pub score: i64,
    /// What the board shows beside it, as JSON.
    pub card: Option<String>,
    /// Since which event.
    reached: EventId,
}

/// A line with its rank.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The line.
    pub row: Row,
    /// 1 and the members with a higher score: 1, 1, 3.
    pub competition: i64,
    /// 1 and the higher scores: 1, 1, 2.
    pub dense: i64,
}

/// A page of a board.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its lines, the best first.
    pub rows: Vec<Ranked>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Position>,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    score: i64,
    reached: EventId,
    member: MemberId,
    competition: i64,
    dense: i64,
    /// The rank of the next lower score, as far as it is counted.
    next: i64,
}

/// The index's view of an entry.
#[derive(Deserialize)]
pub(super) struct IndexRow {
    member: MemberId,
    score: i64,
    card: Option<String>,
    gsi1sk: String,
}

impl From<IndexRow> for Row {
    fn from(IndexRow { member, score, card, gsi1sk }: IndexRow) -> Row {
        let reached = keys::reached_at_place(&gsi1sk).unwrap_or(EventId(0));
        Row { member, score, card, reached }
    }
}

/// How many members a board has, and how many different scores. One round trip.
pub async fn size(app: &App, board: &Board) -> Result<Count> {
    Ok(Tree::read(app, board, []).await?.all())
}

/// Where a score stands, whether a member has it or not. One round trip.
pub async fn rank_of_score(app: &App, board: &Board, score: i64) -> Result<Rank> {
    Ok(Tree::read(app, board, nodes(score)).await?.rank(score))
}

/// How a member stands; `None` for one whom the board does not show. Two round trips.
pub async fn rank_of_member(app: &App, board: &Board, member: MemberId) -> Result<Option<(Entry, Rank)>> {
    let Some(entry) = entry(app, board, member).await? else { return Ok(None) };
    let rank = rank_of_score(app, board, entry.score.unwrap_or_default()).await?;
    Ok(Some((entry, rank)))
}

async fn entry(app: &App, board: &Board, member: MemberId) -> Result<Option<Entry>> {
    let entry = app.boards.table.lately().get::<Entry>(keys::entry(member, board)).await?;
    Ok(entry.filter(Entry::is_placed))
}

/// Those of up to 100 members whom the board shows, the best first, each with their rank on the whole board. Two round
/// trips.
pub async fn among(app: &App, board: &Board, members: &[MemberId]) -> Result<Vec<(Entry, Rank)>> {
    let keys: Vec<_> = members.iter().take(AT_ONCE).map(|member| keys::entry(*member, board)).collect();
    let entries = app.boards.table.lately().get_all::<Entry>(&keys).await?;
    let mut entries: Vec<Entry> = entries.into_iter().flatten().filter(Entry::is_placed).collect();
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.score), entry.reached(), entry.member));
    entries.dedup_by_key(|entry| entry.member);
    let tree = Tree::read(app, board, entries.iter().filter_map(|entry| entry.score).flat_map(nodes)).await?;
    let ranked = |entry: Entry| {
        let rank = tree.rank(entry.score.unwrap_or_default());
        (entry, rank)
    };
    Ok(entries.into_iter().map(ranked).collect())
}

/// The first page. One round trip.
pub async fn top(app: &App, board: &Board, limit: usize) -> Result<Page> {
    page(app, board, Query::of(keys::places(board), limit), limit, Counting::TOP).await
}

/// The page after a position. One round trip, however deep.
pub async fn after(app: &App, board: &Board, position: Position, limit: usize) -> Result<Page> {
    let Position { score, reached, member, competition, dense, next } = position;
    let place = keys::by_place(board, score, reached, member);
    let query = Query::of(keys::places(board), limit).beyond(place, keys::entry(member, board));
    page(app, board, query, limit, Counting { last: Some((score, competition)), dense, next }).await
}

/// The page after the first `offset` lines: a walk down the tree, and a query.
///
/// # Errors
/// If it begins among more equals than can be leapt over; such a page is found from the one before.
pub async fn at(app: &App, board: &Board, offset: usize, limit: usize) -> Result<Page> {
    at_knowing(app, board, Tree::default(), offset, limit).await
}

/// The same, where some of the tree is known already.
async fn at_knowing(app: &App, board: &Board, known: Tree, offset: usize, limit: usize) -> Result<Page> {
    if offset == 0 {
        return top(app, board, limit).await;
    }
    let Some(Start { score, above }) = walk(app, board, known, offset as i64).await? else {
        return Ok(Page { rows: vec![], next: None });
    };
    let leap = usize::try_from(offset as i64 - above.members).unwrap_or(0);
    if leap > LONGEST_LEAP {
        let many = "Too many members have the same score there. Follow the links from the page before.";
        return Err(Error::invalid_field("page", many));
    }
    let query = Query::of(keys::places(board), leap + limit)
        .beyond(keys::before_score(board, score), keys::entry(MemberId(0), board));
    let counting = Counting { last: None, dense: above.scores, next: above.members + 1 };
    let mut page = page(app, board, query, leap + limit, counting).await?;
    page.rows.drain(..leap.min(page.rows.len()));
    Ok(page)
}

/// A member with up to so many lines above and below them; none if the board does not show them. Two round trips, or
/// three where the highest of these lines is far away and has equals above it.
pub async fn around(app: &App, board: &Board, member: MemberId, above: usize, below: usize) -> Result<Vec<Ranked>> {
    let Some(own) = entry(app, board, member).await? else { return Ok(vec![]) };
    let score = own.score.unwrap_or_default();
    let beyond = |limit| Query::of(keys::places(board), limit).beyond(own.index_key(), keys::entry(member, board));
    let (mut higher, mut lower, tree) = futures_util::future::try_join3(
        // One more than is shown, to see where its equals end; and one, for the index may still have the member where
        // they were a moment ago.
        rows(app, beyond(above + 2).backwards()),
        async { if below == 0 { Ok(vec![]) } else { rows(app, beyond(below + 1)).await } },
        Tree::read(app, board, nodes(score)),
    )
    .await?;
    higher.retain(|row| row.member != member);
    lower.retain(|row| row.member != member);
    higher.truncate(above + 1);
    lower.truncate(below);
    let beyond = if higher.len() > above { higher.pop() } else { None };
    let better = higher.iter().filter(|row| row.score > score).count() as i64;
    let own = Row { member, score, card: own.card.clone(), reached: own.reached() };
    let lines: Vec<Row> = higher.into_iter().rev().chain([own]).chain(lower).collect();
    let highest = lines[0].score;
    let equals = lines.iter().take_while(|row| row.score == highest).count() as i64;
    let counting = if leaf(highest).0 == leaf(score).0 {
        // Under one leaf they have one path, and it was read.
        Counting::within(highest, tree.rank(highest), equals)
    } else if beyond.is_some_and(|row| row.score == highest) {
        Counting::within(highest, rank_of_score(app, board, highest).await?, equals)
    } else {
        // Everybody between the highest line and the member is here to be counted.
        let mut scores: Vec<i64> = lines.iter().map(|row| row.score).take_while(|other| *other > score).collect();
        scores.dedup();
        let rank = tree.rank(score);
        Counting { last: None, dense: rank.dense - 1 - scores.len() as i64, next: rank.competition - better }
    };
    Ok(counting.rank(lines).0)
}

/// Where a page begins that is asked for by its number.
struct Start {
    score: i64,
    /// Members with a higher score, and the higher scores.
    above: Count,
}

/// Walks down the tree to the member behind the first `offset` ones, and reads what is not known of it.
async fn walk(app: &App, board: &Board, known: Tree, offset: i64) -> Result<Option<Start>> {
    let mut above = Count::default();
    let mut node = Node::Root;
    let mut tree = known;
    loop {
        if !tree.knows(node) {
            tree = Tree::read(app, board, [node]).await?;
        }
        if let Some(counts) = tree.leaves.get(&node) {
            for (slot, members) in counts.best_first() {
                if above.members + members as i64 > offset {
                    return Ok(node.score(slot).map(|score| Start { score, above }));
                }
                above += Count { members: members as i64, scores: 1 };
            }
            return Ok(None);
        }
        let Some(branch) = tree.branches.get(&node) else { return Ok(None) };
        let mut child = None;
        for (slot, count) in branch.0.iter().rev() {
            if above.members + count.members > offset {
                child = node.child(*slot);
                break;
            }
            above += *count;
        }
        match child {
            Some(child) => node = child,
            None => return Ok(None),
        }
    }
}

/// What counts the scores of a board that lie within bounds: how long the board is, where each of these scores stands,
/// and where each page begins.
pub struct Survey {
    board: Board,
    bounds: RangeInclusive<i64>,
    tree: Tree,
}

impl Survey {
    /// Reads it. One round trip; what it takes grows with the bounds, half a read unit for every 512 scores.
    pub async fn of(app: &App, board: &Board, bounds: RangeInclusive<i64>) -> Result<Survey> {
        let mut known = Vec::new();
        let mut next = *bounds.start();
        while next <= *bounds.end() {
            known.extend(nodes(next));
            let (leaf, _) = leaf(next);
            next = leaf.score(LEAF_SLOTS - 1).map_or(i64::MAX, |highest| highest.saturating_add(1));
        }
        let tree = Tree::read(app, board, known).await?;
        Ok(Survey { board: board.clone(), bounds, tree })
    }

    /// How many members the board has, and how many different scores.
    pub fn size(&self) -> Count {
        self.tree.all()
    }

    /// Where a score stands, whether a member has it or not. One round trip if it lies beyond the bounds.
    pub async fn rank(&self, app: &App, score: i64) -> Result<Rank> {
        if self.bounds.contains(&score) {
            Ok(self.tree.rank(score))
        } else {
            rank_of_score(app, &self.board, score).await
        }
    }

    /// The page after the first `offset` lines. One round trip, or a few more if it begins beyond the bounds.
    ///
    /// # Errors
    /// As of [`at`].
    pub async fn page(self, app: &App, offset: usize, limit: usize) -> Result<Page> {
        at_knowing(app, &self.board, self.tree, offset, limit).await
    }
}

fn nodes(score: i64) -> impl Iterator<Item = Node> {
    path(score).into_iter().map(|step| step.node)
}

/// One page of the index from `query` on, with ranks counted on from `counting`.
async fn page(app: &App, board: &Board, query: Query, limit: usize, counting: Counting) -> Result<Page> {
    let rows = rows(app, query).await?;
    let full = rows.len() >= limit;
    let (rows, Counting { next, .. }) = counting.rank(rows);
    let position = |Ranked { row, competition, dense }: &Ranked| Position {
        score: row.score,
        reached: row.reached,
        member: row.member,
        competition: *competition,
        dense: *dense,
        next,
    };
    let next = rows.last().filter(|_| full).map(position);
    debug_assert!(rows.iter().all(|ranked| board.name.lowest() <= ranked.row.score));
    Ok(Page { rows, next })
}

/// The lines that a query asks for: more than a megabyte comes in parts.
async fn rows(app: &App, mut query: Query) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    loop {
        let wanted = query.limit();
        let page = app.boards.table.query::<IndexRow>(query.clone()).await?;
        let missing = wanted.saturating_sub(page.items.len());
        rows.extend(page.items.into_iter().map(Row::from));
        match page.next.filter(|_| missing > 0) {
            Some(next) => query = query.with_limit(missing).after(&next)?,
            None => return Ok(rows),
        }
    }
}

/// Counts ranks on from one line to the next.
#[derive(Clone, Copy, Debug)]
struct Counting {
    /// The last line's score and its competition rank.
    last: Option<(i64, i64)>,
    /// The last line's dense rank.
    dense: i64,
    /// The competition rank of the next lower score.
    next: i64,
}

impl Counting {
    /// From the top.
    const TOP: Counting = Counting { last: None, dense: 0, next: 1 };

    /// From among equals, of whom so many come now, the last of them all.
    fn within(score: i64, rank: Rank, coming: i64) -> Counting {
        let next = rank.competition + rank.equals - coming;
        Counting { last: Some((score, rank.competition)), dense: rank.dense, next }
    }

    fn rank(mut self, rows: Vec<Row>) -> (Vec<Ranked>, Counting) {
        let mut rank = |row: Row| {
            let competition = match self.last {
                Some((score, competition)) if score == row.score => competition,
                _ => {
                    self.dense += 1;
                    self.last = Some((row.score, self.next));
                    self.next
                }
            };
            self.next += 1;
            Ranked { row, competition, dense: self.dense }
        };
        let ranked = rows.into_iter().map(&mut rank).collect();
        (ranked, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(counting: Counting, scores: &[i64]) -> Vec<(i64, i64)> {
        let row = |score: &i64| Row { member: MemberId(1), score: *score, card: None, reached: EventId(0) };
        let (ranked, _) = counting.rank(scores.iter().map(row).collect());
        ranked.iter().map(|ranked| (ranked.competition, ranked.dense)).collect()
    }

    #[test]
    fn equals_share_both_ranks_and_only_one_of_them_skips() {
        assert_eq!(ranks(Counting::TOP, &[9, 9, 7, 7, -1]), [(1, 1), (1, 1), (3, 2), (3, 2), (5, 3)]);
    }

    #[test]
    fn ranks_go_on_from_among_equals() {
        let rank = Rank { competition: 5, dense: 3, equals: 10, members: 20, scores: 9 };
        assert_eq!(ranks(Counting::within(7, rank, 2), &[7, 7, 6, 6]), [(5, 3), (5, 3), (15, 4), (15, 4)]);
    }
}
