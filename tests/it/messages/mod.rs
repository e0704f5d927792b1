//! Conversations, over HTTP in the words of each product and over sockets.

mod away;
mod core;
mod skillnet;
mod sockets;
mod sukuwatto;

use local::gateway::websocket::{Frame, Socket};
use serde_json::{Value, json};

use crate::world::{Person, World};

/// A member who shows a token.
async fn member(world: &World, name: &str) -> Person {
    let person = world.member(name).await;
    let token = world.enter(&person).await;
    person.bearing(&token)
}

/// Ada and Bob.
async fn two(world: &World) -> (Person, Person) {
    (member(world, "ada").await, member(world, "bob").await)
}

/// Opens a socket at a place.
async fn open(world: &World, by: &Person, place: &str) -> Socket {
    let token = world.enter(by).await;
    by.connect(&format!("/?{place}&token={token}"), &[]).await.expect("a socket")
}

/// Opens Sukuwatto's socket for a conversation.
async fn chat(world: &World, by: &Person, with: &Person) -> Socket {
    open(world, by, &format!("surface=chat&user={}&correspondent={}", by.name, with.name)).await
}

/// The status that a handshake is refused with.
async fn refused(by: &Person, query: &str, headers: &[(&str, &str)]) -> u16 {
    match by.connect(&format!("/?{query}"), headers).await {
        Ok(_) => panic!("opened: {query}"),
        Err((status, _)) => status.as_u16(),
    }
}

/// What came until now, but for notices, which tell of the same in other words.
fn heard(socket: &mut Socket) -> Vec<Value> {
    let frames = std::iter::from_fn(|| socket.try_recv());
    let read = |frame| match frame {
        Frame::Text(text) => serde_json::from_str::<Value>(&text).expect("JSON"),
        other => panic!("no text, but {other:?}"),
    };
    frames.map(read).filter(|frame| frame["type"] != "notice").collect()
}

/// Says something over Sukuwatto's socket.
async fn say(socket: &Socket, uuid: &str, text: &str) {
    let frame = json!({ "type": "chat_message", "uuid": uuid, "message": text, "date": "2020-01-01T00:00:00Z" });
    socket.send(frame.to_string()).await;
}

/// Lets `from` write to `to`, and everybody hear of it.
async fn write(world: &World, from: &Person, to: &Person, text: &str) -> u64 {
    let body = json!({ "recipient": to.id(), "message_content": text });
    let said = from.post("/api/v1/messages/", body).await.assert(201).json();
    world.settle().await;
    said["id"].as_u64().expect("an id")
}

/// The texts of a list of messages.
fn texts(messages: &Value) -> Vec<String> {
    let messages = messages.as_array().expect("a list").iter();
    let text = |message: &Value| message.get("message").or(message.get("message_content")).cloned();
    messages.filter_map(|message| text(message)?.as_str().map(str::to_owned)).collect()
}

/// A conversation of somebody with a friend, a message of theirs there, and a file that came with it: the numbers and
/// the reference, for the sweeps.
pub async fn a_conversation_of(world: &World, owner: &Person) -> (String, String, String) {
    let friend = member(world, &format!("friend-of-{}", owner.name)).await;
    let owner = owner.bearing(&world.enter(owner).await);
    write(world, &friend, &owner, "Hello").await;
    let thread = owner.get("/api/v1/messages/").await.assert(200).json()["results"][0]["id"].to_string();
    let path = format!("/api/v1/messages/{thread}/");
    let said = owner.upload(&path, "file", "notes.txt", b"Some notes").await.assert(201).json();
    let reference = said["attachment_reference"].as_str().expect("a reference").to_owned();
    (thread, said["id"].to_string(), reference)
}

/// Everything that the functions `messages` and `chat` do with conversations, for the sweep over the policies.
pub async fn a_day_of_talk(world: &World) {
    let limited = World::with(&[("RateLimitFactor", "1")]).await;
    for world in [world, &limited] {
        let (ada, bob) = (member(world, "ada-talks").await, member(world, "bob-talks").await);
        write(world, &ada, &bob, "Hello").await;
        bob.get("/api/last-messages/").await.assert(200);
        bob.get("/api/unread-conversations/").await.assert(200);
        let here = chat(world, &bob, &ada).await;
        say(&here, "one", "Hello yourself").await;
        here.send(json!({ "type": "delete_message", "uuid": "one" }).to_string()).await;
        bob.post("/api/update-last-message/", json!({ "correspondent": ada.id() })).await.assert(204);
        let (thread, message, _) = a_conversation_of(world, &ada).await;
        ada.delete(&format!("/api/v1/messages/{thread}/{message}/")).await.assert(204);
        world.settle().await;
    }
}
