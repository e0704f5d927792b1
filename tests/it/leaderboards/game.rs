//! The game's leaderboard: order, ranks, windows.

use serde_json::{Value, json};

use super::{CROWD, fill, give_cards};
use crate::world::{Fault, World};

fn ranks(rows: &Value) -> Vec<(String, i64, i64)> {
    let rows = rows.as_array().expect("a list").iter();
    let row = |row: &Value| {
        (row["username"].as_str().unwrap().to_owned(), row["score"].as_i64().unwrap(), row["rank"].as_i64().unwrap())
    };
    rows.map(row).collect()
}

#[tokio::test]
async fn a_score_whose_board_could_not_be_written_comes_again() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.score(3).await;
    world.settle().await;
    ada.score(7).await;
    // Every attempt at the batch, and every attempt at the record by itself.
    world.wire.fail(0, 8, Fault::Lost);
    world.settle().await;
    assert!(world.wire.calls() > 8);
    world.wire.mend();
    let board = world.visitor().get("/users/leaderboard/").await.assert(200).json();
    assert_eq!(ranks(&board), [("ada".to_owned(), 7, 1)]);
}

#[tokio::test]
async fn the_best_come_first_and_equal_scores_share_a_rank() {
    let world = World::new().await;
    for (name, score) in [("ada", 7), ("bob", -3), ("cyd", 7), ("dan", 9), ("eve", 0)] {
        world.member(name).await.score(score).await;
    }
    world.settle().await;
    let reply = world.visitor().get("/users/leaderboard/").await.assert(200);
    let expected = [("dan", 9, 1), ("ada", 7, 2), ("cyd", 7, 2), ("eve", 0, 4), ("bob", -3, 5)];
    assert_eq!(ranks(&reply.json()), expected.map(|(name, score, rank)| (name.to_owned(), score, rank)));
    let first = &reply.json()[0];
    assert_eq!(
        *first,
        json!({ "id": first["id"], "username": "dan", "avatar": null, "score": 9, "rank": 1, "games_played": 0, "games_won": 0 })
    );
    let window = world.visitor().get("/users/leaderboard?limit=2&offset=1").await.assert(200);
    assert_eq!(ranks(&window.json()), [("ada".to_owned(), 7, 2), ("cyd".to_owned(), 7, 2)]);
    assert_eq!(world.visitor().get("/users/leaderboard/?offset=5").await.assert(200).json(), json!([]));
}

#[tokio::test]
async fn a_window_out_of_bounds_is_refused() {
    let world = World::new().await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=x",
        "limit=",
        "offset=1000",
        "offset=-1",
        "limit=1&limit=2",
        "limit=99999999999999999999",
    ] {
        let reply = world.visitor().get(&format!("/users/leaderboard/?{query}")).await.assert(400);
        assert!(reply.json()["errors"].is_object() || reply.json()["errors"].is_string(), "{query}: {}", reply.text());
    }
    world.visitor().get("/users/leaderboard/?limit=1000&offset=999&unknown=1").await.assert(200);
}

#[tokio::test]
async fn the_board_follows_names_and_pictures_and_loses_who_leaves() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    ada.score(5).await;
    ada.patch(&ada.profile(), json!({ "username": "countess" })).await.assert(200);
    let url = ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200).json();
    world.settle().await;
    let row = world.visitor().get("/users/leaderboard/").await.json()[0].clone();
    assert_eq!((&row["username"], &row["avatar"]), (&json!("countess"), &url["avatar_url"]));
    ada.patch(&ada.profile(), json!({ "deactivate": true })).await.assert(200);
    // A score written meanwhile does not bring them back.
    ada.score(50).await;
    world.settle().await;
    assert_eq!(ranks(&world.visitor().get("/users/leaderboard/").await.json()), [("bob".to_owned(), 0, 1)]);
    bob.delete(&bob.profile()).await.assert(200);
    world.settle().await;
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json(), json!([]));
}

#[tokio::test]
async fn a_row_is_what_the_board_keeps_and_asks_for_no_account() {
    let world = World::new().await;
    let scores = [(CROWD, 5), (CROWD + 1, 9), (CROWD + 2, 9), (CROWD + 3, -4), (CROWD + 4, 7)];
    fill(&world, "game/all/all", &scores).await;
    let card =
        |name: &str, avatar: Value| json!({ "username": name, "avatar": avatar, "games_played": 3, "games_won": 1 });
    let cards = [
        (CROWD, card("ada", json!("avatars/1/me.png"))),
        (CROWD + 1, card("bob", json!(null))),
        (CROWD + 2, card("cyd", json!(null))),
        (CROWD + 3, card("dan", json!(null))),
    ];
    give_cards(&world, "game/all/all", &cards).await;
    let row = |id: u64, name: &str, avatar: Value, score: i64, rank: i64| {
        json!({
            "id": id, "username": name, "avatar": avatar, "score": score, "rank": rank,
            "games_played": 3, "games_won": 1,
        })
    };
    // The one whom the board does not know by name yet takes a rank, and no row.
    let expected = [
        row(CROWD + 1, "bob", json!(null), 9, 1),
        row(CROWD + 2, "cyd", json!(null), 9, 1),
        row(CROWD, "ada", json!("/media/avatars/1/me.png"), 5, 4),
        row(CROWD + 3, "dan", json!(null), -4, 5),
    ];
    for path in ["/users/leaderboard/", "/users/leaderboard", "/users/leaderboard/?limit=1000&offset=0"] {
        world.visitor().get(path).await.is(200, json!(expected));
    }
    world.visitor().get("/users/leaderboard/?limit=2&offset=1").await.is(200, json!(expected[1..2]));
    world.visitor().get("/users/leaderboard/?offset=3").await.is(200, json!(expected[2..]));
    world.visitor().get("/users/leaderboard/?offset=5").await.is(200, json!([]));
}

#[tokio::test]
async fn the_list_ends_at_the_thousandth_row() {
    let world = World::new().await;
    let scores: Vec<_> = (0..1_004).map(|number| (CROWD + number, 2_000 - number as i64 / 2)).collect();
    fill(&world, "game/all/all", &scores).await;
    let card = json!({ "username": "ada", "avatar": null, "games_played": 0, "games_won": 0 });
    let cards: Vec<_> = scores.iter().map(|(member, _)| (*member, card.clone())).collect();
    give_cards(&world, "game/all/all", &cards).await;
    let ids = async |query: &str| {
        let rows = world.visitor().get(&format!("/users/leaderboard/{query}")).await.assert(200).json();
        rows.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap() - CROWD).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, (0..1_000).collect::<Vec<_>>());
    assert_eq!(ids("?limit=1000&offset=990").await, (990..1_000).collect::<Vec<_>>());
    assert_eq!(ids("?offset=7").await, (7..107).collect::<Vec<_>>());
    assert_eq!(ids("?limit=3").await, [0, 1, 2]);
    let last = world.visitor().get("/users/leaderboard/?limit=1&offset=999").await.json();
    assert_eq!((&last[0]["rank"], &last[0]["score"]), (&json!(999), &json!(1_501)));
}
