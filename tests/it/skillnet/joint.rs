//! The paths that SkillNet and LeetTrack share: what either sends is taken, and each finds its own words.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use super::{bearing, login, sign_up};
use crate::world::{PASSWORD, Reply, World};

const PROFILE: &str = "/api/v1/auth/profile";

async fn refresh(world: &World, body: Value) -> Reply {
    world.visitor().post("/api/v1/auth/refresh", body).await
}

/// What a token must have been refused with.
fn refused(detail: &str, message: &str, error: &str) -> Value {
    json!({ "detail": detail, "code": "token_not_valid", "status": "error", "message": message, "error": error })
}

#[tokio::test]
async fn signing_in_answers_in_the_names_of_both() {
    let world = World::new().await;
    let (joined, _) = sign_up(&world, "ada").await;
    for body in [
        json!({ "email": "ADA@example.org", "password": PASSWORD }),
        json!({ "username": "ada", "password": PASSWORD }),
        json!({ "email": " ada ", "password": PASSWORD }),
        json!({ "email": "", "username": "ada@example.org", "password": PASSWORD }),
    ] {
        let reply = world.visitor().post("/api/v1/auth/login", body).await.assert(200).json();
        let mut expected = joined.clone();
        expected["message"] = json!("Login successful");
        for name in ["access", "access_token", "refresh", "refresh_token"] {
            expected[name] = reply[name].clone();
        }
        assert_eq!(reply, expected);
        assert_eq!((&reply["access"], &reply["refresh"]), (&reply["access_token"], &reply["refresh_token"]));
        bearing(&world, &reply["access"]).get(PROFILE).await.assert(200);
    }
    let required = json!(["This field is required."]);
    let missing = "Missing required fields";
    let body = json!({ "email": required, "password": required, "status": "error", "message": missing });
    world.visitor().post("/api/v1/auth/login", json!({})).await.is(400, body);
    let body = json!({ "password": required, "status": "error", "message": missing });
    world.visitor().post("/api/v1/auth/login", json!({ "username": "ada", "password": null })).await.is(400, body);
    let headers = [("content-type", "application/json")];
    let broken = world.visitor().send(Method::POST, "/api/v1/auth/login", &headers, "{").await.assert(400).json();
    assert_eq!((&broken["message"], &broken["status"]), (&json!("Invalid JSON format"), &json!("error")));
    assert_eq!(broken["detail"], "JSON parse error - The body is not valid JSON.");
    world.settle().await;
}

