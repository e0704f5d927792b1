//! LeetTrack's accounts (its contract, sections 1 to 3), from outside.

use http::Method;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::leaving;
use shared::model::account::Account;
use shared::store::keys;

use crate::world::{PASSWORD, Person, Reply, World};

const REGISTER: &str = "/api/v1/auth/register";
const ME: &str = "/api/v1/auth/me";
const SETTINGS: &str = "/api/v1/auth/user/settings";

async fn register(world: &World, body: Value) -> Reply {
    world.visitor().post(REGISTER, body).await
}

async fn joined(world: &World, name: &str) -> Value {
    let body = json!({ "username": name, "email": format!("{name}@example.org"), "password": PASSWORD });
    register(world, body).await.assert(201).json()
}

async fn bearing(world: &World, token: &Value, method: Method, path: &str, body: Value) -> Reply {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if method == Method::GET { String::new() } else { body.to_string() };
    world.visitor().send(method, path, &headers, body).await
}

async fn me(world: &World, token: &Value) -> Reply {
    bearing(world, token, Method::GET, ME, json!(null)).await
}

async fn set(world: &World, token: &Value, body: Value) -> Reply {
    bearing(world, token, Method::PUT, SETTINGS, body).await
}

fn says(message: &str) -> Value {
    json!({ "status": "error", "message": message })
}

#[tokio::test]
async fn who_joins_is_signed_in_and_shown_to_themselves() {
    let world = World::new().await;
    let body = json!({
        "username": "ada",
        "email": "Ada@Example.org",
        "password": PASSWORD,
        "leetcode_username": " ada-codes ",
    });
    let mut answer = register(&world, body).await.assert(201).json();
    let token = answer["access_token"].take();
    let refresh = answer["refresh_token"].take();
    let id = answer["user"]["id"].clone();
    let mut user = json!({
        "id": id,
        "username": "ada",
        "email": "Ada@example.org",
        "leetcode_username": "ada-codes",
        "is_admin": false,
    });
    assert_eq!(
        answer,
        json!({
            "status": "success",
            "message": "User registered successfully",
            "access_token": null,
            "refresh_token": null,
            "user": user,
        })
    );
    user["created_at"] = json!("2026-01-31T08:15:00Z");
    user["last_login"] = json!("2026-01-31T08:15:00Z");
    for path in [ME, "/api/v1/auth/me/"] {
        let reply = bearing(&world, &token, Method::GET, path, json!(null)).await;
        reply.is(200, json!({ "status": "success", "user": user }));
    }
    // An hour for its client, which never refreshes; and a refresh token for those that do.
    world.wait(chrono::Duration::minutes(59));
    me(&world, &token).await.assert(200);
    world.wait(chrono::Duration::minutes(1));
    me(&world, &token).await.is(401, json!({ "message": "The token has expired", "error": "token_expired" }));
    let renewed = world.visitor().post("/v1/sessions/refresh", json!({ "refresh_token": refresh })).await.assert(200);
    me(&world, &renewed.json()["access_token"]).await.assert(200);
    world.settle().await;
    assert_eq!(world.subjects_to("Ada@example.org").len(), 1, "a letter to confirm the address");
}

#[tokio::test]
async fn dates_are_told_to_the_second() {
    let world = World::new().await;
    world.wait(chrono::Duration::microseconds(250));
    let token = joined(&world, "ada").await["access_token"].take();
    assert_eq!(me(&world, &token).await.json()["user"]["created_at"], "2026-01-31T08:15:00Z");
    world.settle().await;
}

