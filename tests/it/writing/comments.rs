//! Comments: on everything that can be commented on, counted there, and as visible as that.

use serde_json::{Value, json};
use shared::model::thing::{Kind, Thing};
use shared::visibility::Audience;

use super::{
    COMMENT, MEMBER, PLAN, POST, WORKOUT, comment, counted, forbidden, member, not_found, post, put_foreign, results,
    show_profile_to, unknown_caller,
};
use crate::world::{Person, World};

fn path(comment: &Value) -> String {
    format!("/api/comments/{}/", comment["id"])
}

async fn number(by: &Person, post: u64) -> i64 {
    by.get(&super::path(post)).await.json()["comment_number"].as_i64().unwrap()
}

#[tokio::test]
async fn a_comment_is_written_counted_changed_and_deleted() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let id = post(&ada, "hello").await;
    let body = json!({
        "text": "nice", "comment_target_content_type": POST, "comment_target_object_id": id.to_string(),
        "target_post": id, "target_plan": null, "date": "1999-01-01",
    });
    let written = eve.post("/api/comments/", body).await.assert(201).json();
    let whole = json!({
        "id": written["id"],
        "date": "2026-01-31T08:15:00Z",
        "edited_date": null,
        "user": { "id": eve.id(), "username": "eve", "profile_filename": null },
        "text": "nice",
        "comment_target_content_type": POST,
        "comment_target_object_id": id.to_string(),
        "target_plan": null,
        "target_workout": null,
        "target_post": id,
        "target_exercise": null,
        "target_user_bio_data": null,
    });
    assert_eq!(written, whole);
    world.visitor().get(&path(&written)).await.is(200, whole.clone());
    assert_eq!(number(&ada, id).await, 1);
    world.wait(chrono::Duration::seconds(90));
    let mut edit = whole.clone();
    edit["text"] = json!("very nice");
    edit["target_post"] = json!(999);
    let edited = eve.patch(&path(&written), edit).await.assert(200).json();
    assert_eq!((&edited["text"], &edited["target_post"]), (&json!("very nice"), &json!(id)));
    assert_eq!(edited["edited_date"], "2026-01-31T08:16:30Z");
    eve.put(&path(&written), json!({})).await.is(400, json!({ "text": ["This field is required."] }));
    eve.put(&path(&written), json!({ "text": "nice" })).await.assert(200);
    assert_eq!(number(&ada, id).await, 1);
    // Whoever owns what is commented on has no special right.
    for (caller, status, told) in [(&ada, 403, forbidden()), (&world.visitor(), 401, unknown_caller())] {
        caller.patch(&path(&written), json!({ "text": "x" })).await.is(status, told.clone());
        caller.put(&path(&written), json!({ "text": "x" })).await.is(status, told.clone());
        caller.delete(&path(&written)).await.is(status, told);
    }
    eve.delete(&path(&written)).await.assert(204);
    for _ in 0..2 {
        eve.delete(&path(&written)).await.is(404, not_found());
    }
    assert_eq!(number(&ada, id).await, 0);
    let own = comment(&eve, POST, id, "rude").await.assert(201).json();
    world.promote(&ada).await;
    ada.patch(&path(&own), json!({ "text": "polite" })).await.assert(200);
    ada.delete(&path(&own)).await.assert(204);
    assert_eq!(number(&ada, id).await, 0);
    world.settle().await;
}

#[tokio::test]
async fn what_there_is_not_cannot_be_commented_on() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let id = post(&ada, "hello").await;
    let own = comment(&ada, POST, id, "x").await.assert(201).json();
    let no_such = |id: &str| format!("Invalid pk \"{id}\" - object does not exist.");
    let (kind, object) = ("comment_target_content_type", "comment_target_object_id");
    let required = "This field is required.";
    for (body, told) in [
        (json!({}), json!({ "text": [required], kind: [required], object: [required] })),
        (
            json!({ "text": " ", kind: 99, object: "1" }),
            json!({ "text": ["This field may not be blank."], kind: [no_such("99")] }),
        ),
        (json!({ "text": "x", kind: POST, object: "9999" }), json!({ object: [no_such("9999")] })),
        (json!({ "text": "x", kind: POST, object: "x" }), json!({ object: [no_such("x")] })),
        (json!({ "text": "x", kind: COMMENT, object: own["id"] }), json!({ kind: [no_such("3")] })),
        (json!({ "text": "x", kind: "y", object: 1 }), json!({ kind: ["A valid integer is required."] })),
        (
            json!({ "text": "x", kind: POST, object: id, "target_plan": id }),
            json!({ "target_plan": ["This is not what the comment is about."] }),
        ),
        (
            json!({ "text": "x", kind: POST, object: id, "target_post": 1 }),
            json!({ "target_post": ["This is not what the comment is about."] }),
        ),
    ] {
        ada.post("/api/comments/", body).await.is(400, told);
    }
    comment(&world.visitor(), POST, id, "x").await.is(401, unknown_caller());
    world.visitor().get("/api/comments/7777/").await.is(404, not_found());
    assert_eq!(number(&ada, id).await, 1);
    world.settle().await;
}

