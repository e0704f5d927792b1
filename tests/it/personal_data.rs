//! Personal data: everything of a member, nothing of anybody else, once, to an address that is theirs.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use bytes::Bytes;
use chrono::Duration;
use http::Method;
use local::Delivery;
use local::state::Letter;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::store::{Change, keys};

use crate::world::{Fault, Person, Reply, World};

const SUBJECT: &str = "Your personal data in Guildhall";

/// Asks for one's data, as Sukuwatto's client does.
pub async fn ask(person: &Person) -> Reply {
    let token = format!("Bearer {}", person.token().await);
    person.send(Method::POST, "/api/request-personal-data/", &[("authorization", &token)], Bytes::new()).await
}

fn letters(world: &World, address: &str) -> Vec<Letter> {
    let ours = |letter: &Letter| letter.subject == SUBJECT && letter.to == [address];
    world.letters().into_iter().filter(ours).collect()
}

/// The files of the archive that came with a letter.
fn archive(world: &World, letter: &Letter) -> BTreeMap<String, Vec<u8>> {
    assert_eq!(letter.attachments.len(), 1);
    let attached = world.cloud.state().attachment(letter.id, 0).unwrap().unwrap();
    assert_eq!((attached.name.as_str(), attached.content_type.as_str()), ("personal-data.zip", "application/zip"));
    unpack(&attached.bytes)
}

fn unpack(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip file");
    let mut files = BTreeMap::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}

fn data(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["personal-data.json"]).unwrap()
}

/// Has a member's data sent, and returns the files of the archive.
pub async fn export(world: &World, person: &Person) -> BTreeMap<String, Vec<u8>> {
    ask(person).await.assert(201);
    world.settle().await;
    archive(world, &letters(world, &format!("{}@example.org", person.name))[0])
}

