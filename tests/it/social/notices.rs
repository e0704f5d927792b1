//! Notices: each thing is told once, to whom it concerns, and not after it has been undone.

use local::Delivery;
use serde_json::{Value, json};
use shared::events::{Event, happened};
use shared::ids::{ActionId, MemberId, MessageId, PostId, ThreadId};
use shared::model::action::{Action, Verb};
use shared::model::conversation::Message;
use shared::store::{Change, Condition, Stored, Write, keys};
use shared::visibility::Audience;

use super::{member, tell, wants_to_be_asked};
use crate::world::{Person, World};

/// Somebody's notices: what each is, who did it, and whether it was seen.
async fn notices(reader: &Person) -> Vec<(String, String, bool)> {
    let page = reader.get("/v1/notices?limit=50").await.assert(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| (text(&item["kind"]), text(&item["actor"]["username"]), item["seen"].as_bool().unwrap())).collect()
}

async fn unseen(reader: &Person) -> u64 {
    reader.get("/v1/notices/unseen").await.assert(200).json()["unseen"].as_u64().unwrap()
}

/// Lets a member see everything that they are told of so far.
async fn see_all(reader: &Person) {
    let newest = reader.get("/v1/notices?limit=1").await.json()["items"][0]["id"].clone();
    reader.post("/v1/notices/seen", json!({ "up_to": newest })).await.assert(204);
}

fn line(kind: &str, actor: &str, seen: bool) -> (String, String, bool) {
    (kind.to_owned(), actor.to_owned(), seen)
}

/// Lets a member do something to what another wrote.
async fn act(world: &World, verb: Verb, by: &Person, owner: &Person) -> Action {
    let (app, at) = (world.app(), world.clock.now());
    let action = Action {
        id: ActionId(world.ids.next(at)),
        actor: MemberId(by.id()),
        verb,
        target: Some(PostId(7).into()),
        target_owner: Some(MemberId(owner.id())),
        object: None,
        object_owner: None,
        audience: Audience::Everyone,
        at,
    };
    let acted = happened(&app, Event::Acted { action: action.clone() }).unwrap();
    app.table.together(vec![Write::create(&action).unwrap(), acted]).await.unwrap();
    action
}

async fn undo(world: &World, action: &Action) {
    let app = world.app();
    let undone = happened(&app, Event::Unacted { member: action.actor, action: action.id }).unwrap();
    app.table.together(vec![Write::delete(action.key(), Condition::present()), undone]).await.unwrap();
}

/// Lets a member write to another.
async fn write(world: &World, by: &Person, to: &Person) {
    let (app, written_at) = (world.app(), world.clock.now());
    let message = Message {
        id: MessageId(world.ids.next(written_at)),
        thread: ThreadId(1),
        from: MemberId(by.id()),
        to: MemberId(to.id()),
        text: "Hello".to_owned(),
        client_id: None,
        attachment: None,
        written_at,
        edited_at: None,
        deleted: false,
    };
    app.table.together(vec![happened(&app, Event::MessageSent { message }).unwrap()]).await.unwrap();
}

#[tokio::test]
async fn everything_is_told_once_however_often_and_in_whichever_order_it_is_heard_of() {
    for delivery in [Delivery::Once, Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
        tell(&bob, "follow", &ada).await.assert(201);
        act(&world, Verb::Liked, &bob, &ada).await;
        act(&world, Verb::Commented, &cy, &ada).await;
        wants_to_be_asked(&ada).await;
        tell(&cy, "follow", &ada).await.assert(201);
        // One's own doing is no news, nor is what was done to nobody.
        act(&world, Verb::Liked, &ada, &ada).await;
        act(&world, Verb::Posted, &bob, &ada).await;
        for _ in 0..3 {
            world.cloud.settle(delivery).await;
        }
        let mut told = notices(&ada).await;
        told.sort();
        let expected = [
            line("commented", "cy", false),
            line("follow_asked", "cy", false),
            line("followed", "bob", false),
            line("liked", "bob", false),
        ];
        assert_eq!(told, expected, "{delivery:?}");
        assert_eq!((unseen(&ada).await, unseen(&bob).await), (4, 0), "{delivery:?}");
        assert!(notices(&bob).await.is_empty());
    }
}

