//! Recovery: a new password, or a way in, for whoever reads the member's letters, and for nobody else.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use crate::world::{PASSWORD, PUBLIC_URL, World};

const NEW_PASSWORD: &str = "another horse entirely";

async fn ask(world: &World, path: &str, email: &str) {
    world.visitor().post(path, json!({ "email": email })).await.is(202, json!({ "status": "sent" }));
    world.settle().await;
}

#[tokio::test]
async fn a_password_is_reset_once_and_every_session_ends() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let mut socket = ada.open_socket().await;
    ask(&world, "/v1/password/reset", "ADA@example.org").await;
    let letter = &world.letters()[0];
    assert_eq!(letter.subject, "Password Reset for Guildhall");
    assert!(letter.text.contains(&format!("{PUBLIC_URL}/reset-password/")), "{}", letter.text);
    let code = world.code_from_letter();
    let reset = |code: &str, password: &str| json!({ "code": code, "password": password });
    let path = "/v1/password/reset/confirm";
    // A weak one is refused, and the code stays good.
    let weak = world.visitor().post(path, reset(&code, "ada@example.org")).await.assert(422).json();
    assert_eq!(weak["errors"]["password"], json!(["The password is too similar to the username."]));
    world.visitor().post(path, reset(&code, NEW_PASSWORD)).await.is(200, json!({ "status": "changed" }));
    world.visitor().post(path, reset(&code, NEW_PASSWORD)).await.assert(422);
    ada.get(&ada.profile()).await.assert(401);
    ada.elsewhere().sign_in_with(PASSWORD).await.assert(401);
    ada.elsewhere().sign_in_with(NEW_PASSWORD).await.assert(200);
    world.settle().await;
    assert!(crate::chat::is_dismissed(&mut socket).await);
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Your password was changed");
}

#[tokio::test]
async fn the_page_from_the_letter_sets_a_password_too() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    ask(&world, "/v1/password/reset", "ada@example.org").await;
    let path = format!("/reset-password/{}", world.code_from_letter());
    assert!(world.visitor().get(&path).await.assert(200).text().contains("Set this password"));
    let shown = world.visitor().fill(&path, &[("password", "12345678")]).await.assert(200);
    assert!(shown.text().contains("This password is entirely numeric."));
    let done = world.visitor().fill(&path, &[("password", NEW_PASSWORD)]).await.assert(200);
    assert!(done.text().contains("Password changed"));
    assert!(world.visitor().get(&path).await.assert(200).text().contains("Too late"));
    ada.elsewhere().sign_in_with(NEW_PASSWORD).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn codes_end_with_their_time_and_with_whatever_ends_sessions() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    ask(&world, "/v1/password/reset", "ada@example.org").await;
    let old = world.code_from_letter();
    ask(&world, "/v1/password/reset", "ada@example.org").await;
    let code = world.code_from_letter();
    let reset = |code: &str| json!({ "code": code, "password": NEW_PASSWORD });
    let path = "/v1/password/reset/confirm";
    world.visitor().post(path, reset(&code)).await.assert(200);
    // One reset uses up all of them.
    world.visitor().post(path, reset(&old)).await.assert(422);
    ask(&world, "/v1/password/reset", "ada@example.org").await;
    let late = world.code_from_letter();
    world.wait(Duration::days(1));
    world.visitor().post(path, reset(&late)).await.assert(422);
    // A code for one thing is none for another.
    ask(&world, "/v1/sign-in/letter", "ada@example.org").await;
    let code = world.code_from_letter();
    world.visitor().post(path, reset(&code)).await.assert(422);
    world.visitor().post("/v1/email/confirm", json!({ "code": code })).await.assert(422);
    world.visitor().post("/v1/sign-in", json!({ "code": code })).await.assert(200);
    world.visitor().post("/v1/sign-in", json!({ "code": code })).await.assert(422);
    ask(&world, "/v1/sign-in/letter", "ada@example.org").await;
    let late = world.code_from_letter();
    world.wait(Duration::minutes(15));
    world.visitor().post("/v1/sign-in", json!({ "code": late })).await.assert(422);
    for text in ["", "x", "AAAA", &"A".repeat(5_000)] {
        world.visitor().post(path, reset(text)).await.assert(422);
    }
    ada.elsewhere().sign_in_with(NEW_PASSWORD).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn asking_is_the_same_whether_anybody_has_the_address_or_not() {
    let world = World::new().await;
    world.reachable("ada").await;
    let before = world.letters().len();
    for path in ["/v1/password/reset", "/v1/sign-in/letter"] {
        let mut seen = Vec::new();
        for email in ["ada@example.org", "nobody@example.org"] {
            world.wire.mend();
            let reply = world.visitor().post(path, json!({ "email": email })).await;
            seen.push((reply.status, reply.text(), world.wire.calls()));
        }
        assert_eq!(seen[0], seen[1], "{path}");
    }
    world.settle().await;
    assert_eq!(world.letters().len(), before + 2);
    for email in ["", "ada", "ada@example.org\r\nBcc: eve@example.org"] {
        world.visitor().post("/v1/password/reset", json!({ "email": email })).await.assert(422);
    }
}

#[tokio::test]
async fn a_link_in_a_letter_never_follows_the_host_that_was_asked() {
    let world = World::new().await;
    world.reachable("ada").await;
    let headers = [
        ("content-type", "application/json"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    let body = json!({ "email": "ada@example.org" }).to_string();
    world.visitor().send(Method::POST, "/v1/password/reset", &headers, body).await.assert(202);
    world.settle().await;
    let letter = &world.letters()[0];
    assert!(letter.text.contains(PUBLIC_URL) && !letter.text.contains("evil"), "{}", letter.text);
}

#[tokio::test]
async fn a_link_signs_in_by_a_page_as_well() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    ask(&world, "/v1/sign-in/letter", "ada@example.org").await;
    let code = world.code_from_letter();
    let elsewhere = ada.elsewhere();
    assert!(elsewhere.get(&format!("/v1/sign-in?code={code}")).await.assert(200).text().contains("<button>"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
    elsewhere.send(Method::POST, "/v1/sign-in", &headers, format!("code={code}")).await.assert(200);
    elsewhere.get(&ada.profile()).await.assert(200);
    // A deactivated account is not entered this way either.
    ask(&world, "/v1/sign-in/letter", "ada@example.org").await;
    let code = world.code_from_letter();
    ada.patch(&ada.profile(), json!({ "deactivate": true })).await.assert(200);
    world.visitor().post("/v1/sign-in", json!({ "code": code })).await.assert(422);
    world.settle().await;
}

#[tokio::test]
async fn no_code_is_kept_or_passed_on_as_it_is() {
    let world = World::new().await;
    world.reachable("ada").await;
    ask(&world, "/v1/password/reset", "ada@example.org").await;
    let code = world.code_from_letter();
    let everything = Value::from(world.everything()).to_string();
    assert!(!everything.contains(&code));
    let secret = code.trim_start_matches('A');
    assert!(!everything.contains(secret));
}
