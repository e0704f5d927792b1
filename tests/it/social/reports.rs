//! Reports: made by anybody, seen to by the staff, and kept.

use chrono::Duration;
use serde_json::{Value, json};
use shared::ids::{CommentId, MemberId, PostId};
use shared::model::post::{Comment, Post};
use shared::model::role::Role;

use super::member;
use crate::world::{Person, World};

/// A report by a member; its id.
pub async fn report_of(world: &World, by: &Person) -> u64 {
    let token = format!("Bearer {}", world.enter(by).await);
    let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
    let body = json!({ "description": "Look at this." }).to_string();
    let made = by.elsewhere().send(http::Method::POST, "/api/reports/", &headers, body).await.assert(201);
    made.json()["id"].as_u64().unwrap()
}

/// One of the staff who is signed in at Sukuwatto's client.
async fn moderator(world: &World, name: &str) -> Person {
    let staff = member(world, name).await;
    world.give_role(&staff, Role::Moderator).await;
    staff
}

/// A post of a member's, and a comment on it.
pub async fn write(world: &World, by: &Person) -> (u64, u64) {
    let (app, owner, written_at) = (world.app(), MemberId(by.id()), world.clock.now());
    let new = || world.ids.next(written_at);
    let (post, comment) = (PostId(new()), CommentId(new()));
    let (text, title, images, edited_at) = ("A post.".to_owned(), None, vec![], None);
    let item = Post { id: post, owner, title, text, images, written_at, edited_at, likes: 0, comments: 1 };
    app.table.put(&item).await.unwrap();
    let text = "A rude word.".to_owned();
    let item = Comment { id: comment, owner, on: post.into(), on_owner: Some(owner), text, written_at, edited_at };
    app.table.put(&item).await.unwrap();
    (post.0, comment.0)
}

