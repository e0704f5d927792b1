//! Holds a board's tree against its entries, and mends it while it is read and written.
//!
//! First the leaves against the entries, then every branch against what lies under it, from the bottom up. A leaf that
//! differs is looked at again after a while, since the index is a moment behind, and mended only if nobody changed it
//! between the two looks. A branch changes in the same transaction as what lies under it: where it stays as it was
//! while that is read, their difference is certain, and remains what it is whoever writes meanwhile; it is added.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::board::Board;
use super::leaf::Counts;
use super::path::{Node, leaf, path};
use super::read::Row;
use super::tree::{AT_ONCE, Branch, Count, MOST_SHARDS, NodeItem, SHARDS, addition};
use crate::app::App;
use crate::error::Result;
use crate::ids::EventId;
use crate::store::{Change, Condition, Key, Query, StoreError, Write, keys};

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
    /// Nodes that others kept changing, so that nothing could be said of them.
    pub busy: usize,
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
        let query = Query::of(keys::places(board), PAGE).on_from(next.as_deref())?;
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
    check.shards().await?;
    Ok(report)
}

/// What a leaf counts; `None` if it cannot be read.
fn counts(item: Option<&NodeItem>) -> Option<Counts> {
    item.map_or(Some(Counts::default()), |item| item.counts().ok())
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

/// What a branch lacks.
struct Missing {
    slots: BTreeMap<u16, Count>,
    /// Its last mending.
    mended: Option<EventId>,
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
            let nodes: Vec<Node> = some.iter().map(|(node, _)| *node).collect();
            let mut doubtful = Vec::new();
            for ((node, expected), item) in some.iter().zip(self.items(&nodes).await?) {
                if counts(item.as_ref()).as_ref() != Some(expected) {
                    doubtful.push(*node);
                }
            }
            self.mend_leaves(doubtful, report).await?;
        }
        Ok(())
    }

    async fn items(&self, leaves: &[Node]) -> Result<Vec<Option<NodeItem>>> {
        let keys: Vec<_> = leaves.iter().map(|node| keys::node(self.board, *node, 0)).collect();
        self.app.boards.table.get_many::<NodeItem>(&keys).await
    }

    /// Looks at leaves more closely, and mends those that were not only being changed.
    async fn mend_leaves(&self, mut doubtful: Vec<Node>, report: &mut Report) -> Result<()> {
        let mut found = BTreeSet::new();
        for _ in 0..LOOKS {
            if doubtful.is_empty() {
                return Ok(());
            }
            let before = self.items(&doubtful).await?;
            tokio::time::sleep(self.lag).await;
            let mut busy = Vec::new();
            for (node, before) in doubtful.into_iter().zip(before) {
                let counted = self.count(node).await?;
                let item = self.items(&[node]).await?.swap_remove(0);
                let tag = item.as_ref().and_then(|item| item.tag);
                if tag != before.and_then(|before| before.tag) {
                    busy.push(node);
                    continue;
                }
                if counts(item.as_ref()).as_ref() == Some(&counted) {
                    continue;
                }
                report.wrong += usize::from(found.insert(node));
                tracing::error!(board = %self.board, ?node, "A leaf of a board does not agree with its entries.");
                let change = Change::of(keys::node(self.board, node, 0))
                    .or_create()
                    .set("counts", serde_bytes::Bytes::new(&counted.pack()))
                    .set("tag", self.app.new_event_id())
                    .set("ttl", self.board.entries_end())
                    .when(Condition::equals("tag", tag));
                match self.app.boards.table.together(vec![Write::change(change)]).await {
                    Ok(()) => report.mended += 1,
                    Err(StoreError::Refused { .. } | StoreError::Busy(_)) => busy.push(node),
                    Err(error) => return Err(error.into()),
                }
            }
            doubtful = busy;
        }
        report.busy += doubtful.len();
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

    /// Notes at the root how many shards there are, should that have been lost with it.
    async fn shards(&self) -> Result<()> {
        let keys: Vec<_> = (0..MOST_SHARDS).map(|shard| keys::node(self.board, Node::Root, shard)).collect();
        let items = self.app.boards.table.get_many::<NodeItem>(&keys).await?;
        let said = items.first().and_then(Option::as_ref).map_or(1, |root| root.state().shards);
        let highest = items.iter().rposition(Option::is_some).and_then(|last| u16::try_from(last).ok()).unwrap_or(0);
        let shards = (highest + 1).next_power_of_two();
        if shards > said {
            let change = Change::of(keys::node(self.board, Node::Root, 0)).or_create().set(SHARDS, shards);
            self.app.boards.table.together(vec![Write::change(change)]).await?;
        }
        Ok(())
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
        let mut found = false;
        for look in 0..LOOKS {
            if look > 0 {
                crate::store::pause(look).await;
            }
            let Some(Missing { slots, mended }) = self.missing(node).await? else { continue };
            if slots.is_empty() {
                return Ok(());
            }
            report.wrong += usize::from(!found);
            found = true;
            tracing::error!(board = %self.board, ?node, "A branch of a board does not agree with what lies under it.");
            // A change of its own, so that nobody mends the same twice.
            let change = addition(keys::node(self.board, node, 0), &slots)
                .set("mended", self.app.new_event_id())
                .set("ttl", self.board.entries_end())
                .when(Condition::equals("mended", mended));
            match self.app.boards.table.together(vec![Write::change(change)]).await {
                Ok(()) => {
                    report.mended += 1;
                    return Ok(());
                }
                Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        report.busy += 1;
        Ok(())
    }

    /// What would have to be added to a branch's slots to agree with what lies under them; `None` if somebody changed
    /// it meanwhile. What changes under it changes the branch in the same transaction, so if that stayed as it was,
    /// all of it did.
    async fn missing(&self, node: Node) -> Result<Option<Missing>> {
        let key = keys::node(self.board, node, 0);
        let mended = self.app.boards.table.get::<NodeItem>(key).await?.and_then(|item| item.mended);
        let branch = self.branches(&[node]).await?.swap_remove(0);
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
        if self.branches(&[node]).await?.swap_remove(0) != branch {
            return Ok(None);
        }
        let mut missing = BTreeMap::new();
        for (slot, sum) in sums {
            let said = branch.0.get(&slot).copied().unwrap_or_default();
            let by = Count { members: sum.members - said.members, scores: sum.scores - said.scores };
            if by != Count::default() {
                missing.insert(slot, by);
            }
        }
        Ok(Some(Missing { slots: missing, mended }))
    }
}
