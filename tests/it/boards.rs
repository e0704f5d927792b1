//! The boards: the engine against an oracle, and what the rest of the house makes of them.

use chrono::Duration;
use local::Delivery;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::App;
use shared::boards::{self, Act, Board, Node, ScoreChange, Span, close, read};
use shared::events::{Event, happened};
use shared::ids::{EventId, MemberId};
use shared::store::{Key, Stored, keys};
use tests::boards::model::{self, Plan};
use tests::wire::{Fault, Wire};

use crate::admin::press;
use crate::world::{Person, World};

/// The app of the function that writes boards, over a wire.
pub fn app(cloud: &local::Cloud, wire: &Wire) -> App {
    let environment = cloud.functions().environment("projector").expect("the template's function");
    App::new(environment).expect("an app").with_clock(cloud.clock().clone()).with_http_client(wire.client("projector"))
}

fn app_of(world: &World) -> App {
    app(&world.cloud, &Wire::default())
}

/// Lets a member earn points, as a handler would tell it.
pub async fn earn(world: &World, member: &Person, points: i64) {
    let app = world.app();
    let (member, board, earned_at) = (MemberId(member.id()), boards::TRAINING.to_owned(), world.clock.now());
    let told =
        happened(&app.clone().with_ids(world.ids.clone()), Event::PointsEarned { member, board, points, earned_at });
    app.table.together(vec![told.expect("an event")]).await.expect("room for an event");
}

fn training(span: Span, world: &World) -> Board {
    format!("training/all/{}", span.at(world.clock.now())).parse().expect("a board")
}

/// Who is on a board with which score, the best first.
async fn lines(world: &World, board: &Board) -> Vec<(u64, i64)> {
    let page = read::top(&app_of(world), board, 100).await.expect("a page");
    page.rows.iter().map(|ranked| (ranked.row.member.0, ranked.row.score)).collect()
}

async fn run(world: &World, job: &str) -> Value {
    world.cloud.run_schedule(job).await.expect("the schedule").outcome.expect("a report")
}

