//! Holds a board's tree against its entries, and mends it while it is read and written.
//!
//! First the leaves against the entries, then every branch against what lies under it, from the bottom up. Where
//! something differs it is looked at again after a while, since the index is a moment behind; a leaf is mended only
//! if nobody changed it between the two looks. What a branch says and what lies under it change together in every
//! transaction, so their difference stays what it is, whoever writes meanwhile: it is added.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::board::Board;
use super::leaf::Counts;
use super::path::{Node, leaf, path};
use super::read::Row;
use super::tree::{AT_ONCE, Branch, Count, MOST_SHARDS, NodeItem, addition};
use crate::app::App;
use crate::error::Result;
use crate::store::{Change, Condition, Key, Query, StoreError, keys};

/// Entries read at once.
const PAGE: usize = 1_000;
/// How often a leaf is looked at that others keep changing.
const LOOKS: u32 = 5;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Members on the board.
    pub members: u64,
    /// Nodes that were not as they should be.
    pub wrong: usize,
    /// Nodes that were mended.
    pub mended: usize,
}

/// Checks a board, and mends what is wrong with it. `lag` is how long the index may be behind.
pub async fn check(app: &App, board: &Board, lag: Duration) -> Result<Report> {
    let check = Check { app, board, lag };
    let mut report = Report::default();
    let mut leaves = BTreeSet::new();
    // The entries come in the order of the board, so those of a leaf come together.
    let mut open: Option<(Node, BTreeMap<u16, u64>)> = None;
    let mut full: Vec<(Node, Counts)> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::places(board), PAGE);
        let query = match &next {
            Some(next) => query.after(next)?,
            None => query,
        };
        let page = app.boards.table.query::<super::read::IndexRow>(query).await?;
        for row in page.items.into_iter().map(Row::from) {
            report.members += 1;
            let (node, slot) = leaf(row.score);
            if open.as_ref().is_none_or(|(open, _)| *open != node) {
                full.extend(open.take().map(|(node, counts)| (node, counts.into_iter().collect())));
            }
            *open.get_or_insert((node, BTreeMap::new())).1.entry(slot).or_default() += 1;
        }
        next = page.next;
        if next.is_none() {
            full.extend(open.take().map(|(node, counts)| (node, counts.into_iter().collect())));
        }
        if next.is_none() || full.len() >= AT_ONCE {
            leaves.extend(full.iter().map(|(node, _)| *node));
            check.leaves(std::mem::take(&mut full), &mut report).await?;
        }
        if next.is_none() {
            break;
        }
    }
    // Leaves that nobody is in any more, and branches that lead nowhere.
    let mut branches = BTreeSet::from([Node::Root]);
    for leaf in &leaves {
        branches.extend(above(*leaf));
    }
    let mut ahead = vec![Node::Root];
    while let Some(node) = ahead.pop() {
        branches.insert(node);
        for (slot, _) in check.branches(&[node]).await?.swap_remove(0).0 {
            match node.child(slot) {
                Some(child @ Node::Leaf { .. }) if leaves.insert(child) => {
                    check.leaves(vec![(child, Counts::default())], &mut report).await?;
                }
                Some(child @ Node::Branch { .. }) => ahead.push(child),
                _ => {}
            }
        }
    }
    let mut branches: Vec<Node> = branches.into_iter().collect();
    branches.sort_by_key(|node| height(*node));
    for node in branches {
        check.branch_agrees(node, &mut report).await?;
    }
    Ok(report)
}

/// The branches above a leaf.
fn above(node: Node) -> impl Iterator<Item = Node> {
    let steps = path(node.score(0).unwrap_or_default());
    steps.into_iter().map(|step| step.node).filter(|node| !matches!(node, Node::Leaf { .. }))
}

fn height(node: Node) -> u32 {
    match node {
        Node::Leaf { .. } => 0,
        Node::Branch { level, .. } => level,
        Node::Root => u32::MAX,
    }
}

struct Check<'a> {
    app: &'a App,
    board: &'a Board,
    lag: Duration,
}

