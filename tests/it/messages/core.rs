//! What holds in every conversation, by whichever way it is held.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Duration;
use local::Delivery;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::conversation::{Message, Talk};
use shared::store::{Query, keys};
use tokio::sync::Semaphore;

use super::{chat, member, say, two, write};
use crate::world::{Fault, Person, Reply, World};

/// A member's side of a conversation.
async fn side(world: &World, of: &Person, with: &Person) -> Talk {
    let key = keys::talk(MemberId(of.id()), MemberId(with.id()));
    world.app().table.get(key).await.unwrap().expect("a conversation")
}

async fn send(from: &Person, to: &Person, body: Value) -> Reply {
    let mut body = body;
    body["recipient"] = json!(to.id());
    from.post("/api/v1/messages/", body).await
}

/// Everything that was said between two, the first first.
async fn history(by: &Person, with: &Person) -> Vec<Value> {
    let page = by.get(&format!("/api/messages/?with_user={}&page_size=100", with.id())).await.assert(200).json();
    page["results"].as_array().unwrap().clone()
}

/// All of these at once, but for so many at a time that each gets its turn within a call's deadline; whoever gets no
/// answer all the same tries again, as clients do, under the same name.
async fn at_once(sends: Vec<(Person, Person, Value)>) -> Vec<Reply> {
    let room = Arc::new(Semaphore::new(16));
    let sends = sends.into_iter().map(|(from, to, body)| {
        let room = room.clone();
        tokio::spawn(async move {
            let _room = room.acquire().await;
            for _ in 0..5 {
                let reply = send(&from, &to, body.clone()).await;
                if reply.status != 500 {
                    return reply;
                }
            }
            panic!("five times no answer");
        })
    });
    let mut replies = Vec::new();
    for sent in sends.collect::<Vec<_>>() {
        replies.push(sent.await.unwrap());
    }
    replies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_messages_each_way_at_once_are_all_kept_counted_and_in_order() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &ada, &bob, "first").await;
    let both = |number: usize| {
        let body = json!({ "message_content": format!("{number}"), "client_id": format!("{number}") });
        [(ada.clone(), bob.clone(), body.clone()), (bob.clone(), ada.clone(), body)]
    };
    let replies = at_once((0..50).flat_map(both).collect()).await;
    let sent: BTreeSet<u64> =
        replies.into_iter().map(|reply| reply.assert(201).json()["id"].as_u64().unwrap()).collect();
    assert_eq!(sent.len(), 100);
    world.settle().await;
    let (of_ada, of_bob) = (side(&world, &ada, &bob).await, side(&world, &bob, &ada).await);
    let newest = sent.last().copied();
    for (side, other) in [(&of_ada, &bob), (&of_bob, &ada)] {
        assert_eq!(side.latest.as_ref().map(|message| message.id.0), newest);
        assert_eq!((side.messages, side.said_to.0), (101, newest.unwrap()));
        // Whoever writes has read: what came after their own last message is unread.
        let query = Query::of(keys::messages(side.member, side.other), 200);
        let all = world.app().table.query::<Message>(query).await.unwrap().items;
        let unread = all.iter().rev().take_while(|message| message.from.0 == other.id()).count();
        assert_eq!(side.unread, unread as i64);
    }
    assert_eq!(of_ada.thread, of_bob.thread);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_write_to_each_other_first_at_once_have_one_conversation() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let both = |number: usize| {
        let body = json!({ "message_content": format!("{number}"), "client_id": format!("{number}") });
        [(ada.clone(), bob.clone(), body.clone()), (bob.clone(), ada.clone(), body)]
    };
    let replies = at_once((0..5).flat_map(both).collect()).await;
    let threads: BTreeSet<u64> =
        replies.into_iter().map(|reply| reply.assert(201).json()["thread_id"].as_u64().unwrap()).collect();
    assert_eq!(threads.len(), 1);
    for person in [&ada, &bob] {
        let page = person.get("/api/v1/messages/").await.assert(200).json();
        assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&json!(1), 1));
    }
    assert_eq!(history(&ada, &bob).await.len(), 10);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_under_the_same_name_is_the_same_message() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let body = json!({ "message_content": "Hello", "client_id": "n-1" });
    let replies = at_once(vec![(ada.clone(), bob.clone(), body.clone()); 12]).await;
    let ids: BTreeSet<u64> =
        replies.into_iter().map(|reply| reply.assert(201).json()["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(side(&world, &bob, &ada).await.unread, 1);
    // The other's names are their own.
    let other = send(&bob, &ada, body.clone()).await.assert(201).json();
    assert!(!ids.contains(&other["id"].as_u64().unwrap()));
    assert_eq!(history(&ada, &bob).await.len(), 2);
    // And so are those that are used for somebody else.
    let cy = member(&world, "cy").await;
    send(&ada, &cy, body).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn a_message_that_is_taken_back_leaves_both_sides_as_without_it() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let socket = chat(&world, &ada, &bob).await;
    for name in ["one", "two", "three"] {
        say(&socket, name, name).await;
    }
    let take_back = async |name: &str| {
        socket.send(json!({ "type": "delete_message", "uuid": name }).to_string()).await;
        let latest = |side: &Talk| side.latest.as_ref().map(|message| message.text.clone());
        let (of_ada, of_bob) = (side(&world, &ada, &bob).await, side(&world, &bob, &ada).await);
        assert_eq!((latest(&of_ada), of_ada.messages), (latest(&of_bob), of_bob.messages));
        (latest(&of_bob), of_bob.unread)
    };
    assert_eq!(side(&world, &bob, &ada).await.unread, 3);
    assert_eq!(take_back("two").await, (Some("three".to_owned()), 2));
    assert_eq!(take_back("three").await, (Some("one".to_owned()), 1));
    // What was read is not among the unread.
    bob.post("/api/update-last-message/", json!({ "correspondent": ada.id() })).await.assert(204);
    say(&socket, "four", "four").await;
    assert_eq!(take_back("one").await, (Some("four".to_owned()), 1));
    assert_eq!(take_back("four").await, (None, 0));
    for person in [&ada, &bob] {
        assert_eq!(person.get("/api/last-messages/").await.json(), json!([]));
        assert_eq!(person.get("/api/v1/messages/").await.json()["count"], 0);
        assert_eq!(person.get("/api/unread-conversations/").await.json(), json!(0));
    }
    // What was taken back does not come back when it is sent once more.
    say(&socket, "four", "four").await;
    assert_eq!(history(&bob, &ada).await, Vec::<Value>::new());
    write(&world, &bob, &ada, "five").await;
    assert_eq!(ada.get("/api/v1/messages/").await.json()["count"], 1);
    assert_eq!(side(&world, &ada, &bob).await.unread, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_taken_back_and_sent_at_once_are_counted_exactly() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let mut sent = Vec::new();
    for number in 0..8 {
        let body = json!({ "message_content": format!("{number}") });
        sent.push(send(&ada, &bob, body).await.assert(201).json());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for message in sent {
        let (ada, bob) = (ada.clone(), bob.clone());
        tasks.spawn(async move {
            let path = format!("/api/v1/messages/{}/{}/", message["thread_id"], message["id"]);
            ada.delete(&path).await.assert(204);
            send(&ada, &bob, json!({ "message_content": "instead" })).await.assert(201);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    world.settle().await;
    let (of_ada, of_bob) = (side(&world, &ada, &bob).await, side(&world, &bob, &ada).await);
    assert_eq!((of_bob.unread, of_bob.messages, of_ada.messages), (8, 16, 16));
    assert_eq!(of_bob.latest, of_ada.latest);
    assert_eq!(of_bob.latest.map(|message| message.text), Some("instead".to_owned()));
}

#[tokio::test]
async fn nobody_writes_to_whom_they_block_or_are_blocked_by() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let first = write(&world, &bob, &ada, "Hello").await;
    let thread = side(&world, &ada, &bob).await.thread;
    world.block(&ada, &bob).await;
    let hello = || json!({ "message_content": "Hello?" });
    for (from, to) in [(&ada, &bob), (&bob, &ada)] {
        let refused = send(from, to, hello()).await.assert(403).json();
        assert_eq!(refused["code"], "blocked");
        from.post(&format!("/api/v1/messages/{thread}/"), hello()).await.assert(403);
    }
    bob.patch(&format!("/api/v1/messages/{thread}/{first}/"), hello()).await.assert(403);
    bob.delete(&format!("/api/v1/messages/{thread}/{first}/")).await.assert(403);
    assert_eq!(history(&bob, &ada).await.len(), 1);
    let block = keys::block(MemberId(ada.id()), MemberId(bob.id()));
    world.app().table.delete(block, shared::store::Condition::present()).await.unwrap();
    send(&bob, &ada, hello()).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn nobody_writes_to_whoever_is_not_there() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let hello = || json!({ "message_content": "Hello?" });
    write(&world, &ada, &bob, "Hello").await;
    let thread = side(&world, &ada, &bob).await.thread;
    world.ban(&bob).await;
    send(&ada, &bob, hello()).await.assert(404);
    ada.post(&format!("/api/v1/messages/{thread}/"), hello()).await.assert(404);
    let cy = member(&world, "cy").await;
    cy.patch(&cy.profile(), json!({ "deactivate": true })).await;
    world.member("dan").await.delete("/users/0/").await;
    for nobody in [json!(77), json!("nobody"), json!("")] {
        let body = json!({ "recipient": nobody, "message_content": "Hello?" });
        ada.post("/api/v1/messages/", body).await.assert(404);
    }
    world.settle().await;
}

#[tokio::test]
async fn whoever_writes_too_much_waits_a_minute() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    let ada = Person::known(&world, "ada", 1);
    ada.register().await;
    let bob = Person::new(&world, "bob").at([192, 0, 2, 200]);
    bob.register().await;
    let ada = ada.bearing(&world.enter(&ada).await);
    for number in 0..6 {
        send(&ada, &bob, json!({ "message_content": format!("{number}") })).await.assert(201);
    }
    let refused = send(&ada, &bob, json!({ "message_content": "7" })).await.assert(429);
    assert_eq!((refused.json()["code"].as_str(), refused.header("retry-after")), (Some("too_many_requests"), "60"));
    let mut socket = chat(&world, &ada, &bob).await;
    say(&socket, "eight", "8").await;
    assert_eq!(super::heard(&mut socket)[0]["code"], "too_many_requests");
    world.wait(Duration::minutes(1));
    send(&ada, &bob, json!({ "message_content": "7" })).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn what_is_delivered_twice_or_out_of_order_is_heard_once() {
    for delivery in [Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, bob) = two(&world).await;
        let (mut here, mut there) = (chat(&world, &ada, &bob).await, chat(&world, &bob, &ada).await);
        say(&here, "one", "one").await;
        say(&here, "two", "two").await;
        world.cloud.settle(delivery).await;
        world.cloud.settle(delivery).await;
        for socket in [&mut here, &mut there] {
            let mut uuids: Vec<_> = super::heard(socket).iter().map(|frame| frame["uuid"].clone()).collect();
            uuids.sort_by_key(Value::to_string);
            assert_eq!(uuids, [json!("one"), json!("two")], "{delivery:?}");
        }
        assert_eq!(side(&world, &bob, &ada).await.unread, 2);
    }
}

#[tokio::test]
async fn whoever_leaves_leaves_no_conversation_behind() {
    let world = World::new().await;
    let (ada, bob) = (world.reachable("ada").await, member(&world, "bob").await);
    let ada = ada.bearing(&world.enter(&ada).await);
    let cy = member(&world, "cy").await;
    write(&world, &bob, &cy, "Between us").await;
    write(&world, &ada, &bob, "Hello secret").await;
    write(&world, &bob, &ada, "Hello yourself, secret").await;
    let thread = side(&world, &ada, &bob).await.thread;
    let path = format!("/api/v1/messages/{thread}/");
    bob.upload(&path, "file", "notes.txt", b"Some notes").await.assert(201);
    send(&ada, &cy, json!({ "message_content": "Another secret", "client_id": "c" })).await.assert(201);
    assert_eq!(crate::files::stored(&world).len(), 1);
    ada.upload(&path, "file", "my plan.txt", b"A plan").await.assert(201);
    let data = crate::personal_data::export(&world, &ada).await;
    let files: Vec<_> = data.iter().filter(|(name, _)| name.starts_with("files/")).collect();
    assert_eq!(files.len(), 1, "those of others are not theirs");
    assert!(files[0].0.ends_with("-my_plan.txt") && files[0].1 == b"A plan");
    let data: Value = serde_json::from_slice(&data["personal-data.json"]).unwrap();
    let said: Vec<_> = data["messages"].as_array().unwrap().iter().map(|message| &message["message"]).collect();
    assert_eq!(said, ["Hello secret", "Hello yourself, secret", "", "", "Another secret"]);
    assert!(!data.to_string().contains("Between us"), "{data}");
    let others = data["other"].as_array().unwrap().iter().map(|other| other["kind"].as_str().unwrap());
    assert!(others.clone().all(|kind| kind == "letter"), "{:?}", others.collect::<Vec<_>>());

    ada.elsewhere().sign_in().await.assert(200);
    let browser = ada.elsewhere();
    browser.sign_in().await.assert(200);
    browser.delete(&ada.profile()).await.assert(200);
    world.cloud.settle(Delivery::Twice).await;
    for person in [&bob, &cy] {
        assert_eq!(person.get("/api/v1/messages/").await.json()["count"], 1);
        assert_eq!(person.get(&format!("/api/messages/?with_user={}", ada.id())).await.json()["count"], 0);
    }
    assert_eq!(bob.get("/api/unread-conversations/").await.json(), json!(0));
    bob.get(&path).await.assert(404);
    assert_eq!(crate::files::stored(&world).len(), 0);
    let left = serde_json::to_string(&world.everything()).unwrap();
    assert!(!left.contains("secret"));
    assert!(left.contains("Between us"));
}

/// As often as the SDK tries, so that a fault is not simply repeated away.
const EVERY_ATTEMPT: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_a_message_is_kept_once_and_counted_once() {
    let mut sweeps = tokio::task::JoinSet::new();
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::Unavailable, Fault::Throttled, Fault::Conflict] {
        sweeps.spawn(async move {
            let world = World::new().await;
            let (ada, bob) = two(&world).await;
            for call in 0.. {
                let body = json!({ "message_content": "Hello", "client_id": format!("{call}") });
                world.wire.fail(call, EVERY_ATTEMPT, fault);
                let reply = send(&ada, &bob, body.clone()).await;
                let reached = world.wire.calls() > call;
                world.wire.mend();
                assert!([201, 500].contains(&reply.status.as_u16()), "{fault:?} {call}: {}", reply.text());
                send(&ada, &bob, body).await.assert(201);
                let (of_ada, of_bob) = (side(&world, &ada, &bob).await, side(&world, &bob, &ada).await);
                let so_many = i64::try_from(call + 1).unwrap();
                assert_eq!((of_ada.messages, of_bob.messages, of_bob.unread), (so_many, so_many, so_many));
                if !reached {
                    break;
                }
            }
            world.settle().await;
        });
    }
    while let Some(swept) = sweeps.join_next().await {
        swept.unwrap();
    }
}
