//! Tokens as the web client reads them: by `atob`, which knows only the letters of plain base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use crate::world::{PASSWORD, World};

/// What the client makes of a token.
fn decoded(token: &Value) -> Value {
    let claims = token.as_str().unwrap().split('.').nth(1).expect("three parts").to_owned();
    // Of the two alphabets, only this one is known to `atob`; padding may be left out.
    let bytes = STANDARD_NO_PAD.decode(&claims).unwrap_or_else(|error| panic!("{claims}: {error}"));
    serde_json::from_slice(&bytes).expect("claims")
}

#[tokio::test]
async fn both_tokens_of_anybody_are_read_by_atob() {
    let world = World::new().await;
    // Names and addresses with every character whose bits make the other alphabet's letters, were they in a claim.
    let people = [("ada", "ada?>~@example.org"), ("bob", "b~~~?@example.org"), ("eve", "x+y@example.org")];
    for (username, email) in people {
        let email = email.replace('>', "");
        let body = json!({
            "username": format!("{username}_~").replace('~', "x"), "email": email,
            "password1": PASSWORD, "password2": PASSWORD, "name": "?>~ÿ ?>~",
        });
        let joined = world.visitor().post("/api/auth/registration/", body).await.assert(201).json();
        for token in ["access", "refresh"] {
            let claims = decoded(&joined[token]);
            assert!(claims["exp"].is_u64(), "{claims}");
            assert!(claims.to_string().chars().all(|char| char.is_ascii() && !"?>~".contains(char)), "{claims}");
        }
    }
    // Names of other surfaces may have other letters, and every session has an id of its own.
    let name = "пётр+о@я-_.";
    world.member(name).await;
    for _ in 0..12 {
        let credentials = json!({ "email": name, "password": PASSWORD });
        for path in ["/api/auth/login/", "/api/v1/auth/login"] {
            let entered = world.visitor().post(path, credentials.clone()).await.assert(200).json();
            let lifetime = |token: &str| {
                let claims = decoded(&entered[token]);
                claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
            };
            let hours = if path.starts_with("/api/v1/") { 1 } else { 6 };
            assert_eq!((lifetime("access"), lifetime("refresh")), (hours * 3_600, 14 * 24 * 3_600));
        }
    }
    world.settle().await;
}
