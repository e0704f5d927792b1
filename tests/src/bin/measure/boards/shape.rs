//! What other shapes of the tree would cost: bits per leaf and per branch, worked out for the same scores and changes
//! without a table. The shape that the engine has was chosen by this.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::figures::thousands;
use crate::table::Table;

/// Changes that come together, and writes that a transaction may have.
const BATCH: usize = 1_000;
const TRANSACTION: usize = 100;
/// Bytes of an item beside its counts: keys, tag, names.
const BESIDE: usize = 110;

/// How large a board.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Members on the board.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    members: u64,
}

/// Bits that a leaf and a branch tell apart.
#[derive(Clone, Copy)]
struct Shape {
    leaf: u32,
    branch: u32,
}

pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let scores = super::scores::draw(arguments.members);
    let counts = super::scores::counted(&scores);
    let columns =
        ["leaf", "branch", "nodes of a path", "read units", "largest leaf", "largest branch", "writes per change"];
    let heading = format!("Shapes for {} members: slots, bytes, units", thousands(scores.len()));
    let mut table = Table::new(heading, columns);
    for (leaf, branch) in [(6, 6), (7, 6), (8, 6), (9, 5), (9, 6), (9, 7), (10, 6), (11, 6)] {
        let shape = Shape { leaf, branch };
        let sizes = shape.sizes(&counts);
        let largest = |of_leaf: bool| {
            sizes.iter().filter(|(node, _)| (node.0 == 0) == of_leaf).map(|(_, bytes)| *bytes).max().unwrap_or(0)
        };
        let mut random = fastrand::Rng::with_seed(3);
        let (mut nodes, mut reads) = (0, 0.0);
        for _ in 0..BATCH {
            let path = shape.path(*random.choice(&scores).unwrap_or(&0));
            nodes += path.len() + 1;
            // The root is small.
            reads += 0.5 + path.iter().map(|node| 0.5 * sizes[node].div_ceil(4_096) as f64).sum::<f64>();
        }
        let changes: Vec<(i64, i64)> = (0..BATCH)
            .map(|_| {
                let old = *random.choice(&scores).unwrap_or(&0);
                (old, old + random.i64(1..=100))
            })
            .collect();
        table.row([
            (1_u32 << leaf).to_string(),
            (1_u32 << branch).to_string(),
            format!("{:.1}", nodes as f64 / BATCH as f64),
            format!("{:.2}", reads / BATCH as f64),
            largest(true).to_string(),
            largest(false).to_string(),
            format!("{:.2}", shape.units(changes, &sizes)),
        ]);
    }
    Ok(format!("{table}\nOf the writes, 4 are the entry's own: 2 in its transaction and 2 in the index."))
}

/// A node below the root: its height over the leaves, and the bits before its own.
type NodeId = (u32, u64);

impl Shape {
    fn path(self, score: i64) -> Vec<NodeId> {
        let size = score.unsigned_abs();
        let bits = u64::BITS - size.leading_zeros();
        let height = bits.saturating_sub(self.leaf).div_ceil(self.branch);
        (0..=height)
            // The same prefix under another height is another node.
            .map(|level| (level, (size >> (self.leaf + level * self.branch).min(63)) << 8 | u64::from(height)))
            .collect()
    }

    /// How many bytes the item of every node has.
    fn sizes(self, counts: &BTreeMap<i64, u64>) -> BTreeMap<NodeId, usize> {
        let mut leaves: BTreeMap<NodeId, (usize, u64)> = BTreeMap::new();
        let mut slots: BTreeMap<NodeId, BTreeMap<u64, u64>> = BTreeMap::new();
        for (score, count) in counts {
            let path = self.path(*score);
            let bytes = 1 + (*count >= 128) as usize + (*count >= 16_384) as usize;
            let leaf = leaves.entry(path[0]).or_default();
            *leaf = (leaf.0 + 1 + bytes, leaf.1 + 1);
            for (below, node) in path.iter().zip(&path[1..]) {
                *slots.entry(*node).or_default().entry(below.1).or_default() += count;
            }
        }
        // A leaf is packed densely where that is shorter; a slot of a branch is two names and two numbers.
        let leaf = |(node, (pairs, scores)): (NodeId, (usize, u64))| {
            let dense = (1 << self.leaf) + pairs - 2 * scores as usize;
            (node, BESIDE + pairs.min(dense))
        };
        let digits = |count: &u64| 1 + count.max(&1).ilog10() as usize / 2 + 1;
        let branch = |(node, slots): (NodeId, BTreeMap<u64, u64>)| {
            (node, BESIDE + slots.values().map(|count| 3 + digits(count) + 3 + 2).sum::<usize>())
        };
        leaves.into_iter().map(leaf).chain(slots.into_iter().map(branch)).collect()
    }

    /// Write units per change, the entry's own included, folded as the engine does it.
    fn units(self, mut changes: Vec<(i64, i64)>, sizes: &BTreeMap<NodeId, usize>) -> f64 {
        changes.sort_by_key(|change| change.1);
        let mut units = 0;
        let mut group: BTreeSet<NodeId> = BTreeSet::new();
        let mut entries = 0;
        let cost = |group: &BTreeSet<NodeId>, entries: usize| {
            let nodes: usize = group.iter().map(|node| 2 * sizes.get(node).unwrap_or(&BESIDE).div_ceil(1_024)).sum();
            // The root is in every transaction.
            nodes + 4 * entries + 2
        };
        for (old, new) in &changes {
            // Above where the two paths meet nothing changes.
            let (from, to) = (self.path(*old), self.path(*new));
            let meets = |node: &NodeId| node.0 > 0 && from.contains(node) && to.contains(node);
            let highest_own = from.iter().find(|node| meets(node)).map_or(u32::MAX, |node| node.0);
            let touched = from.iter().chain(&to).filter(|node| node.0 <= highest_own);
            let mut grown = group.clone();
            grown.extend(touched.copied());
            if grown.len() + entries + 2 > TRANSACTION {
                units += cost(&group, entries);
                grown.retain(|node| from.contains(node) || to.contains(node));
                entries = 0;
            }
            group = grown;
            entries += 1;
        }
        (units + cost(&group, entries)) as f64 / changes.len() as f64
    }
}