fn ids(page: &Value) -> Vec<u64> {
    page["results"].as_array().expect("a list").iter().map(|report| report["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_member_reports_and_the_staff_sees_to_it() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let warden = moderator(&world, "warden").await;
    let (post, comment) = write(&world, &eve).await;
    let new = json!({
        "description": "  She is rude.\n", "target_user": eve.id(), "target_comment": comment.to_string(),
        "target_post": post, "target_plan": null, "notes": "none of mine", "state": "r", "id": 7, "unknown": [],
    });
    let made = ada.post("/api/reports/", new).await.assert(201).json();
    let mut report = json!({
        "id": made["id"], "date": "2026-01-31T08:15:00Z", "edited_date": null,
        "user": { "id": ada.id(), "username": "ada", "profile_filename": null },
        "description": "She is rude.", "notes": null, "state": "o",
        "target_workout": null, "target_plan": null, "target_exercise": null, "target_post": post,
        "target_comment": comment, "target_user": eve.id(), "target_username": "eve",
        // It may hang on what the reporter may not see.
        "target_comment_text": null,
    });
    assert_eq!(made, report);
    report["target_comment_text"] = json!("A rude word.");
    let path = format!("/api/reports/{}/", made["id"]);
    warden.get(&path).await.is(200, report.clone());
    let page = json!({ "count": 1, "next": null, "previous": null, "results": [report] });
    warden.get("/api/reports").await.is(200, page.clone());
    warden.get("/api/reports/?state=o").await.is(200, page);

    world.wait(Duration::minutes(1));
    let mut whole = report.clone();
    whole["state"] = json!("r");
    whole["notes"] = json!("Told her so.");
    whole["target_user"] = json!(1);
    report["state"] = json!("r");
    report["notes"] = json!("Told her so.");
    report["edited_date"] = json!("2026-01-31T08:16:00Z");
    warden.put(&path, whole).await.is(200, report.clone());
    assert_eq!(ids(&warden.get("/api/reports/?state=o").await.json()), [0; 0]);
    assert_eq!(warden.get("/api/reports/?state=r").await.json()["count"], 1);
    // What stays the same changes nothing.
    world.wait(Duration::minutes(1));
    warden.patch(&path, json!({ "state": "r" })).await.is(200, report.clone());
    warden.patch(&path, json!({ "notes": null, "state": "o" })).await.assert(200);
    warden.patch(&path, json!({ "notes": "", "state": "c" })).await.assert(200);
    assert_eq!(warden.get("/api/reports/?state=c").await.json()["results"][0]["notes"], "");
    warden.delete(&path).await.assert(204);
    warden.get(&path).await.is(404, json!({ "detail": "Not found." }));
    assert_eq!(warden.get("/api/reports/").await.json()["count"], 0);
    let trail = warden.get("/admin/audit/").await.assert(200).text();
    for what in ["Report resolved", "Report reopened", "Report closed", "Report deleted", "report "] {
        assert!(trail.contains(what), "{what}");
    }
    world.settle().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_report_is_told_field_by_field() {
    let world = World::new().await;
    let (ada, warden) = (member(&world, "ada").await, moderator(&world, "warden").await);
    let absent = |id: &str| json!([format!("Invalid pk \"{id}\" - object does not exist.")]);
    for (sent, told) in [
        (json!({}), json!({ "description": ["This field is required."] })),
        (json!({ "description": null }), json!({ "description": ["This field may not be null."] })),
        (json!({ "description": " " }), json!({ "description": ["This field may not be blank."] })),
        (
            json!({ "description": "x".repeat(10_001) }),
            json!({ "description": ["Ensure this field has no more than 10000 characters."] }),
        ),
        (
            json!({ "target_post": 9, "target_user": "x", "target_comment": ada.id() }),
            json!({
                "description": ["This field is required."], "target_post": absent("9"), "target_user": absent("x"),
                "target_comment": absent(&ada.id().to_string()),
            }),
        ),
        (json!({ "description": "x", "target_workout": [1] }), json!({ "target_workout": ["Not a valid string."] })),
    ] {
        ada.post("/api/reports/", sent).await.is(400, told);
    }
    world.visitor().post("/api/reports/", json!({ "description": "x" })).await.assert(401);
    // State and notes are looked at where they count.
    let sent = json!({ "description": "x", "state": "x", "notes": 7 });
    ada.post("/api/reports/", sent.clone()).await.assert(201);
    let no_choice = json!({ "state": ["\"x\" is not a valid choice."] });
    warden.post("/api/reports/", sent).await.is(400, no_choice.clone());
    let sent = json!({ "description": "x", "state": "c", "notes": "mine" });
    let made = warden.post("/api/reports/", sent).await.assert(201).json();
    assert_eq!((&made["state"], &made["notes"]), (&json!("c"), &json!("mine")));
    let path = format!("/api/reports/{}/", made["id"]);
    warden.put(&path, json!({ "state": "o" })).await.is(400, json!({ "description": ["This field is required."] }));
    warden.patch(&path, json!({ "state": "x" })).await.is(400, no_choice.clone());
    warden.patch(&path, json!({ "state": null })).await.is(400, json!({ "state": ["This field may not be null."] }));
    warden.get("/api/reports/?state=x").await.is(400, no_choice);
    for path in ["/api/reports/999999/", "/api/reports/x/", "/api/reports/07/"] {
        warden.get(path).await.assert(404);
        warden.patch(path, json!({})).await.assert(404);
        warden.delete(path).await.assert(404);
    }
    world.settle().await;
}

#[tokio::test]
async fn only_the_staff_reads_reports_and_nobody_sees_to_one_about_themselves() {
    let world = World::new().await;
    let (ada, warden) = (member(&world, "ada").await, moderator(&world, "warden").await);
    let report = json!({ "description": "Sleeps on duty.", "target_user": warden.id() });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    let path = format!("/api/reports/{}/", made["id"]);
    for path in ["/api/reports/", path.as_str(), "/api/reports/999999/"] {
        world.visitor().get(path).await.assert(401);
        ada.get(path).await.is(403, json!({ "detail": "You do not have permission to perform this action." }));
    }
    ada.patch(&path, json!({ "state": "c" })).await.assert(403);
    ada.delete(&path).await.assert(403);
    let told = json!({ "detail": "This report is about you. Somebody else of the staff has to see to it." });
    warden.patch(&path, json!({ "state": "c" })).await.is(409, told.clone());
    warden.delete(&path).await.is(409, told);
    let other = moderator(&world, "other").await;
    other.patch(&path, json!({ "state": "c" })).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn reports_are_listed_the_first_first_whatever_their_states() {
    let world = World::new().await;
    let (ada, warden) = (member(&world, "ada").await, moderator(&world, "warden").await);
    let mut made = Vec::new();
    for _ in 0..13 {
        made.push(report_of(&world, &ada).await);
    }
    for (number, state) in [(1, "c"), (2, "r"), (5, "r"), (9, "c")] {
        warden.patch(&format!("/api/reports/{}/", made[number]), json!({ "state": state })).await.assert(200);
    }
    let get = async |query: &str| warden.get(&format!("/api/reports/{query}")).await;
    let first = get("").await.assert(200).json();
    assert_eq!((ids(&first), &first["count"]), (made[..10].to_vec(), &json!(13)));
    let next = first["next"].as_str().unwrap().trim_start_matches("http://guildhall.test");
    let second = warden.get(next).await.assert(200).json();
    assert_eq!((ids(&second), &second["next"]), (made[10..].to_vec(), &Value::Null));
    assert_eq!(ids(&get("?page=2").await.assert(200).json()), made[10..]);
    // Where nobody read the pages before.
    assert_eq!(ids(&get("?page_size=4&page=3").await.assert(200).json()), made[8..12]);
    assert_eq!(ids(&get("?page_size=4&page=last").await.assert(200).json()), made[9..]);
    assert_eq!(ids(&get("?state=c").await.assert(200).json()), [made[1], made[9]]);
    assert_eq!(ids(&get("?state=r&page_size=1&page=2").await.assert(200).json()), [made[5]]);
    for query in ["?page=3", "?page=0", "?page=x", "?state=c&page=2"] {
        get(query).await.is(404, json!({ "detail": "Invalid page." }));
    }
    world.settle().await;
}

#[tokio::test]
async fn a_report_outlives_what_it_tells_of_and_whoever_made_it() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let warden = moderator(&world, "warden").await;
    let report = json!({ "description": "x", "target_user": eve.id() });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    eve.delete(&format!("/api/users/{}/", eve.id())).await.assert(204);
    ada.delete(&format!("/api/users/{}/", ada.id())).await.assert(204);
    world.settle().await;
    let shown = warden.get(&format!("/api/reports/{}/", made["id"])).await.assert(200).json();
    assert_eq!((&shown["user"], &shown["target_username"]), (&Value::Null, &Value::Null));
    assert_eq!((&shown["target_user"], &shown["description"]), (&json!(eve.id()), &json!("x")));
    assert_eq!(warden.get("/api/reports/?state=o").await.json()["count"], 1);
    // Nothing says any more who it was.
    let left = world
        .everything()
        .into_iter()
        .any(|item| item.get("gsi1pk").is_some_and(|place| place["S"] == json!(format!("REPORTED_BY#{}", ada.id()))));
    assert!(!left);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_see_to_reports_at_once_each_state_is_counted_exactly() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let warden = moderator(&world, "warden").await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..4 {
        let id = report_of(&world, &ada).await;
        for state in ["c", "r", "o", "c"] {
            let warden = warden.clone();
            let path = format!("/api/reports/{id}/");
            running.spawn(async move {
                match state {
                    "c" if number == 3 => warden.delete(&path).await,
                    state => warden.patch(&path, json!({ "state": state })).await,
                }
            });
        }
    }
    while let Some(reply) = running.join_next().await {
        let status = reply.unwrap().status.as_u16();
        assert!([200, 204, 404, 409].contains(&status), "{status}");
    }
    for state in ["o", "c", "r"] {
        let page = warden.get(&format!("/api/reports/?state={state}")).await.assert(200).json();
        assert_eq!(page["count"], page["results"].as_array().unwrap().len(), "{state}");
    }
    world.settle().await;
}
