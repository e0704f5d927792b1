//! The house's own routes to the boards.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};
use shared::boards::{Board, close};
use shared::ids::MemberId;
use shared::model::relation::Follow;
use shared::visibility::Audience;

use super::{change, crowd, fill, hide, remove, writer};
use crate::world::{Person, World};

/// Each row's member, score and both of its ranks.
fn rows(view: &Value) -> Vec<(u64, i64, i64, i64)> {
    let number = |value: &Value| value.as_i64().unwrap();
    let row = |row: &Value| {
        let member = row["member"]["id"].as_u64().unwrap();
        (member, number(&row["score"]), number(&row["rank"]), number(&row["dense_rank"]))
    };
    view["rows"].as_array().expect("a list").iter().map(row).collect()
}

fn members(view: &Value) -> Vec<u64> {
    rows(view).into_iter().map(|row| row.0).collect()
}

async fn get(caller: &Person, path: &str) -> Value {
    caller.get(&format!("/v1/boards/{path}")).await.assert(200).json()
}

#[tokio::test]
async fn a_board_is_read_to_its_end_by_cursors() {
    let world = World::new().await;
    let crowd = crowd(&world, 35).await;
    let scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 100 - number / 3)).collect();
    fill(&world, "training/all/week-2026-W05", &scores).await;
    let visitor = world.visitor();
    let first = get(&visitor, "training?period=week&limit=2").await;
    assert_eq!(
        first,
        json!({
            "board": "training", "period": "week-2026-W05", "closed": false, "members": 35, "scores": 12,
            "rows": [
                { "rank": 1, "dense_rank": 1, "member": { "id": crowd[0], "username": "player-0000" }, "score": 100 },
                { "rank": 1, "dense_rank": 1, "member": { "id": crowd[1], "username": "player-0001" }, "score": 100 },
            ],
            "next": first["next"],
        })
    );
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&visitor, &format!("training/?period=week-2026-W05&limit=10{cursor}")).await;
        seen.extend(rows(&page));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected =
        (0..35).map(|place| (crowd[place], 100 - place as i64 / 3, place as i64 / 3 * 3 + 1, place as i64 / 3 + 1));
    assert_eq!(seen, expected.collect::<Vec<_>>());
    assert_eq!(rows(&get(&visitor, "training?period=week").await).len(), 20);
    assert_eq!(rows(&get(&visitor, "training?period=week&limit=100").await).len(), 35);

    // A cursor leads nowhere but on in its own board, and to whoever has it.
    let next = first["next"].as_str().unwrap();
    fill(&world, "training/all/month-2026-01", &scores).await;
    fill(&world, "xp/all/week-2026-W05", &scores).await;
    let ada = world.member("ada").await;
    assert_eq!(members(&get(&ada, &format!("training?period=week&limit=1&cursor={next}")).await), crowd[2..3]);
    for other in ["training?period=month", "training?period=year", "training?", "xp?period=week", "game?"] {
        let refused = visitor.get(&format!("/v1/boards/{other}&cursor={next}")).await.assert(422).json();
        assert_eq!(refused["errors"]["cursor"], json!(["This cursor does not belong to this list."]), "{other}");
    }
    for broken in ["x", "", &next[1..], &format!("{next}A")] {
        visitor.get(&format!("/v1/boards/training?period=week&cursor={broken}")).await.assert(422);
    }
    // When the week is over, `week` is another board, and the old one is still there by its name.
    world.wait(Duration::days(2));
    visitor.get(&format!("/v1/boards/training?period=week&cursor={next}")).await.assert(422);
    let old = get(&visitor, &format!("training?period=week-2026-W05&limit=3&cursor={next}")).await;
    assert_eq!((members(&old), &old["closed"]), (crowd[2..5].to_vec(), &json!(true)));
    world.settle().await;
}

