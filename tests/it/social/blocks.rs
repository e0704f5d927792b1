//! Blocking: what it ends, what it forbids, and what stays ended after it.

use serde_json::json;

use super::{counters, kept, member, names, tell, wants_to_be_asked};
use crate::world::World;

#[tokio::test]
async fn a_block_ends_following_both_ways_and_forbids_it() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    tell(&ada, "follow", &eve).await.assert(201);
    tell(&eve, "follow", &ada).await.assert(201);
    let done = tell(&ada, "block", &eve).await.assert(201);
    assert!(done.body.is_empty());
    tell(&ada, "block", &eve).await.assert(204);
    assert_eq!((counters(&world, &ada).await, counters(&world, &eve).await), ((0, 0), (0, 0)));
    for (member, begins) in [(&ada, "FOLLOWS#"), (&ada, "ACTION#"), (&eve, "FOLLOWS#"), (&eve, "ACTION#")] {
        assert!(kept(&world, member, begins).is_empty(), "{begins}");
    }
    let forbidden = json!({ "detail": "You do not have permission to perform this action." });
    tell(&ada, "follow", &eve).await.is(403, forbidden.clone());
    tell(&eve, "follow", &ada).await.is(403, forbidden.clone());
    eve.get("/api/followers/?username=ada").await.is(403, forbidden);
    // One tells of one's own blocks only.
    ada.get("/api/is-blocked/?username=eve").await.is(200, json!(true));
    eve.get("/api/is-blocked/?username=ada").await.is(200, json!(false));
    ada.get("/api/is-blocked/").await.is(200, json!(false));
    world.visitor().get("/api/is-blocked/").await.assert(401);
    let shown = json!({ "id": eve.id(), "username": "eve", "profile_filename": null });
    let page = json!({ "count": 1, "next": null, "previous": null, "results": [shown] });
    ada.get("/api/blocked-users/").await.is(200, page);
    assert_eq!(names(&eve.get("/api/blocked-users/").await.json()), [""; 0]);

    let done = tell(&ada, "unblock", &eve).await.assert(201);
    assert!(done.body.is_empty());
    tell(&ada, "unblock", &eve).await.assert(204);
    eve.get("/api/is-following/?username=ada").await.is(200, json!({ "following": false, "requested": false }));
    tell(&eve, "follow", &ada).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn a_block_takes_requests_with_it_both_ways() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    wants_to_be_asked(&ada).await;
    wants_to_be_asked(&eve).await;
    tell(&ada, "follow", &eve).await.assert(201);
    tell(&eve, "follow", &ada).await.assert(201);
    tell(&eve, "block", &ada).await.assert(201);
    for member in [&ada, &eve] {
        member.get("/api/follow-request-number/").await.is(200, json!(0));
        assert!(kept(&world, member, "ASKS#").is_empty());
    }
    tell(&ada, "approve-follow-request", &eve).await.assert(204);
    assert_eq!(counters(&world, &ada).await, (0, 0));
    world.settle().await;
}

#[tokio::test]
async fn both_may_block_and_each_takes_back_their_own() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    tell(&ada, "block", &eve).await.assert(201);
    tell(&eve, "block", &ada).await.assert(201);
    tell(&ada, "unblock", &eve).await.assert(201);
    tell(&ada, "follow", &eve).await.assert(403);
    tell(&eve, "unblock", &ada).await.assert(201);
    tell(&ada, "follow", &eve).await.assert(201);
    world.settle().await;
}
