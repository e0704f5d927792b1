//! The boards against the oracle: whatever is done to them, in whatever order it arrives and wherever it breaks off,
//! every answer is the oracle's.

use std::time::Duration;

use shared::App;
use shared::boards::read::{self, Page};
use shared::boards::{Act, Board, Node, Ranked, ScoreChange, apply, check, path};
use shared::ids::{EventId, MemberId};
use shared::store::{Condition, keys};

use super::oracle::{Line, Oracle, competition, dense};
use crate::wire::{Fault, Wire};

/// Changes that one batch has at most.
const LARGEST_BATCH: usize = 120;
/// Changes remembered to be delivered again.
const HISTORY: usize = 5_000;
/// Tries of a batch whose calls fail.
const TRIES: usize = 50;

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Changes and questions in all.
    pub operations: usize,
    /// Members per board.
    pub members: u64,
    /// What is drawn follows from it.
    pub seed: u64,
    /// One batch in so many is followed by damage.
    pub rarely: usize,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Changes delivered, repeated ones included.
    pub changes: usize,
    /// Questions asked, each with an answer that was the oracle's.
    pub questions: usize,
    /// Batches that broke off between two calls and came again.
    pub crashes: usize,
    /// Trees that were damaged or lost, and mended.
    pub repairs: usize,
}

struct Run<'a> {
    app: &'a App,
    wire: &'a Wire,
    random: fastrand::Rng,
    boards: Vec<(Board, Oracle)>,
    members: u64,
    rarely: usize,
    event: u64,
    history: Vec<ScoreChange>,
    late: Vec<ScoreChange>,
    outcome: Outcome,
}

/// Does to some boards what the plan says, over a wire that fails now and then.
///
/// # Errors
/// The first answer that is not the oracle's.
pub async fn run(app: &App, wire: &Wire, plan: Plan) -> Result<Outcome, String> {
    let board = |text: &str| text.parse::<Board>().map_err(|error| format!("{text}: {error}"));
    let boards = [board("points/all/all")?, board("training/all/all")?];
    let mut run = Run {
        app,
        wire,
        random: fastrand::Rng::with_seed(plan.seed),
        boards: boards.map(|board| (board.clone(), Oracle::new(board))).into(),
        members: plan.members,
        rarely: plan.rarely,
        event: 0,
        history: Vec::new(),
        late: Vec::new(),
        outcome: Outcome::default(),
    };
    while run.outcome.changes + run.outcome.questions < plan.operations {
        let batch = run.draw_batch();
        run.deliver(batch).await?;
        for place in 0..run.boards.len() {
            if run.late.is_empty() {
                run.ask(place).await?;
            }
        }
        if run.random.usize(..run.rarely) == 0 {
            run.damage().await?;
        }
    }
    Ok(run.outcome)
}

