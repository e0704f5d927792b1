//! Whoever leaves is counted nowhere any more, and whoever asks is handed what is kept about them.

use local::Delivery;
use serde_json::{Value, json};

use super::{counters, kept, member, names, tell, wants_to_be_asked};
use crate::world::World;

#[tokio::test]
async fn those_who_stay_are_counted_exactly_when_others_leave() {
    for delivery in [Delivery::Once, Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, bob) = (member(&world, "ada").await, member(&world, "bob").await);
        let (cy, dan) = (member(&world, "cy").await, member(&world, "dan").await);
        for (fan, idol) in [(&ada, &bob), (&bob, &ada), (&cy, &bob), (&bob, &dan), (&ada, &cy), (&cy, &ada)] {
            tell(fan, "follow", idol).await.assert(201);
        }
        tell(&dan, "block", &ada).await.assert(201);
        wants_to_be_asked(&dan).await;
        tell(&cy, "follow", &dan).await.assert(201);
        world.cloud.settle(delivery).await;
        bob.delete(&format!("/api/users/{}/", bob.id())).await.assert(204);
        world.cloud.settle(delivery).await;
        world.cloud.settle(delivery).await;
        assert_eq!((counters(&world, &ada).await, counters(&world, &cy).await), ((1, 1), (1, 1)), "{delivery:?}");
        assert_eq!(counters(&world, &dan).await, (0, 0), "{delivery:?}");
        assert!(kept(&world, &bob, "").is_empty(), "{:?}", kept(&world, &bob, ""));
        // What told of it has gone, too: each has joined, and follows one.
        assert_eq!((kept(&world, &ada, "ACTION#").len(), kept(&world, &cy, "ACTION#").len()), (2, 2));
        // A request goes with whoever asked.
        cy.delete(&format!("/api/users/{}/", cy.id())).await.assert(204);
        world.cloud.settle(delivery).await;
        dan.get("/api/follow-request-number/").await.is(200, json!(0));
        assert_eq!(counters(&world, &ada).await, (0, 0), "{delivery:?}");
    }
}

#[tokio::test]
async fn a_member_is_handed_who_follows_them_and_what_they_reported() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    ada.keep("Authorization", &world.enter(&ada).await);
    let (bob, cy, dan) = (member(&world, "bob").await, member(&world, "cy").await, member(&world, "dan").await);
    tell(&bob, "follow", &ada).await.assert(201);
    wants_to_be_asked(&ada).await;
    wants_to_be_asked(&dan).await;
    tell(&cy, "follow", &ada).await.assert(201);
    tell(&ada, "follow", &dan).await.assert(201);
    tell(&ada, "follow", &bob).await.assert(201);
    let report = json!({ "description": "Rude.", "target_user": dan.id() });
    let report = ada.post("/api/reports/", report).await.assert(201).json();
    world.settle().await;
    let files = crate::personal_data::export(&world, &ada).await;
    let data: Value = serde_json::from_slice(&files["personal-data.json"]).unwrap();
    let listed =
        |key: &str| names(&json!({ "results": data[key] })).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!([listed("followers"), listed("following")], [["bob"], ["bob"]]);
    assert_eq!([listed("follow_requests"), listed("asked_to_follow")], [["cy"], ["dan"]]);
    let reported = json!([{
        "id": report["id"], "description": "Rude.", "date": "2026-01-31T08:15:00Z", "user": ada.id(), "state": "open",
        "about": [format!("member-{}", dan.id())],
    }]);
    assert_eq!(data["reports"], reported);
    let kinds: Vec<_> = data["notices"].as_array().unwrap().iter().map(|notice| notice["kind"].clone()).collect();
    assert_eq!(kinds, ["followed", "follow_asked"]);
    assert_eq!(data["userskills"], json!([]));
    world.settle().await;
}