#[tokio::test]
async fn who_brings_no_name_gets_one_from_the_address() {
    let world = World::new().await;
    let mut names = Vec::new();
    for domain in ["org", "com", "net"] {
        let body = json!({ "email": format!("ada.l@example.{domain}"), "password": PASSWORD, "username": null });
        let answer = register(&world, body).await.assert(201).json();
        names.push(answer["user"]["username"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], "ada_l");
    assert!(names[1].starts_with("ada_l_") && names[2].starts_with("ada_l_") && names[1] != names[2], "{names:?}");
    let body = json!({ "email": "a@example.org", "password": PASSWORD, "username": " " });
    assert_eq!(register(&world, body).await.assert(201).json()["user"]["username"], "user_a");
    world.settle().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_in_its_words() {
    let world = World::new().await;
    joined(&world, "ada").await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "username": "grace", "email": "grace@example.org", "password": PASSWORD });
        body[field] = value;
        body
    };
    for body in [json!({}), with("email", json!(null)), with("email", json!("")), with("password", json!(""))] {
        register(&world, body).await.is(400, says("Missing required fields"));
    }
    let longest = "é".repeat(36);
    let long = format!("{longest}x");
    let cases = [
        ("email", json!("grace"), "Invalid email address"),
        ("email", json!(format!("{}@example.org", "x".repeat(90))), "Invalid email address"),
        ("email", json!("grace@example.org\r\nBcc: eve@example.org"), "Invalid email address"),
        ("email", json!("grасe@example.org"), "Invalid email address"),
        ("email", json!(7), "Expected a string."),
        ("password", json!("short"), "Password must have at least 8 characters"),
        ("password", json!(long), "Password may have at most 72 bytes"),
        ("password", json!("x".repeat(100_000)), "Password may have at most 72 bytes"),
        ("password", json!("password123"), "This password is too common."),
        ("password", json!(["a"]), "Expected a string."),
        ("username", json!("ab"), "Username must have 3 to 50 letters, digits, _ or -"),
        ("username", json!("x".repeat(51)), "Username must have 3 to 50 letters, digits, _ or -"),
        ("username", json!("gra ce"), "Username must have 3 to 50 letters, digits, _ or -"),
        ("username", json!("gr\u{0}ace"), "Username must have 3 to 50 letters, digits, _ or -"),
        ("username", json!("раураl"), "Username must have 3 to 50 letters, digits, _ or -"),
        ("leetcode_username", json!("x".repeat(51)), "LeetCode username may have at most 50 characters"),
        ("leetcode_username", json!("gra/ce"), "LeetCode username may have only letters, digits, ., _ and -"),
    ];
    for (field, value, message) in cases {
        register(&world, with(field, value)).await.is(400, says(message));
    }
    register(&world, with("username", json!("ADA"))).await.is(409, says("Username already taken"));
    register(&world, with("email", json!("ADA@example.org"))).await.is(409, says("Email already registered"));
    // Of both, the address is told, as ever.
    let both = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    register(&world, both).await.is(409, says("Email already registered"));
    for (media, body) in [("application/json", "{"), ("application/json", "[]")] {
        let reply = world.visitor().send(Method::POST, REGISTER, &[("content-type", media)], body).await;
        reply.is(400, says("Invalid JSON format"));
    }
    world.visitor().send(Method::POST, REGISTER, &[("content-type", "text/csv")], "a,b").await.assert(415);
    world.visitor().get(REGISTER).await.is(405, says("Method not allowed"));
    world.visitor().get("/api/v1/auth/user/nothing").await.is(404, says("Resource not found"));
    register(&world, with("password", json!(longest))).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn a_form_does_as_well_and_only_the_named_fields_count() {
    let world = World::new().await;
    let form = [
        ("username", "ada"),
        ("email", "ada@example.org"),
        ("password", PASSWORD),
        ("leetcode_username", ""),
        ("is_admin", "true"),
    ];
    let token = world.visitor().fill(REGISTER, &form).await.assert(201).json()["access_token"].take();
    let body = json!({
        "username": "eve", "email": "eve@example.org", "password": PASSWORD,
        "id": 7, "user_id": 7, "role": "admin", "is_admin": true, "staff": true, "is_staff": true, "score": 1000,
        "points": 1000, "banned": false, "active": false, "is_active": false, "email_confirmed": true,
        "tier": "advanced", "experience": 9, "followers": 9, "second_factor": true, "created_at": "2001-01-01T00:00:00Z",
    });
    let eve = register(&world, body).await.assert(201).json();
    let others = json!({ "leetcode_username": "eve-codes", "is_admin": true, "staff": true, "user_id": 1, "id": 1 });
    set(&world, &eve["access_token"], others).await.assert(200);
    for token in [&token, &eve["access_token"]] {
        let user = me(&world, token).await.assert(200).json()["user"].take();
        assert_eq!((&user["is_admin"], &user["created_at"]), (&json!(false), &json!("2026-01-31T08:15:00Z")));
    }
    let id = MemberId(eve["user"]["id"].as_u64().unwrap());
    let account: Account = world.app().table.get(keys::account(id)).await.unwrap().unwrap();
    assert!(account.is_usable() && !account.email_confirmed && account.role.is_none() && !account.second_factor);
    assert_eq!(me(&world, &token).await.json()["user"]["leetcode_username"], json!(null));
    world.settle().await;
    let board = world.visitor().get("/users/leaderboard/").await.json();
    assert!(board.as_array().unwrap().iter().all(|row| row["score"] == 0), "{board}");
}

