//! Passwords: tried out, changed, and set anew by a letter.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use super::{bearing, enter, member};
use crate::world::{PASSWORD, World};

const NEW_PASSWORD: &str = "another horse entirely";

#[tokio::test]
async fn a_password_is_looked_at_while_it_is_typed() {
    let world = World::new().await;
    let told = async |body: Value| world.visitor().post("/api/user-validate-password/", body).await;
    let short = "This password is too short. It must contain at least 8 characters.";
    told(json!({ "password": PASSWORD, "username": "ada", "email": "", "year_birth": [1] })).await.is(200, json!([]));
    told(json!({})).await.is(200, json!([short]));
    told(json!({ "password": { "a": 1 }, "username": [1], "pk": 5 })).await.is(200, json!([short]));
    let body = json!({ "password": "ada.lovelace%", "username": "ada.lovelace", "email": "ada.lovelace@example.org" });
    told(body).await.is(
        200,
        json!(["The password is too similar to the username.", "This password contains an illegal character: %.",]),
    );
    let similar =
        async |field: &str| told(json!({ "password": "lovelace99", field: "Lovelace" })).await.json()[0].clone();
    assert_eq!(similar("first_name").await, "The password is too similar to the first name.");
    assert_eq!(similar("last_name").await, "The password is too similar to the last name.");
    assert_eq!(similar("email").await, "The password is too similar to the email address.");
    world.settle().await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_leaves_this_one() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let elsewhere = enter(&ada.elsewhere()).await;
    let other = elsewhere["access"].as_str().unwrap();
    let change = async |old: Value, new: Value| {
        ada.post("/api/user-change-password/", json!({ "old_password": old, "new_password": new })).await
    };
    change(json!("wrong"), json!(NEW_PASSWORD)).await.is(400, json!(["Wrong password specified"]));
    let rules = json!(["This password is too common.", "This password is entirely numeric."]);
    change(json!(PASSWORD), json!("123456789")).await.is(400, rules);
    let percent = json!(["This password contains an illegal character: %."]);
    change(json!(PASSWORD), json!("100% correct horse")).await.is(400, percent);
    ada.post("/api/user-change-password/", json!({})).await.is(
        400,
        json!({
            "old_password": ["This field is required."],
            "new_password": ["This field is required."],
        }),
    );
    bearing(&world, other, Method::GET, "/api/user-email/", json!(null)).await.assert(200);
    let mut socket = ada.open_socket().await;
    change(json!(PASSWORD), json!(NEW_PASSWORD)).await.assert(204);
    ada.get("/api/user-email/").await.assert(200);
    ada.post("/api/refresh/", json!({})).await.assert(200);
    bearing(&world, other, Method::GET, "/api/user-email/", json!(null)).await.assert(401);
    world.visitor().post("/api/refresh/", json!({ "refresh": elsewhere["refresh"] })).await.assert(401);
    ada.elsewhere().sign_in_with(PASSWORD).await.assert(401);
    ada.elsewhere().sign_in_with(NEW_PASSWORD).await.assert(200);
    world.settle().await;
    // It was opened by a session of another dialect.
    assert!(crate::chat::is_dismissed(&mut socket).await);
    for count in 0..5 {
        let reply = change(json!("wrong"), json!("yet another horse")).await;
        assert_eq!(reply.status.as_u16(), if count < 4 { 400 } else { 429 });
    }
    world.settle().await;
}

#[tokio::test]
async fn a_letter_brings_a_token_that_works_once_for_a_day() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    enter(&ada).await;
    let visitor = world.visitor();
    let ok = json!({ "status": "OK" });
    let ask = async |email: &str| {
        visitor.post("/api/password-reset/", json!({ "email": email })).await.is(200, json!({ "status": "OK" }));
        world.settle().await;
    };
    visitor.post("/api/password-reset/", json!({})).await.is(400, json!({ "email": ["This field is required."] }));
    visitor
        .post("/api/password-reset/", json!({ "email": "ada" }))
        .await
        .is(400, json!({ "email": ["Enter a valid email address."] }));
    let before = world.letters().len();
    ask("nobody@example.org").await;
    assert_eq!(world.letters().len(), before);
    ask("ADA@example.org").await;
    assert_eq!(world.letters()[0].subject, "Password Reset for Guildhall");
    let token = world.code_from_letter();
    let validate =
        async |token: &str| visitor.post("/api/password-reset-validate-token/", json!({ "token": token })).await;
    let confirm = async |token: &str, password: &str| {
        visitor.post("/api/password-reset-confirm/", json!({ "token": token, "password": password })).await
    };
    for _ in 0..2 {
        validate(&token).await.is(200, ok.clone());
    }
    validate("x").await.is(404, json!({ "status": "notfound" }));
    visitor
        .post("/api/password-reset-validate-token/", json!({}))
        .await
        .is(400, json!({ "token": ["This field is required."] }));
    let weak = json!({ "password": ["The password is too similar to the email address."] });
    confirm(&token, "example99").await.is(400, weak);
    let percent = json!({ "password": ["This password contains an illegal character: %."] });
    confirm(&token, "100% correct horse").await.is(400, percent);
    confirm(&token, "").await.is(400, json!({ "password": ["This field may not be blank."] }));
    confirm("x", "100% correct horse").await.is(404, json!({ "status": "notfound" }));
    ask("ada@example.org").await;
    let other = world.code_from_letter();
    confirm(&token, NEW_PASSWORD).await.is(200, ok.clone());
    for used in [&token, &other] {
        confirm(used, NEW_PASSWORD).await.is(404, json!({ "status": "notfound" }));
        validate(used).await.is(404, json!({ "status": "notfound" }));
    }
    ada.get("/api/user-email/").await.assert(401);
    let credentials = json!({ "username": "ada", "password": NEW_PASSWORD });
    visitor.post("/api/token/", credentials).await.assert(200);
    ask("ada@example.org").await;
    let late = world.code_from_letter();
    world.wait(Duration::days(1));
    validate(&late).await.is(404, json!({ "status": "expired" }));
    confirm(&late, PASSWORD).await.is(404, json!({ "status": "expired" }));
    world.settle().await;
}
