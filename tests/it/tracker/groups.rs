//! Groups, one after the other and all at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::boards::read;

use super::{coder, subscriber};
use crate::world::{Person, Reply, World};

async fn create(person: &Person, name: Value) -> Reply {
    person.post("/create_or_join_group/", json!({ "action": "create_group", "group_name": name })).await
}

async fn join(person: &Person, name: Value) -> Reply {
    person.post("/create_or_join_group/", json!({ "action": "join_group", "existing_group_name": name })).await
}

async fn leave(person: &Person) -> Reply {
    person.post("/create_or_join_group/", json!({ "action": "leave_group" })).await
}

fn error(code: &str) -> Value {
    json!({ "error": code })
}

/// The groups that there are, with how many each counts.
fn groups(world: &World) -> BTreeMap<String, i64> {
    let items = world.everything().into_iter().filter(|item| item["sk"]["S"] == "GROUP");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.map(|item| (text(&item["name"]["S"]), text(&item["members"]["N"]).parse().unwrap())).collect()
}

/// How many subscriptions, and how many profiles, name each group.
fn named(world: &World, kind: &str) -> BTreeMap<String, i64> {
    let mut named = BTreeMap::new();
    for item in world.everything() {
        if item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with(kind))
            && let Some(group) = item["group"]["S"].as_str()
        {
            *named.entry(group.to_owned()).or_default() += 1;
        }
    }
    named
}

#[tokio::test]
async fn a_group_is_there_while_somebody_is_in_it() {
    let world = World::new().await;
    let (ada, bob) = (coder(&world, "ada", "LeetCode").await, subscriber(&world, "bob").await);
    create(&ada, json!("  Night Owls ")).await.is(200, json!({ "status": "joined", "group": "Night Owls" }));
    assert_eq!(ada.get("/").await.json()["subscriber"]["group"], "Night Owls");
    create(&ada, json!("Other")).await.is(400, error("already in group"));
    join(&ada, json!("night owls")).await.is(400, error("already in group"));
    join(&ada, json!("Nobody's")).await.is(404, error("group not found"));
    create(&bob, json!("NIGHT OWLS")).await.is(400, error("group exists"));
    leave(&bob).await.is(400, error("not in group"));
    join(&bob, json!("night owls ")).await.is(200, json!({ "status": "joined", "group": "Night Owls" }));
    assert_eq!(groups(&world), BTreeMap::from([("Night Owls".to_owned(), 2)]));
    assert_eq!(named(&world, "CODING#"), BTreeMap::from([("Night Owls".to_owned(), 1)]));
    // A profile that is added later is in it, too.
    let profile = json!({ "platform_name": "CodeChef", "username": "bob" });
    bob.post("/add_platform_profile", profile).await.assert(200);
    assert_eq!(named(&world, "CODING#"), BTreeMap::from([("Night Owls".to_owned(), 2)]));
    leave(&ada).await.is(200, json!({ "status": "left", "group": "Night Owls" }));
    assert_eq!(groups(&world), BTreeMap::from([("Night Owls".to_owned(), 1)]));
    leave(&bob).await.is(200, json!({ "status": "left", "group": "Night Owls" }));
    assert_eq!((groups(&world), named(&world, "CODING#")), (BTreeMap::new(), BTreeMap::new()));
    create(&bob, json!("night OWLS")).await.is(200, json!({ "status": "joined", "group": "night OWLS" }));
    world.settle().await;
}

#[tokio::test]
async fn a_group_needs_a_name_and_a_member_an_action() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let too_long = json!("x".repeat(51));
    for name in
        [json!(""), json!("  "), json!(null), json!([]), json!("a\u{0}b"), too_long, json!("\u{fdfa}".repeat(50))]
    {
        create(&ada, name.clone()).await.is(400, error("group name required"));
        join(&ada, name).await.is(400, error("group name required"));
    }
    ada.post("/create_or_join_group/", json!({ "action": "create_group" })).await.is(400, error("group name required"));
    for body in [json!({}), json!({ "action": "delete_group" }), json!({ "action": 7 })] {
        ada.post("/create_or_join_group/", body).await.is(400, error("unknown action"));
    }
    create(&ada, json!("é".repeat(50))).await.assert(200);
    leave(&world.visitor()).await.is(401, json!({ "error": "not logged in" }));
    leave(&world.member("bob").await).await.is(404, error("subscriber missing"));
    ada.fill("/create_or_join_group", &[("action", "leave_group")]).await.assert(200);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_who_come_and_go_at_once_are_counted_exactly() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..50 {
        people.push(coder(&world, &format!("user{number}"), "LeetCode").await);
    }
    // Each tries to found, to join and to leave, in another order, and adds a profile in between.
    let all = people.iter().cloned().enumerate().map(|(number, person)| {
        tokio::spawn(async move {
            for step in 0..6 {
                let name = json!(format!("Group {}", (number + step) % 3));
                let reply = match (number + step) % 4 {
                    0 => create(&person, name).await,
                    1 | 2 => join(&person, name).await,
                    _ => leave(&person).await,
                };
                assert!(reply.status.as_u16() < 500, "{}", reply.text());
                if step == 2 {
                    let profile = json!({ "platform_name": "CodeChef", "username": format!("{}x", person.name) });
                    let added = person.post("/add_platform_profile", profile).await;
                    assert!([200, 409].contains(&added.status.as_u16()), "{}", added.text());
                }
            }
        })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    world.settle().await;
    let counted = groups(&world);
    assert!(counted.values().all(|members| *members > 0), "{counted:?}");
    assert_eq!(named(&world, "SUBSCRIPTION"), counted);
    // Every profile is where its owner is, and so are the boards.
    let mut shown = 0;
    for person in &people {
        let own = person.get("/my-profiles").await.json();
        if let Some(group) = own["subscriber"]["group"].as_str() {
            shown += own["profiles"].as_array().unwrap().len() as i64;
            assert!(counted.contains_key(group), "{group}");
        }
    }
    assert_eq!(named(&world, "CODING#").values().sum::<i64>(), shown);
    let app = crate::boards::app(&world.cloud, &tests::wire::Wire::default());
    for (group, profiles) in named(&world, "CODING#") {
        let board = shared::coding::boards::By::Rating.board(None, Some(&group));
        assert_eq!(read::size(&app, &board).await.unwrap().members, profiles, "{group}");
    }
}