#[tokio::test]
async fn a_member_is_the_same_wherever_they_come_from() {
    let world = World::new().await;
    let made = joined(&world, "ada").await;
    let ada = Person::new(&world, "ada");
    let game = ada.sign_in().await.assert(200).json();
    assert_eq!(game["id"], made["user"]["id"]);
    let native = ada.post("/v1/sessions", json!({ "name": "ada@example.org", "password": PASSWORD })).await.assert(201);
    let shown = me(&world, &native.json()["access_token"]).await.assert(200).json();
    assert_eq!(shown["user"]["id"], made["user"]["id"]);
    // And the reverse, with what each has words for.
    let bob = world.member("bob").await;
    let token = json!(bob.token().await);
    let shown = me(&world, &token).await.assert(200).json();
    assert_eq!((&shown["user"]["id"], &shown["user"]["email"]), (&json!(bob.id()), &json!(null)));
    bob.patch(&bob.profile(), json!({ "email": "bob@example.org", "username": "Bob.B" })).await.assert(200);
    let shown = me(&world, &token).await.assert(200).json();
    assert_eq!((&shown["user"]["username"], &shown["user"]["email"]), (&json!("Bob.B"), &json!("bob@example.org")));
    world.promote(&bob).await;
    assert_eq!(me(&world, &token).await.json()["user"]["is_admin"], true);
    world.settle().await;
}

#[tokio::test]
async fn the_name_at_leetcode_is_set_once_in_the_house() {
    let world = World::new().await;
    let (ada, eve) = (joined(&world, "ada").await, joined(&world, "eve").await);
    let (ada, eve) = (&ada["access_token"], &eve["access_token"]);
    let done = |name: Value| {
        json!({
            "status": "success",
            "message": "Settings updated successfully",
            "data": { "leetcode_username": name },
        })
    };
    set(&world, ada, json!({ "leetcode_username": "  Coder " })).await.is(200, done(json!("Coder")));
    set(&world, ada, json!({ "leetcode_username": "Coder" })).await.is(200, done(json!("Coder")));
    set(&world, eve, json!({ "leetcode_username": "CODER" })).await.is(409, says("LeetCode username already taken"));
    let body = json!({ "email": "x@example.org", "password": PASSWORD, "leetcode_username": "coder" });
    register(&world, body).await.is(409, says("LeetCode username already taken"));
    for body in [json!({}), json!({ "username": "x" })] {
        set(&world, ada, body).await.is(400, says("No data provided"));
    }
    for name in ["", "   ", "\t\n"] {
        let reply = set(&world, ada, json!({ "leetcode_username": name })).await;
        reply.is(400, says("LeetCode username cannot be empty"));
    }
    for value in [json!(7), json!([]), json!({}), json!("a b"), json!("a\u{0}"), json!("x".repeat(5000))] {
        set(&world, ada, json!({ "leetcode_username": value })).await.assert(400);
    }
    assert_eq!(me(&world, ada).await.json()["user"]["leetcode_username"], "Coder");
    // In other letters it is still ada's own; given up, it is free.
    set(&world, ada, json!({ "leetcode_username": "coder" })).await.is(200, done(json!("coder")));
    set(&world, ada, json!({ "leetcode_username": null })).await.is(200, done(json!(null)));
    set(&world, eve, json!({ "leetcode_username": "CODER" })).await.is(200, done(json!("CODER")));
    let checked = world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
    assert_eq!(checked, json!({ "job": "check-accounts", "accounts": 2, "wrong": 0 }));
    world.settle().await;
}