#[tokio::test]
async fn a_member_gets_everything_of_their_own_and_nothing_of_others() {
    let world = World::new().await;
    let (ada, eve) = (world.reachable("ada").await, world.reachable("eve").await);
    let authenticator = crate::second_factor::switch_on(&world, &ada).await;
    let picture = crate::files::png(6);
    let kept = ada.upload("/users/avatar/", "avatar", "me.png", &picture).await.assert(200).json();
    eve.upload("/users/avatar/", "avatar", "eve.png", &crate::files::png(7)).await.assert(200);
    ada.score(120).await;
    crate::boards::earn(&world, &ada, 30).await;
    world.settle().await;
    let others: [Person; 3] = [world.member("bob").await, world.member("cy").await, world.member("dan").await];
    for other in &others {
        world.block(&ada, other).await;
    }
    let _socket = ada.open_socket().await;
    let asked = ask(&ada).await.assert(201).json();
    assert!(asked["detail"].is_string());
    ask(&ada).await.assert(202);
    world.settle().await;

    let letters = letters(&world, "ada@example.org");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("Hello ada,") && letters[0].html.contains("Hello ada,"), "{}", letters[0].text);
    assert_eq!(letters[0].from, "guildhall@example.com");
    let files = archive(&world, &letters[0]);
    let name = kept["avatar_url"].as_str().unwrap().rsplit('/').next().unwrap();
    let names: Vec<_> = files.keys().cloned().collect();
    assert_eq!(names, [format!("files/avatars/{name}"), "personal-data.json".to_owned()]);
    let shown = world.visitor().get(kept["avatar_url"].as_str().unwrap()).await.assert(200);
    assert_eq!(files[&names[0]], shown.body);
    let data = data(&files);
    assert_eq!((&data["user"]["username"], &data["email"]), (&json!("ada"), &json!("ada@example.org")));
    assert_eq!(data["score"]["score"], 120);
    assert_eq!((data["sessions"].as_array().unwrap().len(), data["sockets"].as_array().unwrap().len()), (1, 1));
    assert_eq!(data["files"][0]["in_archive"], json!(names[0]));
    let blocked = data["blocked_users"].as_array().unwrap();
    let names: Vec<_> = blocked.iter().map(|member| member["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["bob", "cy", "dan"]);
    assert_eq!(blocked[0], json!({ "id": others[0].id(), "username": "bob", "profile_filename": null }));
    for key in ["followers", "following", "reports", "posts", "comments", "messages", "plans"] {
        assert_eq!(data[key], json!([]), "{key}");
    }
    for key in ["userskills", "workouts", "exercises"] {
        assert_eq!(data[key], json!([]), "{key}");
    }
    assert_eq!(data["boards"], json!([{ "board": "game/all/all", "score": 120, "rank": 1 }]));
    for (key, period) in [
        ("weeklyleaderboards", "week-2026-W05"),
        ("monthlyleaderboards", "month-2026-01"),
        ("yearlyleaderboards", "year-2026"),
        ("alltimeleaderboards", "all"),
    ] {
        let board = format!("training/all/{period}");
        assert_eq!(data[key], json!([{ "board": board, "experience": 30, "rank": 1 }]), "{key}");
    }
    let text = data.to_string();
    let own = [ada.cookie("sessionid").unwrap(), authenticator.secret];
    for secret in ["argon2", "\"eve\"", "eve-", "eve@", &own[0], &own[1], "recovery", "password"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // It is answered, so it is closed.
    ask(&ada).await.assert(201);
    world.settle().await;
    assert_eq!(self::letters(&world, "ada@example.org").len(), 2);
}

#[tokio::test]
async fn what_a_member_wrote_and_liked_is_among_it() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    crate::writing::a_day(&world, &ada).await;
    ada.post("/api/posts/", json!({ "text": "mine" })).await.assert(201);
    world.settle().await;
    ask(&ada).await.assert(201);
    world.settle().await;
    let data = data(&archive(&world, &letters(&world, "ada@example.org")[0]));
    let each = |key: &str, name: &str| -> Vec<Value> {
        data[key].as_array().unwrap().iter().map(|item| item[name].clone()).collect()
    };
    assert_eq!(each("posts", "text"), ["mine"]);
    assert_eq!(each("comments", "text"), ["x", "x"]);
    assert_eq!(each("likes", "on").len(), 1);
    assert_eq!(each("actions", "verb"), ["joined", "followed", "commented", "liked", "commented", "posted"]);
    assert_eq!(data["other"].as_array().unwrap().iter().filter(|item| item["kind"] != "letter").count(), 0);
}

#[tokio::test]
async fn without_a_confirmed_address_there_is_nowhere_to_send_it() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let refused = ask(&ada).await.assert(409).json();
    assert_eq!(refused, json!({ "detail": "Confirm your e-mail address first: that is where your data is sent." }));
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    ask(&ada).await.assert(409);
    world.visitor().post("/api/request-personal-data", json!({})).await.assert(401);
    world.settle().await;
    assert_eq!(letters(&world, "ada@example.org").len(), 0);
}

#[tokio::test]
async fn a_request_that_arrives_twice_sends_one_letter() {
    for delivery in [Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let ada = world.reachable("ada").await;
        ask(&ada).await.assert(201);
        world.cloud.settle(delivery).await;
        world.wait(Duration::hours(1));
        world.cloud.settle(delivery).await;
        assert_eq!(letters(&world, "ada@example.org").len(), 1, "{delivery:?}");
    }
}

#[tokio::test]
async fn a_bad_minute_of_any_service_only_delays_the_letter() {
    // The eighth call marks the letter as sent; if that fails four times over, it goes out again, as every letter does.
    for call in (0..7).chain([8]) {
        let world = World::new().await;
        let ada = world.reachable("ada").await;
        ask(&ada).await.assert(201);
        world.wire.fail(call, 4, Fault::Unavailable);
        world.settle().await;
        world.wire.mend();
        world.wait(Duration::minutes(15));
        world.settle().await;
        assert_eq!(letters(&world, "ada@example.org").len(), 1, "call {call}");
        ask(&ada).await.assert(201);
        world.settle().await;
    }
}

