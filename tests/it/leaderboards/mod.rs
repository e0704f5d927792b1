//! Leaderboards, in the words of each product. What fills a board is tested elsewhere: here, boards are filled by hand.

mod game;
mod native;
mod skillnet;
mod sukuwatto;

use serde_json::Value;
use shared::App;
use shared::boards::{Act, Board, ScoreChange, apply};
use shared::ids::{EventId, MemberId};
use shared::model::account::{Account, NameHeld};
use shared::model::name::Username;
use shared::store::{Change, Write, keys};
use shared::visibility::Audience;

use crate::world::World;

/// Above every id that a world counts up to.
const CROWD: u64 = 1 << 40;

/// The app of the function that writes boards.
fn writer(world: &World) -> App {
    crate::boards::app(&world.cloud, &world.wire)
}

/// Accounts of members who never sign in, called `player-0000` and so on: their ids.
async fn crowd(world: &World, size: u64) -> Vec<u64> {
    let mut writes = Vec::new();
    for number in 0..size {
        let (id, name) = (MemberId(CROWD + number), format!("player-{number:04}"));
        let username = Username::parse(&name).unwrap();
        writes.push(Write::put(&Account::new(id, username, world.clock.now())).unwrap());
        writes.push(Write::put(&NameHeld { name, member: id }).unwrap());
    }
    while !writes.is_empty() {
        let some = writes.split_off(writes.len().saturating_sub(100));
        world.app().table.together(some).await.unwrap();
    }
    (CROWD..CROWD + size).collect()
}

/// Puts a member on the game's board.
pub async fn put_on_board(world: &World, member: u64) {
    fill(world, "game/all/all", &[(member, 1)]).await;
}

/// Gives members scores on a board; of equals, the first of them came first.
async fn fill(world: &World, board: &str, scores: &[(u64, i64)]) {
    let acts = scores
        .iter()
        .zip(1..)
        .map(|((member, score), number)| (*member, Act::Set { score: *score, reached: EventId(number) }, number));
    act(world, board, acts.collect()).await;
}

/// Gives members what a board shows beside their score.
async fn give_cards(world: &World, board: &str, cards: &[(u64, Value)]) {
    let acts = cards.iter().map(|(member, card)| (*member, Act::Card(card.to_string()), 1));
    act(world, board, acts.collect()).await;
}

async fn act(world: &World, board: &str, acts: Vec<(u64, Act, u64)>) {
    let board: Board = board.parse().unwrap();
    let change = |(member, act, event)| ScoreChange {
        board: board.clone(),
        member: MemberId(member),
        event: EventId(event),
        act,
    };
    apply(&writer(world), acts.into_iter().map(change)).await.unwrap();
}

/// Changes an account as if it had been long ago, and nobody had heard of it.
async fn change(world: &World, member: u64, change: impl FnOnce(Change) -> Change) {
    let account = change(Change::of(keys::account(MemberId(member))));
    world.app().table.change::<Value>(account).await.expect("the member's account");
}

/// Lets a member hide from all but some.
async fn hide(world: &World, member: u64, from_all_but: Audience) {
    change(world, member, |account| account.set("audience", from_all_but)).await;
}

/// Removes an account and nothing else.
async fn remove(world: &World, member: u64) {
    let account = Write::delete(keys::account(MemberId(member)), shared::store::Condition::present());
    world.app().table.together(vec![account]).await.unwrap();
}