#[tokio::test]
async fn every_answer_is_the_oracles() {
    for seed in [1, 2] {
        let cloud = tests::cloud_at_rest(&[]).await.expect("a cloud");
        let wire = Wire::default();
        let outcome =
            model::run(&app(&cloud, &wire), &wire, Plan { operations: 1_500, members: 60, seed, rarely: 10 }).await;
        let outcome = outcome.expect("no answer but the oracle's");
        assert!(outcome.crashes > 0 && outcome.repairs > 0, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_busy_board_is_divided_and_counts_as_before() {
    let cloud = tests::cloud_at_rest(&[]).await.expect("a cloud");
    let wire = Wire::default();
    let writer = app(&cloud, &wire);
    let week = Span::Week.ended_by(cloud.clock().now()).unwrap();
    let board: Board = format!("points/all/{week}").parse().unwrap();
    let change = |member: u64, event: u64, act: Act| ScoreChange {
        board: board.clone(),
        member: MemberId(member),
        event: EventId(event),
        act,
    };
    let first = (1..=40).map(|member| change(member, member, Act::Set { score: 100, reached: EventId(member) }));
    boards::apply(&writer, first).await.unwrap();
    // Others are in the way of one transaction, as often as it is tried: after the entries and their leaf were read.
    wire.fail(0, 6, Fault::Conflict);
    boards::apply(&writer, [change(1, 41, Act::Add(1))]).await.unwrap();
    wire.mend();
    let shard = |number| keys::node(&board, Node::Root, number);
    for event in 42..82 {
        boards::apply(
            &writer,
            [change(event % 40 + 1, event, Act::Set { score: event as i64, reached: EventId(event) })],
        )
        .await
        .unwrap();
    }
    let root: Option<Value> = writer.boards.table.get(shard(0)).await.unwrap();
    assert_eq!(root.unwrap()["shards"], 2);
    assert!(writer.boards.table.get::<Value>(shard(1)).await.unwrap().is_some(), "both shards are written");

    // Whoever has not heard of it hears of it from the root.
    let reader = app(&cloud, &Wire::default());
    let rank = read::rank_of_score(&reader, &board, 60).await.unwrap();
    assert_eq!((rank.competition, rank.dense, rank.members, rank.scores), (22, 22, 40, 40));
    let page = read::at(&reader, &board, 20, 5).await.unwrap();
    assert_eq!(page.rows.iter().map(|line| line.row.score).collect::<Vec<_>>(), [61, 60, 59, 58, 57]);
    // Closed, it stands still in all its shards.
    let (now, lag) = (cloud.clock().now(), std::time::Duration::ZERO);
    close::close(&reader, board.period, now + Duration::hours(1), lag).await.unwrap();
    for event in 100..120 {
        boards::apply(&writer, [change(event % 40 + 1, event, Act::Add(1_000))]).await.unwrap();
    }
    assert_eq!(read::top(&reader, &board, 1).await.unwrap().rows[0].row.score, 81);
}

#[tokio::test]
async fn what_comes_for_a_board_that_is_long_gone_is_left() {
    let cloud = tests::cloud_at_rest(&[]).await.expect("a cloud");
    let writer = app(&cloud, &Wire::default());
    let board: Board = "training/all/week-2024-W01".parse().unwrap();
    for event in 1..4 {
        let (board, member, event) = (board.clone(), MemberId(1), EventId(event));
        let moved = boards::apply(&writer, [ScoreChange { board, member, event, act: Act::Add(5) }]).await.unwrap();
        assert!(moved.is_empty());
    }
    assert_eq!(read::size(&writer, &board).await.unwrap().members, 0);
}

#[tokio::test]
async fn points_count_once_for_the_week_the_month_the_year_and_all_time() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    earn(&world, &ada, 30).await;
    earn(&world, &bob, 50).await;
    earn(&world, &ada, 25).await;
    world.cloud.settle(Delivery::Twice).await;
    for span in Span::ALL {
        assert_eq!(lines(&world, &training(span, &world)).await, [(ada.id(), 55), (bob.id(), 50)]);
    }
    // 31 January: the month ends with the day, the week with the day after, and the year goes on.
    world.wait(Duration::days(1));
    earn(&world, &bob, 10).await;
    world.cloud.settle(Delivery::Shuffled).await;
    assert_eq!(lines(&world, &training(Span::Month, &world)).await, [(bob.id(), 10)]);
    assert_eq!(lines(&world, &training(Span::Week, &world)).await, [(bob.id(), 60), (ada.id(), 55)]);
    assert_eq!(lines(&world, &training(Span::Year, &world)).await, [(bob.id(), 60), (ada.id(), 55)]);
}

#[tokio::test]
async fn a_closed_board_stands_still_and_its_first_three_get_a_letter_each_once() {
    let world = World::new().await;
    let mut players = Vec::new();
    for (name, points) in [("ada", 40), ("bob", 50), ("cyd", 40), ("dan", 30), ("eve", 20)] {
        let player = world.reachable(name).await;
        earn(&world, &player, points).await;
        players.push(player);
    }
    world.settle().await;
    let board = training(Span::Month, &world);
    let (now, lag) = (world.clock.now(), std::time::Duration::ZERO);
    let early = close::close(&app_of(&world), board.period, now + Duration::hours(1), lag).await.unwrap();
    assert_eq!(serde_json::to_value(early).unwrap()["boards"], 0, "it is not over yet");

    world.wait(Duration::days(1));
    // Twice at once, and once more: the second finds nothing left to do.
    let twice = tokio::join!(run(&world, "close-month"), run(&world, "close-month"));
    for report in [&twice.0, &twice.1] {
        assert_eq!(report["boards"], 1);
    }
    assert!(twice.0["closed"] == 1 || twice.1["closed"] == 1);
    let done = json!({ "job": "close-month", "boards": 1, "closed": 0, "unfinished": false });
    assert_eq!(run(&world, "close-month").await, done);
    world.cloud.settle(Delivery::Twice).await;
    let mut late = board.clone();
    late.scope = "platform-x".parse().unwrap();
    let change = |board: &Board, points| ScoreChange {
        board: board.clone(),
        member: MemberId(players[4].id()),
        event: EventId(world.ids.next(world.clock.now())),
        act: Act::Add(points),
    };
    let app = app_of(&world);
    boards::apply(&app, [change(&board, 1_000), change(&late, 1_000)]).await.unwrap();
    assert_eq!(lines(&world, &late).await, [], "nobody begins a board of a month that is closed");

    let expected = [(1, 50, 1), (0, 40, 2), (2, 40, 2), (3, 30, 4), (4, 20, 5)];
    let expected = expected.map(|(player, score, rank)| (players[player].id(), score, rank));
    let kept = close::final_places(&app, &board).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|line| (line.rank.member.0, line.rank.score, line.rank.competition)).collect();
    assert_eq!(kept, expected);
    assert_eq!(lines(&world, &board).await, expected.map(|(member, score, _)| (member, score)));
    for (member, score, rank) in expected {
        let own = close::final_rank(&app, &board, MemberId(member)).await.unwrap().expect("a rank");
        assert_eq!((own.score, own.competition), (score, rank));
    }
    let subject = "You finished among the first three";
    let letters =
        |name: &str| world.subjects_to(&format!("{name}@example.org")).iter().filter(|s| *s == subject).count();
    assert_eq!(["ada", "bob", "cyd", "dan", "eve"].map(letters), [1, 1, 1, 0, 0]);
    let letter = world.letters().into_iter().find(|letter| letter.to == ["bob@example.org"]).expect("a letter");
    assert!(letter.text.contains("January 2026") && letter.text.contains("first") && letter.text.contains("50"));
}

/// That boards show a member no more, as it is kept from the moment that they have left.
#[derive(Serialize, Deserialize)]
struct Gone {
    #[serde(skip_serializing)]
    member: MemberId,
    shown: bool,
    gone: bool,
    by: EventId,
}

impl Stored for Gone {
    fn key(&self) -> Key {
        keys::standing(self.member)
    }
}

#[tokio::test]
async fn a_board_that_closes_while_somebody_leaves_keeps_no_line_of_theirs() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    earn(&world, &ada, 30).await;
    earn(&world, &bob, 20).await;
    world.settle().await;
    let board = training(Span::Month, &world);
    world.wait(Duration::days(1));
    // What there was of her is being removed, and the closer has read the board already.
    let (app, member) = (app_of(&world), MemberId(ada.id()));
    app.boards.table.put(&Gone { member, shown: false, gone: true, by: EventId(u64::MAX >> 11) }).await.unwrap();
    run(&world, "close-month").await;
    assert_eq!(close::final_rank(&app, &board, member).await.unwrap(), None);
    let kept = close::final_places(&app, &board).await.unwrap();
    assert_eq!(kept.iter().map(|line| line.rank.member.0).collect::<Vec<_>>(), [bob.id()]);
    world.settle().await;
}

