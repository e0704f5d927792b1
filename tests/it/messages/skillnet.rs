//! SkillNet's conversations: by its document, and as its web client reads them.

use chrono::Duration;
use serde_json::{Value, json};

use super::{chat, heard, member, texts, two, write};
use crate::world::{Person, World};

const MESSAGES: &str = "/api/v1/messages/";

async fn thread_of(by: &Person) -> String {
    let threads = by.get(MESSAGES).await.assert(200).json();
    format!("{MESSAGES}{}/", threads["results"][0]["id"])
}

#[tokio::test]
async fn a_message_opens_a_conversation_and_is_shown_to_both() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let person = |of: &Person| {
        json!({
            "id": of.id(), "username": of.name, "name": "", "profile_picture": null, "title": null, "location": null,
            "ratings": { "average": 0.0, "count": 0 },
        })
    };
    let body = json!({ "recipient": "BOB", "message_content": " Hello <b>\n", "sender": 7, "id": 3 });
    let said = ada.post(MESSAGES, body).await.assert(201).json();
    let message = json!({
        "id": said["id"], "thread_id": said["thread_id"], "sender": person(&ada), "recipient": person(&bob),
        "message_content": "Hello <b>", "timestamp": "2026-01-31T08:15:00Z", "edited_at": null, "is_read": false,
        "is_deleted": false, "client_id": null, "attachment_reference": null, "attachment": null,
    });
    assert_eq!(said, message);
    world.settle().await;
    for (by, other, unread) in [(&ada, &bob, 0), (&bob, &ada, 1)] {
        let thread = json!({
            "id": said["thread_id"], "thread_id": said["thread_id"], "participants": [person(&ada), person(&bob)],
            "other_user": person(other), "last_message": message, "last_message_timestamp": "2026-01-31T08:15:00Z",
            "unread_count": unread, "created_at": "2026-01-31T08:15:00Z", "updated_at": "2026-01-31T08:15:00Z",
        });
        by.get(MESSAGES).await.is(200, json!({ "count": 1, "next": null, "previous": null, "results": [thread] }));
    }
    for (body, status) in [
        (json!({}), 400),
        (json!({ "recipient": bob.id() }), 400),
        (json!({ "recipient": bob.id(), "message_content": " " }), 400),
        (json!({ "recipient": bob.id(), "message_content": "x".repeat(5_001) }), 400),
        (json!({ "recipient": bob.id(), "message_content": "\u{7}" }), 400),
        (json!({ "recipient": bob.id(), "message_content": "x", "client_id": "c".repeat(256) }), 400),
        (json!({ "recipient": bob.id(), "message_content": "x", "attachment_reference": "made up" }), 400),
        (json!({ "recipient": ada.id(), "message_content": "x" }), 400),
        (json!({ "recipient": "ada", "message_content": "x" }), 400),
        (json!({ "recipient": "nobody", "message_content": "x" }), 404),
    ] {
        ada.post(MESSAGES, body.clone()).await.assert(status);
    }
    ada.post(MESSAGES, json!({}))
        .await
        .is(400, json!({ "recipient": ["This field is required."], "message_content": ["This field is required."] }));
    world.visitor().get(MESSAGES).await.assert(401);
}