#[tokio::test]
async fn a_request_that_failed_for_good_is_a_dead_letter_and_may_be_made_again() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let address = |address: &str| {
        let change = Change::of(keys::account(MemberId(ada.id()))).set("email", address);
        let world = world.clone();
        async move { world.app().table.change::<Value>(change).await.unwrap() }
    };
    // SES does not take it.
    address("ada@exam_ple.org").await;
    ask(&ada).await.assert(201);
    for _ in 0..6 {
        world.settle().await;
        world.wait(Duration::minutes(15));
    }
    let dead = |world: &World| world.cloud.state().queues().unwrap().iter().map(|queue| queue.dead).sum::<u64>();
    assert_eq!(dead(&world), 1);
    ask(&ada).await.assert(202);
    world.wait(Duration::hours(5));
    address("ada@example.org").await;
    ask(&ada).await.assert(201);
    world.settle().await;
    assert_eq!(letters(&world, "ada@example.org").len(), 1);
}

/// Gives a member more than fits into a letter.
async fn hoard(world: &World, member: &Person) -> Vec<u8> {
    member.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200);
    let kept = crate::files::stored(world).into_iter().find(|name| name.starts_with("me-")).unwrap();
    let folder = crate::jobs::find_folder(world.cloud.files(), &kept).unwrap();
    let large: Vec<u8> = (0..8_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(folder.join("large.png"), &large).unwrap();
    large
}

fn link(letter: &Letter) -> String {
    let found = letter.text.split_whitespace().find(|word| word.contains("/v1/personal-data?code="));
    found.expect("a link").strip_prefix(crate::world::PUBLIC_URL).expect("a link to us").to_owned()
}

#[tokio::test]
async fn what_is_too_large_for_a_letter_waits_behind_a_link_for_seven_days() {
    let world = World::new().await;
    // Files, and what signs addresses, carry the machine's own time.
    world.clock.set(chrono::Utc::now());
    let ada = world.reachable("ada").await;
    let large = hoard(&world, &ada).await;
    ask(&ada).await.assert(201);
    world.settle().await;
    let letter = letters(&world, "ada@example.org").remove(0);
    assert_eq!(letter.attachments, []);
    let link = link(&letter);

    let reply = world.visitor().get(&link).await.assert(303);
    let address = reply.header("location").to_owned();
    let file = reqwest::get(&address).await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
    let files = unpack(&file);
    assert_eq!(files["files/avatars/large.png"], large);
    assert_eq!(data(&files)["user"]["username"], "ada");
    // Neither the bare address nor another code leads there.
    let bare = address.split('?').next().unwrap();
    assert_eq!(reqwest::get(bare).await.unwrap().status(), 403);
    let mut other = link.clone();
    let last = if other.pop() == Some('A') { 'Q' } else { 'A' };
    other.push(last);
    world.visitor().get(&other).await.assert(422);
    world.visitor().get("/v1/personal-data").await.assert(400);

    world.wait(Duration::days(7));
    world.visitor().get(&link).await.assert(422);
    world.wait(Duration::days(1));
    world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap();
    assert!(!crate::files::stored(&world).iter().any(|name| name.ends_with(".zip")));
}

#[tokio::test]
async fn who_leaves_takes_requests_and_exports_along() {
    let world = World::new().await;
    world.clock.set(chrono::Utc::now());
    let ada = world.reachable("ada").await;
    hoard(&world, &ada).await;
    ask(&ada).await.assert(201);
    world.settle().await;
    let link = link(&letters(&world, "ada@example.org")[0]);
    world.visitor().get(&link).await.assert(303);
    // A second request is still open when she leaves.
    ask(&ada).await.assert(201);
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
    assert_eq!(letters(&world, "ada@example.org").len(), 1);
    assert_eq!(crate::files::stored(&world), Vec::<String>::new());
    world.visitor().get(&link).await.assert(422);
    assert!(!format!("{:?}", world.everything()).contains("DATA_REQUEST"));
}

#[tokio::test]
async fn a_member_may_ask_five_times_a_day() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    let ada = world.reachable("ada").await;
    for _ in 0..5 {
        ask(&ada).await.assert(201);
        world.settle().await;
    }
    ask(&ada).await.assert(429);
}