#[tokio::test]
async fn everything_is_commented_on_by_those_who_may_see_it() {
    let world = World::new().await;
    let (ada, eve, bob) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "bob").await);
    world.follow(&bob, &ada).await;
    world.block(&ada, &eve).await;
    put_foreign(&world, Kind::Workout, 7, Some(&ada), Some(Audience::Followers)).await;
    put_foreign(&world, Kind::Plan, 7, Some(&ada), None).await;
    put_foreign(&world, Kind::Exercise, 7, None, None).await;
    put_foreign(&world, Kind::Measurement, 7, Some(&ada), Some(Audience::Owner)).await;
    let (exercise, measurement) = (6, 7);
    let unseen = json!({ "comment_target_object_id": ["Invalid pk \"7\" - object does not exist."] });
    let fay = member(&world, "fay").await;
    comment(&fay, WORKOUT, 7, "x").await.is(400, unseen.clone());
    comment(&bob, measurement, 7, "x").await.is(400, unseen);
    for kind in [WORKOUT, PLAN, measurement, MEMBER] {
        let id = if kind == MEMBER { ada.id() } else { 7 };
        comment(&eve, kind, id, "x").await.is(403, forbidden());
    }
    for (by, kind) in [(&bob, WORKOUT), (&fay, PLAN), (&eve, exercise), (&ada, measurement)] {
        comment(by, kind, 7, "x").await.assert(201);
    }
    let check = world.cloud.run_schedule("check-counts").await.unwrap().outcome.unwrap();
    assert_eq!(check, json!({ "job": "check-counts", "things": 4, "wrong": 0 }));
    for kind in [Kind::Workout, Kind::Plan, Kind::Exercise, Kind::Measurement] {
        assert_eq!(counted(&world, Thing { kind, id: 7 }, "comments").await, 1, "{kind:?}");
    }
    // Members count nothing.
    comment(&bob, MEMBER, ada.id(), "x").await.assert(201);
    comment(&bob, MEMBER, 4_242, "x").await.assert(400);
    let shown = async |viewer: &Person| -> Vec<u64> {
        let all = results(viewer, "/api/comments/").await;
        all.iter().map(|comment| comment["comment_target_content_type"].as_u64().unwrap()).collect()
    };
    assert_eq!(shown(&ada).await, [WORKOUT, PLAN, measurement, MEMBER]);
    assert_eq!(shown(&bob).await, [WORKOUT, PLAN, exercise, MEMBER]);
    assert_eq!(shown(&fay).await, [PLAN, exercise, MEMBER]);
    assert_eq!(shown(&eve).await, [exercise]);
    assert_eq!(shown(&world.visitor()).await, [PLAN, exercise, MEMBER]);
    assert_eq!(results(&ada, "/api/comments/?user__username=bob").await.len(), 2);
    assert_eq!(results(&ada, "/api/comments/?user__username=nobody").await.len(), 0);
    show_profile_to(&ada, "u").await;
    assert_eq!(shown(&fay).await, [PLAN, exercise]);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn comments_at_once_all_count_and_a_deletion_counts_once() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let id = post(&ada, "busy").await;
    let running: Vec<_> = (0..12)
        .map(|number| {
            let ada = ada.clone();
            tokio::spawn(async move { comment(&ada, POST, id, &format!("{number}")).await })
        })
        .collect();
    let mut kept = Vec::new();
    for reply in running {
        let reply = reply.await.unwrap();
        match reply.status.as_u16() {
            201 => kept.push(reply.json()),
            status => assert_eq!(status, 409, "{}", reply.text()),
        }
    }
    assert!(kept.len() >= 2);
    assert_eq!(number(&ada, id).await, kept.len() as i64);
    let deleting: Vec<_> = (0..8)
        .map(|_| {
            let (ada, path) = (ada.clone(), path(&kept[0]));
            tokio::spawn(async move { ada.delete(&path).await.status.as_u16() })
        })
        .collect();
    let mut deleted = 0;
    for status in deleting {
        deleted += usize::from(status.await.unwrap() == 204);
    }
    assert_eq!(deleted, 1);
    assert_eq!(number(&ada, id).await, kept.len() as i64 - 1);
    world.settle().await;
}

#[tokio::test]
async fn comments_are_listed_the_first_first() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let id = post(&ada, "x").await;
    let mut written = Vec::new();
    for number in 0..7 {
        written.push(comment(&ada, POST, id, &number.to_string()).await.assert(201).json()["id"].clone());
        world.wait(chrono::Duration::days(12));
        ada.keep("Authorization", &world.enter(&ada).await);
    }
    let mut seen = Vec::new();
    for page in 1..=3 {
        let reply = ada.get(&format!("/api/comments/?page={page}&page_size=3")).await.assert(200).json();
        assert_eq!(reply["next"].is_null(), page == 3);
        seen.extend(reply["results"].as_array().unwrap().iter().map(|comment| comment["id"].clone()));
    }
    assert_eq!(seen, written);
    let last = results(&ada, "/api/comments/?page=last&page_size=2").await;
    assert_eq!(last.iter().map(|comment| comment["id"].clone()).collect::<Vec<_>>(), written[5..]);
    world.settle().await;
}
