//! Following: at once or by consent, counted exactly, undone without a trace.

use http::Method;
use serde_json::json;
use shared::visibility::Audience;

use super::{counters, hide, kept, member, names, tell, wants_to_be_asked};
use crate::world::World;

#[tokio::test]
async fn a_follow_takes_hold_at_once_and_the_second_time_nothing_changes() {
    let world = World::new().await;
    let (ada, bob) = (member(&world, "ada").await, member(&world, "Bob").await);
    let followed = json!({ "requested": false, "followed": true });
    tell(&ada, "follow", &bob).await.is(201, followed.clone());
    tell(&ada, "follow", &bob).await.is(200, followed);
    assert_eq!((counters(&world, &ada).await, counters(&world, &bob).await), ((0, 1), (1, 0)));
    assert_eq!(kept(&world, &ada, "ACTION#").len(), 1);
    let state = json!({ "following": true, "requested": false });
    ada.get("/api/is-following/?username=bob").await.is(200, state);
    let not = json!({ "following": false, "requested": false });
    bob.get("/api/is-following?username=ADA").await.is(200, not.clone());
    let shown = json!({ "id": ada.id(), "username": "ada", "profile_filename": null });
    let page = json!({ "count": 1, "next": null, "previous": null, "results": [shown] });
    world.visitor().get("/api/followers/?username=bob").await.is(200, page);
    let page = world.visitor().get("/api/following/?username=ada").await.assert(200).json();
    assert_eq!((names(&page), &page["count"]), (vec!["Bob"], &json!(1)));

    let done = tell(&ada, "unfollow", &bob).await.assert(201);
    assert!(done.body.is_empty());
    tell(&ada, "unfollow", &bob).await.assert(204);
    assert_eq!((counters(&world, &ada).await, counters(&world, &bob).await), ((0, 0), (0, 0)));
    assert_eq!(kept(&world, &ada, "ACTION#").len() + kept(&world, &ada, "FOLLOWS#").len(), 0);
    ada.get("/api/is-following/?username=bob").await.is(200, not);
    world.settle().await;
}

#[tokio::test]
async fn who_wants_to_be_asked_lets_in_or_not() {
    let world = World::new().await;
    let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
    wants_to_be_asked(&bob).await;
    let asked = json!({ "requested": true, "followed": false });
    tell(&ada, "follow", &bob).await.is(201, asked.clone());
    tell(&ada, "follow", &bob).await.is(200, asked.clone());
    tell(&cy, "follow", &bob).await.is(201, asked.clone());
    assert_eq!((counters(&world, &ada).await, counters(&world, &bob).await), ((0, 0), (0, 0)));
    ada.get("/api/is-following/?username=bob").await.is(200, json!({ "following": false, "requested": true }));
    bob.get("/api/follow-request-number/").await.is(200, json!(2));
    let page = bob.get("/api/follow-requests/").await.assert(200).json();
    assert_eq!((names(&page), &page["count"]), (vec!["ada", "cy"], &json!(2)));
    assert_eq!(names(&ada.get("/api/follow-requests/").await.json()), [""; 0]);

    // Only who was asked answers.
    tell(&cy, "approve-follow-request", &ada).await.assert(204);
    tell(&bob, "approve-follow-request", &ada).await.is(201, json!({ "requested": false, "followed": true }));
    tell(&bob, "approve-follow-request", &ada).await.assert(204);
    assert_eq!((counters(&world, &ada).await, counters(&world, &bob).await), ((0, 1), (1, 0)));
    // Who is turned away is not told, and may ask again.
    tell(&bob, "reject-follow-request", &cy).await.assert(204);
    tell(&bob, "reject-follow-request", &cy).await.assert(204);
    cy.get("/api/is-following/?username=bob").await.is(200, json!({ "following": false, "requested": false }));
    tell(&cy, "follow", &bob).await.is(201, asked.clone());
    // Taken back by who asked.
    tell(&cy, "unfollow", &bob).await.assert(201);
    tell(&cy, "unfollow", &bob).await.assert(204);
    bob.get("/api/follow-request-number").await.is(200, json!(0));
    // What is pending stays so, until whoever asked follows again.
    tell(&cy, "follow", &bob).await.is(201, asked);
    let edit = json!({ "follow_approval_required": false });
    bob.patch(&format!("/api/users/{}/", bob.id()), edit).await.assert(200);
    bob.get("/api/follow-request-number/").await.is(200, json!(1));
    tell(&cy, "follow", &bob).await.is(201, json!({ "requested": false, "followed": true }));
    bob.get("/api/follow-request-number/").await.is(200, json!(0));
    assert_eq!(counters(&world, &bob).await, (2, 0));
    world.settle().await;
}

#[tokio::test]
async fn who_is_not_there_cannot_be_followed_nor_can_oneself() {
    let world = World::new().await;
    let (ada, bob) = (member(&world, "ada").await, member(&world, "bob").await);
    let absent = json!({ "detail": "Not found." });
    let routes = ["follow", "unfollow", "approve-follow-request", "reject-follow-request", "block", "unblock"];
    for route in routes {
        let path = format!("/api/{route}/");
        for body in [
            json!({}),
            json!({ "user_id": 999_999 }),
            json!({ "user_id": null }),
            json!({ "user_id": "x" }),
            json!({ "user_id": "07" }),
            json!({ "user_id": -1 }),
            json!({ "user_id": [1] }),
        ] {
            ada.post(&path, body).await.is(404, absent.clone());
        }
        world.visitor().post(&path, json!({ "user_id": bob.id() })).await.assert(401);
        let unreadable = ada.send(Method::POST, &path, &[("content-type", "application/json")], "{").await.assert(400);
        assert!(unreadable.json()["detail"].as_str().unwrap().starts_with("JSON parse error - "));
        ada.get(&path).await.is(405, json!({ "detail": "Method \"GET\" not allowed." }));
    }
    for route in ["follow", "block"] {
        tell(&ada, route, &ada).await.is(400, json!({ "detail": "This is yourself." }));
    }
    // Clients write ids as text, too; and forms are as good as JSON.
    ada.post("/api/follow", json!({ "user_id": bob.id().to_string() })).await.assert(201);
    ada.fill("/api/unfollow/", &[("user_id", &bob.id().to_string())]).await.assert(201);
    world.ban(&bob).await;
    tell(&ada, "follow", &bob).await.is(404, absent.clone());
    for path in ["/api/is-following/", "/api/is-following/?username=nobody", "/api/is-blocked/?username=nobody"] {
        ada.get(path).await.is(404, absent.clone());
    }
    world.settle().await;
}

