//! Sockets: who may open which, and what is said and heard there.

use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::name::Username;
use shared::model::socket::{Presence, Socket as SocketKept, Surface};
use shared::store::{Query, keys};

use super::{chat, heard, member, open, refused, say, texts, two, write};
use crate::world::{ORIGIN, Person, World};

async fn history(by: &Person, with: &Person) -> Value {
    by.get(&format!("/api/messages/?with_user={}", with.id())).await.assert(200).json()["results"].clone()
}

#[tokio::test]
async fn a_conversation_is_opened_by_its_two_and_nobody_else() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let eve = member(&world, "eve").await;
    let _ = (chat(&world, &ada, &bob).await, chat(&world, &bob, &ada).await);
    open(&world, &ada, "surface=chat&user=bob&correspondent=ADA").await;
    open(&world, &ada, "surface=feed&user=Ada").await;
    open(&world, &ada, "surface=notifications&user=ada").await;
    open(&world, &ada, "surface=room&room=ada_bob").await;
    let token = world.enter(&ada).await;
    let place = |place: &str| format!("{place}&token={token}");
    for (query, status) in [
        ("surface=chat&user=bob&correspondent=eve", 403),
        ("surface=chat&user=ada&correspondent=ada", 404),
        ("surface=chat&user=ada&correspondent=nobody", 404),
        ("surface=chat&user=ada&correspondent=", 404),
        ("surface=chat&user=ada", 404),
        ("surface=feed&user=bob", 403),
        ("surface=notifications&user=bob", 403),
        ("surface=notifications", 404),
        ("surface=room&room=bob_eve", 403),
        ("surface=room&room=bob_ada", 403),
        ("surface=room&room=ada_nobody", 404),
        ("surface=room&room=ada_ada", 404),
        ("surface=room&room=", 403),
        ("surface=else", 404),
    ] {
        assert_eq!(refused(&ada, &place(query), &[]).await, status, "{query}");
    }
    for query in ["surface=chat&user=ada&correspondent=bob", "surface=feed&user=ada", "surface=room&room=ada_bob"] {
        assert_eq!(refused(&ada, query, &[]).await, 401, "{query}");
        assert_eq!(refused(&ada, &format!("{query}&token=nonsense"), &[]).await, 401, "{query}");
        assert_eq!(refused(&ada, &place(query), &[("origin", "https://evil.example")]).await, 403, "{query}");
    }
    world.block(&eve, &ada).await;
    assert_eq!(refused(&ada, &place("surface=chat&user=ada&correspondent=eve"), &[]).await, 403);
    assert_eq!(refused(&ada, &place("surface=room&room=ada_eve"), &[]).await, 403);
    world.ban(&ada).await;
    assert_eq!(refused(&ada, &place("surface=feed&user=ada"), &[]).await, 401);
    world.settle().await;
}

#[tokio::test]
async fn names_with_lines_in_them_have_rooms_of_their_own() {
    let world = World::new().await;
    let (a, a_b, b_a) = (member(&world, "aaa").await, member(&world, "aaa_bbb").await, member(&world, "bbb_aaa").await);
    write(&world, &a, &a_b, "to aaa_bbb").await;
    write(&world, &a, &b_a, "to bbb_aaa").await;
    let _first = open(&world, &a, "surface=room&room=aaa_aaa_bbb").await;
    let _second = open(&world, &a, "surface=room&room=aaa_bbb_aaa").await;
    let app = world.app();
    let query = Query::of(keys::sockets_of(MemberId(a.id())), 10);
    let open: Vec<Presence> = app.table.query(query).await.unwrap().items;
    let mut with: Vec<_> = open.iter().map(|open| format!("{:?}", open.surface)).collect();
    with.sort();
    let room = |with: &Person| format!("SkillnetRoom {{ with: MemberId({}) }}", with.id());
    let mut expected = [room(&a_b), room(&b_a)];
    expected.sort();
    assert_eq!(with, expected);
}

