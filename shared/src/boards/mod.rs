//! Boards: who is ahead, for any number of members, in a handful of reads.
//!
//! - [`board`]: a board's name: what, among whom, and for which stretch of time.
//! - [`entry`]: how one member stands on one board. Entries are the truth.
//! - [`path`], [`leaf`], [`tree`]: the tree that counts entries by score, so that a rank is a sum of a few numbers.
//! - [`write`]: changes, folded, each with its counts in one transaction.
//! - [`read`]: ranks and pages.
//! - [`watch`]: sockets that hear of changes. [`standing`]: who is shown. [`close`]: what becomes of a board whose period is over. [`check`]: holds the tree
//!   against the entries, and mends it.
//!
//! `docs/boards.md` has the measurements behind the numbers here.

pub mod board;
pub mod check;
pub mod close;
pub mod entry;
mod leaf;
pub mod path;
pub mod read;
pub mod standing;
mod tree;
pub mod watch;
pub mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use self::board::{Board, Name, Period, Scope, Span};
pub use self::entry::{Act, Entry};
pub use self::path::Node;
pub use self::read::{Ranked, Row, Survey};
pub use self::tree::{Count, Rank};
pub use self::write::{ScoreChange, apply};
use crate::error::Result;
use crate::store::{Condition, Key, StoreError, Stored, Table, Write, keys};

/// The game's score.
pub const GAME: &str = "game";
/// Sukuwatto's points.
pub const TRAINING: &str = "training";
/// SkillNet's points.
pub const XP: &str = "xp";
/// SkillNet's completed swaps.
pub const SWAPS: &str = "swaps";
/// SkillNet's rating by reviews.
pub const REVIEWS: &str = "reviews";

/// The rating in contests of coding profiles.
pub const RATING: &str = "rating";
/// The problems that coding profiles solved.
pub const SOLVED: &str = "solved";

/// All boards on which members stand: those of coding profiles are apart ([`crate::coding::boards`]).
pub const NAMES: [&str; 5] = [GAME, TRAINING, XP, SWAPS, REVIEWS];

/// Boards remembered by one process; beyond that it starts to remember anew.
const REMEMBERED: usize = 10_000;

/// The boards' table, with what one process has learnt of single boards.
#[derive(Clone)]
pub struct Boards {
    /// The table.
    pub table: Table,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// Boards that are on the list of their period.
    noted: BTreeSet<Board>,
    /// Boards whose busy nodes have more than one shard.
    shards: BTreeMap<Board, u16>,
}

/// That there is a board: those of a period are found by it when the period ends.
#[derive(Serialize, Deserialize)]
pub(crate) struct Noted {
    board: Board,
    /// How far its closing has come, once its period is over.
    #[serde(default)]
    closing: Option<close::Progress>,
}

impl Stored for Noted {
    fn key(&self) -> Key {
        keys::board(&self.board)
    }
}

impl Boards {
    pub(crate) fn new(table: Table) -> Boards {
        Boards { table, known: Arc::default() }
    }

    /// Puts a board on the list of its period, once per process. Tells whether there is such a board: nobody begins
    /// one of a period that is closed.
    async fn note(&self, board: &Board) -> Result<bool> {
        if self.with(|known| known.noted.contains(board)) {
            return Ok(true);
        }
        let noted = Write::create(&Noted { board: board.clone(), closing: None })?;
        let open = Write::check(keys::closed_period(&board.period.to_string()), Condition::absent());
        match self.table.together(vec![noted, open]).await {
            Ok(()) | Err(StoreError::Refused { write: 0, .. }) => {}
            Err(StoreError::Refused { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        self.with(|known| {
            if known.noted.len() >= REMEMBERED {
                known.noted.clear();
            }
            known.noted.insert(board.clone())
        });
        Ok(true)
    }

    /// Whether a board's period is over and done with.
    async fn is_closed(&self, board: &Board) -> Result<bool> {
        let root = self.table.get::<tree::NodeItem>(keys::node(board, Node::Root, 0)).await?;
        Ok(root.is_some_and(|root| root.state().closed))
    }

    /// How many shards a board's busy nodes have, as far as is known here.
    fn shards(&self, board: &Board) -> u16 {
        self.with(|known| known.shards.get(board).copied().unwrap_or(1))
    }

    fn note_shards(&self, board: &Board, shards: u16) {
        self.with(|known| {
            if known.shards.len() >= REMEMBERED {
                known.shards.clear();
            }
            known.shards.insert(board.clone(), shards.clamp(1, tree::MOST_SHARDS))
        });
    }

    /// One of the shards, by chance.
    fn any_shard(&self, board: &Board) -> u16 {
        let mut random = [0; 2];
        // Without chance all would meet in the first, and still be right.
        let _ = getrandom::fill(&mut random);
        u16::from_le_bytes(random) % self.shards(board)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