impl Check<'_> {
    /// Holds leaves against what their entries come to.
    async fn leaves(&self, expected: Vec<(Node, Counts)>, report: &mut Report) -> Result<()> {
        for some in expected.chunks(AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|(node, _)| keys::node(self.board, *node, 0)).collect();
            let items = self.app.boards.table.get_many::<NodeItem>(&keys).await?;
            for ((node, expected), item) in some.iter().zip(items) {
                let counts = item.as_ref().and_then(|item| item.counts().ok());
                if counts.unwrap_or_default() != *expected || item.is_some_and(|item| item.counts().is_err()) {
                    self.mend_leaf(*node, report).await?;
                }
            }
        }
        Ok(())
    }

    /// Looks at a leaf more closely, and mends it unless it was only being changed.
    async fn mend_leaf(&self, node: Node, report: &mut Report) -> Result<()> {
        let key = keys::node(self.board, node, 0);
        for _ in 0..LOOKS {
            let before = self.app.boards.table.get::<NodeItem>(key.clone()).await?;
            tokio::time::sleep(self.lag).await;
            let counted = self.count(node).await?;
            let item = self.app.boards.table.get::<NodeItem>(key.clone()).await?;
            let tag = item.as_ref().and_then(|item| item.tag);
            if tag != before.and_then(|before| before.tag) {
                continue;
            }
            if item.as_ref().map_or(Ok(Counts::default()), NodeItem::counts).is_ok_and(|counts| counts == counted) {
                return Ok(());
            }
            report.wrong += 1;
            tracing::error!(board = %self.board, ?node, "A leaf of a board does not agree with its entries.");
            let change = Change::of(key.clone())
                .or_create()
                .set("counts", serde_bytes::Bytes::new(&counted.pack()))
                .set("tag", self.app.new_event_id())
                .when(Condition::equals("tag", tag));
            match self.app.boards.table.change::<NodeItem>(change).await {
                Ok(_) => {
                    report.mended += 1;
                    return Ok(());
                }
                Err(StoreError::Refused { .. }) => report.wrong -= 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Counts the entries under a leaf.
    async fn count(&self, node: Node) -> Result<Counts> {
        let highest = node.score(super::path::LEAF_SLOTS - 1).unwrap_or(i64::MAX);
        let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
        let start = keys::before_score(self.board, highest);
        let mut query =
            Query::of(keys::places(self.board), PAGE).beyond(start, keys::entry(crate::ids::MemberId(0), self.board));
        loop {
            let page = self.app.boards.table.query::<super::read::IndexRow>(query).await?;
            for row in page.items.into_iter().map(Row::from) {
                let (other, slot) = leaf(row.score);
                if other != node {
                    return Ok(counts.into_iter().collect());
                }
                *counts.entry(slot).or_default() += 1;
            }
            match page.next {
                Some(next) => query = Query::of(keys::places(self.board), PAGE).after(&next)?,
                None => return Ok(counts.into_iter().collect()),
            }
        }
    }

    /// Branches as they stand, each in all its shards.
    async fn branches(&self, nodes: &[Node]) -> Result<Vec<Branch>> {
        let shards = |node: &Node| 0..if node.is_top() { MOST_SHARDS } else { 1 };
        let all: Vec<_> = nodes
            .iter()
            .enumerate()
            .flat_map(|(place, node)| shards(node).map(move |shard| (place, keys::node(self.board, *node, shard))))
            .collect();
        let mut branches = vec![Branch::default(); nodes.len()];
        for some in all.chunks(AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|(_, key)| key.clone()).collect();
            let items = self.app.boards.table.get_many::<NodeItem>(&keys).await?;
            for ((place, _), item) in some.iter().zip(items) {
                item.into_iter().for_each(|item| branches[*place].add(&item));
            }
        }
        Ok(branches)
    }

    /// Holds a branch against what lies under it, and adds what is missing.
    async fn branch_agrees(&self, node: Node, report: &mut Report) -> Result<()> {
        let mut missing = self.missing(node).await?;
        if missing.is_empty() {
            return Ok(());
        }
        for _ in 0..LOOKS {
            tokio::time::sleep(self.lag).await;
            let again = self.missing(node).await?;
            if again == missing {
                break;
            }
            missing = again;
        }
        if missing.is_empty() {
            return Ok(());
        }
        report.wrong += 1;
        tracing::error!(board = %self.board, ?node, "A branch of a board does not agree with what lies under it.");
        self.app.boards.table.change::<NodeItem>(addition(keys::node(self.board, node, 0), &missing)).await?;
        report.mended += 1;
        Ok(())
    }

    /// What would have to be added to a branch's slots to agree with what lies under them.
    async fn missing(&self, node: Node) -> Result<BTreeMap<u16, Count>> {
        let slots = if node == Node::Root { super::path::ROOT_SLOTS } else { super::path::BRANCH_SLOTS };
        let mut sums: BTreeMap<u16, Count> = BTreeMap::new();
        let (mut leaves, mut branches) = (Vec::new(), Vec::new());
        for slot in 0..slots {
            match node.child(slot) {
                Some(child @ Node::Leaf { .. }) => leaves.push((slot, keys::node(self.board, child, 0))),
                Some(child) => branches.push((slot, child)),
                None => {}
            }
        }
        let (of_leaves, keys): (Vec<u16>, Vec<Key>) = leaves.into_iter().unzip();
        if !keys.is_empty() {
            for (slot, item) in of_leaves.into_iter().zip(self.app.boards.table.get_many::<NodeItem>(&keys).await?) {
                sums.insert(slot, item.map_or(Ok(Counts::default()), |item| item.counts())?.sum());
            }
        }
        let (of_branches, children): (Vec<u16>, Vec<Node>) = branches.into_iter().unzip();
        for (slot, child) in of_branches.into_iter().zip(self.branches(&children).await?) {
            sums.insert(slot, child.sum());
        }
        let branch = self.branches(&[node]).await?.swap_remove(0);
        let mut missing = BTreeMap::new();
        for (slot, sum) in sums {
            let said = branch.0.get(&slot).copied().unwrap_or_default();
            let by = Count { members: sum.members - said.members, scores: sum.scores - said.scores };
            if by != Count::default() {
                missing.insert(slot, by);
            }
        }
        Ok(missing)
    }
}
