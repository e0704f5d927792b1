//! The tree as it is kept: an item per node that counts somebody, and what a rank makes of them.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::board::Board;
use super::leaf::Counts;
use super::path::{Node, path};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::EventId;
use crate::store::{Change, Key, Table, keys};

/// DynamoDB reads at most 100 items at once.
pub(super) const AT_ONCE: usize = 100;

/// A node as it is kept: of a leaf the packed counts, of a branch a pair of numbers per slot, `m2a` and `d2a`.
#[derive(Deserialize)]
pub(super) struct NodeItem {
    #[serde(with = "serde_bytes", default)]
    counts: Vec<u8>,
    /// Another one with every change of a leaf, so that no change is made of what is no longer there.
    #[serde(default)]
    pub tag: Option<EventId>,
    /// The last mending of a branch.
    #[serde(default)]
    pub mended: Option<EventId>,
    /// How many shards the board's busy nodes have; only the root's first shard says so.
    #[serde(default)]
    shards: Option<u16>,
    /// Whether the board is closed; every shard of the root says so.
    #[serde(default)]
    closed: bool,
    #[serde(flatten)]
    slots: HashMap<String, Attribute>,
}

/// An attribute of a node: a count, or something else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Attribute {
    Count(i64),
    Other(IgnoredAny),
}

impl NodeItem {
    /// What the root says of its board.
    pub fn state(&self) -> State {
        State { shards: self.shards.unwrap_or(1).clamp(1, MOST_SHARDS), closed: self.closed }
    }

    /// What a leaf counts.
    pub fn counts(&self) -> Result<Counts> {
        if self.counts.is_empty() {
            return Ok(Counts::default());
        }
        Counts::unpack(&self.counts).map_err(|_| Error::internal("A leaf of a board could not be read.", "damaged"))
    }
}

/// Members, and different scores among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Members.
    pub members: i64,
    /// Different scores.
    pub scores: i64,
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.members += other.members;
        self.scores += other.scores;
    }
}

/// A branch or the root: what each of its slots counts. All shards of it are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Branch(pub BTreeMap<u16, Count>);

/// What the root says of its board.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    /// How many shards the busy nodes have.
    pub shards: u16,
    /// Whether nothing moves any more.
    pub closed: bool,
}

/// Beyond so many shards a busy node is not divided.
pub(super) const MOST_SHARDS: u16 = 16;
/// The attribute of the root that says how many shards there are.
pub(super) const SHARDS: &str = "shards";
/// The attribute of the root that says that nothing moves any more.
pub(super) const CLOSED: &str = "closed";

impl Branch {
    /// Adds what an item counts.
    pub fn add(&mut self, item: &NodeItem) {
        for (name, attribute) in &item.slots {
            let Attribute::Count(count) = attribute else { continue };
            let slot = |digits: &str| u16::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2);
            let of = match (name.split_at_checked(1), *count) {
                (Some(("m", digits)), members) => slot(digits).zip(Some(Count { members, scores: 0 })),
                (Some(("d", digits)), scores) => slot(digits).zip(Some(Count { members: 0, scores })),
                _ => None,
            };
            if let Some((slot, count)) = of {
                *self.0.entry(slot).or_default() += count;
            }
        }
    }

    /// What it counts in all.
    pub fn sum(&self) -> Count {
        self.to_the_right(None)
    }

    /// What lies to the right of a slot; without one, everything.
    fn to_the_right(&self, slot: Option<u16>) -> Count {
        let mut sum = Count::default();
        for (_, count) in self.0.range(slot.map_or(0, |slot| slot + 1)..) {
            sum += *count;
        }
        sum
    }
}

/// The change that adds to a branch's slots.
pub(super) fn addition(key: Key, slots: &BTreeMap<u16, Count>) -> Change {
    let change = Change::of(key).or_create();
    slots.iter().fold(change, |change, (slot, count)| {
        let some = |change: Change, letter: &str, by: i64| match by {
            0 => change,
            by => change.add(&format!("{letter}{slot:02x}"), by),
        };
        some(some(change, "m", count.members), "d", count.scores)
    })
}

