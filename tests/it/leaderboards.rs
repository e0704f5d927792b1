//! The game's leaderboard: order, ranks, windows.

use serde_json::{Value, json};

use crate::world::World;

fn ranks(rows: &Value) -> Vec<(String, i64, i64)> {
    let rows = rows.as_array().expect("a list").iter();
    let row = |row: &Value| {
        (row["username"].as_str().unwrap().to_owned(), row["score"].as_i64().unwrap(), row["rank"].as_i64().unwrap())
    };
    rows.map(row).collect()
}

#[tokio::test]
async fn the_best_come_first_and_equal_scores_share_a_rank() {
    let world = World::new().await;
    for (name, score) in [("ada", 7), ("bob", -3), ("cyd", 7), ("dan", 9), ("eve", 0)] {
        world.member(name).await.score(score).await;
    }
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
    world.settle().await;
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
    let row = world.visitor().get("/users/leaderboard/").await.json()[0].clone();
    assert_eq!((&row["username"], &row["avatar"]), (&json!("countess"), &url["avatar_url"]));
    ada.patch(&ada.profile(), json!({ "deactivate": true })).await.assert(200);
    // A score written meanwhile does not bring them back.
    ada.score(50).await;
    assert_eq!(ranks(&world.visitor().get("/users/leaderboard/").await.json()), [("bob".to_owned(), 0, 1)]);
    bob.delete(&bob.profile()).await.assert(200);
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json(), json!([]));
    world.settle().await;
}
