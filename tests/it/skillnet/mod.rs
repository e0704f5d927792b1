//! SkillNet's accounts, on both of its surfaces, and where one account meets the other dialects.

mod client;
mod document;
mod files;
mod joint;
mod pictures;
mod tokens;

use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::store::{Change, keys};
use shared::visibility::Audience;

use crate::world::{PASSWORD, Person, Reply, World};

/// Somebody who signed up by the document: what they were answered, and a browser that shows their access token.
async fn sign_up(world: &World, username: &str) -> (Value, Person) {
    let body = json!({
        "name": "Ada Lovelace",
        "username": username,
        "email": format!("{username}@example.org"),
        "password": PASSWORD,
    });
    let joined = world.visitor().post("/api/v1/auth/signup", body).await.assert(201).json();
    let person = bearing(world, &joined["access"]);
    (joined, person)
}

/// A program that shows this token.
fn bearing(world: &World, token: &Value) -> Person {
    world.visitor().bearing(token.as_str().expect("a token"))
}

async fn login(world: &World, email: &str, password: &str) -> Reply {
    world.visitor().post("/api/v1/auth/login", json!({ "email": email, "password": password })).await
}

/// Hides a member's profile, as Sukuwatto's settings do.
async fn hide(world: &World, member: &Value, from_all_but: Audience) {
    let member = MemberId(member.as_u64().expect("an id"));
    let change = Change::of(keys::account(member)).set("audience", from_all_but);
    world.app().table.change::<Value>(change).await.expect("the member's account");
}

/// What nobody may give themselves, in every name that any dialect has for it.
fn claims() -> Value {
    json!({
        "id": 1, "user": 1, "user_id": 1, "role": "admin", "staff": true, "is_staff": true, "is_admin": true,
        "is_superuser": true, "score": 1_000_000, "xp": 1_000_000, "level": 99, "points": 1_000_000,
        "experience": 1_000_000, "banned": false, "active": true, "email_verified": true, "email_confirmed": true,
        "tier": "advanced", "ratings": { "average": 5.0, "count": 99 }, "rating": 5, "rating_sum": 500,
        "rating_count": 99, "completed_swaps": 99, "followers": 99, "session_epoch": -1, "date_joined": "2001-01-01",
        "createdAt": "2001-01-01T00:00:00Z", "google": { "linked": true },
    })
}

/// One object with the fields of both.
fn with(one: &Value, other: &Value) -> Value {
    let (mut both, other) = (one.clone(), other.as_object().expect("an object").clone());
    both.as_object_mut().expect("an object").extend(other);
    both
}

#[tokio::test]
async fn a_member_made_here_is_the_same_one_everywhere() {
    let world = World::new().await;
    let (joined, _) = sign_up(&world, "ada_l").await;
    let id = joined["user"]["id"].clone();
    let credentials = json!({ "username": "ada_l", "password": PASSWORD });
    let game = world.visitor();
    let reply = game.post("/users/login/", credentials).await.assert(200).json();
    assert_eq!(reply["id"], id);
    let profile = game.get(&format!("/users/{id}/")).await.assert(200).json();
    assert_eq!(
        (&profile["email"], &profile["first_name"], &profile["last_name"]),
        (&json!("ada_l@example.org"), &json!("Ada"), &json!("Lovelace"))
    );
    let credentials = json!({ "name": "ada_l@example.org", "password": PASSWORD });
    let native = world.visitor().post("/v1/sessions", credentials).await.assert(201).json();
    // A session opened there works here, and what is written here is shown there.
    let here = bearing(&world, &native["access_token"]);
    assert_eq!(here.get("/api/v1/auth/profile").await.assert(200).json()["id"], id);
    here.patch("/api/profile/update/", json!({ "first_name": "Augusta" })).await.assert(200);
    assert_eq!(game.get(&format!("/users/{id}/")).await.json()["first_name"], "Augusta");
    game.patch(&format!("/users/{id}/"), json!({ "last_name": "King" })).await.assert(200);
    assert_eq!(here.get("/api/v1/auth/profile").await.json()["name"], "Augusta King");
    world.settle().await;
}

#[tokio::test]
async fn a_member_made_elsewhere_is_the_same_one_here() {
    let world = World::new().await;
    let bob = world.member("bob-the+builder").await;
    let tokens = login(&world, "bob-the+builder", PASSWORD).await.assert(200).json();
    assert_eq!(tokens["user"]["id"], bob.id());
    assert_eq!(tokens["user"]["username"], "bob-the+builder");
    // Nothing but a name and a password was ever asked for there.
    let empty = json!({ "name": "", "email": null, "phone": null, "bio": null, "profile_picture": null, "skills": [] });
    for (field, value) in empty.as_object().unwrap() {
        assert_eq!(&tokens["user"][field], value, "{field}");
    }
    let here = bearing(&world, &tokens["access"]);
    assert_eq!(here.get("/api/profile/profile/").await.assert(200).json()["data"]["id"], bob.id());
    assert_eq!(here.get("/api/v1/users/bob-the+builder/").await.assert(200).json()["id"], bob.id());
    let credentials = json!({ "email": "bob-the+builder", "password": PASSWORD });
    world.visitor().post("/api/auth/login/", credentials).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_ban_and_a_deactivation_end_tokens_of_both_surfaces_at_once() {
    let world = World::new().await;
    for banned in [true, false] {
        let name = if banned { "ada" } else { "bob" };
        let member = world.member(name).await;
        let tokens = login(&world, name, PASSWORD).await.assert(200).json();
        let here = bearing(&world, &tokens["access"]);
        here.get("/api/profile/profile/").await.assert(200);
        if banned {
            world.ban(&member).await;
        } else {
            member.patch(&member.profile(), json!({ "deactivate": true })).await.assert(200);
        }
        for path in ["/api/v1/auth/profile", "/api/profile/profile/"] {
            here.get(path).await.assert(401);
        }
        let refresh = json!({ "refresh": tokens["refresh"] });
        world.visitor().post("/api/v1/auth/refresh", refresh.clone()).await.assert(401);
        world.visitor().post("/api/auth/token/refresh/", refresh).await.assert(403);
    }
    world.settle().await;
}
