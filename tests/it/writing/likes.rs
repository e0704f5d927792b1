//! Likes: one per member and thing, counted exactly whatever happens at once.

use serde_json::{Value, json};
use shared::ids::PostId;
use shared::model::thing::{Kind, Thing};
use shared::store::{Change, keys};
use shared::visibility::Audience;

use super::{
    COMMENT, MEMBER, PLAN, POST, WORKOUT, comment, counted, forbidden, member, not_found, post, put_foreign,
    show_profile_to, toggle, unknown_caller,
};
use crate::world::{Fault, Person, World};

async fn likes(by: &Person, post: u64) -> i64 {
    by.get(&super::path(post)).await.json()["likes"].as_i64().unwrap()
}

async fn liked(by: &Person, content_type: u64, id: u64) -> Value {
    let path = format!("/api/user-liked/?content_type_id={content_type}&object_id={id}");
    by.get(&path).await.assert(200).json()
}

#[tokio::test]
async fn a_like_is_put_on_and_taken_off() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let id = post(&ada, "x").await;
    assert_eq!(liked(&eve, POST, id).await, false);
    toggle(&eve, POST, id).await.assert(204);
    toggle(&ada, POST, id).await.assert(204);
    assert_eq!((liked(&eve, POST, id).await, likes(&ada, id).await), (json!(true), 2));
    // Ids come as text, too.
    let as_text = json!({ "content_type_id": POST.to_string(), "object_id": id.to_string() });
    eve.post("/api/toggle-like/", as_text).await.assert(204);
    assert_eq!((liked(&eve, POST, id).await, likes(&ada, id).await), (json!(false), 1));
    world.settle().await;
}

#[tokio::test]
async fn what_cannot_be_liked_is_refused() {
    let world = World::new().await;
    let (ada, eve, bob) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "bob").await);
    let id = post(&ada, "x").await;
    let said = comment(&ada, POST, id, "x").await.json()["id"].as_u64().unwrap();
    toggle(&world.visitor(), POST, id).await.is(401, unknown_caller());
    for body in [
        json!({}),
        json!({ "content_type_id": 99, "object_id": 1 }),
        json!({ "object_id": id }),
        json!({ "content_type_id": "x", "object_id": id }),
        json!({ "content_type_id": POST }),
        json!({ "content_type_id": POST, "object_id": "x" }),
        json!({ "content_type_id": POST, "object_id": 9_999 }),
    ] {
        ada.post("/api/toggle-like/", body).await.is(404, not_found());
    }
    let refused = json!({ "content_type_id": ["Nothing of this kind can be liked."] });
    toggle(&ada, MEMBER, ada.id()).await.is(400, refused.clone());
    toggle(&ada, COMMENT, said).await.is(400, refused);
    for query in ["", "?content_type_id=99&object_id=1", "?object_id=1"] {
        ada.get(&format!("/api/user-liked/{query}")).await.is(404, not_found());
    }
    ada.get(&format!("/api/user-liked/?content_type_id={POST}")).await.is(200, json!(false));
    world.visitor().get(&format!("/api/user-liked/?content_type_id={POST}")).await.is(401, unknown_caller());
    // A block, either way; and whoever may see nothing hears nothing.
    toggle(&bob, POST, id).await.assert(204);
    world.block(&eve, &ada).await;
    world.block(&ada, &bob).await;
    toggle(&eve, POST, id).await.is(403, forbidden());
    // One's own like may be taken back all the same.
    toggle(&bob, POST, id).await.assert(204);
    toggle(&bob, POST, id).await.is(403, forbidden());
    show_profile_to(&ada, "f").await;
    toggle(&member(&world, "fay").await, POST, id).await.is(404, not_found());
    assert_eq!(likes(&ada, id).await, 0);
    world.settle().await;
}

#[tokio::test]
async fn things_of_slices_to_come_are_liked_by_those_who_may_see_them() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    put_foreign(&world, Kind::Workout, 7, Some(&ada), Some(Audience::Followers)).await;
    put_foreign(&world, Kind::Plan, 7, Some(&ada), None).await;
    toggle(&eve, WORKOUT, 7).await.is(404, not_found());
    toggle(&eve, PLAN, 7).await.assert(204);
    world.follow(&eve, &ada).await;
    toggle(&eve, WORKOUT, 7).await.assert(204);
    for kind in [Kind::Workout, Kind::Plan] {
        assert_eq!(counted(&world, Thing { kind, id: 7 }, "likes").await, 1, "{kind:?}");
    }
    world.settle().await;
    // They stand in streams already, and show nothing yet of what they are.
    let told = super::results(&ada, &format!("/api/target-stream/?content_type_id={WORKOUT}&object_id=7")).await;
    assert_eq!((told.len(), &told[0]["verb"], &told[0]["target_workout"]), (1, &json!("liked"), &Value::Null));
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_toggles_leave_an_exact_count() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(member(&world, &format!("member{number}")).await);
    }
    let id = post(&people[0], "busy").await;
    world.wire.fail_by_chance(20, 7);
    let toggles = (0..60).map(|number: usize| {
        let by = people[number % 5].clone();
        tokio::spawn(async move { toggle(&by, POST, id).await.status.as_u16() })
    });
    for status in toggles.collect::<Vec<_>>() {
        let status = status.await.unwrap();
        assert!([204, 409, 500].contains(&status), "{status}");
    }
    world.wire.mend();
    let mut fans = 0;
    for person in &people {
        fans += i64::from(liked(person, POST, id).await == json!(true));
    }
    assert_eq!(likes(&people[0], id).await, fans);
    world.settle().await;
    let told = super::results(&people[0], &format!("/api/target-stream/?content_type_id={POST}&object_id={id}")).await;
    assert_eq!(told.len() as i64, fans);
    let check = async || world.cloud.run_schedule("check-counts").await.unwrap().outcome.unwrap();
    assert_eq!(check().await, json!({ "job": "check-counts", "things": 1, "wrong": 0 }));
    let wrong = Change::of(keys::thing(PostId(id).into())).add("likes", 1);
    world.app().table.change::<Value>(wrong).await.unwrap();
    assert_eq!(check().await["wrong"], 1);
    world.settle().await;
}

#[tokio::test]
async fn a_like_whose_answer_was_lost_is_not_counted_twice() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let id = post(&ada, "x").await;
    for call in 0..6 {
        world.wire.fail(call, 1, Fault::AnswerLost);
        toggle(&ada, POST, id).await.assert(204);
        world.wire.mend();
        let is_liked = liked(&ada, POST, id).await == json!(true);
        assert_eq!((is_liked, likes(&ada, id).await), (call % 2 == 0, (call as i64 + 1) % 2), "call {call}");
    }
    world.settle().await;
}
