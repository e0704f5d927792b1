//! Changes of boards: an entry and the counts above it change in one transaction, or not at all.
//!
//! What comes together is folded: changes of one member become one, and those who end up close to each other on the
//! board share the nodes that count them. A transaction is built of what was read, and holds only if nothing of that
//! has changed meanwhile: entries by their version, leaves by their tag. Branches and the root are added to, so that
//! two transactions need not wait for each other there.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};

use super::board::Board;
use super::entry::{Act, Entry};
use super::leaf::Counts;
use super::path::{Node, leaf, path};
use super::standing::Standing;
use super::tree::{AT_ONCE, CLOSED, Count, MOST_SHARDS, NodeItem, SHARDS, addition};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::{EventId, MemberId};
use crate::store::{Change, Condition, StoreError, Write, keys};

/// Writes that a transaction may have.
const LARGEST: usize = 100;
/// How often a group is tried before it is halved.
const TRIES: u32 = 4;

/// One change of one member's entry on one board.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScoreChange {
    /// Where.
    pub board: Board,
    /// Whose.
    pub member: MemberId,
    /// Names the occurrence, and says which of two is the later one.
    pub event: EventId,
    /// What.
    pub act: Act,
}

/// The changes of one member, in the order of their events.
type Acts = (MemberId, Vec<(EventId, Act)>);

/// Applies changes, in whatever order and however often they come. Returns the boards on which anything moved.
///
/// # Errors
/// If the table does not answer, or others are in the way for too long. Whatever was done by then holds, and to apply
/// the same changes once more does the rest.
pub async fn apply(app: &App, changes: impl IntoIterator<Item = ScoreChange>) -> Result<BTreeSet<Board>> {
    let mut boards: BTreeMap<Board, BTreeMap<MemberId, Vec<(EventId, Act)>>> = BTreeMap::new();
    for ScoreChange { board, member, event, act } in changes {
        boards.entry(board).or_default().entry(member).or_default().push((event, act));
    }
    let mut moved = BTreeSet::new();
    for (board, members) in boards {
        // What comes for a board that is gone by now comes too late.
        let is_gone = board.entries_end().is_some_and(|end| end <= app.clock.now().timestamp());
        if is_gone || !app.boards.note(&board).await? {
            continue;
        }
        let mut acts: Vec<Acts> = members.into_iter().collect();
        acts.iter_mut().for_each(|(_, acts)| acts.sort());
        let writer = Writer { app, board: &board };
        let mut any = false;
        let mut all = writer.look(acts).await?;
        // Neighbours on the board share nodes.
        all.sort_by_key(|update| update.after.place().or(update.before.as_ref().and_then(Entry::place)));
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let (group, others) = rest.split_at(fitting(rest));
            any |= writer.write(group.to_vec()).await?;
            rest = others;
        }
        if any {
            moved.insert(board);
        }
    }
    Ok(moved)
}

/// Counts members of whom there are no entries, `(score, how many)`: to measure boards of a size that would take hours
/// to fill.
pub async fn count_only(app: &App, board: &Board, scores: impl IntoIterator<Item = (i64, u64)>) -> Result<()> {
    /// Leaves at once: with the branches above them they stay within a transaction.
    const LEAVES: usize = 40;
    let writer = Writer { app, board };
    let mut tally = Tally::default();
    let mut scores = scores.into_iter().peekable();
    while let Some((score, members)) = scores.next() {
        let (node, slot) = leaf(score);
        *tally.leaves.entry(node).or_default().entry(slot).or_default() += members as i64;
        let full = tally.leaves.len() >= LEAVES && scores.peek().is_none_or(|(next, _)| leaf(*next).0 != node);
        if full || scores.peek().is_none() {
            let writes = writer.nodes(&std::mem::take(&mut tally)).await?;
            app.boards.table.together(writes).await?;
        }
    }
    Ok(())
}

/// What is to become of one entry.
#[derive(Clone, Debug)]
struct Update {
    acts: Acts,
    before: Option<Entry>,
    after: Entry,
    /// What was known of the member's standing when a first entry was made of it.
    standing: Option<Standing>,
}

/// The nodes that are to change, and how.
#[derive(Default)]
struct Tally {
    leaves: BTreeMap<Node, BTreeMap<u16, i64>>,
}

impl Tally {
    fn of(updates: &[Update]) -> Tally {
        let mut tally = Tally::default();
        for Update { before, after, .. } in updates {
            let (before, after) = (before.as_ref().and_then(Entry::place), after.place());
            if before.map(|(score, _)| score) == after.map(|(score, _)| score) {
                continue;
            }
            for (place, by) in [(before, -1), (after, 1)] {
                if let Some((score, _)) = place {
                    let (node, slot) = leaf(score);
                    *tally.leaves.entry(node).or_default().entry(slot).or_default() += by;
                }
            }
        }
        for slots in tally.leaves.values_mut() {
            slots.retain(|_, by| *by != 0);
        }
        tally.leaves.retain(|_, slots| !slots.is_empty());
        tally
    }
}