#[tokio::test]
async fn what_is_no_board_no_period_or_no_number_is_refused() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let empty = json!({
        "board": "game", "period": "all", "closed": false, "members": 0, "scores": 0, "rows": [], "next": null,
    });
    for path in ["game", "game?period=all", "game?period="] {
        ada.get(&format!("/v1/boards/{path}")).await.is(200, empty.clone());
    }
    ada.get("/v1/boards/game/around-me").await.is(200, empty.clone());
    ada.get("/v1/boards/game/following").await.is(200, empty);
    for name in ["training", "xp", "swaps", "reviews"] {
        assert_eq!(get(&ada, &format!("{name}?period=year")).await["period"], "year-2026");
    }
    for path in
        ["games", "Game", "game%2Fall", "x", "games/around-me", "games/following", "games/final", "games/members/1"]
    {
        let refused = ada.get(&format!("/v1/boards/{path}")).await.assert(404);
        assert_eq!(refused.header("content-type"), "application/problem+json", "{path}");
    }
    for member in ["0", "-1", "x", "01", "9007199254740992", "1.5"] {
        ada.get(&format!("/v1/boards/game/members/{member}")).await.assert(404);
    }
    for period in ["day", "week-2026-W54", "week-2026-w05", "month-2026-13", "month-2026-1", "year-26", "All", "%00"] {
        for route in ["", "/around-me", "/following", "/final", "/members/1"] {
            let refused = ada.get(&format!("/v1/boards/game{route}?period={period}")).await.assert(422).json();
            assert!(refused["errors"]["period"].is_array(), "{refused}");
        }
    }
    for query in ["?limit=0", "?limit=101", "?limit=-1", "/around-me?above=51", "/around-me?below=-1"] {
        let refused = ada.get(&format!("/v1/boards/game{query}")).await.assert(422).json();
        assert_eq!(refused["code"], "invalid", "{query}");
    }
    for query in ["?limit=x", "?limit=", "?limit=99999999999999999999", "/around-me?above=x", "?limit=1&limit=2"] {
        ada.get(&format!("/v1/boards/game{query}")).await.assert(400);
    }
    for route in ["around-me", "following"] {
        world.visitor().get(&format!("/v1/boards/game/{route}")).await.assert(401);
    }
    ada.send(Method::POST, "/v1/boards/game", &[], "").await.assert(405);
    world.settle().await;
}

#[tokio::test]
async fn callers_see_those_around_them() {
    let world = World::new().await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    let crowd = crowd(&world, 30).await;
    let mut scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 100 - number)).collect();
    // Behind the one with the same score.
    scores.push((ada.id(), 90));
    fill(&world, "game/all/all", &scores).await;
    let usual = get(&ada, "game/around-me").await;
    assert_eq!((&usual["members"], &usual["scores"], &usual["next"]), (&json!(31), &json!(30), &Value::Null));
    let line = |place: usize, skipped: i64| {
        let place_before = place as i64;
        (crowd[place], 100 - place_before, place_before + 1 + skipped, place_before + 1)
    };
    let mut expected: Vec<_> = (6..11).map(|place| line(place, 0)).collect();
    expected.push((ada.id(), 90, 11, 11));
    expected.extend((11..16).map(|place| line(place, 1)));
    assert_eq!(rows(&usual), expected);
    assert_eq!(rows(&get(&ada, "game/around-me?above=0&below=0").await), [(ada.id(), 90, 11, 11)]);
    assert_eq!(members(&get(&ada, "game/around-me?above=1&below=0").await), [crowd[10], ada.id()]);
    assert_eq!(members(&get(&ada, "game/around-me?above=50&below=50").await).len(), 31);
    // Whoever is not on the board has nobody around them.
    assert_eq!(rows(&get(&eve, "game/around-me").await), []);
    assert_eq!(rows(&get(&ada, "game/around-me?period=week").await), []);
    world.settle().await;
}

#[tokio::test]
async fn anyone_may_ask_how_a_member_stands_whom_they_may_see() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let crowd = crowd(&world, 9).await;
    let mut scores: Vec<_> = crowd.iter().copied().zip([9, 9, 7, 6, 5, 4, 3, 2, 1]).collect();
    scores.push((ada.id(), 7));
    fill(&world, "game/all/all", &scores).await;
    let visitor = world.visitor();
    let standing = async |caller: &Person, member: u64| caller.get(&format!("/v1/boards/game/members/{member}")).await;
    standing(&visitor, ada.id()).await.is(
        200,
        json!({
            "member": { "id": ada.id(), "username": "ada" }, "score": 7, "rank": 3, "dense_rank": 2,
            "members": 10, "percentile": 80.0,
        }),
    );
    for (member, rank, percentile) in
        [(crowd[0], 1, 100.0), (crowd[1], 1, 100.0), (crowd[3], 5, 60.0), (crowd[8], 10, 10.0)]
    {
        let view = standing(&visitor, member).await.assert(200).json();
        assert_eq!((&view["rank"], &view["percentile"]), (&json!(rank), &json!(percentile)));
    }
    hide(&world, crowd[0], Audience::Members).await;
    hide(&world, crowd[1], Audience::Owner).await;
    change(&world, crowd[2], |account| account.set("banned", true)).await;
    change(&world, crowd[3], |account| account.set("active", false)).await;
    remove(&world, crowd[4]).await;
    world.block(&bob, &ada).await;
    for (caller, seen) in [(&visitor, [false, true]), (&ada, [true, true]), (&bob, [true, false])] {
        for (member, seen) in [crowd[0], ada.id()].into_iter().zip(seen) {
            let status = standing(caller, member).await.status.as_u16();
            assert_eq!(status, if seen { 200 } else { 404 }, "{} {member}", caller.name);
        }
        for member in [crowd[1], crowd[2], crowd[3], crowd[4], bob.id(), 4_711] {
            standing(caller, member).await.assert(404);
        }
    }
    visitor.get(&format!("/v1/boards/game/members/{}?period=week", ada.id())).await.assert(404);
    world.settle().await;
}

