//! Lockout and limits (contract, section 4.1).

use chrono::Duration;
use http::Method;
use serde_json::json;

use crate::world::{PASSWORD, World};

fn locked() -> serde_json::Value {
    json!({ "error": "Locked out due to too many login failures." })
}

#[tokio::test]
async fn five_failures_lock_a_name_for_fifteen_minutes_from_the_fifth() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let stranger = ada.elsewhere();
    for _ in 0..4 {
        stranger.sign_in_with("wrong").await.is(401, json!({ "errors": "Invalid password." }));
    }
    world.wait(Duration::minutes(10));
    let fifth = stranger.sign_in_with("wrong").await;
    assert_eq!(fifth.header("retry-after"), "900");
    fifth.is(403, locked());
    stranger.sign_in().await.is(403, locked());
    world.wait(Duration::seconds(14 * 60 + 59));
    let late = stranger.sign_in().await;
    assert_eq!(late.header("retry-after"), "1");
    late.is(403, locked());
    // A lock never ends a session that stands.
    ada.get(&ada.profile()).await.assert(200);
    world.wait(Duration::seconds(1));
    stranger.sign_in().await.assert(200);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Someone failed to sign in with your name");
}

#[tokio::test]
async fn a_success_clears_the_count_and_fifteen_minutes_do_too() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    for _ in 0..3 {
        let stranger = ada.elsewhere();
        for _ in 0..4 {
            stranger.sign_in_with("wrong").await.assert(401);
        }
        stranger.sign_in().await.assert(200);
    }
    let stranger = ada.elsewhere();
    for _ in 0..4 {
        stranger.sign_in_with("wrong").await.assert(401);
    }
    world.wait(Duration::minutes(15));
    for _ in 0..4 {
        stranger.sign_in_with("wrong").await.assert(401);
    }
    stranger.sign_in_with("wrong").await.assert(403);
    world.settle().await;
}

#[tokio::test]
async fn a_name_that_nobody_has_is_locked_just_the_same() {
    let world = World::new().await;
    let guess = json!({ "username": "nobody", "password": "wrong" });
    for _ in 0..4 {
        world.visitor().post("/users/login/", guess.clone()).await.assert(401);
    }
    world.visitor().post("/users/login/", guess.clone()).await.is(403, locked());
    world.visitor().post("/users/login/", guess).await.is(403, locked());
    let other = json!({ "username": "nobody-else", "password": "wrong" });
    world.visitor().post("/users/login/", other).await.assert(401);
    world.settle().await;
    assert_eq!(world.letters().len(), 0);
}

#[tokio::test]
async fn requests_without_a_password_do_not_count() {
    let world = World::new().await;
    let ada = world.member("ada").await.elsewhere();
    for _ in 0..10 {
        ada.post("/users/login/", json!({ "username": "ada" })).await.assert(401);
    }
    ada.sign_in().await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_victims_own_device_is_not_locked_by_others() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.post("/users/logout/", json!({})).await.assert(200);
    ada.sign_in().await.assert(200);
    ada.post("/users/logout/", json!({})).await.assert(200);
    let stranger = ada.elsewhere();
    for _ in 0..5 {
        stranger.sign_in_with("wrong").await;
    }
    stranger.sign_in().await.is(403, locked());
    ada.sign_in().await.assert(200);
    // The device has five guesses of its own, and no more.
    ada.post("/users/logout/", json!({})).await.assert(200);
    for _ in 0..4 {
        ada.sign_in_with("wrong").await.assert(401);
    }
    ada.sign_in_with("wrong").await.is(403, locked());
    // A cookie of one's own opens no door to another's name.
    let eve = world.member("eve").await;
    eve.post("/users/logout/", json!({})).await.assert(200);
    eve.sign_in().await.assert(200);
    eve.post("/users/logout/", json!({})).await.assert(200);
    let guess = json!({ "username": "ada", "password": PASSWORD });
    eve.post("/users/login/", guess).await.is(403, locked());
    world.settle().await;
}

#[tokio::test]
async fn an_address_has_fifty_failures_in_a_quarter_of_an_hour() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    let ada = world.member("ada").await.elsewhere();
    for guess in 0..5 {
        let body = json!({ "username": format!("name{guess}"), "password": "wrong" });
        ada.post("/users/login/", body).await.assert(401);
    }
    ada.sign_in().await.is(403, locked());
    ada.at([198, 51, 100, 7]).sign_in().await.assert(200);
    world.wait(Duration::minutes(15));
    ada.elsewhere().sign_in().await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn logins_that_succeed_do_not_use_up_an_address() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    let ada = world.member("ada").await;
    for _ in 0..12 {
        ada.elsewhere().sign_in().await.assert(200);
    }
    world.settle().await;
}

#[tokio::test]
async fn an_address_may_make_twenty_accounts_an_hour() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    let visitor = world.visitor();
    let body = |name: &str| json!({ "username": name, "password1": PASSWORD, "password2": PASSWORD });
    visitor.post("/users/register/", body("one")).await.assert(201);
    visitor.post("/users/register/", body("two")).await.assert(201);
    let reply = visitor.post("/users/register/", body("three")).await;
    assert!(reply.header("retry-after").parse::<u64>().unwrap() <= 3600);
    reply.is(429, json!({ "errors": "Too many requests. Try again later." }));
    visitor.at([198, 51, 100, 7]).post("/users/register/", body("three")).await.assert(201);
    world.wait(Duration::hours(1));
    visitor.post("/users/register/", body("four")).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn an_address_is_the_viewers_where_the_edge_says_so_and_only_there() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    let secret = world.cloud.functions().environment("accounts").unwrap()["EDGE_SECRET"].clone();
    let register = async |name: &str, secret: &str, viewer: &str| {
        let body = json!({ "username": name, "password1": PASSWORD, "password2": PASSWORD }).to_string();
        let headers = [("content-type", "application/json"), ("x-edge-secret", secret), ("x-viewer-address", viewer)];
        world.visitor().send(Method::POST, "/users/register/", &headers, body).await.status.as_u16()
    };
    // All of these reach the gateway from one address, that of the edge.
    for (name, viewer, status) in
        [("a", "203.0.113.1", 201), ("b", "203.0.113.1", 201), ("c", "203.0.113.1", 429), ("c", "203.0.113.2", 201)]
    {
        assert_eq!(register(name, &secret, viewer).await, status, "{name}");
    }
    // Whoever goes past the edge has the address that they come from, whatever they say.
    for (name, secret, viewer, status) in
        [("d", "guessed", "203.0.113.3", 201), ("e", "", "203.0.113.4", 201), ("f", "guessed", "203.0.113.5", 429)]
    {
        assert_eq!(register(name, secret, viewer).await, status, "{name}");
    }
    world.settle().await;
}