#[tokio::test]
async fn every_refused_sign_in_looks_the_same() {
    let world = World::new().await;
    world.reachable("ada").await;
    let (bob, eve) = (world.member("bob").await, world.member("eve").await);
    bob.patch(&bob.profile(), json!({ "deactivate": true })).await.assert(200);
    world.ban(&eve).await;
    let wrong = "Invalid email or password";
    let body = json!({ "detail": wrong, "code": "invalid_credentials", "status": "error", "message": wrong });
    for (name, password) in [
        ("nobody@example.org", PASSWORD),
        ("ada@example.org", "wrong horse battery"),
        ("bob", PASSWORD),
        ("eve", PASSWORD),
        ("a\u{0}", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("ada", &"x".repeat(5_000)),
    ] {
        login(&world, name, password).await.is(401, body.clone());
    }
    // Guesses count, whichever dialect they come by.
    for _ in 0..2 {
        world.visitor().post("/users/login/", json!({ "username": "ada", "password": "wrong" })).await.assert(401);
    }
    let locked = login(&world, "ada@example.org", "wrong").await.assert(429);
    assert!(locked.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(locked.json()["status"], "error");
    login(&world, "ada", PASSWORD).await.assert(429);
    world.settle().await;
}

#[tokio::test]
async fn a_refresh_token_is_taken_from_wherever_either_client_puts_it() {
    let world = World::new().await;
    let (joined, _) = sign_up(&world, "ada").await;
    let mut token = joined["refresh"].clone();
    let expirations =
        json!({ "access_expiration": "2026-01-31T09:15:00Z", "refresh_expiration": "2026-02-14T08:15:00Z" });
    for name in ["refresh", "refresh_token", "header"] {
        let reply = match name {
            "header" => bearing(&world, &token).post("/api/v1/auth/refresh", json!({})).await,
            name => refresh(&world, json!({ name: token })).await,
        };
        let tokens = reply.assert(200).json();
        assert_ne!(tokens["refresh"], token);
        let mut expected = expirations.clone();
        for (name, same) in
            [("access", "access"), ("access_token", "access"), ("refresh", "refresh"), ("refresh_token", "refresh")]
        {
            expected[name] = tokens[same].clone();
        }
        assert_eq!(tokens, expected);
        bearing(&world, &tokens["access"]).get(PROFILE).await.assert(200);
        token = tokens["refresh"].clone();
    }
    // With no body at all, as LeetTrack's client does.
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let reply = world.visitor().send(Method::POST, "/api/v1/auth/refresh", &[("authorization", &bearer)], "").await;
    let last = reply.assert(200).json();
    // The first one was used long ago: somebody has copied it, and the session ends.
    world.wait(Duration::seconds(10));
    let stolen = refused("Token is invalid or expired", "Signature verification failed", "invalid_token");
    refresh(&world, json!({ "refresh": joined["refresh"] })).await.is(401, stolen);
    refresh(&world, json!({ "refresh": last["refresh"] })).await.assert(401);
    bearing(&world, &last["access"]).get(PROFILE).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn an_access_token_that_is_still_good_brings_another_one_and_nothing_else() {
    let world = World::new().await;
    let (joined, ada) = sign_up(&world, "ada").await;
    world.wait(Duration::minutes(59));
    let tokens = ada.post("/api/v1/auth/refresh", json!({})).await.assert(200).json();
    let names: Vec<_> = tokens.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access", "access_expiration", "access_token"]);
    assert_eq!(tokens["access_expiration"], "2026-01-31T10:14:00Z");
    world.wait(Duration::minutes(1));
    let expired = "Given token not valid for any token type";
    ada.post("/api/v1/auth/refresh", json!({}))
        .await
        .is(401, refused(expired, "The token has expired", "token_expired"));
    let longer = bearing(&world, &tokens["access"]);
    longer.get(PROFILE).await.assert(200);
    // Nothing rotated: the session's refresh token is what it was.
    refresh(&world, json!({ "refresh": joined["refresh"] })).await.assert(200);
    // In the body, an access token is no refresh token, even beside a good header.
    longer.post("/api/v1/auth/refresh", json!({ "refresh": tokens["access"] })).await.assert(401);
    let none =
        json!({ "refresh": ["This field is required."], "status": "error", "message": "Missing required fields" });
    refresh(&world, json!({})).await.is(400, none);
    world.settle().await;
}

#[tokio::test]
async fn signing_out_ends_one_session_or_all() {
    let world = World::new().await;
    let (joined, ada) = sign_up(&world, "ada").await;
    let (eves, eve) = sign_up(&world, "eve").await;
    let begin = async || login(&world, "ada", PASSWORD).await.assert(200).json();
    let (second, third, fourth, fifth) = (begin().await, begin().await, begin().await, begin().await);
    let done = json!({
        "status": "success", "message": "Successfully logged out", "detail": "Successfully logged out.",
    });
    let stands = async |tokens: &Value| bearing(&world, &tokens["access"]).get(PROFILE).await.status == 200;
    ada.post("/api/v1/auth/logout", json!({})).await.is(200, done.clone());
    assert!(!stands(&joined).await && stands(&second).await);
    refresh(&world, json!({ "refresh": joined["refresh"] })).await.assert(401);
    let ended = refused("Given token not valid for any token type", "Signature verification failed", "token_revoked");
    ada.post("/api/v1/auth/logout", json!({})).await.is(401, ended);
    // Another of one's own sessions goes along; somebody else's does not.
    let both = json!({ "refresh": third["refresh"] });
    bearing(&world, &second["access"]).post("/api/v1/auth/logout", both).await.is(200, done.clone());
    assert!(!stands(&second).await && !stands(&third).await && stands(&fourth).await);
    let theirs = json!({ "refresh_token": eves["refresh"] });
    bearing(&world, &fourth["access"]).post("/api/v1/auth/logout", theirs).await.is(200, done.clone());
    assert!(!stands(&fourth).await && stands(&eves).await && stands(&fifth).await);
    let mut socket =
        world.visitor().connect(&format!("/?token={}", fifth["access"].as_str().unwrap()), &[]).await.unwrap();
    let sixth = begin().await;
    bearing(&world, &sixth["access"]).post("/api/v1/auth/logout", json!({ "all": true })).await.is(200, done);
    assert!(!stands(&fifth).await && !stands(&sixth).await && stands(&eves).await);
    world.settle().await;
    assert!(crate::chat::is_dismissed(&mut socket).await);
    eve.get(PROFILE).await.assert(200);
    let nobody = json!({
        "detail": "Authentication credentials were not provided.", "code": "not_authenticated", "status": "error",
        "message": "Request does not contain an access token", "error": "authorization_required",
    });
    world.visitor().post("/api/v1/auth/logout", json!({})).await.is(401, nobody);
}