#[tokio::test]
async fn callers_see_how_those_stand_whom_they_follow() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let crowd = crowd(&world, 12).await;
    let mut scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 50 - number)).collect();
    scores.push((ada.id(), 45));
    scores.push((bob.id(), 44));
    fill(&world, "training/all/all", &scores).await;
    assert_eq!(rows(&get(&ada, "training/following").await), [(ada.id(), 45, 6, 6)]);
    let follow = async |followed: u64| {
        let (member, since) = (MemberId(ada.id()), world.clock.now());
        let (name, followed_name) = ("ada".to_owned(), format!("member{followed}"));
        let follow = Follow { member, followed: MemberId(followed), name, followed_name, action: None, since };
        world.app().table.put(&follow).await.unwrap();
    };
    // One of them is on no board, one hides from all but followers, one is banned, and one has blocked the caller.
    for followed in [crowd[9], crowd[2], crowd[3], crowd[4], bob.id(), 4_711] {
        follow(followed).await;
    }
    hide(&world, crowd[2], Audience::Followers).await;
    change(&world, crowd[3], |account| account.set("banned", true)).await;
    world.block(&bob, &ada).await;
    let view = get(&ada, "training/following").await;
    assert_eq!(rows(&view), [(crowd[2], 48, 3, 3), (crowd[4], 46, 5, 5), (ada.id(), 45, 6, 6), (crowd[9], 41, 12, 10)]);
    assert_eq!((&view["members"], &view["next"]), (&json!(14), &Value::Null));
    assert_eq!(members(&get(&bob, "training/following").await), [bob.id()]);
    assert!(members(&get(&world.member("eve").await, "training/following").await).is_empty());
    world.settle().await;
}

#[tokio::test]
async fn those_who_hide_or_are_out_leave_a_gap_in_the_rows_and_none_in_the_ranks() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let crowd = crowd(&world, 6).await;
    let all: Vec<u64> = [ada.id(), bob.id()].into_iter().chain(crowd.iter().copied()).collect();
    let scores: Vec<_> = all.iter().zip(0..).map(|(member, number)| (*member, 50 - number)).collect();
    fill(&world, "xp/all/all", &scores).await;
    world.block(&ada, &bob).await;
    hide(&world, crowd[0], Audience::Members).await;
    hide(&world, crowd[1], Audience::Owner).await;
    change(&world, crowd[2], |account| account.set("banned", true)).await;
    change(&world, crowd[3], |account| account.set("active", false)).await;
    remove(&world, crowd[4]).await;
    for (caller, shown) in [(&world.visitor(), vec![0, 1, 7]), (&ada, vec![0, 2, 7]), (&bob, vec![1, 2, 7])] {
        let expected: Vec<_> =
            shown.iter().map(|place| (all[*place], 50 - *place as i64, *place as i64 + 1, *place as i64 + 1)).collect();
        assert_eq!(rows(&get(caller, "xp").await), expected, "{}", caller.name);
        if caller.name != "visitor" {
            assert_eq!(rows(&get(caller, "xp/around-me?above=50&below=50").await), expected, "{}", caller.name);
        }
    }
    // A page may come out short, and still goes on.
    let page = get(&ada, "xp?limit=2").await;
    assert_eq!(members(&page), [ada.id()]);
    let next = page["next"].as_str().expect("more");
    assert_eq!(members(&get(&ada, &format!("xp?limit=2&cursor={next}")).await), [crowd[0]]);
    world.settle().await;
}