#[tokio::test]
async fn a_token_comes_by_header_and_where_browsers_keep_it() {
    let world = World::new().await;
    let (ada, _) = two(&world).await;
    let token = world.enter(&ada).await;
    let (header, cookie) = (format!("bearer {token}"), format!("a=b; Authorization={token}"));
    for query in ["/?surface=feed&user=ada", "/?surface=chat&user=ada&correspondent=bob"] {
        ada.connect(query, &[("authorization", &header)]).await.expect("a socket");
        ada.connect(query, &[("cookie", &cookie), ("origin", ORIGIN)]).await.expect("a socket");
    }
    assert_eq!(refused(&ada, "surface=notifications&user=ada", &[("cookie", &cookie)]).await, 401);
    assert_eq!(
        refused(&ada, "surface=feed&user=ada", &[("cookie", &cookie), ("origin", "https://evil.example")]).await,
        403
    );
    // Only access tokens open sockets.
    let credentials = json!({ "username": "ada", "password": crate::world::PASSWORD });
    let tokens = world.visitor().post("/api/token/", credentials).await.assert(200).json();
    let refresh = tokens["refresh"].as_str().unwrap();
    assert_eq!(refused(&ada, &format!("surface=feed&user=ada&token={refresh}"), &[]).await, 401);
    world.settle().await;
}

#[tokio::test]
async fn what_is_said_reaches_every_device_of_both_once_in_the_words_of_each() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let cy = member(&world, "cy").await;
    let mut chats = [chat(&world, &ada, &bob).await, chat(&world, &ada, &bob).await, chat(&world, &bob, &ada).await];
    let mut rooms =
        [open(&world, &ada, "surface=room&room=ada_bob").await, open(&world, &bob, "surface=room&room=ada_bob").await];
    let mut natives = [open(&world, &ada, "").await, open(&world, &bob, "").await];
    let mut feed = open(&world, &bob, "surface=feed&user=bob").await;
    let mut notices = open(&world, &bob, "surface=notifications&user=bob").await;
    let mut others = [
        open(&world, &ada, "surface=feed&user=ada").await,
        open(&world, &ada, "surface=notifications&user=ada").await,
        chat(&world, &ada, &cy).await,
        chat(&world, &cy, &ada).await,
        open(&world, &bob, "surface=room&room=bob_cy").await,
        open(&world, &cy, "").await,
    ];
    say(&chats[0], "uuid-1", " <b>Hello</b>\n").await;
    assert_eq!(heard(&mut chats[0]), Vec::<Value>::new(), "it is kept before it is heard");
    world.settle().await;
    let at = "2026-01-31T08:15:00Z";
    let frame = json!({
        "type": "chat_message", "from_user": ada.id(), "date": at, "uuid": "uuid-1", "message": " <b>Hello</b>\n",
    });
    for socket in chats.iter_mut().chain([&mut feed]) {
        assert_eq!(heard(socket), std::slice::from_ref(&frame));
    }
    let id = history(&ada, &bob).await[0]["id"].clone();
    for socket in &mut rooms {
        let message = json!({ "message": " <b>Hello</b>\n", "sender": "ada", "createdAt": at, "id": id });
        assert_eq!(heard(socket), [message]);
    }
    for socket in &mut natives {
        let frames = heard(socket);
        assert_eq!(frames.len(), 1, "{frames:?}");
        let new = &frames[0];
        assert_eq!((&new["type"], &new["id"]), (&json!("message.new"), &id));
        assert_eq!(new["data"]["sender"]["username"], "ada");
        assert_eq!(new["data"]["recipient"]["username"], "bob");
        assert_eq!(new["data"]["message_content"], " <b>Hello</b>\n");
        assert_eq!(new["data"]["client_id"], "uuid-1");
    }
    let notice = heard(&mut notices).remove(0);
    assert_eq!((&notice["type"], &notice["message"]), (&json!("message.new"), &json!("New message from ada")));
    for socket in &mut others {
        assert_eq!(heard(socket), Vec::<Value>::new());
    }
}

