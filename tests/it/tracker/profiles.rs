//! Profiles: adding, renaming, refreshing.

use chrono::Duration;
use http::Method;
use local::endpoints::platforms::Account;
use serde_json::{Value, json};
use shared::boards::Span;
use shared::ids::MemberId;
use shared::model::coding::{Figures, Heard, Snapshot};
use shared::platforms::Platform;
use shared::store::{Query, keys};

use super::{coder, subscriber, take_down, told};
use crate::world::{Person, Reply, World};

async fn add(person: &Person, platform: &str, username: &str) -> Reply {
    person.post("/add_platform_profile", json!({ "platform_name": platform, "username": username })).await
}

fn errors(field: &str, message: &str) -> Value {
    json!({ "errors": { field: [message] } })
}

#[tokio::test]
async fn a_subscriber_has_one_profile_on_each_platform() {
    let world = World::new().await;
    let (ada, eve) = (subscriber(&world, "ada").await, coder(&world, "eve", "Codeforces").await);
    world.cloud.platforms().set(
        Platform::LeetCode,
        "ada",
        Account { rating: None, contests: None, ..Account::new(0, 9, 0) },
    );
    let added = add(&ada, "LeetCode", " ada ").await.assert(200).json();
    let id = added["profile"]["id"].as_u64().unwrap();
    let profile = json!({
        "id": id, "platform_name": "LeetCode", "username": "ada", "last_rating": -1, "problems_solved": 9,
        "contests_attended": -1, "subscriber_id": ada.id(),
    });
    assert_eq!(added, json!({ "profile": profile }));
    let own = json!({ "error": "profile exists", "detail": "You already have LeetCode registered." });
    add(&ada, "LeetCode", "other").await.is(400, own);
    let theirs = json!({ "error": "profile exists", "detail": "Profile already registered: Codeforces (Eve)" });
    add(&ada, "Codeforces", "Eve").await.is(409, theirs);
    ada.post("/add_platform_profile", json!({})).await.is(
        400,
        json!({ "errors": {
            "platform_name": ["This field is required."],
            "username": ["This field is required."],
        } }),
    );
    let choice = "Select a valid choice. AtCoder is not one of the available choices.";
    add(&ada, "AtCoder", "ada").await.is(400, errors("platform_name", choice));
    for name in ["a b", "ghost"] {
        let none = format!("Codeforces username '{name}' does not exist.");
        add(&ada, "Codeforces", name).await.is(400, errors("username", &none));
    }
    add(&ada, "CodeChef", "ada").await.assert(200);
    add(&world.visitor(), "LeetCode", "x").await.is(401, json!({ "error": "not logged in" }));
    let bob = world.member("bob").await;
    add(&bob, "LeetCode", "bob").await.is(404, json!({ "error": "subscriber missing" }));
    let listed = ada.get("/my-profiles").await.json();
    assert_eq!(listed["profiles"].as_array().unwrap().len(), 2);
    assert!(listed["profiles"].as_array().unwrap().contains(&profile));
    assert_eq!(eve.get("/").await.json()["platforms"].as_array().unwrap().len(), 1);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_adds_at_once_one_is_kept() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let adds = (0..20).map(|number| {
        let ada = ada.clone();
        tokio::spawn(async move { add(&ada, "LeetCode", &format!("name{number}")).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for added in adds.collect::<Vec<_>>() {
        statuses.push(added.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 19, "{statuses:?}");
    let kept = world.everything().iter().filter(|item| item["sk"]["S"] == "CODER").count();
    assert_eq!(kept, 1, "nothing is held for those who were refused");
    world.settle().await;
}

#[tokio::test]
async fn a_profile_is_found_by_platform_and_name_by_its_owner_alone() {
    let world = World::new().await;
    let (ada, eve) = (coder(&world, "ada", "LeetCode").await, subscriber(&world, "eve").await);
    let path = "/update-platform-username/LeetCode/ada/";
    let shown = ada.get(path).await.assert(200).json();
    assert_eq!(shown, json!({ "profile": ada.get("/my-profiles").await.json()["profiles"][0] }));
    ada.get("/update-platform-username/LeetCode/ADA").await.assert(200);
    let missing = json!({ "detail": "No PlatformProfile matches the given query." });
    for path in [
        "/update-platform-username/LeetCode/eve/",
        "/update-platform-username/CodeChef/ada/",
        "/update-platform-username/AtCoder/ada/",
    ] {
        ada.get(path).await.is(404, missing.clone());
        ada.put(path, json!({ "username": "x" })).await.is(404, missing.clone());
    }
    eve.get(path).await.is(404, missing.clone());
    eve.patch(path, json!({ "username": "x" })).await.is(404, missing);
    world.visitor().get(path).await.is(401, json!({ "error": "not logged in" }));
    world.settle().await;
}

#[tokio::test]
async fn another_name_is_another_account_and_keeps_nothing_of_the_old_one() {
    let world = World::new().await;
    let (ada, eve) = (coder(&world, "ada", "LeetCode").await, coder(&world, "eve", "LeetCode").await);
    told(&world, &ada, Platform::LeetCode, [Some(1500), Some(120), Some(7)]).await;
    let snapshot = |username: &str, number: i64| Snapshot {
        member: MemberId(ada.id()),
        platform: Platform::LeetCode,
        username: username.to_owned(),
        week: Span::Week.at(world.clock.now() - Duration::weeks(number)),
        figures: Figures::default(),
        fetched_at: None,
        heard: Heard::Everything,
        taken_at: world.clock.now(),
    };
    for (name, number) in [("ADA", 3), ("ada", 2)] {
        world.app().table.put(&snapshot(name, number)).await.unwrap();
    }
    let path = "/update-platform-username/LeetCode/ada/";
    let before = ada.get(path).await.json()["profile"].clone();
    assert_eq!(before["last_rating"], 1500);
    for body in [json!({}), json!({ "username": "" }), json!({ "username": null })] {
        ada.put(path, body).await.is(400, errors("username", "This field is required."));
    }
    ada.put(path, json!({ "username": "ada" })).await.is(200, json!({ "status": "updated", "profile": before }));
    let theirs = json!({ "error": "profile exists", "detail": "Profile already registered: LeetCode (EVE)" });
    ada.patch(path, json!({ "username": "EVE" })).await.is(409, theirs);
    let none = "LeetCode username 'ghost' does not exist.";
    ada.patch(path, json!({ "username": "ghost" })).await.is(400, errors("username", none));
    world.cloud.platforms().set(Platform::LeetCode, "countess", Account::new(1900, 400, 20));
    assert_eq!(ada.get(path).await.json()["profile"], before);

    let after = ada.patch(path, json!({ "username": "countess" })).await.assert(200).json();
    assert_eq!((&after["status"], &after["profile"]["username"]), (&json!("updated"), &json!("countess")));
    assert_eq!((&after["profile"]["id"], &after["profile"]["last_rating"]), (&before["id"], &json!(1900)));
    ada.get(path).await.assert(404);
    world.app().table.put(&snapshot("countess", 1)).await.unwrap();
    world.settle().await;
    let range = keys::snapshots_of(MemberId(ada.id()));
    let left = world.app().table.query::<Snapshot>(Query::of(range, 10)).await.unwrap().items;
    assert_eq!(left.iter().map(|left| left.username.as_str()).collect::<Vec<_>>(), ["countess"]);
    // The old name is free for others.
    let path = "/update-platform-username/LeetCode/eve/";
    eve.put(path, json!({ "username": "Ada" })).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_profile_is_fetched_anew_once_a_minute_and_keeps_its_figures_while_its_platform_is_down() {
    let world = World::new().await;
    world.cloud.platforms().set(Platform::LeetCode, "ada", Account::new(1500, 120, 7));
    let (ada, eve) = (coder(&world, "ada", "LeetCode").await, subscriber(&world, "eve").await);
    take_down(&world);
    let profile = ada.get("/my-profiles").await.json()["profiles"][0].clone();
    let path = format!("/profiles/{}/refresh/", profile["id"]);
    let failed = ada.post(&path, json!({})).await.assert(502).json();
    assert_eq!((&failed["error"], failed["detail"].is_string()), (&json!("refresh failed"), true));
    assert_eq!(ada.get("/my-profiles").await.json()["profiles"][0], profile);
    world.wait(Duration::seconds(20));
    let wait = ada.post(&path, json!({})).await.assert(429);
    assert_eq!(wait.header("retry-after"), "40");
    let detail = "You have been rate limited. Try again in 40 seconds.";
    assert_eq!(wait.json(), json!({ "error": "rate_limited", "detail": detail }));
    world.wait(Duration::seconds(40));
    ada.post(&path, json!({})).await.assert(502);
    world.cloud.platforms().mend();
    world.cloud.platforms().set(Platform::LeetCode, "ada", Account::new(1512, 121, 8));
    world.wait(Duration::seconds(60));
    let refreshed = ada.post(&path, json!({})).await.assert(200).json();
    let mut after = profile.clone();
    (after["last_rating"], after["problems_solved"], after["contests_attended"]) = (json!(1512), json!(121), json!(8));
    assert_eq!(refreshed, json!({ "status": "refreshed", "profile": after }));
    // An account that is gone keeps what was known of it.
    world.cloud.platforms().remove(Platform::LeetCode, "ada");
    world.wait(Duration::seconds(60));
    let gone = ada.post(&path, json!({})).await.assert(502).json();
    assert_eq!(gone, json!({ "error": "refresh failed", "detail": "LeetCode username 'ada' does not exist." }));
    assert_eq!(ada.get("/my-profiles").await.json()["profiles"][0], after);
    let missing = json!({ "detail": "No PlatformProfile matches the given query." });
    eve.post(&path, json!({})).await.is(404, missing.clone());
    ada.post("/profiles/1/refresh/", json!({})).await.is(404, missing);
    ada.post("/profiles/x/refresh/", json!({})).await.is(404, json!({ "detail": "Not found." }));
    world.visitor().post(&path, json!({})).await.is(401, json!({ "error": "not logged in" }));
    let bob = world.member("bob").await;
    bob.post(&path, json!({})).await.is(404, json!({ "error": "subscriber not found" }));
    ada.send(Method::GET, &path, &[], "").await.is(405, json!({ "detail": "Method \"GET\" not allowed." }));
    world.settle().await;
}