#[tokio::test]
async fn tokens_are_refused_in_three_bodies_and_end_at_once() {
    let world = World::new().await;
    let refused = |error: &str| json!({ "message": "Signature verification failed", "error": error });
    let none = json!({ "message": "Request does not contain an access token", "error": "authorization_required" });
    for (method, path) in [(Method::GET, ME), (Method::PUT, SETTINGS)] {
        world.visitor().send(method.clone(), path, &[], "").await.is(401, none.clone());
        for bad in ["x", "a.b.c", ""] {
            let reply = bearing(&world, &json!(bad), method.clone(), path, json!({})).await;
            reply.is(401, refused("invalid_token"));
        }
    }
    let made = joined(&world, "ada").await;
    // A refresh token is none of access, and a cookie is no token.
    me(&world, &made["refresh_token"]).await.is(401, refused("invalid_token"));
    let browser = Person::new(&world, "ada");
    browser.sign_in().await.assert(200);
    browser.get(ME).await.is(401, none);
    bearing(&world, &made["access_token"], Method::DELETE, "/v1/sessions", json!({})).await.assert(204);
    me(&world, &made["access_token"]).await.is(401, refused("token_revoked"));

    for name in ["banned", "deactivated", "deleted"] {
        let person = world.member(name).await;
        let token = json!(person.token().await);
        me(&world, &token).await.assert(200);
        match name {
            "banned" => world.ban(&person).await,
            "deactivated" => drop(person.patch(&person.profile(), json!({ "deactivate": true })).await.assert(200)),
            _ => {
                let account = world.app().table.get(keys::account(MemberId(person.id()))).await.unwrap().unwrap();
                leaving::delete(&world.app(), &account, None).await.unwrap();
            }
        }
        match name {
            "deleted" => me(&world, &token).await.is(404, says("Resource not found")),
            _ => me(&world, &token).await.is(401, refused("token_revoked")),
        };
        let reply = set(&world, &token, json!({ "leetcode_username": "x" })).await;
        reply.is(401, refused("token_revoked"));
    }
    let person = world.member("grace").await;
    let other = person.elsewhere();
    other.sign_in().await.assert(200);
    let token = json!(other.token().await);
    let change =
        json!({ "old_password": PASSWORD, "new_password1": "another horse", "new_password2": "another horse" });
    person.post("/users/password/", change).await.assert(200);
    me(&world, &token).await.is(401, refused("token_revoked"));
    world.settle().await;
}

#[tokio::test]
async fn an_address_makes_twenty_accounts_an_hour_here_too() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    joined(&world, "one").await;
    joined(&world, "two").await;
    let body = json!({ "email": "three@example.org", "password": PASSWORD });
    let reply = register(&world, body).await;
    assert!(reply.header("retry-after").parse::<u64>().unwrap() <= 3600);
    reply.is(429, says("Too many requests. Try again later."));
    world.settle().await;
}