#[tokio::test]
async fn lists_are_shown_to_whoever_may_see_the_member() {
    let world = World::new().await;
    let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
    tell(&bob, "follow", &ada).await.assert(201);
    let lists = ["followers", "following", "user-skills"];
    for list in lists {
        for query in ["", "?username=nobody", "?username=", "?username=%00"] {
            ada.get(&format!("/api/{list}/{query}")).await.is(404, json!({ "detail": "Not found." }));
        }
    }
    let statuses = async |list: &str| {
        let path = format!("/api/{list}/?username=ada");
        let mut statuses = Vec::new();
        for caller in [&world.visitor(), &cy, &bob, &ada] {
            statuses.push(caller.get(&path).await.status.as_u16());
        }
        statuses
    };
    for (audience, expected) in [
        (Audience::Everyone, [200; 4]),
        (Audience::Members, [401, 200, 200, 200]),
        (Audience::Followers, [401, 403, 200, 200]),
        (Audience::Owner, [401, 403, 403, 200]),
    ] {
        hide(&world, &ada, audience).await;
        for list in lists {
            assert_eq!(statuses(list).await, expected, "{list} {audience:?}");
        }
    }
    let told = world.visitor().get("/api/followers/?username=ada").await;
    told.is(401, json!({ "detail": "Authentication credentials were not provided." }));
    let told = cy.get("/api/followers/?username=ada").await;
    told.is(403, json!({ "detail": "You do not have permission to perform this action." }));
    world.settle().await;
}

#[tokio::test]
async fn lists_are_in_the_order_of_names_page_after_page_and_without_who_is_out() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let mut fans = Vec::new();
    for name in ["Zoe", "bea", "Carl", "dora", "emil", "fay"] {
        let fan = member(&world, name).await;
        tell(&fan, "follow", &ada).await.assert(201);
        fans.push(fan);
    }
    let page = async |query: &str| {
        world.visitor().get(&format!("/api/followers/?username=ada{query}")).await.assert(200).json()
    };
    assert_eq!(names(&page("").await), ["bea", "Carl", "dora", "emil", "fay", "Zoe"]);
    let first = page("&page_size=4").await;
    assert_eq!((names(&first), &first["count"]), (vec!["bea", "Carl", "dora", "emil"], &json!(6)));
    let next = first["next"].as_str().unwrap().trim_start_matches("http://guildhall.test");
    assert_eq!(names(&world.visitor().get(next).await.assert(200).json()), ["fay", "Zoe"]);
    for by_number in ["&page_size=4&page=2", "&page_size=2&page=3&other=1"] {
        let page = page(by_number).await;
        assert_eq!(names(&page), ["fay", "Zoe"]);
        assert!(page["previous"].is_string());
    }
    for query in ["&page=0", "&page=x", "&page=9"] {
        let lost = world.visitor().get(&format!("/api/followers/?username=ada{query}")).await;
        lost.is(404, json!({ "detail": "Invalid page." }));
    }
    // Who is barred, and with whom there is a block, is not shown.
    world.ban(&fans[1]).await;
    world.block(&fans[2], &fans[3]).await;
    assert_eq!(names(&page("").await), ["Carl", "dora", "emil", "fay", "Zoe"]);
    let seen = fans[3].get("/api/followers/?username=ada").await.assert(200).json();
    assert_eq!(names(&seen), ["dora", "emil", "fay", "Zoe"]);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_follow_and_unfollow_at_once_the_counters_are_exact() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let mut fans = Vec::new();
    for number in 0..8 {
        fans.push(member(&world, &format!("fan{number}")).await);
    }
    let mut running = tokio::task::JoinSet::new();
    for (number, fan) in fans.iter().enumerate() {
        for turn in 0..6 {
            let (fan, ada) = (fan.clone(), ada.clone());
            let route = match (number + turn) % 5 {
                0 => "unfollow",
                1 if number % 2 == 0 => "block",
                2 if number % 2 == 0 => "unblock",
                _ => "follow",
            };
            running.spawn(async move { tell(&fan, route, &ada).await });
        }
    }
    while let Some(reply) = running.join_next().await {
        let reply = reply.unwrap();
        assert!([200, 201, 204, 403, 409].contains(&reply.status.as_u16()), "{}", reply.text());
    }
    let mut follow = 0;
    for fan in &fans {
        let follows = kept(&world, fan, "FOLLOWS#").len();
        assert_eq!(kept(&world, fan, "ACTION#").len(), follows, "an action for each that holds");
        assert_eq!(counters(&world, fan).await, (0, follows as i64));
        assert!(follows == 0 || kept(&world, fan, "BLOCKS#").is_empty());
        follow += follows as i64;
    }
    assert_eq!(counters(&world, &ada).await, (follow, 0));
    world.settle().await;
}