#[tokio::test]
async fn a_conversation_is_read_by_its_two_in_pages() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let eve = member(&world, "eve").await;
    write(&world, &ada, &bob, "1").await;
    let path = thread_of(&ada).await;
    for number in 2..=45 {
        let field = ["message_content", "content", "message"][number % 3];
        ada.post(&path, json!({ field: number.to_string() })).await.assert(201);
    }
    let numbers = |from: usize, to: usize| (from..=to).map(|number| number.to_string()).collect::<Vec<_>>();
    let page = async |query: &str| bob.get(&format!("{path}{query}")).await.assert(200).json();
    let mut of_ada = super::open(&world, &ada, "").await;
    world.settle().await;
    heard(&mut of_ada);
    let first = page("").await;
    assert_eq!((texts(&first["results"]), &first["count"]), (numbers(26, 45), &json!(45)));
    assert_eq!(first["participants"][1]["username"], "bob");
    assert_eq!(first["results"][0]["is_read"], false);
    // Reading is noted, and the writer hears of it once.
    assert_eq!(page("").await["results"][0]["is_read"], true);
    world.settle().await;
    let receipts = heard(&mut of_ada);
    assert_eq!((receipts.len(), &receipts[0]["type"]), (1, &json!("message.read")));
    assert_eq!(bob.get(MESSAGES).await.json()["results"][0]["unread_count"], 0);
    assert_eq!(ada.get(&path).await.json()["results"][19]["is_read"], true);

    assert_eq!(texts(&page("?page=2").await["results"]), numbers(6, 25));
    assert_eq!(texts(&page("?page=3").await["results"]), numbers(1, 5));
    assert_eq!(texts(&page("?ordering=timestamp&page_size=30").await["results"]), numbers(1, 30));
    assert_eq!(texts(&page("?ordering=timestamp&page_size=30&page=2").await["results"]), numbers(31, 45));
    let since = first["results"][17]["id"].clone();
    assert_eq!(texts(&page(&format!("?since={since}")).await["results"]), numbers(44, 45));
    bob.get(&format!("{path}?page=4")).await.is(404, json!({ "detail": "Invalid page.", "code": "not_found" }));
    bob.get(&format!("{path}?since=x")).await.assert(400);
    for path in [path.as_str(), "/api/v1/messages/77/", "/api/v1/messages/x/"] {
        eve.get(path).await.assert(404);
        eve.post(path, json!({ "message_content": "Let me in" })).await.assert(404);
    }
    world.settle().await;
}

#[tokio::test]
async fn conversations_come_in_pages() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    for number in 0..23 {
        let other = member(&world, &format!("member-{number:02}")).await;
        write(&world, &other, &ada, "Hello").await;
    }
    let names = async |query: &str| {
        let page = ada.get(&format!("{MESSAGES}{query}")).await.assert(200).json();
        assert_eq!(page["count"], 23);
        let threads = page["results"].as_array().unwrap().clone();
        threads.iter().map(|thread| thread["other_user"]["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let expected: Vec<_> = (0..23).rev().map(|number| format!("member-{number:02}")).collect();
    assert_eq!(names("").await, expected[..20]);
    assert_eq!(names("?page=2").await, expected[20..]);
    assert_eq!(names("?page=2&page_size=5").await, expected[5..10]);
}

#[tokio::test]
async fn a_message_is_changed_for_a_quarter_of_an_hour_by_whoever_wrote_it() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let first = write(&world, &ada, &bob, "Helo").await;
    let path = thread_of(&ada).await;
    let message = format!("{path}{first}/");
    bob.patch(&message, json!({ "message_content": "forged" })).await.assert(403);
    bob.delete(&message).await.assert(403);
    member(&world, "eve").await.patch(&message, json!({ "message_content": "forged" })).await.assert(404);
    ada.patch(&format!("{path}77/"), json!({ "message_content": "x" })).await.assert(404);
    ada.patch(&message, json!({})).await.is(400, json!({ "message_content": ["This field is required."] }));
    world.wait(Duration::minutes(14));
    let token = world.enter(&ada).await;
    let ada = ada.bearing(&token);
    let mut of_bob = chat(&world, &bob, &ada).await;
    let edited = ada.patch(&message, json!({ "message_content": "Hello" })).await.assert(200).json();
    assert_eq!((&edited["message_content"], &edited["edited_at"]), (&json!("Hello"), &json!("2026-01-31T08:29:00Z")));
    world.settle().await;
    assert_eq!(heard(&mut of_bob)[0]["message"], "Hello");
    ada.delete(&message).await.assert(204);
    ada.delete(&message).await.assert(404);
    world.settle().await;
    assert_eq!(heard(&mut of_bob)[0]["type"], "delete_message");
    let left = &ada.get(&path).await.assert(200).json()["results"][0];
    assert_eq!((&left["message_content"], &left["is_deleted"], &left["id"]), (&json!(""), &json!(true), &json!(first)));
    assert_eq!(bob.bearing(&world.enter(&bob).await).get(MESSAGES).await.json()["results"][0]["unread_count"], 0);
    let second = write(&world, &ada, &bob, "Too late").await;
    world.wait(Duration::minutes(16));
    let ada = ada.bearing(&world.enter(&ada).await);
    let refused = ada.patch(&format!("{path}{second}/"), json!({ "message_content": "x" })).await.assert(403).json();
    assert_eq!(refused["code"], "too_late");
    ada.delete(&format!("{path}{second}/")).await.assert(403);
    world.settle().await;
}

#[tokio::test]
async fn the_web_client_reads_by_names() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let conversations = async |by: &Person| by.get("/api/chats/conversations/").await.assert(200).json();
    let history = async |by: &Person, with: &str| by.get(&format!("/api/chats/chat-history/{with}/")).await;
    assert_eq!(conversations(&ada).await, json!([]));
    history(&ada, "bob").await.is(200, json!([]));
    history(&ada, "nobody").await.assert(404);
    let first = write(&world, &ada, &bob, "Hello").await;
    let second = write(&world, &ada, &bob, "Are you there?").await;
    assert_eq!(
        conversations(&bob).await,
        json!([{
            "username": "ada", "firstName": "", "lastName": "", "profilePicture": null, "currentUserImg": null,
            "lastMessage": "Are you there?", "lastMessageTime": "2026-01-31T08:15:00Z", "unreadCount": 2,
        }])
    );
    let said = |id: u64, text: &str| json!({ "id": id, "message": text, "sender": "ada", "receiver": "bob", "createdAt": "2026-01-31T08:15:00Z" });
    history(&bob, "ADA").await.is(200, json!([said(first, "Hello"), said(second, "Are you there?")]));
    assert_eq!(conversations(&bob).await[0]["unreadCount"], 0);
    ada.get(&format!("/api/chats/chat-history/bob/?before={second}")).await.is(200, json!([said(first, "Hello")]));
    ada.get("/api/chats/chat-history/bob/?before=x").await.assert(400);
    let eve = member(&world, "eve").await;
    history(&eve, "bob").await.is(200, Value::Array(vec![]));
    world.settle().await;
}

