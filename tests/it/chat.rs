//! Sockets: opened with a token, answered, closed with their session.

use chrono::Duration;
use serde_json::{Value, json};

use crate::world::{ORIGIN, World};
use local::gateway::websocket::{Ending, Frame, Socket};

pub async fn hear(socket: &mut Socket) -> Value {
    match socket.recv().await {
        Some(Frame::Text(text)) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("no text, but {other:?}"),
    }
}

/// Whether nothing comes but the end, and before it the word that the session is over.
pub async fn is_dismissed(socket: &mut Socket) -> bool {
    hear(socket).await["code"] == 4401 && matches!(socket.recv().await, None | Some(Frame::Close(_)))
}

#[tokio::test]
async fn a_token_opens_a_socket_by_query_and_by_subprotocol() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let token = ada.token().await;
    let mut socket = ada.connect(&format!("/?token={token}"), &[("origin", ORIGIN)]).await.expect("a socket");
    socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "pong" }));

    let protocol = format!("guildhall, bearer.{token}");
    let mut socket = ada.connect("/ws", &[("sec-websocket-protocol", &protocol)]).await.expect("a socket");
    assert_eq!(socket.subprotocol.as_deref(), Some("guildhall"));
    socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "pong" }));
    world.settle().await;
}

#[tokio::test]
async fn a_handshake_without_a_good_token_or_from_elsewhere_is_refused() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let token = ada.token().await;
    let refused = async |query: &str, headers: &[(&str, &str)]| match ada.connect(query, headers).await {
        Ok(_) => panic!("opened: {query}"),
        Err((status, _)) => status.as_u16(),
    };
    assert_eq!(refused("/", &[]).await, 401);
    assert_eq!(refused("/?token=nonsense", &[]).await, 401);
    assert_eq!(refused(&format!("/?token={token}"), &[("origin", "https://evil.example")]).await, 403);
    ada.post("/users/logout/", json!({})).await.assert(200);
    assert_eq!(refused(&format!("/?token={token}"), &[]).await, 401);
    world.settle().await;
}

#[tokio::test]
async fn everyone_with_a_socket_is_online_once() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let mut first = ada.open_socket().await;
    let _second = ada.open_socket().await;
    let bobs = bob.open_socket().await;
    let online = |members: Value| json!({ "type": "online", "members": members, "next": null });
    let (of_ada, of_bob) = (json!({ "id": ada.id(), "username": "ada" }), json!({ "id": bob.id(), "username": "bob" }));
    first.send(r#"{"type":"online"}"#).await;
    assert_eq!(hear(&mut first).await, online(json!([of_ada, of_bob])));
    bobs.close().await;
    first.send(r#"{"type":"online"}"#).await;
    assert_eq!(hear(&mut first).await, online(json!([of_ada])));
    world.settle().await;
}

#[tokio::test]
async fn a_frame_that_means_nothing_is_answered_and_the_socket_stays() {
    let world = World::new().await;
    let mut socket = world.member("ada").await.open_socket().await;
    for frame in ["", "nonsense", "[]", "{}", r#"{"type":"unknown"}"#, r#"{"type":7}"#, "\u{0}"] {
        socket.send(frame).await;
        assert_eq!(hear(&mut socket).await["code"], "unknown_frame", "{frame:?}");
    }
    socket.send(r#"{"type":"online","cursor":"made.up"}"#).await;
    assert_eq!(hear(&mut socket).await["code"], "invalid");
    socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "pong" }));
    world.settle().await;
}