#[tokio::test]
async fn only_whoever_wrote_a_message_changes_it_or_takes_it_back() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let (mut here, mut there) = (chat(&world, &ada, &bob).await, chat(&world, &bob, &ada).await);
    let mut feed = open(&world, &bob, "surface=feed&user=bob").await;
    say(&here, "uuid-1", "Helo").await;
    world.settle().await;
    for socket in [&mut here, &mut there, &mut feed] {
        heard(socket);
    }
    let frame = |kind: &str, text: &str| json!({ "type": kind, "uuid": "uuid-1", "message": text, "date": "x", "edited_date": 7 });
    for forged in [frame("edit_message", "I owe you 100"), frame("delete_message", "")] {
        there.send(forged.to_string()).await;
    }
    let id = history(&ada, &bob).await[0]["id"].clone();
    there.send(json!({ "type": "edit_message", "uuid": id.to_string(), "message": "x" }).to_string()).await;
    world.settle().await;
    assert_eq!((heard(&mut here), heard(&mut there)), (vec![], vec![]));
    assert_eq!(texts(&history(&bob, &ada).await), ["Helo"]);

    here.send(frame("edit_message", "Hello").to_string()).await;
    world.settle().await;
    let at = "2026-01-31T08:15:00Z";
    let edited = json!({
        "type": "edit_message", "from_user": ada.id(), "date": at, "edited_date": at, "uuid": "uuid-1", "message": "Hello",
    });
    for socket in [&mut here, &mut there, &mut feed] {
        assert_eq!(heard(socket), std::slice::from_ref(&edited));
    }
    assert_eq!(history(&bob, &ada).await[0]["edited_date"], at);
    let talks = bob.get("/api/last-messages/").await.json();
    assert_eq!((&talks[0]["last_message"]["message"], &talks[0]["unread_count"]), (&json!("Hello"), &json!(1)));

    here.send(frame("delete_message", "").to_string()).await;
    world.settle().await;
    for socket in [&mut here, &mut there, &mut feed] {
        assert_eq!(heard(socket), [json!({ "type": "delete_message", "uuid": "uuid-1" })]);
    }
    assert_eq!(history(&bob, &ada).await, json!([]));
}

#[tokio::test]
async fn a_frame_that_means_nothing_keeps_the_socket_open() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let mut socket = chat(&world, &ada, &bob).await;
    for frame in ["", "nonsense", "[]", "{}", r#"{"type":"chat_message"}"#, r#"{"type":7}"#, "\u{0}"] {
        socket.send(frame).await;
        assert_eq!(heard(&mut socket)[0]["code"], "unknown_frame", "{frame:?}");
    }
    for frame in [
        json!({ "type": "chat_message", "uuid": "u", "message": " " }),
        json!({ "type": "chat_message", "uuid": "u", "message": "x".repeat(5_001) }),
        json!({ "type": "chat_message", "uuid": "u", "message": "\u{0}" }),
        json!({ "type": "chat_message", "uuid": "", "message": "x" }),
        json!({ "type": "chat_message", "uuid": "u".repeat(256), "message": "x" }),
        json!({ "type": "edit_message", "uuid": "u", "message": "" }),
    ] {
        socket.send(frame.to_string()).await;
        assert_eq!((&heard(&mut socket)[0]["type"], 1), (&json!("error"), 1), "{frame}");
    }
    for frame in [
        json!({ "type": "typing" }),
        json!({ "type": "edit_message", "uuid": "unknown", "message": "x" }),
        json!({ "type": "delete_message", "uuid": "unknown" }),
        json!({ "type": "delete_message", "uuid": "99999" }),
    ] {
        socket.send(frame.to_string()).await;
        assert_eq!(heard(&mut socket), Vec::<Value>::new(), "{frame}");
    }
    let mut feed = open(&world, &ada, "surface=feed&user=ada").await;
    say(&feed, "u", "Nobody listens").await;
    assert_eq!(heard(&mut feed), Vec::<Value>::new());
    say(&socket, "u", "Still here").await;
    world.settle().await;
    assert_eq!(texts(&history(&bob, &ada).await), ["Still here"]);
}

#[tokio::test]
async fn whoever_is_blocked_says_nothing_and_is_not_told() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let (mut here, mut there) = (chat(&world, &ada, &bob).await, chat(&world, &bob, &ada).await);
    let mut room = open(&world, &ada, "surface=room&room=ada_bob").await;
    say(&here, "before", "Hello").await;
    world.settle().await;
    for socket in [&mut here, &mut there, &mut room] {
        heard(socket);
    }
    world.block(&bob, &ada).await;
    say(&here, "after", "Hello?").await;
    say(&there, "other", "Go away").await;
    here.send(json!({ "type": "edit_message", "uuid": "before", "message": "Hello!!!" }).to_string()).await;
    here.send(json!({ "type": "delete_message", "uuid": "before" }).to_string()).await;
    world.settle().await;
    assert_eq!((heard(&mut here), heard(&mut there)), (vec![], vec![]));
    assert_eq!(texts(&history(&ada, &bob).await), ["Hello"]);
    room.send(json!({ "message": "Hello?", "receiver_id": "bob" }).to_string()).await;
    assert_eq!(heard(&mut room), [json!({ "error": "You cannot write to this member." })]);
}

