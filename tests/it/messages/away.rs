//! Who was away: how others hear of it, and how those who come back hear what they missed.

use chrono::Duration;
use local::Delivery;
use local::gateway::websocket::{Frame, Socket};
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::socket::PresenceTold;
use shared::store::keys;

use super::{chat, heard, member, open, refused, say, texts, two, write};
use crate::world::{Person, World};

/// Lets those be told who are told of comings and goings.
async fn a_moment(world: &World) {
    world.settle().await;
    world.wait(Duration::seconds(5));
    world.settle().await;
}

fn presence(of: &Person, online: bool, last_seen: Option<&str>) -> Value {
    json!({ "type": "presence", "data": { "user": of.id(), "online": online, "last_seen": last_seen } })
}

#[tokio::test]
async fn those_who_talk_with_a_member_hear_when_the_first_socket_opens_and_the_last_closes() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let (cy, eve) = (member(&world, "cy").await, member(&world, "eve").await);
    write(&world, &ada, &bob, "Hello").await;
    write(&world, &eve, &ada, "Hello").await;
    world.block(&ada, &eve).await;
    let mut of_bob = [open(&world, &bob, "").await, open(&world, &bob, "").await];
    let mut others = [
        open(&world, &cy, "").await,
        open(&world, &eve, "").await,
        chat(&world, &bob, &ada).await,
        open(&world, &bob, "surface=feed&user=bob").await,
    ];
    a_moment(&world).await;
    let (first, second) = (open(&world, &ada, "").await, chat(&world, &ada, &bob).await);
    world.settle().await;
    for socket in &mut of_bob {
        assert_eq!(heard(socket), Vec::<Value>::new(), "whoever has just come may be gone again");
    }
    a_moment(&world).await;
    for socket in &mut of_bob {
        assert_eq!(heard(socket), [presence(&ada, true, None)]);
    }
    first.close().await;
    a_moment(&world).await;
    assert_eq!(heard(&mut of_bob[0]), Vec::<Value>::new(), "another socket is open");
    second.close().await;
    a_moment(&world).await;
    assert_eq!(heard(&mut of_bob[0]), [presence(&ada, false, Some("2026-01-31T08:15:20Z"))]);
    for socket in &mut others {
        assert_eq!(heard(socket), Vec::<Value>::new());
    }
}

#[tokio::test]
async fn whoever_comes_back_at_once_was_never_away_and_what_is_delivered_twice_is_told_once() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &ada, &bob, "Hello").await;
    let mut of_bob = open(&world, &bob, "").await;
    let of_ada = open(&world, &ada, "").await;
    a_moment(&world).await;
    assert_eq!(heard(&mut of_bob), [presence(&ada, true, None)]);
    of_ada.close().await;
    let again = open(&world, &ada, "").await;
    a_moment(&world).await;
    assert_eq!(heard(&mut of_bob), Vec::<Value>::new());
    again.close().await;
    for delivery in [Delivery::Twice, Delivery::Shuffled] {
        world.cloud.settle(delivery).await;
        world.wait(Duration::seconds(5));
        world.cloud.settle(delivery).await;
    }
    let heard = heard(&mut of_bob);
    assert_eq!((heard.len(), &heard[0]["data"]["online"]), (1, &json!(false)));
}

#[tokio::test]
async fn whoever_hides_their_profile_hides_that_they_are_there() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let cy = member(&world, "cy").await;
    write(&world, &ada, &bob, "Hello").await;
    write(&world, &ada, &cy, "Hello").await;
    world.follow(&cy, &ada).await;
    let followers = shared::store::Change::of(keys::account(MemberId(ada.id()))).set("audience", "followers");
    world.app().table.change::<Value>(followers).await.expect("the account");
    let (mut of_bob, mut of_cy) = (open(&world, &bob, "").await, open(&world, &cy, "").await);
    let _of_ada = open(&world, &ada, "").await;
    a_moment(&world).await;
    assert_eq!((heard(&mut of_bob), heard(&mut of_cy)), (vec![], vec![presence(&ada, true, None)]));
}

#[tokio::test]
async fn nothing_of_it_is_left_of_a_member_who_leaves() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &ada, &bob, "Hello").await;
    let mut of_ada = open(&world, &ada, "").await;
    a_moment(&world).await;
    let told = keys::presence_told(MemberId(ada.id()));
    assert!(world.app().table.get::<PresenceTold>(told.clone()).await.unwrap().expect("it was told").online);
    ada.delete(&format!("/api/users/{}/", ada.id())).await.assert(204);
    a_moment(&world).await;
    assert!(crate::chat::is_dismissed(&mut of_ada).await);
    assert!(world.app().table.get::<PresenceTold>(told).await.unwrap().is_none());
}

/// Opens a socket that asks for what came after a message.
async fn back(world: &World, by: &Person, place: &str, since: u64) -> Socket {
    open(world, by, &format!("{place}&since={since}")).await
}