#[tokio::test]
async fn a_file_is_sent_to_the_bucket_and_named_by_a_message() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let eve = member(&world, "eve").await;
    write(&world, &ada, &bob, "Hello").await;
    let path = thread_of(&ada).await;
    let begin = async |body: Value| ada.post(&format!("{path}attachments/"), body).await;
    let new = |name: &str, media: &str, size: u64| json!({ "file_name": name, "content_type": media, "size": size });
    for (body, field) in [
        (new("a.exe", "application/x-msdownload", 5), "content_type"),
        (new("a.html", "text/html", 5), "content_type"),
        (new("", "text/plain", 5), "file_name"),
        (new("a.txt", "text/plain", 0), "size"),
        (new("a.txt", "text/plain", 26_214_401), "size"),
    ] {
        let refused = begin(body).await.assert(400).json();
        assert!(refused[field].is_array(), "{refused}");
    }
    eve.post(&format!("{path}attachments/"), new("a.txt", "text/plain", 5)).await.assert(404);

    let place = begin(new("my notes.txt", "text/plain", 10)).await.assert(201).json();
    let reference = place["attachment_reference"].as_str().unwrap();
    assert_eq!(place["upload"]["expires_at"], "2026-01-31T08:25:00Z");
    let named = json!({ "attachment_reference": reference });
    let refused = ada.post(&path, named.clone()).await.assert(400).json();
    assert_eq!(refused["attachment_reference"], json!(["The file was not sent yet."]));
    assert_eq!(put(&place, b"Some notes").await, 200);
    bob.post(&path, named.clone()).await.assert(400);
    let said = ada.post(&path, named.clone()).await.assert(201).json();
    assert_eq!((&said["message_content"], &said["attachment_reference"]), (&json!(""), &json!(reference)));
    assert_eq!((&said["attachment"]["file_name"], &said["attachment"]["size"]), (&json!("my notes.txt"), &json!(10)));
    ada.post(&path, named).await.assert(400);

    // Only the two get at it; whoever has a link has it for an hour.
    let own = format!("{path}attachments/{reference}/");
    for by in [&ada, &bob] {
        let found = by.get(&own).await.assert(302);
        let file = reqwest::get(found.header("location")).await.unwrap();
        assert_eq!(file.bytes().await.unwrap(), "Some notes");
    }
    eve.get(&own).await.assert(404);
    world.visitor().get(&own).await.assert(401);
    bob.get(&format!("{path}attachments/{}/", "x".repeat(3_000))).await.assert(404);
    let link = said["attachment"]["url"].as_str().unwrap();
    assert!(link.ends_with("/my_notes.txt"), "{link}");
    let found = world.visitor().get(link).await.assert(302);
    assert_eq!(reqwest::get(found.header("location")).await.unwrap().bytes().await.unwrap(), "Some notes");
    world.visitor().get("/media/private/made.up/my_notes.txt").await.assert(404);
    world.wait(Duration::hours(1));
    world.visitor().get(link).await.assert(404);

    // What is not what it was said to be is not named, and in the end removed, as is what nobody names.
    let ada = ada.bearing(&world.enter(&ada).await);
    let other = ada.post(&format!("{path}attachments/"), new("a.png", "image/png", 10)).await.assert(201).json();
    assert_eq!(put(&other, b"<script>al").await, 200);
    let refused = ada.post(&path, json!({ "attachment_reference": other["attachment_reference"] })).await;
    assert_eq!(refused.assert(400).json()["attachment_reference"], json!(["The file is not what was announced."]));
    world.settle().await;
    assert_eq!(crate::files::stored(&world).len(), 2);
}