/// Where a score stands on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rank {
    /// 1 and the members with a higher score: 1, 1, 3.
    pub competition: i64,
    /// 1 and the higher scores: 1, 1, 2.
    pub dense: i64,
    /// Members with this very score.
    pub equals: i64,
    /// Members on the board.
    pub members: i64,
    /// Different scores on the board.
    pub scores: i64,
}

impl Rank {
    /// Of a hundred members of the board, how many have no higher score, to a tenth.
    pub fn percentile(&self) -> f64 {
        let members = self.members.max(1);
        // A board counts a moment later than it ranks.
        let no_higher = (members + 1 - self.competition).clamp(1, members);
        (no_higher as f64 / members as f64 * 1_000.0).round() / 10.0
    }
}

/// Some nodes of a board's tree, as they were a moment ago.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub branches: BTreeMap<Node, Branch>,
    pub leaves: BTreeMap<Node, Counts>,
    pub state: State,
}

impl Tree {
    /// Reads these nodes, and the root, in one round trip; in two if the board has become busier than was known here.
    pub async fn read(app: &App, board: &Board, nodes: impl IntoIterator<Item = Node>) -> Result<Tree> {
        let mut nodes: Vec<Node> = nodes.into_iter().collect();
        nodes.push(Node::Root);
        nodes.sort_unstable();
        nodes.dedup();
        let table = app.boards.table.lately();
        let expected = app.boards.shards(board);
        let mut tree = Tree::default();
        tree.read_shards(&table, board, &nodes, 0..expected).await?;
        let shards = tree.state.shards;
        if shards > expected {
            app.boards.note_shards(board, shards);
            let top: Vec<Node> = nodes.iter().copied().filter(|node| node.is_top()).collect();
            tree.read_shards(&table, board, &top, expected..shards).await?;
        }
        Ok(tree)
    }

    async fn read_shards(
        &mut self,
        table: &Table,
        board: &Board,
        nodes: &[Node],
        shards: std::ops::Range<u16>,
    ) -> Result<()> {
        let of = |node: &Node| match node.is_top() {
            true => shards.clone(),
            false => 0..1,
        };
        let wanted: Vec<(Node, u16)> = nodes.iter().flat_map(|node| of(node).map(|shard| (*node, shard))).collect();
        let read = wanted.chunks(AT_ONCE).map(|some| async {
            let keys: Vec<Key> = some.iter().map(|(node, shard)| keys::node(board, *node, *shard)).collect();
            table.get_many::<NodeItem>(&keys).await
        });
        let read = futures_util::future::try_join_all(read).await?;
        for ((node, shard), item) in wanted.into_iter().zip(read.into_iter().flatten()) {
            let Some(item) = item else { continue };
            if let Node::Leaf { .. } = node {
                self.leaves.insert(node, item.counts()?);
                continue;
            }
            if (node, shard) == (Node::Root, 0) {
                self.state = item.state();
            }
            self.branches.entry(node).or_default().add(&item);
        }
        Ok(())
    }

    /// Where a score stands, whose path was read.
    pub fn rank(&self, score: i64) -> Rank {
        let mut above = Count::default();
        let mut equals = 0;
        for step in path(score) {
            if let Some(branch) = self.branches.get(&step.node) {
                above += branch.to_the_right(Some(step.slot));
            }
            if let Some(counts) = self.leaves.get(&step.node) {
                for (_, members) in counts.best_first().take_while(|(slot, _)| *slot > step.slot) {
                    above += Count { members: members as i64, scores: 1 };
                }
                equals = counts.at(step.slot) as i64;
            }
        }
        let all = self.all();
        Rank {
            competition: above.members + 1,
            dense: above.scores + 1,
            equals,
            members: all.members,
            scores: all.scores,
        }
    }

    /// Whether a node is among what was read.
    pub fn knows(&self, node: Node) -> bool {
        self.leaves.contains_key(&node) || self.branches.contains_key(&node)
    }

    /// Everybody on the board.
    pub fn all(&self) -> Count {
        self.branches.get(&Node::Root).map(Branch::sum).unwrap_or_default()
    }
}