#[tokio::test]
async fn a_notice_says_who_did_what_when_and_to_what() {
    let world = World::new().await;
    let (ada, bob) = (member(&world, "ada").await, member(&world, "bob").await);
    tell(&bob, "follow", &ada).await.assert(201);
    let liked = act(&world, Verb::Liked, &bob, &ada).await;
    world.settle().await;
    let page = ada.get("/v1/notices").await.assert(200).json();
    let actor = json!({ "id": bob.id(), "username": "bob", "picture": null });
    let at = "2026-01-31T08:15:00Z";
    let first = json!({
        "id": liked.id, "kind": "liked", "actor": actor, "about": { "kind": "post", "id": 7 }, "at": at, "seen": false,
    });
    assert_eq!(page["items"][0], first);
    let second = &page["items"][1];
    assert_eq!((&second["kind"], &second["about"], &second["actor"]), (&json!("followed"), &Value::Null, &actor));
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (2, &Value::Null));

    // Page by page, the latest first.
    let page = ada.get("/v1/notices?limit=1").await.assert(200).json();
    let next = page["next"].as_str().unwrap();
    let page = ada.get(&format!("/v1/notices?limit=1&cursor={next}")).await.assert(200).json();
    assert_eq!(page["items"][0], *second);
    bob.get(&format!("/v1/notices?cursor={next}")).await.assert(422);
    for limit in ["0", "51", "-1"] {
        ada.get(&format!("/v1/notices?limit={limit}")).await.assert(422);
    }

    // Seen up to one, which stays so.
    ada.post("/v1/notices/seen", json!({ "up_to": second["id"] })).await.assert(204);
    assert_eq!(unseen(&ada).await, 1);
    let all = ada.get("/v1/notices").await.json();
    assert_eq!((&all["items"][0]["seen"], &all["items"][1]["seen"]), (&json!(false), &json!(true)));
    see_all(&ada).await;
    ada.post("/v1/notices/seen", json!({ "up_to": second["id"] })).await.assert(204);
    assert_eq!(unseen(&ada).await, 0);
    // What is yet to come cannot be seen in advance.
    ada.post("/v1/notices/seen", json!({ "up_to": 9_007_199_254_740_991_u64 })).await.assert(204);
    act(&world, Verb::Liked, &bob, &ada).await;
    world.settle().await;
    assert_eq!(unseen(&ada).await, 1);
    ada.post("/v1/notices/seen", json!({})).await.assert(400);
    for body in [json!({ "up_to": "x" }), json!({ "up_to": null })] {
        ada.post("/v1/notices/seen", body).await.assert(422);
    }
    bob.post("/v1/notices/seen", json!({ "up_to": 1 })).await.assert(204);
    bob.post("/v1/notices/seen", json!({ "up_to": 0 })).await.assert(422);
    for path in ["/v1/notices", "/v1/notices/unseen"] {
        world.visitor().get(path).await.assert(401);
    }
    world.visitor().post("/v1/notices/seen", json!({ "up_to": 1 })).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn what_is_undone_is_told_no_more_whichever_is_heard_of_first() {
    for delivery in [Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, bob) = (member(&world, "ada").await, member(&world, "bob").await);
        let liked = act(&world, Verb::Liked, &bob, &ada).await;
        tell(&bob, "follow", &ada).await.assert(201);
        world.cloud.settle(delivery).await;
        assert_eq!(unseen(&ada).await, 2);
        undo(&world, &liked).await;
        tell(&bob, "unfollow", &ada).await.assert(201);
        world.cloud.settle(delivery).await;
        assert_eq!((unseen(&ada).await, notices(&ada).await.len()), (0, 0));
        // Both at once.
        let liked = act(&world, Verb::Liked, &bob, &ada).await;
        undo(&world, &liked).await;
        wants_to_be_asked(&ada).await;
        tell(&bob, "follow", &ada).await.assert(201);
        tell(&bob, "unfollow", &ada).await.assert(201);
        world.cloud.settle(delivery).await;
        assert_eq!((unseen(&ada).await, notices(&ada).await.len()), (0, 0));
    }
}

#[tokio::test]
async fn any_number_of_messages_are_one_notice_until_it_is_seen() {
    let world = World::new().await;
    let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
    for _ in 0..3 {
        write(&world, &bob, &ada).await;
    }
    write(&world, &cy, &ada).await;
    world.cloud.settle(Delivery::Shuffled).await;
    world.cloud.settle(Delivery::Twice).await;
    let mut told = notices(&ada).await;
    told.sort();
    assert_eq!(told, [line("message", "bob", false), line("message", "cy", false)]);
    assert_eq!(unseen(&ada).await, 2);
    see_all(&ada).await;
    write(&world, &bob, &ada).await;
    world.cloud.settle(Delivery::Twice).await;
    assert_eq!(unseen(&ada).await, 1);
    write(&world, &bob, &ada).await;
    world.cloud.settle(Delivery::Twice).await;
    assert_eq!((unseen(&ada).await, notices(&ada).await.len()), (1, 3));
    world.settle().await;
}