#[tokio::test]
async fn a_socket_ends_with_its_session() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let phone = ada.elsewhere();
    phone.sign_in().await.assert(200);
    let (mut here, mut there) = (ada.open_socket().await, phone.open_socket().await);
    ada.post("/users/logout/", json!({})).await.assert(200);
    world.settle().await;
    assert!(is_dismissed(&mut here).await);
    there.send(r#"{"type":"ping"}"#).await;
    assert_eq!(hear(&mut there).await, json!({ "type": "pong" }));
    // Even before anybody is told: a frame on a dead session is not answered.
    phone.patch(&phone.profile(), json!({ "deactivate": true })).await.assert(200);
    there.send(r#"{"type":"ping"}"#).await;
    assert!(is_dismissed(&mut there).await);
    world.settle().await;
}

/// Sends a ping and hears that the other side is there.
async fn is_open(socket: &mut Socket) {
    socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(hear(socket).await, json!({ "type": "pong" }));
}

/// The gateway says goodbye instead of taking another frame, and the function has heard of it.
async fn is_let_go(world: &World, socket: &mut Socket) {
    socket.send(r#"{"type":"ping"}"#).await;
    let goodbye = Ending { code: 1001, reason: "Going away".to_owned() };
    assert_eq!(socket.recv().await, Some(Frame::Close(goodbye)));
    assert_eq!(socket.recv().await, None);
    assert_eq!(world.cloud.sockets().count(), 0);
}

#[tokio::test]
async fn a_socket_on_which_nothing_moves_is_closed_after_ten_minutes() {
    let world = World::new().await;
    let mut socket = world.member("ada").await.open_socket().await;
    world.wait(Duration::minutes(9));
    is_open(&mut socket).await;
    world.wait(Duration::minutes(9));
    // What the function writes counts as well.
    world.cloud.sockets().post(&socket.id, "news".into()).expect("a socket");
    assert_eq!(socket.recv().await, Some(Frame::Text("news".to_owned())));
    world.wait(Duration::minutes(9));
    is_open(&mut socket).await;
    world.wait(Duration::minutes(10));
    is_let_go(&world, &mut socket).await;
    world.settle().await;
}

#[tokio::test]
async fn no_socket_lives_longer_than_two_hours() {
    let world = World::new().await;
    let mut socket = world.member("ada").await.open_socket().await;
    for _ in 0..13 {
        world.wait(Duration::minutes(9));
        is_open(&mut socket).await;
    }
    world.wait(Duration::minutes(3));
    is_let_go(&world, &mut socket).await;
    world.settle().await;
}

async fn has_nothing_to_say(socket: &mut Socket) {
    socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(hear(socket).await, json!({ "type": "pong" }), "nothing came before the answer");
}

#[tokio::test]
async fn a_socket_follows_a_board_and_hears_of_its_changes_once_a_second() {
    let world = World::new().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    ada.score(10).await;
    bob.score(7).await;
    world.settle().await;
    let mut socket = ada.open_socket().await;
    let line = |rank: u64, of: &crate::world::Person, name: &str, score: i64| json!({ "rank": rank, "member": { "id": of.id(), "username": name }, "score": score });
    let board = |rows: Value| json!({ "type": "board", "board": "game/all/all", "rows": rows });
    socket.send(r#"{"type":"follow_board","board":"game/all/all"}"#).await;
    assert_eq!(hear(&mut socket).await, board(json!([line(1, &ada, "ada", 10), line(2, &bob, "bob", 7)])));

    // Two changes within a second are one frame, and it comes after the second.
    bob.score(9).await;
    world.settle().await;
    bob.score(12).await;
    world.settle().await;
    has_nothing_to_say(&mut socket).await;
    world.wait(Duration::seconds(1));
    world.cloud.settle(local::Delivery::Twice).await;
    assert_eq!(hear(&mut socket).await, board(json!([line(1, &bob, "bob", 12), line(2, &ada, "ada", 10)])));
    has_nothing_to_say(&mut socket).await;

    // What changes nothing on the page is no news.
    bob.score(12).await;
    world.settle().await;
    world.wait(Duration::seconds(1));
    world.settle().await;
    has_nothing_to_say(&mut socket).await;

    socket.send(r#"{"type":"unfollow_board","board":"game/all/all"}"#).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "board_left", "board": "game/all/all" }));
    bob.score(20).await;
    world.settle().await;
    world.wait(Duration::seconds(1));
    world.settle().await;
    has_nothing_to_say(&mut socket).await;
}

#[tokio::test]
async fn a_board_that_is_none_and_one_too_many_are_not_followed() {
    let world = World::new().await;
    let mut socket = world.member("ada").await.open_socket().await;
    for (board, code) in
        [("nonsense", "unknown_frame"), ("secrets/all/all", "invalid"), ("game/all/week-2026-W60", "unknown_frame")]
    {
        socket.send(&json!({ "type": "follow_board", "board": board }).to_string()).await;
        assert_eq!(hear(&mut socket).await["code"], code, "{board}");
    }
    for month in 1..=10 {
        socket
            .send(&json!({ "type": "follow_board", "board": format!("xp/all/month-2026-{month:02}") }).to_string())
            .await;
        assert_eq!(hear(&mut socket).await["rows"], json!([]));
    }
    socket.send(r#"{"type":"follow_board","board":"xp/all/all"}"#).await;
    assert_eq!(hear(&mut socket).await["code"], "too_many_boards");
    socket.close().await;
    assert!(!format!("{:?}", world.everything()).contains("SOCKET#"), "nothing is left of a socket that is gone");
    world.settle().await;
}
