//! The fault sweep: every call to AWS, failing in every way, at every step of every route's ordinary case.
//!
//! Whatever fails, the caller gets an answer in the route's own words, nothing is half-written, and the same request
//! goes through once AWS is well again.

use http::Method;
use serde_json::{Value, json};

use crate::world::{Fault, PASSWORD, Person, Reply, World};

/// One ordinary request by one member; each gets a member of its own.
type Step = (&'static str, Method, fn(&Person) -> (String, Value));

fn steps() -> Vec<Step> {
    vec![
        ("show", Method::GET, |member| (member.profile(), json!(null))),
        ("edit", Method::PATCH, |member| {
            let name = format!("{}-renamed", member.name);
            (member.profile(), json!({ "username": name, "email": format!("{name}@example.org") }))
        }),
        ("login", Method::POST, |member| {
            ("/users/login/".to_owned(), json!({ "username": member.name, "password": PASSWORD }))
        }),
        ("sign-up", Method::POST, |member| {
            let email = format!("{}@new.example.org", member.name);
            let body = json!({ "name": "Ada King", "email": email, "password": PASSWORD, "skills": ["Rust"] });
            ("/api/v1/auth/signup".to_owned(), body)
        }),
        ("joint-login", Method::POST, |member| {
            ("/api/v1/auth/login".to_owned(), json!({ "username": member.name, "password": PASSWORD }))
        }),
        ("logout", Method::POST, |_| ("/users/logout/".to_owned(), json!({}))),
        ("token", Method::POST, |_| ("/v1/token".to_owned(), json!({}))),
        ("leaderboard", Method::GET, |_| ("/users/leaderboard/".to_owned(), json!(null))),
        ("deactivate", Method::PATCH, |member| (member.profile(), json!({ "deactivate": true }))),
        ("delete", Method::DELETE, |member| (member.profile(), json!({}))),
    ]
}

/// As often as the SDK tries, so that a fault is not simply repeated away.
const EVERY_ATTEMPT: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_fails_is_told_and_nothing_is_half_written() {
    // A world per step and fault: mostly they wait for each other's repetitions, and can do so side by side.
    let mut sweeps = tokio::task::JoinSet::new();
    for step in steps() {
        for fault in Fault::ALL {
            let step = step.clone();
            sweeps.spawn(async move { sweep(&World::new().await, step, fault).await });
        }
    }
    while let Some(swept) = sweeps.join_next().await {
        swept.unwrap();
    }
}

/// Lets one call after the other fail, until the step has no further call.
async fn sweep(world: &World, (name, method, request): Step, fault: Fault) {
    for call in 0.. {
        let member = world.member(&format!("{name}-{call}")).await;
        let caller = if name == "login" { member.elsewhere() } else { member.copy() };
        let (path, body) = request(&caller);
        world.wire.fail(call, EVERY_ATTEMPT, fault);
        let reply = ask(&caller, &method, &path, &body).await;
        let reached = world.wire.calls() > call;
        world.wire.mend();
        let (status, told) = (reply.status.as_u16(), format!("{name} {fault:?} {call}: {}", reply.text()));
        assert!(reply.status.is_success() || (reached && status == 500), "{status} {told}");
        if !reached {
            // The step makes fewer calls than that: the whole of it has been swept.
            break;
        }
        if status == 500 {
            assert!(told.contains("Something went wrong on our side. Request "), "{told}");
            // A change whose answer was lost may have been made; asking again must not fail on our side.
            let again = ask(&caller.copy(), &method, &path, &body).await;
            assert!(again.status.as_u16() < 500, "{told}, then {}", again.text());
            if fault != Fault::AnswerLost {
                assert!(again.status.is_success(), "{told}, then {}", again.text());
            }
        }
    }
    world.settle().await;
    let report = world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
    assert_eq!(report["wrong"], 0, "{report}");
}

async fn ask(caller: &Person, method: &Method, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    caller.send(method.clone(), path, &[("content-type", "application/json")], body).await
}

#[tokio::test]
async fn a_single_fault_is_repeated_away() {
    let world = World::new().await;
    for fault in [Fault::Lost, Fault::Unavailable, Fault::Throttled] {
        for call in 0..3 {
            let member = world.member(&format!("{fault:?}-{call}").to_lowercase()).await;
            world.wire.fail(call, 1, fault);
            member.elsewhere().sign_in().await.assert(200);
            world.wire.mend();
        }
    }
    world.settle().await;
}

#[tokio::test]
async fn letters_survive_a_bad_minute_of_every_service() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    for call in 0..3 {
        world.wire.fail(call, 20, Fault::Unavailable);
        world.settle().await;
        world.wire.mend();
        // What failed in a queue comes back when its time out of sight is over.
        world.wait(chrono::Duration::minutes(30));
    }
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
}