#[tokio::test]
async fn those_who_blocked_each_other_hear_nothing_of_each_other() {
    let world = World::new().await;
    let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
    tell(&cy, "follow", &ada).await.assert(201);
    act(&world, Verb::Commented, &cy, &ada).await;
    world.settle().await;
    assert_eq!(unseen(&ada).await, 2);
    // What was told before is shown no more, and the follow is undone.
    tell(&cy, "block", &ada).await.assert(201);
    tell(&ada, "block", &bob).await.assert(201);
    act(&world, Verb::Liked, &bob, &ada).await;
    act(&world, Verb::Liked, &cy, &ada).await;
    write(&world, &bob, &ada).await;
    world.settle().await;
    assert!(notices(&ada).await.is_empty());
    // Nor does anybody hear of who is barred.
    tell(&ada, "unblock", &bob).await.assert(201);
    act(&world, Verb::Liked, &bob, &ada).await;
    world.ban(&bob).await;
    world.settle().await;
    assert!(notices(&ada).await.is_empty());
}

#[tokio::test]
async fn what_was_said_under_a_block_or_a_ban_is_told_neither_then_nor_when_it_is_lifted() {
    let world = World::new().await;
    let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
    write(&world, &bob, &ada).await;
    write(&world, &cy, &ada).await;
    // Both are under way still.
    tell(&ada, "block", &bob).await.assert(201);
    world.ban(&cy).await;
    world.settle().await;
    tell(&ada, "unblock", &bob).await.assert(201);
    let lifted = Change::of(keys::account(MemberId(cy.id()))).set("banned", false);
    world.app().table.change::<Value>(lifted).await.unwrap();
    assert!(notices(&ada).await.is_empty());
    world.settle().await;
}

#[tokio::test]
async fn whoever_is_online_hears_at_once() {
    let world = World::new().await;
    let (ada, bob) = (member(&world, "ada").await, member(&world, "bob").await);
    let (mut first, mut second, mut others) =
        (ada.open_socket().await, ada.open_socket().await, bob.open_socket().await);
    let liked = act(&world, Verb::Liked, &bob, &ada).await;
    world.cloud.settle(Delivery::Once).await;
    let expected = json!({
        "type": "notice", "id": liked.id, "kind": "liked", "at": "2026-01-31T08:15:00Z", "seen": false,
        "actor": { "id": bob.id(), "username": "bob", "picture": null }, "about": { "kind": "post", "id": 7 },
    });
    assert_eq!(crate::chat::hear(&mut first).await, expected);
    assert_eq!(crate::chat::hear(&mut second).await, expected);
    others.send(r#"{"type":"ping"}"#).await;
    assert_eq!(crate::chat::hear(&mut others).await, json!({ "type": "pong" }));
    world.settle().await;
}

#[tokio::test]
async fn notices_go_with_whoever_caused_them_and_with_whom_they_are_for() {
    let world = World::new().await;
    let (ada, bob, cy) = (member(&world, "ada").await, member(&world, "bob").await, member(&world, "cy").await);
    tell(&bob, "follow", &ada).await.assert(201);
    act(&world, Verb::Liked, &bob, &ada).await;
    write(&world, &bob, &ada).await;
    act(&world, Verb::Liked, &cy, &ada).await;
    act(&world, Verb::Liked, &ada, &cy).await;
    world.settle().await;
    assert_eq!((unseen(&ada).await, unseen(&cy).await), (4, 1));
    bob.delete(&format!("/api/users/{}/", bob.id())).await.assert(204);
    world.settle().await;
    assert_eq!(unseen(&ada).await, 1);
    ada.delete(&format!("/api/users/{}/", ada.id())).await.assert(204);
    world.settle().await;
    assert_eq!(unseen(&cy).await, 0);
    for gone in [&ada, &bob] {
        let id = gone.id().to_string();
        let names = |item: &Value| {
            let place = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            ["pk", "sk", "gsi1pk", "gsi2pk"].iter().any(|name| {
                place(name)
                    .split('#')
                    .any(|part| part.trim_start_matches('0') == id && !place("pk").starts_with("COUNTED"))
            })
        };
        let left: Vec<_> = world
            .everything()
            .into_iter()
            .filter(names)
            .map(|item| item["pk"].to_string() + &item["sk"].to_string())
            .collect();
        let left: Vec<_> = left
            .into_iter()
            .filter(|key| key.contains("NOTICE") || key.contains("TOLD") || key.contains("FOLLOW"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    world.settle().await;
}