#[tokio::test]
async fn the_same_frame_again_is_answered_with_the_same_message() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let mut socket = chat(&world, &ada, &bob).await;
    say(&socket, "uuid-1", "Hello").await;
    say(&socket, "uuid-1", "Something else").await;
    let again = heard(&mut socket);
    assert_eq!((again.len(), &again[0]["message"]), (1, &json!("Hello")));
    world.settle().await;
    assert_eq!(texts(&history(&bob, &ada).await), ["Hello"]);
}

#[tokio::test]
async fn skillnets_room_takes_what_is_for_the_other_and_nobody_else() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    member(&world, "eve").await;
    let mut room = open(&world, &ada, "surface=room&room=ada_bob").await;
    let mut of_bob = open(&world, &bob, "surface=room&room=ada_bob").await;
    for (frame, error) in [
        (json!({ "message": "", "receiver_id": "bob" }), "This field may not be blank."),
        (json!({ "message": "Hello" }), "This room is not with the receiver of the message."),
        (json!({ "message": "Hello", "receiver_id": "eve" }), "This room is not with the receiver of the message."),
        (json!({ "message": "Hello", "receiver_id": "ada" }), "This room is not with the receiver of the message."),
        (json!([]), "This frame is not known here."),
    ] {
        room.send(frame.to_string()).await;
        assert_eq!(heard(&mut room), [json!({ "error": error })], "{frame}");
    }
    room.send(json!({ "message": " Hello ", "sender_id": "bob", "receiver_id": "bob" }).to_string()).await;
    world.settle().await;
    for socket in [&mut room, &mut of_bob] {
        let frames = heard(socket);
        assert_eq!(frames.len(), 1);
        assert_eq!((&frames[0]["message"], &frames[0]["sender"]), (&json!("Hello"), &json!("ada")));
    }
    let first = history(&ada, &bob).await[0]["id"].clone();
    write(&world, &bob, &ada, "from elsewhere").await;
    let frames = heard(&mut room);
    assert_eq!((&frames[0]["message"], &frames[0]["sender"]), (&json!("from elsewhere"), &json!("bob")));
    // Whoever comes back hears what they missed, and nobody else does.
    heard(&mut of_bob);
    room.send(json!({ "since": first }).to_string()).await;
    let missed = heard(&mut room);
    assert_eq!((missed.len(), &missed[0]["message"]), (1, &json!("from elsewhere")));
    assert_eq!(heard(&mut of_bob), Vec::<Value>::new());
}

#[tokio::test]
async fn our_own_socket_sends_reads_and_catches_up() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let eve = member(&world, "eve").await;
    let first = write(&world, &ada, &bob, "Hello").await;
    let thread = bob.get("/api/v1/messages/").await.json()["results"][0]["id"].clone();
    let (mut here, mut there) = (open(&world, &ada, "").await, open(&world, &bob, "").await);
    let frame = |kind: &str, data: Value| json!({ "type": kind, "id": 1, "data": data }).to_string();
    there.send(frame("message.read", json!({ "thread_id": thread }))).await;
    world.settle().await;
    let read = json!({
        "type": "message.read", "id": first, "data": { "thread_id": thread, "user": bob.id(), "read_to": first },
    });
    assert_eq!((heard(&mut here), heard(&mut there)), (vec![read.clone()], vec![read]));
    there.send(frame("message.read", json!({ "thread_id": thread }))).await;
    there.send(frame("typing", json!({ "thread_id": thread }))).await;
    world.settle().await;
    let typing = json!({ "type": "typing", "data": { "thread_id": thread, "user": bob.id() } });
    assert_eq!((heard(&mut here), heard(&mut there)), (vec![typing], vec![]));

    let reply = json!({ "thread_id": thread, "message_content": "Hello yourself", "client_id": "c-1" });
    for _ in 0..2 {
        there.send(frame("message.send", reply.clone())).await;
    }
    world.settle().await;
    let (of_ada, of_bob) = (heard(&mut here), heard(&mut there));
    assert_eq!((of_ada.len(), of_bob.len()), (1, 2), "what was sent again is answered");
    assert_eq!(of_ada[0]["data"], of_bob[1]["data"]);
    assert_eq!(of_bob[0]["data"]["id"], of_bob[1]["data"]["id"]);
    here.send(frame("message.since", json!({ "thread_id": thread, "since": first }))).await;
    let missed = heard(&mut here).remove(0);
    assert_eq!((&missed["type"], &missed["data"]["more"]), (&json!("message.list"), &json!(false)));
    assert_eq!(texts(&missed["data"]["messages"]), ["Hello yourself"]);

    let mut of_eve = open(&world, &eve, "").await;
    for kind in ["message.read", "typing", "message.send", "message.since"] {
        let data = json!({ "thread_id": thread, "message_content": "Let me in", "since": 1 });
        of_eve.send(frame(kind, data)).await;
        assert_eq!(heard(&mut of_eve)[0]["code"], "not_found", "{kind}");
    }
    there.send(frame("message.send", json!({ "thread_id": thread, "message_content": "" }))).await;
    assert_eq!(heard(&mut there)[0]["code"], "invalid");
    there.send(frame("message.send", json!({ "thread_id": "x" }))).await;
    assert_eq!(heard(&mut there)[0]["code"], "unknown_frame");
}