impl Run<'_> {
    fn draw_change(&mut self) -> ScoreChange {
        self.event += 1;
        let event = EventId(self.event);
        let place = self.random.usize(..self.boards.len());
        let member = MemberId(self.random.u64(1..=self.members));
        let act = match self.random.u32(..100) {
            0..30 => Act::Set { score: self.draw_score(), reached: event },
            30..85 => Act::Add(self.random.i64(-40..=60)),
            85..91 => Act::Leave,
            91..97 => Act::Show(self.random.bool()),
            _ => Act::Card(format!("{{\"n\":{}}}", self.event)),
        };
        ScoreChange { board: self.boards[place].0.clone(), member, event, act }
    }

    fn draw_score(&mut self) -> i64 {
        match self.random.u32(..10) {
            0..4 => self.random.i64(0..20),
            4..7 => self.random.i64(-2_000..5_000),
            7..9 => self.random.i64(-(1 << 40)..1 << 40),
            _ => *self.random.choice(&[i64::MIN, i64::MAX, -1, 0, 511, 512, -512, -513]).unwrap_or(&0),
        }
    }

    /// New changes, some of the old ones again, and some that were held back; in any order.
    fn draw_batch(&mut self) -> Vec<ScoreChange> {
        let size = self.random.usize(1..=LARGEST_BATCH);
        let mut batch: Vec<ScoreChange> = (0..size).map(|_| self.draw_change()).collect();
        for change in &batch {
            let oracle = self.boards.iter_mut().find(|(board, _)| *board == change.board);
            if let Some((_, oracle)) = oracle {
                oracle.note(change.member, change.event, &change.act);
            }
        }
        let repeated = self.random.usize(..=size / 5);
        let again: Vec<ScoreChange> =
            (0..repeated).filter_map(|_| self.random.choice(&self.history).cloned()).collect();
        self.history.extend(batch.iter().cloned());
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
        batch.extend(again);
        batch.append(&mut self.late);
        self.random.shuffle(&mut batch);
        // A tenth of the batches leaves some for the next one.
        if self.random.u32(..10) == 0 {
            self.late = batch.split_off(batch.len() / 2);
        }
        batch
    }

    /// Applies a batch until it is done, as a stream does.
    async fn deliver(&mut self, batch: Vec<ScoreChange>) -> Result<(), String> {
        self.outcome.changes += batch.len();
        for attempt in 0..TRIES {
            match self.random.u32(..100) {
                0..8 if attempt == 0 => {
                    let faults = [Fault::Lost, Fault::AnswerLost];
                    let fault = *self.random.choice(&faults).unwrap_or(&Fault::Lost);
                    self.wire.fail(self.random.usize(..6), usize::MAX / 2, fault);
                }
                8..16 => self.wire.fail_by_chance(60, self.random.u64(..)),
                _ => self.wire.mend(),
            }
            let applied = apply(self.app, batch.clone()).await;
            self.wire.mend();
            match applied {
                Ok(_) => return Ok(()),
                Err(_) => self.outcome.crashes += 1,
            }
        }
        Err("A batch was never done.".to_owned())
    }

    /// Asks one board everything, and holds the answers against the oracle's.
    async fn ask(&mut self, place: usize) -> Result<(), String> {
        let (board, oracle) = &self.boards[place];
        let lines = oracle.lines();
        let app = self.app;
        let random = &mut self.random;
        let failed = |error: shared::Error| error.to_string();
        let mut scores: Vec<i64> = lines.iter().map(|line| line.0).collect();
        scores.dedup();

        let size = read::size(app, board).await.map_err(failed)?;
        same("size", (size.members, size.scores), (lines.len() as i64, scores.len() as i64))?;

        let score = match random.choice(&lines) {
            Some(line) if random.bool() => line.0,
            _ => random.i64(-3_000..6_000),
        };
        let rank = read::rank_of_score(app, board, score).await.map_err(failed)?;
        same("rank of a score", (rank.competition, rank.dense), (competition(&lines, score), dense(&lines, score)))?;
        same("equals", rank.equals, lines.iter().filter(|line| line.0 == score).count() as i64)?;

        let member = MemberId(random.u64(1..=self.members));
        let own = lines.iter().position(|line| line.2 == member);
        let found = read::rank_of_member(app, board, member).await.map_err(failed)?;
        let found = found.map(|(entry, rank)| (entry.score, rank.competition, rank.dense));
        let expected = own.map(|own| lines[own].0);
        same(
            "rank of a member",
            found,
            expected.map(|score| (Some(score), competition(&lines, score), dense(&lines, score))),
        )?;

        let limit = random.usize(1..30);
        let page = read::top(app, board, limit).await.map_err(failed)?;
        same_page("the top page", &page.rows, &lines, 0, limit)?;
        if let Some(position) = page.next {
            let page: Page = read::after(app, board, position, limit).await.map_err(failed)?;
            same_page("the next page", &page.rows, &lines, limit, limit)?;
        }
        let offset = random.usize(..=lines.len() + 3);
        let page = read::at(app, board, offset, limit).await.map_err(failed)?;
        same_page("a page by its number", &page.rows, &lines, offset, limit)?;

        let (above, below) = (random.usize(..6), random.usize(..6));
        let around = read::around(app, board, member, above, below).await.map_err(failed)?;
        match own {
            Some(own) => {
                let first = own.saturating_sub(above);
                same_page("the lines around a member", &around, &lines, first, own - first + 1 + below)?;
            }
            None => same("nobody's lines", around.len(), 0)?,
        }

        let some: Vec<MemberId> = (0..20).map(|_| MemberId(random.u64(1..=self.members))).collect();
        let among = read::among(app, board, &some).await.map_err(failed)?;
        let among: Vec<_> = among.iter().map(|(entry, rank)| (entry.member, rank.competition, rank.dense)).collect();
        let expected = lines.iter().filter(|line| some.contains(&line.2));
        let expected: Vec<_> =
            expected.map(|line| (line.2, competition(&lines, line.0), dense(&lines, line.0))).collect();
        same("ranks of some members", among, expected)?;
        self.outcome.questions += 8;
        Ok(())
    }

    /// Takes away a few nodes, or all of them, and has the tree mended.
    async fn damage(&mut self) -> Result<(), String> {
        let place = self.random.usize(..self.boards.len());
        let (board, oracle) = &self.boards[place];
        let lines = oracle.lines();
        let everything = self.random.u32(..3) == 0;
        let mut nodes: Vec<Node> = lines.iter().flat_map(|line| path::path(line.0)).map(|step| step.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        if !everything {
            self.random.shuffle(&mut nodes);
            nodes.truncate(3);
        }
        let damaged = !nodes.is_empty();
        for node in nodes {
            for shard in 0..if node.is_top() { 16 } else { 1 } {
                let removed = self.app.boards.table.delete(keys::node(board, node, shard), Condition::default()).await;
                removed.map_err(|error| format!("{error:?}"))?;
            }
        }
        let mended = check::check(self.app, board, Duration::ZERO).await.map_err(|error| error.to_string())?;
        let again = check::check(self.app, board, Duration::ZERO).await.map_err(|error| error.to_string())?;
        same("whether damage was found", mended.wrong > 0, damaged)?;
        same("what is wrong after mending", (again.wrong, mended.wrong), (0, mended.mended))?;
        self.outcome.repairs += 1;
        if self.late.is_empty() { self.ask(place).await } else { Ok(()) }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} and not {expected:?}")) }
}

/// Whether a page is what the oracle has from `offset` on.
fn same_page(what: &str, page: &[Ranked], lines: &[Line], offset: usize, limit: usize) -> Result<(), String> {
    let found: Vec<_> =
        page.iter().map(|ranked| (ranked.row.member, ranked.row.score, ranked.competition, ranked.dense)).collect();
    let expected: Vec<_> = lines
        .iter()
        .skip(offset)
        .take(limit)
        .map(|line| (line.2, line.0, competition(lines, line.0), dense(lines, line.0)))
        .collect();
    same(what, found, expected)
}