#[tokio::test]
async fn a_form_brings_its_file_along() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &ada, &bob, "Hello").await;
    let path = thread_of(&ada).await;
    let said = bob.upload(&path, "file", "me.png", &crate::files::png(4)).await.assert(201).json();
    assert_eq!((&said["attachment"]["content_type"], &said["message_content"]), (&json!("image/png"), &json!("")));
    bob.upload(&path, "file", "me.png", b"<html>").await.assert(400);
    bob.upload(&path, "file", "me.exe", b"MZ").await.assert(400);
    bob.upload(&path, "file", "big.txt", &[b'x'; 4 * 1024 * 1024 + 1]).await.assert(413);
    world.settle().await;
    assert_eq!(crate::files::stored(&world).len(), 1);
    bob.delete(&format!("{path}{}/", said["id"])).await.assert(204);
    world.settle().await;
    assert_eq!(crate::files::stored(&world).len(), 0);
    let left = ada.get(&path).await.json()["results"][1].clone();
    assert_eq!((&left["is_deleted"], &left["attachment"]), (&json!(true), &Value::Null));
}

/// Sends a file to the place that was promised for it, as a browser does.
async fn put(place: &Value, bytes: &'static [u8]) -> u16 {
    let mut request = reqwest::Client::new().put(place["upload"]["url"].as_str().unwrap()).body(bytes);
    for (name, value) in place["upload"]["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.send().await.expect("the bucket").status().as_u16()
}

#[tokio::test]
async fn a_file_that_no_message_names_for_a_day_is_cleaned_up() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &ada, &bob, "Hello").await;
    let path = thread_of(&ada).await;
    let named = ada.upload(&path, "file", "notes.txt", b"Some notes").await.assert(201).json();
    let new = json!({ "file_name": "idle.txt", "content_type": "text/plain", "size": 4 });
    let idle = ada.post(&format!("{path}attachments/"), new).await.assert(201).json();
    assert_eq!(put(&idle, b"Idle").await, 200);
    let clean_up = async || world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap()["removed"].clone();
    // Files are as old as the disk says.
    world.clock.set(chrono::Utc::now());
    assert_eq!(clean_up().await, 0);
    world.wait(Duration::days(2));
    assert_eq!((clean_up().await, clean_up().await), (json!(1), json!(0)));
    let ada = ada.bearing(&world.enter(&ada).await);
    let body = json!({ "attachment_reference": idle["attachment_reference"] });
    ada.post(&path, body).await.is(400, json!({ "attachment_reference": ["There is no such file."] }));
    let own = format!("{path}attachments/{}/", named["attachment_reference"].as_str().unwrap());
    ada.get(&own).await.assert(302);
    world.settle().await;
}