#[tokio::test]
async fn a_conversation_ends_with_the_session() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let mut socket = chat(&world, &ada, &bob).await;
    world.ban(&ada).await;
    say(&socket, "uuid-1", "Hello").await;
    assert!(crate::chat::is_dismissed(&mut socket).await);
    assert_eq!(history(&bob, &ada).await, json!([]));
    world.settle().await;
}

#[tokio::test]
async fn sockets_open_at_the_paths_of_the_clients() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let token = world.enter(&ada).await;
    let open = async |path: &str| ada.connect(&format!("{path}?token={token}"), &[]).await;
    let mut chat = open("/ws/chat/bob/ada/").await.expect("a socket");
    let mut room = open("/ws/chat/ada_bob/").await.expect("a socket");
    let feed = open("/ws/feed/ada/").await.expect("a socket");
    let _notifications = open("/ws/notifications/ada/").await.expect("a socket");
    let native = open("/ws/").await.expect("a socket");
    native.send(r#"{"type":"ping"}"#).await;
    feed.send("whatever").await;
    write(&world, &bob, &ada, "Hello").await;
    world.settle().await;
    assert_eq!((heard(&mut chat).len(), heard(&mut room).len()), (1, 1));
    for (path, status) in
        [("/ws/feed/bob/", 403), ("/ws/chat/bob/nobody/", 403), ("/ws/chat/ada/nobody/", 404), ("/ws/video/ada/", 404)]
    {
        assert_eq!(open(path).await.expect_err(path).0.as_u16(), status, "{path}");
    }
    world.settle().await;
}

#[tokio::test]
async fn a_socket_that_is_gone_is_forgotten_and_a_slow_one_holds_up_nobody() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let (slow, mut quick) = (open(&world, &bob, "").await, open(&world, &bob, "").await);
    while world.cloud.sockets().post(&slow.id, "news".into()).is_ok() {}
    // The gateway lost it without a word, an hour ago.
    let (connection, member) = ("lost=".to_owned(), MemberId(bob.id()));
    let (session, opened_at) = ("a-session".to_owned(), world.clock.now() - chrono::Duration::hours(1));
    let username = Username::parse(&bob.name).expect("a name");
    let lost = Presence {
        connection: connection.clone(),
        member,
        username,
        session: session.clone(),
        surface: Surface::Native,
        opened_at,
        missed: vec![],
    };
    let socket = SocketKept { connection, member, session, surface: Surface::Native, opened_at, boards: vec![] };
    world.app().table.put(&lost).await.unwrap();
    world.app().table.put(&socket).await.unwrap();
    write(&world, &ada, &bob, "Hello").await;
    assert_eq!(texts(&json!([heard(&mut quick)[0]["data"]])), ["Hello"]);
    let left = world.app().table.query::<Presence>(Query::of(keys::sockets_of(member), 10)).await.unwrap().items;
    assert_eq!(left.iter().map(|open| &open.connection).collect::<Vec<_>>(), [&quick.id]);
    assert!(!format!("{:?}", world.everything()).contains("lost="));
}