/// How many of these updates, from the first on, fit into one transaction.
fn fitting(updates: &[Update]) -> usize {
    let (mut nodes, mut writes) = (BTreeSet::from([Node::Root]), 1);
    for (place, Update { before, after, .. }) in updates.iter().enumerate() {
        // The entry, and for the first one the standing.
        writes += 1 + usize::from(before.is_none());
        let scores = [before.as_ref().and_then(Entry::place), after.place()];
        if scores[0] != scores[1] {
            for step in scores.into_iter().flatten().flat_map(|(score, _)| path(score)) {
                writes += usize::from(nodes.insert(step.node));
            }
        }
        if writes > LARGEST {
            return place.max(1);
        }
    }
    updates.len()
}

struct Writer<'a> {
    app: &'a App,
    board: &'a Board,
}

impl Writer<'_> {
    /// Reads the entries, and works out what these changes make of them. What stays as it is is left out.
    async fn look(&self, acts: Vec<Acts>) -> Result<Vec<Update>> {
        let table = &self.app.boards.table;
        let read = acts.chunks(AT_ONCE).map(|some| async move {
            let keys: Vec<_> = some.iter().map(|(member, _)| keys::entry(*member, self.board)).collect();
            let entries = table.get_many::<Entry>(&keys).await?;
            let new = some.iter().zip(&entries).filter(|(_, entry)| entry.is_none());
            let keys: Vec<_> = new.map(|((member, _), _)| keys::standing(*member)).collect();
            let standings = if keys.is_empty() { vec![] } else { table.get_many::<Standing>(&keys).await? };
            Ok::<_, Error>((entries, standings))
        });
        let read = futures_util::future::try_join_all(read).await?;
        let (entries, standings): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let mut standings = standings.into_iter().flatten();
        let now = self.app.clock.now();
        let mut updates = Vec::new();
        for (acts, before) in acts.into_iter().zip(entries.into_iter().flatten()) {
            let standing = if before.is_none() { standings.next().flatten() } else { None };
            if standing.as_ref().is_some_and(|standing| standing.gone) {
                continue;
            }
            let shown = standing.as_ref().is_none_or(|standing| standing.shown);
            let mut after = before.clone().unwrap_or_else(|| Entry::new(self.board, acts.0, shown));
            for (event, act) in &acts.1 {
                after.take(*event, act);
            }
            if before.as_ref() != Some(&after) {
                after.date(now);
                after.version += 1;
                updates.push(Update { acts, before, after, standing });
            }
        }
        Ok(updates)
    }

    /// Writes updates of which all fit into one transaction, looking again as long as something of them has changed
    /// meanwhile. Tells whether anything moved.
    fn write(&self, mut updates: Vec<Update>) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + '_>> {
        Box::pin(async move {
            for attempt in 0..TRIES {
                if attempt > 0 {
                    crate::store::pause(attempt).await;
                    updates = self.look(updates.into_iter().map(|update| update.acts).collect()).await?;
                }
                if updates.is_empty() {
                    return Ok(false);
                }
                if fitting(&updates) < updates.len() {
                    break;
                }
                match self.together(&updates).await {
                    Ok(moved) => return Ok(moved),
                    Err(StoreError::Refused { .. }) => {}
                    Err(StoreError::Busy(_)) => self.divide().await?,
                    Err(error) => return Err(error.into()),
                }
                if self.app.boards.is_closed(self.board).await? {
                    return self.write_closed(updates).await;
                }
            }
            if updates.len() == 1 {
                return Err(Error::conflict("busy_board", "The board is being written by others. Try again."));
            }
            // Fewer at once meet fewer others; and what was read long ago is read anew.
            let mut any = false;
            let half = updates.len() / 2;
            for part in [&updates[..half], &updates[half..]] {
                let acts = part.iter().map(|update| update.acts.clone()).collect();
                any |= self.write(self.look(acts).await?).await?;
            }
            Ok(any)
        })
    }

    /// One transaction of it all.
    async fn together(&self, updates: &[Update]) -> Result<bool, StoreError> {
        let tally = Tally::of(updates);
        let mut writes = Vec::new();
        for update in updates {
            writes.extend(update.writes(self.app.clock.now())?);
        }
        if !tally.leaves.is_empty() {
            writes.extend(self.nodes(&tally).await?);
        } else if updates.iter().any(|update| update.moves() || update.scores()) {
            // No count changes, but a closed board keeps its order, too, and the scores of those whom it does not show.
            writes.push(Write::check(keys::node(self.board, Node::Root, 0), Condition::without(CLOSED)));
        }
        self.app.boards.table.together(writes).await?;
        Ok(updates.iter().any(|update| update.moves() || update.after.is_placed()))
    }

    /// The writes of the nodes: leaves as they will be, and what that adds to the branches above.
    async fn nodes(&self, tally: &Tally) -> Result<Vec<Write>> {
        let ends = self.board.entries_end();
        let keys: Vec<_> = tally.leaves.keys().map(|node| keys::node(self.board, *node, 0)).collect();
        let items = self.app.boards.table.get_many::<NodeItem>(&keys).await?;
        let mut branches: BTreeMap<Node, BTreeMap<u16, Count>> = BTreeMap::from([(Node::Root, BTreeMap::new())]);
        let mut writes = Vec::new();
        for (((node, slots), key), item) in tally.leaves.iter().zip(keys).zip(items) {
            let (mut counts, tag) = match &item {
                Some(item) => (item.counts()?, item.tag),
                None => (Counts::default(), None),
            };
            let before = counts.sum();
            for (slot, by) in slots {
                if counts.change(*slot, *by).is_none() {
                    tracing::error!(board = %self.board, "A board's tree counts fewer than there are.");
                }
            }
            let after = counts.sum();
            let by = Count { members: after.members - before.members, scores: after.scores - before.scores };
            if by != Count::default() {
                for step in path(node.score(0).unwrap_or_default()) {
                    if !matches!(step.node, Node::Leaf { .. }) {
                        *branches.entry(step.node).or_default().entry(step.slot).or_default() += by;
                    }
                }
            }
            let change = Change::of(key)
                .or_create()
                .set("counts", serde_bytes::Bytes::new(&counts.pack()))
                .set("tag", self.app.new_event_id())
                .set("ttl", ends)
                .when(Condition::equals("tag", tag));
            writes.push(Write::change(change));
        }
        let shard = self.app.boards.any_shard(self.board);
        for (node, slots) in &branches {
            let change = addition(keys::node(self.board, *node, if node.is_top() { shard } else { 0 }), slots);
            if *node == Node::Root {
                writes.push(Write::change(change.set("ttl", ends).when(Condition::without(CLOSED))));
            } else if !change.is_empty() {
                writes.push(Write::change(change.set("ttl", ends)));
            }
        }
        Ok(writes)
    }

    /// What is left to do on a closed board: its scores stand, but a member may still be hidden.
    async fn write_closed(&self, updates: Vec<Update>) -> Result<bool> {
        let still = |(member, mut acts): Acts| {
            acts.retain(|(_, act)| matches!(act, Act::Show(_) | Act::Card(_)));
            (member, acts)
        };
        let acts = updates.into_iter().map(|update| still(update.acts)).filter(|(_, acts)| !acts.is_empty()).collect();
        for update in self.look(acts).await? {
            if update.before.is_some() {
                match self.app.boards.table.together(update.writes(self.app.clock.now())?).await {
                    Ok(()) | Err(StoreError::Refused { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(false)
    }

    /// Divides the busy nodes once more, since writers stand in each other's way.
    async fn divide(&self) -> Result<()> {
        let known = self.app.boards.shards(self.board);
        if known >= MOST_SHARDS {
            return Ok(());
        }
        let condition = if known == 1 { Condition::without(SHARDS) } else { Condition::equals(SHARDS, known) };
        let change = Change::of(keys::node(self.board, Node::Root, 0))
            .or_create()
            .set(SHARDS, known * 2)
            .when(condition.and(Condition::without(CLOSED)));
        match self.app.boards.table.changed::<NodeItem>(change).await {
            Ok(_) => self.app.boards.note_shards(self.board, known * 2),
            // Somebody else did; reading the root tells.
            Err(StoreError::Refused { found: Some(root), .. }) => {
                self.app.boards.note_shards(self.board, root.read::<NodeItem>()?.state().shards);
            }
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Update {
    /// Whether it changes a score.
    fn scores(&self) -> bool {
        self.before.as_ref().and_then(|before| before.score) != self.after.score
    }

    /// Whether it moves anybody.
    fn moves(&self) -> bool {
        self.before.as_ref().and_then(Entry::place) != self.after.place()
    }

    /// The entry's write, and for a first one that the member's standing is still what it was.
    fn writes(&self, now: DateTime<Utc>) -> Result<Vec<Write>> {
        let ended = Condition::absent_or(Condition::at_most("ttl", now.timestamp()));
        let known = self.before.as_ref().map(|before| before.version);
        let entry = Write::put(&self.after)?.when(match known {
            Some(version) => Condition::equals("version", version),
            // One that has ended may still lie there.
            None => ended.clone(),
        });
        let standing = self.before.is_none().then(|| {
            let by = self.standing.as_ref().map(|standing| standing.by);
            let condition = by.map_or(ended.clone(), |by| Condition::equals("by", by));
            Write::check(keys::standing(self.after.member), condition)
        });
        Ok([Some(entry), standing].into_iter().flatten().collect())
    }
}
