//! The tree over the digits of a score: which nodes a score is counted in, known from the score alone.
//!
//! ```text
//!                   root        20 slots: how large a number is, negative and positive
//!                  /    \
//!            branch      …      64 slots: the next six bits
//!           /      \
//!        branch     …           (as many as the number needs; none below 512)
//!        /    \
//!     leaf     …                512 slots: the last nine bits, one per score
//! ```
//!
//! A slot to the right is a higher score, in every node. So the number of members above a score is the sum of what
//! lies to the right of its slot in each node on its path. A small number has a short path; a score of any size has
//! at most eleven nodes, and up to 134 million five.

/// The bits that a leaf tells apart.
pub const LEAF_BITS: u32 = 9;
/// The bits that a branch tells apart.
pub const BRANCH_BITS: u32 = 6;
/// Scores under one leaf.
pub const LEAF_SLOTS: u16 = 1 << LEAF_BITS;
/// Children of one branch.
pub const BRANCH_SLOTS: u16 = 1 << BRANCH_BITS;
/// Branches on the longest path: nine bits and nine times six are the 63 of a number's size.
const MOST_BRANCHES: u32 = 9;
/// Children of the root.
pub const ROOT_SLOTS: u16 = 2 * (MOST_BRANCHES as u16 + 1);

/// A node of a board's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// The one at the top.
    Root,
    /// One with `level` steps to a leaf, under this slot of the root; `prefix` are the bits before its own.
    Branch {
        /// The slot of the root that it lies under.
        side: u16,
        /// Steps to a leaf, from 1.
        level: u32,
        /// The bits before its own.
        prefix: u64,
    },
    /// One at the bottom.
    Leaf {
        /// The slot of the root that it lies under.
        side: u16,
        /// The bits before its own.
        prefix: u64,
    },
}

/// A node with one of its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The node.
    pub node: Node,
    /// The slot in it.
    pub slot: u16,
}

/// The nodes of a score with its slot in each, from the root to the leaf.
pub fn path(score: i64) -> Vec<Step> {
    let (side, branches, place) = place(score);
    let mut steps = Vec::with_capacity(branches as usize + 2);
    steps.push(Step { node: Node::Root, slot: side });
    for level in (1..=branches).rev() {
        let shift = LEAF_BITS + BRANCH_BITS * (level - 1);
        let slot = low_bits(place >> shift, BRANCH_BITS);
        steps.push(Step { node: Node::Branch { side, level, prefix: place >> shift >> BRANCH_BITS }, slot });
    }
    steps.push(Step { node: Node::Leaf { side, prefix: place >> LEAF_BITS }, slot: low_bits(place, LEAF_BITS) });
    steps
}

/// The leaf of a score, and its slot there.
pub fn leaf(score: i64) -> (Node, u16) {
    let (side, _, place) = place(score);
    (Node::Leaf { side, prefix: place >> LEAF_BITS }, low_bits(place, LEAF_BITS))
}

impl Node {
    /// What lies under a slot; nothing lies under a leaf's.
    pub fn child(self, slot: u16) -> Option<Node> {
        match self {
            Node::Root => Some(match branches_of(slot) {
                0 => Node::Leaf { side: slot, prefix: 0 },
                level => Node::Branch { side: slot, level, prefix: 0 },
            }),
            Node::Branch { side, level, prefix } => {
                let prefix = prefix << BRANCH_BITS | u64::from(slot);
                Some(match level {
                    1 => Node::Leaf { side, prefix },
                    _ => Node::Branch { side, level: level - 1, prefix },
                })
            }
            Node::Leaf { .. } => None,
        }
    }

    /// The score of a leaf's slot; other nodes have none.
    pub fn score(self, slot: u16) -> Option<i64> {
        let Node::Leaf { side, prefix } = self else { return None };
        let place = prefix << LEAF_BITS | u64::from(slot);
        let half = ROOT_SLOTS / 2;
        let size = if side < half { largest(branches_of(side)) - place } else { place };
        let size = i64::try_from(size).ok()?;
        Some(if side < half { !size } else { size })
    }

    /// Whether every score of the board is counted here, or of all that are about as large: such a node is changed
    /// most often.
    pub fn is_top(self) -> bool {
        match self {
            Node::Root => true,
            Node::Branch { side, level, .. } => level == branches_of(side),
            Node::Leaf { .. } => false,
        }
    }
}

/// The slot of the root, the branches below it, and the place under them: it ascends with the score.
fn place(score: i64) -> (u16, u32, u64) {
    let size = if score < 0 { !score } else { score } as u64;
    let bits = u64::BITS - size.leading_zeros();
    let branches = bits.saturating_sub(LEAF_BITS).div_ceil(BRANCH_BITS);
    let half = ROOT_SLOTS / 2;
    if score < 0 {
        // The larger, the lower.
        (half - 1 - branches as u16, branches, largest(branches) - size)
    } else {
        (half + branches as u16, branches, size)
    }
}

/// The branches on a path through this slot of the root.
fn branches_of(side: u16) -> u32 {
    let half = ROOT_SLOTS / 2;
    u32::from(if side < half { half - 1 - side } else { side - half })
}

/// The largest size under so many branches.
fn largest(branches: u32) -> u64 {
    u64::MAX >> (u64::BITS - LEAF_BITS - BRANCH_BITS * branches)
}

fn low_bits(number: u64, bits: u32) -> u16 {
    (number & ((1 << bits) - 1)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [i64; 21] = [
        i64::MIN,
        i64::MIN + 1,
        -(1 << 40),
        -513,
        -512,
        -511,
        -2,
        -1,
        0,
        1,
        511,
        512,
        513,
        32_767,
        32_768,
        2_097_152,
        134_217_727,
        134_217_728,
        1 << 53,
        i64::MAX - 1,
        i64::MAX,
    ];

    #[test]
    fn a_score_leads_to_its_leaf_and_back() {
        for score in SCORES {
            let path = path(score);
            for pair in path.windows(2) {
                assert_eq!(pair[0].node.child(pair[0].slot), Some(pair[1].node), "{score}");
            }
            let Step { node, slot } = *path.last().unwrap();
            assert_eq!((node.score(slot), leaf(score)), (Some(score), (node, slot)));
            assert!(path.iter().filter(|step| step.node.is_top()).count() <= 2);
        }
    }

    #[test]
    fn a_higher_score_lies_to_the_right_where_the_paths_part() {
        for pair in SCORES.windows(2) {
            let (low, high) = (path(pair[0]), path(pair[1]));
            let parting = low.iter().zip(&high).find(|(low, high)| low != high).unwrap();
            assert!(parting.0.node == parting.1.node && parting.0.slot < parting.1.slot, "{pair:?}");
        }
    }

    #[test]
    fn ordinary_scores_have_short_paths() {
        assert_eq!([0, -1, 511, 512, 32_768, 134_217_727].map(|score| path(score).len()), [2, 2, 2, 3, 4, 5]);
        assert_eq!([i64::MIN, i64::MAX].map(|score| path(score).len()), [11, 11]);
    }
}