#[tokio::test]
async fn who_is_barred_leaves_the_boards_at_once_and_comes_back_with_the_score() {
    let world = World::new().await;
    let (ada, bob, root) = (world.member("ada").await, world.member("bob").await, world.member("root").await);
    world.promote(&root).await;
    earn(&world, &ada, 30).await;
    earn(&world, &bob, 20).await;
    world.settle().await;
    let board = training(Span::AllTime, &world);
    let game: Board = "game/all/all".parse().unwrap();
    press(&root, &ada, "ban", &[("reason", "Sold points.")]).await;
    world.cloud.settle(Delivery::Shuffled).await;
    // What is earned meanwhile counts when they are back, on boards they had not been on, too.
    earn(&world, &ada, 5).await;
    world.wait(Duration::days(1));
    earn(&world, &ada, 7).await;
    world.cloud.settle(Delivery::Twice).await;
    assert_eq!(lines(&world, &board).await, [(bob.id(), 20)]);
    assert_eq!(lines(&world, &training(Span::Month, &world)).await, []);
    assert_eq!(lines(&world, &game).await.len(), 2);
    press(&root, &ada, "reinstate", &[]).await;
    world.cloud.settle(Delivery::Twice).await;
    assert_eq!(lines(&world, &board).await, [(ada.id(), 42), (bob.id(), 20)]);
    assert_eq!(lines(&world, &training(Span::Month, &world)).await, [(ada.id(), 7)]);
    assert_eq!(lines(&world, &game).await.len(), 3);
}

#[tokio::test]
async fn who_deletes_their_account_is_on_no_board_any_more() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    earn(&world, &ada, 30).await;
    earn(&world, &bob, 20).await;
    world.settle().await;
    let month = training(Span::Month, &world);
    world.wait(Duration::days(1));
    run(&world, "close-month").await;
    world.settle().await;
    let gone = ada.id();
    ada.delete(&ada.profile()).await.assert(200);
    // Told before, heard after.
    let app = app_of(&world);
    world.cloud.settle(Delivery::Shuffled).await;
    let late = ScoreChange {
        board: training(Span::AllTime, &world),
        member: MemberId(gone),
        event: EventId(world.ids.next(world.clock.now())),
        act: Act::Add(99),
    };
    boards::apply(&app, [late]).await.unwrap();
    assert_eq!(lines(&world, &training(Span::AllTime, &world)).await, [(bob.id(), 20)]);
    assert_eq!(lines(&world, &month).await, [(bob.id(), 20)]);
    let size = read::size(&app, &training(Span::AllTime, &world)).await.unwrap();
    assert_eq!((size.members, size.scores), (1, 1));
    let kept = close::final_places(&app, &month).await.unwrap();
    assert_eq!(kept.iter().map(|line| line.rank.member.0).collect::<Vec<_>>(), [bob.id()]);
}

#[tokio::test]
async fn the_check_finds_nothing_where_nothing_is_wrong_and_mends_what_is() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    earn(&world, &ada, 700).await;
    world.settle().await;
    let report = run(&world, "check-boards").await;
    assert_eq!(report, json!({ "job": "check-boards", "boards": 5, "members": 5, "wrong": 0, "mended": 0, "busy": 0 }));
    let board = training(Span::AllTime, &world);
    let app = app_of(&world);
    let leaf = boards::path::leaf(700).0;
    app.boards.table.delete(keys::node(&board, leaf, 0), Default::default()).await.unwrap();
    let report = run(&world, "check-boards").await;
    assert_eq!((&report["wrong"], &report["mended"]), (&json!(1), &json!(1)));
    assert_eq!(read::rank_of_score(&app, &board, 700).await.unwrap().equals, 1);
    assert_eq!(run(&world, "check-boards").await["wrong"], 0);
}
