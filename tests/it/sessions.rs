//! Sessions and their tokens: refreshed, listed, ended, and never to be had twice.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use crate::world::{PASSWORD, Person, Reply, World};

async fn begin(person: &Person) -> Value {
    person.post("/v1/sessions", json!({ "name": person.name, "password": PASSWORD })).await.assert(201).json()
}

async fn refresh(world: &World, token: &Value) -> Reply {
    world.visitor().post("/v1/sessions/refresh", json!({ "refresh_token": token })).await
}

async fn call(world: &World, method: Method, path: &str, token: &Value) -> Reply {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    world.visitor().send(method, path, &[("authorization", &bearer)], "").await
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_answer_may_be_asked_for_again() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let first = begin(&ada).await;
    call(&world, Method::GET, "/v1/sessions", &first["access_token"]).await.assert(200);
    world.wait(Duration::minutes(15));
    let expired = call(&world, Method::GET, "/v1/sessions", &first["access_token"]).await.assert(401);
    assert_eq!(expired.json()["code"], "token_expired");
    let second = refresh(&world, &first["refresh_token"]).await.assert(200).json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    call(&world, Method::GET, "/v1/sessions", &second["access_token"]).await.assert(200);
    // The answer was lost on the way: within ten seconds it is given again, and nothing else happens.
    world.wait(Duration::seconds(9));
    let again = refresh(&world, &first["refresh_token"]).await.assert(200).json();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    let third = refresh(&world, &second["refresh_token"]).await.assert(200).json();
    call(&world, Method::GET, "/v1/sessions", &third["access_token"]).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_its_session_for_good() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let first = begin(&ada).await;
    let second = refresh(&world, &first["refresh_token"]).await.assert(200).json();
    let third = refresh(&world, &second["refresh_token"]).await.assert(200).json();
    world.wait(Duration::seconds(10));
    // Two generations old: whoever shows it has copied it.
    refresh(&world, &first["refresh_token"]).await.assert(401);
    for tokens in [&first, &second, &third] {
        refresh(&world, &tokens["refresh_token"]).await.assert(401);
        let reply = call(&world, Method::GET, "/v1/sessions", &tokens["access_token"]).await.assert(401);
        assert_eq!(reply.json()["code"], "token_revoked");
    }
    // The member's other sessions go on.
    ada.get(&ada.profile()).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_used_token_is_not_taken_once_the_grace_is_over() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let first = begin(&ada).await;
    let second = refresh(&world, &first["refresh_token"]).await.assert(200).json();
    world.wait(Duration::seconds(10));
    refresh(&world, &first["refresh_token"]).await.assert(401);
    refresh(&world, &second["refresh_token"]).await.assert(401);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_refreshes_at_once_have_one_winner() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let first = begin(&ada).await;
    // All at once. Whom a busy machine does not answer before a call's deadline asks again, as do those whose answer was
    // lost; then fewer at a time, and everybody is answered.
    let (mut tokens, mut waiting) = (std::collections::BTreeSet::new(), 1_000);
    for at_once in [1_000, 25] {
        let room = std::sync::Arc::new(tokio::sync::Semaphore::new(at_once));
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..std::mem::take(&mut waiting) {
            let (world, token, room) = (world.clone(), first["refresh_token"].clone(), room.clone());
            running.spawn(async move {
                let _room = room.acquire().await;
                refresh(&world, &token).await
            });
        }
        while let Some(reply) = running.join_next().await {
            let reply = reply.unwrap();
            if reply.status.as_u16() == 500 {
                waiting += 1;
            } else {
                tokens.insert(reply.assert(200).json()["refresh_token"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(waiting, 0);
    // All of them are told of the one token that came of it.
    assert_eq!(tokens.len(), 1);
    let generations: Vec<_> =
        world.everything().iter().filter_map(|item| item["generation"]["N"].as_str().map(str::to_owned)).collect();
    assert!(generations.contains(&"1".to_owned()) && !generations.contains(&"2".to_owned()), "{generations:?}");
    // And once one of them is used twice, nothing that came of it works.
    let second = Value::from(tokens.into_iter().next().unwrap());
    let third = refresh(&world, &second).await.assert(200).json();
    world.wait(Duration::seconds(10));
    refresh(&world, &first["refresh_token"]).await.assert(401);
    refresh(&world, &third["refresh_token"]).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn one_kind_of_token_never_passes_for_another() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let tokens = begin(&ada).await;
    refresh(&world, &tokens["access_token"]).await.assert(401);
    call(&world, Method::GET, "/v1/sessions", &tokens["refresh_token"]).await.assert(401);
    // A changed claim, another algorithm, no signature: all are as good as none.
    let text = tokens["refresh_token"].as_str().unwrap();
    let [header, claims, signature] = text.split('.').collect::<Vec<_>>()[..] else { panic!("{text}") };
    for forged in [
        format!("{header}.{claims}."),
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."),
        format!("eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.{claims}.{signature}"),
        format!("{header}.{}.{signature}", &claims[..claims.len() - 2]),
        String::new(),
        "x".repeat(100_000),
    ] {
        refresh(&world, &json!(forged)).await.assert(401);
    }
    refresh(&world, &tokens["refresh_token"]).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all() {
    let world = World::new().await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    world.wait(Duration::minutes(1));
    let tokens = begin(&ada).await;
    let listed = ada.get("/v1/sessions").await.assert(200).json();
    assert_eq!(listed["next"], Value::Null);
    let current: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["current"].clone()).collect();
    assert_eq!(current, [false, true]);
    assert_eq!(listed["items"][0]["id"], tokens["session"]);
    let path = format!("/v1/sessions/{}", tokens["session"].as_str().unwrap());
    // Somebody else's session is not there to be ended.
    eve.delete(&path).await.assert(204);
    call(&world, Method::GET, "/v1/sessions", &tokens["access_token"]).await.assert(200);
    for _ in 0..2 {
        ada.delete(&path).await.assert(204);
    }
    call(&world, Method::GET, "/v1/sessions", &tokens["access_token"]).await.assert(401);
    let others = begin(&ada).await;
    let mut socket = ada.open_socket().await;
    ada.delete("/v1/sessions").await.assert(204);
    ada.get("/v1/sessions").await.assert(401);
    refresh(&world, &others["refresh_token"]).await.assert(401);
    world.settle().await;
    assert!(crate::chat::is_dismissed(&mut socket).await);
    eve.get("/v1/sessions").await.assert(200);
}

#[tokio::test]
async fn one_signs_in_by_address_as_well_and_guesses_count_together() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let sign_in = async |name: &str, password: &str| {
        world.visitor().post("/v1/sessions", json!({ "name": name, "password": password })).await
    };
    for name in ["ada", "ADA", "ada@example.org", " Ada@Example.ORG "] {
        sign_in(name, PASSWORD).await.assert(201);
    }
    for (count, name) in ["ada", "ada@example.org", "ada", "ADA@example.org"].iter().enumerate() {
        let reply = sign_in(name, "wrong").await.assert(401);
        assert_eq!(reply.json()["code"], "wrong_credentials", "{count}");
    }
    sign_in("ada", "wrong").await.assert(429);
    // Whichever name is typed now, it is the same lock.
    assert!(sign_in("ada@example.org", PASSWORD).await.assert(429).header("retry-after").parse::<u32>().unwrap() > 800);
    sign_in("nobody@example.org", PASSWORD).await.assert(401);
    ada.get(&ada.profile()).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn limits_are_told_before_they_are_reached() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    let reply = world
        .visitor()
        .post("/users/register/", json!({ "username": "ada", "password1": PASSWORD, "password2": PASSWORD }))
        .await
        .assert(201);
    assert_eq!(reply.header("ratelimit-policy"), "\"default\";q=20;w=3600");
    assert!(reply.header("ratelimit").starts_with("\"default\";r=19;t="), "{}", reply.header("ratelimit"));
    let address = json!({ "email": "nobody@example.org" });
    for left in (0..5).rev() {
        let reply = world.visitor().post("/v1/password/reset", address.clone()).await.assert(202);
        assert!(reply.header("ratelimit").starts_with(&format!("\"default\";r={left};")), "{left}");
    }
    let reply = world.visitor().post("/v1/password/reset", address).await.assert(429);
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    world.settle().await;
}