#[tokio::test]
async fn whoever_has_an_answer_is_not_sent_it_again() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let crowd = crowd(&world, 3).await;
    let board = "game/all/week-2026-W05";
    let scores = [(crowd[0], 9), (ada.id(), 7)];
    fill(&world, board, &scores).await;
    let member = format!("members/{}?", ada.id());
    let paths =
        ["?", "around-me?", &member, "following?"].map(|path| format!("/v1/boards/game/{path}&period=week-2026-W05"));
    let mut tags = Vec::new();
    for path in &paths {
        let reply = ada.get(path).await.assert(200);
        let tag = reply.header("etag").to_owned();
        assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        assert_eq!(reply.header("cache-control"), "private, no-cache");
        for kept in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let spared = ada.send(Method::GET, path, &[("if-none-match", &kept)], "").await.assert(304);
            assert_eq!((spared.text().as_str(), spared.header("etag")), ("", tag.as_str()), "{path} {kept}");
            assert_eq!(spared.header("content-type"), "");
        }
        for other in ["\"x\"", tag.trim_matches('"'), ""] {
            let whole = ada.send(Method::GET, path, &[("if-none-match", other)], "").await.assert(200);
            assert_eq!(whole.text(), reply.text());
        }
        tags.push(tag);
    }
    // What changes has another tag, and so has what another caller sees.
    world.block(&ada, &world.member("bob").await).await;
    fill(&world, board, &[(crowd[0], 9), (ada.id(), 7), (crowd[1], 8)]).await;
    for (path, tag) in paths.iter().zip(&tags) {
        let changed = ada.send(Method::GET, path, &[("if-none-match", tag)], "").await.assert(200);
        assert_ne!(changed.header("etag"), tag, "{path}");
    }
    hide(&world, crowd[0], Audience::Members).await;
    let tag = ada.get(&paths[0]).await.assert(200).header("etag").to_owned();
    world.visitor().send(Method::GET, &paths[0], &[("if-none-match", &tag)], "").await.assert(200);
    // A refusal is no answer that anybody could have kept.
    let refused = world.visitor().send(Method::GET, &paths[1], &[("if-none-match", "*")], "").await.assert(401);
    assert_eq!(refused.header("etag"), "");
    world.wait(Duration::days(2));
    let path = "/v1/boards/game/final?period=week-2026-W05";
    let tag = ada.elsewhere().get(path).await.assert(200).header("etag").to_owned();
    ada.elsewhere().send(Method::GET, path, &[("if-none-match", &tag)], "").await.assert(304);
    world.settle().await;
}

#[tokio::test]
async fn how_a_board_ended_stays() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let crowd = crowd(&world, 110).await;
    let (text, path) = ("swaps/all/week-2026-W05", "swaps/final?period=week-2026-W05");
    let mut scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 1_000 - number / 2)).collect();
    scores.push((ada.id(), 3));
    scores.push((bob.id(), 2_000));
    fill(&world, text, &scores).await;
    for period in ["", "period=all", "period=week", "period=month-2026-01", "period=week-2026-W05", "period=year-2026"]
    {
        let refused = ada.get(&format!("/v1/boards/swaps/final?{period}")).await.assert(422).json();
        let sentence = "Send an exact period that is over, such as week-2026-W47.";
        assert_eq!(refused["errors"], json!({ "period": [sentence] }), "{period}");
    }
    world.wait(Duration::days(2));
    let visitor = world.visitor();
    // Between the end and the count.
    let nothing = json!({ "board": "swaps", "period": "week-2026-W05", "rows": [], "me": null });
    assert_eq!(get(&visitor, path).await, nothing);
    let board: Board = text.parse().unwrap();
    close::close(&writer(&world), board.period, world.clock.now() + Duration::hours(1), std::time::Duration::ZERO)
        .await
        .unwrap();
    let view = get(&visitor, path).await;
    let all: Vec<u64> = [bob.id()].into_iter().chain(crowd[..99].iter().copied()).collect();
    assert_eq!((members(&view), &view["me"]), (all, &Value::Null));
    assert_eq!(
        rows(&view)[..4],
        [(bob.id(), 2_000, 1, 1), (crowd[0], 1_000, 2, 2), (crowd[1], 1_000, 2, 2), (crowd[2], 999, 4, 3)]
    );
    // Callers learn of their own end, however far down.
    world.block(&ada, &bob).await;
    let token = world.enter(&ada).await;
    let view = get(&ada.bearing(&token), path).await;
    assert_eq!(view["me"], json!({ "rank": 112, "dense_rank": 57, "score": 3 }));
    // Whoever may not be seen is left out of the past, too.
    change(&world, crowd[0], |account| account.set("banned", true)).await;
    assert_eq!(members(&get(&ada.bearing(&token), path).await), crowd[1..99]);
    // A board that nobody was on has ended, too.
    assert_eq!(get(&visitor, "xp/final?period=week-2026-W05").await["rows"], json!([]));
    world.settle().await;
}