#[tokio::test]
async fn a_handshake_brings_what_was_missed_once_and_in_order() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let cy = member(&world, "cy").await;
    let first = write(&world, &ada, &bob, "first").await;
    write(&world, &ada, &bob, "second").await;
    write(&world, &cy, &bob, "from cy").await;
    // Not yet told to anybody when the sockets open.
    let unheard = json!({ "recipient": bob.id(), "message_content": "third" });
    ada.post("/api/v1/messages/", unheard).await.assert(201);
    let mut room = back(&world, &bob, "surface=room&room=ada_bob", first).await;
    let mut conversation = back(&world, &bob, "surface=chat&user=ada&correspondent=bob", first).await;
    let mut native = back(&world, &bob, "surface=native", first).await;
    let mut plain = chat(&world, &bob, &ada).await;
    say(&plain, "fourth", "fourth").await;
    world.cloud.settle(Delivery::Twice).await;
    assert_eq!(texts(&json!(heard(&mut room))), ["second", "third", "fourth"]);
    assert_eq!(texts(&json!(heard(&mut conversation))), ["second", "third", "fourth"]);
    assert_eq!(texts(&json!(heard(&mut plain))), ["third", "fourth"]);
    let frames = heard(&mut native);
    let lists: Vec<_> = frames.iter().filter(|frame| frame["type"] == "message.list").collect();
    let mut missed: Vec<_> = lists.iter().map(|list| texts(&list["data"]["messages"])).collect();
    missed.sort();
    assert_eq!(missed, [vec!["from cy"], vec!["second", "third"]]);
    let new: Vec<_> = frames.iter().filter(|frame| frame["type"] == "message.new").collect();
    assert_eq!((new.len(), &new[0]["data"]["message_content"]), (1, &json!("fourth")));
    // What happens to a message that was missed is told as ever.
    plain.send(json!({ "type": "edit_message", "uuid": "fourth", "message": "4th" }).to_string()).await;
    world.settle().await;
    assert_eq!(heard(&mut conversation)[0]["message"], "4th");
}

#[tokio::test]
async fn whoever_missed_nothing_is_told_nothing_and_hears_what_comes() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let cy = member(&world, "cy").await;
    let last = write(&world, &ada, &bob, "last").await;
    let mut sockets = [
        back(&world, &bob, "surface=room&room=ada_bob", last).await,
        back(&world, &bob, "surface=native", last).await,
        back(&world, &bob, "surface=native", last + 1_000_000).await,
    ];
    // They have never talked.
    let mut of_cy = back(&world, &cy, "surface=chat&user=ada&correspondent=cy", 1).await;
    world.settle().await;
    for socket in sockets.iter_mut().chain([&mut of_cy]) {
        assert_eq!(heard(socket), Vec::<Value>::new());
    }
    write(&world, &ada, &bob, "next").await;
    for socket in &mut sockets {
        assert_eq!(heard(socket).len(), 1);
    }
    let token = world.enter(&bob).await;
    for since in ["x", "-1", "1.5"] {
        assert_eq!(refused(&bob, &format!("since={since}&token={token}"), &[]).await, 422, "{since}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coming_back_while_others_write_loses_nothing_and_doubles_nothing() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let first = write(&world, &ada, &bob, "first").await;
    let writing = {
        let (ada, bob) = (ada.clone(), bob.id());
        tokio::spawn(async move {
            for number in 0..20 {
                let body = json!({ "recipient": bob, "message_content": number.to_string() });
                ada.post("/api/v1/messages/", body).await.assert(201);
            }
        })
    };
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(back(&world, &bob, "surface=chat&user=ada&correspondent=bob", first).await);
        world.settle().await;
    }
    writing.await.unwrap();
    world.settle().await;
    let expected: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    for socket in &mut sockets {
        let mut told = texts(&json!(heard(socket)));
        told.sort_by_key(|text| text.parse::<u32>().unwrap());
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_socket_says_why_it_closes_in_the_words_of_its_client() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let mut native = open(&world, &ada, "").await;
    let mut room = open(&world, &ada, "surface=room&room=ada_bob").await;
    write(&world, &ada, &bob, "Hello").await;
    heard(&mut native);
    heard(&mut room);
    world.ban(&ada).await;
    native.send(r#"{"type":"ping"}"#).await;
    room.send("{}").await;
    let reason = "The session of this socket has ended.";
    assert_eq!(crate::chat::hear(&mut native).await, json!({ "type": "closing", "code": 4401, "reason": reason }));
    assert_eq!(crate::chat::hear(&mut room).await, json!({ "error": reason }));
    for socket in [&mut native, &mut room] {
        assert!(matches!(socket.recv().await, Some(Frame::Close(_))));
    }
    world.settle().await;
}
