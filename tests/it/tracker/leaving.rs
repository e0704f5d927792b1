//! Unsubscribing, and what is left of whoever does: nothing.

use serde_json::{Value, json};
use shared::boards::Span;
use shared::ids::MemberId;
use shared::model::coding::{Figures, Heard, Snapshot};
use shared::platforms::Platform;

use super::{coder, make_subscriber, subscriber};
use crate::world::{Person, World};

async fn settle_in(world: &World, person: &Person, group: &str) {
    let found = json!({ "action": "create_group", "group_name": group });
    person.post("/create_or_join_group/", found).await.assert(200);
    let snapshot = Snapshot {
        member: MemberId(person.id()),
        platform: Platform::LeetCode,
        username: person.name.clone(),
        week: Span::Week.at(world.clock.now()),
        figures: Figures::default(),
        fetched_at: None,
        heard: Heard::Everything,
        taken_at: world.clock.now(),
    };
    world.app().table.put(&snapshot).await.unwrap();
    world.settle().await;
}

/// Every item in which a text occurs, but for letters, which are kept by the mailbox.
fn mentions(world: &World, text: &str) -> Vec<Value> {
    world.everything().into_iter().filter(|item| item.to_string().contains(text)).collect()
}

#[tokio::test]
async fn whoever_came_by_letters_alone_is_gone_altogether() {
    let world = World::new().await;
    let ada = coder(&world, "augusta", "LeetCode").await;
    let other = ada.copy();
    world.enter(&other).await;
    settle_in(&world, &ada, "Owls").await;
    let reply = ada.post("/unsubscribe", json!({})).await;
    assert!(reply.cookie("sessionid").unwrap().contains("Max-Age=0"));
    reply.is(200, json!({ "status": "unsubscribed" }));
    other.get("/my-profiles").await.is(401, json!({ "error": "not logged in" }));
    world.settle().await;
    for text in ["augusta", "Owls", "SNAPSHOT#", "SUBSCRIPTION", &format!("MEMBER#{}\"", ada.id())] {
        assert_eq!(mentions(&world, text), Vec::<Value>::new(), "{text}");
    }
    // Address and account are free.
    coder(&world, "augusta", "LeetCode").await;
}

#[tokio::test]
async fn others_keep_their_account() {
    let world = World::new().await;
    let ada = world.reachable("augusta").await;
    make_subscriber(&world, &ada).await;
    let profile = json!({ "platform_name": "LeetCode", "username": "augusta" });
    ada.post("/add_platform_profile", profile).await.assert(200);
    settle_in(&world, &ada, "Owls").await;
    let other = ada.copy();
    world.enter(&other).await;
    ada.post("/unsubscribe", json!({})).await.is(200, json!({ "status": "unsubscribed" }));
    assert_eq!(ada.cookie("sessionid"), None);
    world.settle().await;
    other.get("/my-profiles").await.is(404, json!({ "error": "subscriber not found" }));
    other.post("/unsubscribe", json!({})).await.is(404, json!({ "error": "not found" }));
    other.get(&other.profile()).await.assert(200);
    for text in ["Owls", "CODER#", "CODING#", "SNAPSHOT#", "SUBSCRIPTION"] {
        assert_eq!(mentions(&world, text), Vec::<Value>::new(), "{text}");
    }
    ada.elsewhere().sign_in().await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn without_a_session_a_letter_has_to_confirm_it() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    world.reachable("bob").await;
    let visitor = world.visitor();
    visitor.post("/unsubscribe", json!({})).await.is(400, json!({ "error": "email required" }));
    let invalid = json!({ "errors": { "email": ["Enter a valid email address."] } });
    visitor.post("/unsubscribe", json!({ "email": "x" })).await.is(400, invalid);
    // Whoever has the address, and whether they subscribe.
    for email in ["ADA@example.org", "bob@example.org", "nobody@example.org"] {
        let sent = visitor.post("/unsubscribe", json!({ "email": email })).await;
        sent.is(200, json!({ "status": "confirmation_sent" }));
    }
    world.settle().await;
    ada.get("/my-profiles").await.assert(200);
    let letters: Vec<_> =
        world.letters().into_iter().filter(|letter| letter.subject == "End your subscription?").collect();
    assert_eq!(letters.iter().flat_map(|letter| letter.to.clone()).collect::<Vec<_>>(), ["ada@example.org"]);
    let code = letters[0].text.split_whitespace().find_map(|word| word.split_once("/v1/subscription/end?code="));
    let code = code.unwrap().1.to_owned();
    let page = visitor.get(&format!("/v1/subscription/end?code={code}")).await.assert(200);
    assert!(page.text().contains("Unsubscribe?"), "{}", page.text());
    ada.get("/my-profiles").await.assert(200);
    let ended = visitor.fill("/v1/subscription/end", &[("code", &code)]).await.assert(200);
    assert!(ended.text().contains("You are no subscriber any more."), "{}", ended.text());
    ada.get("/my-profiles").await.assert(401);
    for code in [code.as_str(), "x", ""] {
        let late = visitor.fill("/v1/subscription/end", &[("code", code)]).await.assert(200);
        assert!(late.text().contains("no longer valid"), "{}", late.text());
    }
    world.settle().await;
}

#[tokio::test]
async fn an_account_that_is_deleted_elsewhere_takes_the_subscription_along() {
    let world = World::new().await;
    let (ada, bob) = (world.reachable("augusta").await, subscriber(&world, "bob").await);
    make_subscriber(&world, &ada).await;
    let profile = json!({ "platform_name": "LeetCode", "username": "augusta" });
    ada.post("/add_platform_profile", profile.clone()).await.assert(200);
    settle_in(&world, &ada, "Owls").await;
    let joined = json!({ "action": "join_group", "existing_group_name": "Owls" });
    bob.post("/create_or_join_group/", joined).await.assert(200);
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
    assert_eq!(mentions(&world, "augusta"), Vec::<Value>::new());
    let group: Vec<_> = world.everything().into_iter().filter(|item| item["sk"]["S"] == "GROUP").collect();
    assert_eq!(group[0]["members"]["N"], "1");
    bob.post("/add_platform_profile", profile).await.assert(200);
    world.settle().await;
    assert_eq!(bob.get("/leaderboard?group=Owls").await.json()["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_subscriber_is_handed_what_is_kept_of_them() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    make_subscriber(&world, &ada).await;
    let profile = json!({ "platform_name": "LeetCode", "username": "augusta" });
    ada.post("/add_platform_profile", profile).await.assert(200);
    settle_in(&world, &ada, "Owls").await;
    let files = crate::personal_data::export(&world, &ada).await;
    let data: Value = serde_json::from_slice(&files["personal-data.json"]).unwrap();
    assert_eq!(data["subscription"]["group"], "Owls");
    assert_eq!(data["coding_profiles"][0]["username"], "augusta");
    assert_eq!(data["coding_weeks"].as_array().unwrap().len(), 1);
    // Those of the profile, and the game's.
    assert_eq!(data["boards"].as_array().unwrap().len(), 8 + 1);
    assert!(!data["other"].to_string().contains("augusta"), "{}", data["other"]);
}
