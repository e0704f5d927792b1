//! What needs the operations token, and what needs nobody.

use http::Method;
use local::endpoints::platforms::Account;
use serde_json::{Value, json};
use shared::platforms::Platform;

use super::{coder, take_down, told};
use crate::world::{OPERATIONS_TOKEN, Reply, World};

async fn operate(world: &World, path: &str, token: Option<&str>) -> Reply {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    world.visitor().send(Method::POST, path, &headers, "").await
}

/// The jobs that somebody asked for and nobody has heard of yet.
fn asked(world: &World) -> Vec<String> {
    let changes = world.cloud.unread_changes().unwrap();
    let images = changes.iter().map(|change| &change["dynamodb"]["NewImage"]);
    let asked = images.filter(|image| image["name"]["S"] == "JobAsked");
    let job =
        |image: &Value| serde_json::from_str::<Value>(image["event"]["S"].as_str().unwrap()).unwrap()["job"].clone();
    asked.map(|image| job(image).as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn jobs_are_asked_for_with_the_operations_token_alone() {
    let world = World::new().await;
    for (path, job, done) in [
        ("/trigger-leaderboard/", "refresh-profiles", "success"),
        ("/api/weekly-update", "weekly-report", "weekly_processed"),
    ] {
        for token in [None, Some("wrong"), Some("")] {
            operate(&world, path, token).await.is(401, json!({ "error": "unauthorized" }));
        }
        operate(&world, path, Some(OPERATIONS_TOKEN)).await.is(200, json!({ "status": done }));
        assert_eq!(asked(&world).last().map(String::as_str), Some(job));
    }
    assert_eq!(asked(&world).len(), 2);
    world.leave_unsettled();
}

#[tokio::test]
async fn without_a_token_nobody_may() {
    let world = World::with(&[("OperationsToken", "")]).await;
    for token in [None, Some("")] {
        operate(&world, "/api/weekly-update/", token).await.is(401, json!({ "error": "unauthorized" }));
    }
}

fn without(why: &str) -> Value {
    json!({ "problems_solved": why, "rating": "N/A", "contests": "N/A" })
}

#[tokio::test]
async fn anyone_looks_up_accounts() {
    let world = World::new().await;
    let ada = coder(&world, "ada", "LeetCode").await;
    told(&world, &ada, Platform::LeetCode, [Some(-1), Some(120), Some(0)]).await;
    let none = without("No username provided");
    let nothing = json!({ "leetcode": none, "codeforces": none, "codechef": none });
    world.visitor().get("/api/fetch-data").await.is(200, nothing.clone());
    world.visitor().get("/api/fetch-data/?leetcode=&codechef=%20").await.is(200, nothing);
    let query = "?leetcode=ADA&codeforces=a%20b&codechef=somebody";
    let kept = json!({ "problems_solved": 120, "rating": "N/A", "contests": 0 });
    world.cloud.platforms().set(Platform::CodeChef, "somebody", Account::new(1700, 33, 2));
    let found = json!({ "problems_solved": 33, "rating": 1700, "contests": 2 });
    let told =
        |codechef: &Value| json!({ "leetcode": kept, "codeforces": without("User not found"), "codechef": codechef });
    world.visitor().get(&format!("/api/fetch-data{query}")).await.is(200, told(&found));
    // What was told lately, and what is kept, needs no platform.
    take_down(&world);
    world.visitor().get(&format!("/api/fetch-data{query}")).await.is(200, told(&found));
    let nobody_knows = world.visitor().get("/api/fetch-data?codechef=other&codeforces=ghost&leetcode=x").await.json();
    for platform in ["leetcode", "codeforces", "codechef"] {
        assert_eq!(nobody_knows[platform], without("Error"), "{platform}");
    }
    world.cloud.platforms().mend();
    world.wait(chrono::Duration::minutes(1));
    let unknown = world.visitor().get("/api/fetch-data?codechef=ghost&codeforces=ghost&leetcode=ghost").await.json();
    for platform in ["leetcode", "codeforces", "codechef"] {
        assert_eq!(unknown[platform], without("User not found"), "{platform}");
    }
    world.settle().await;
}

#[tokio::test]
async fn thirty_look_ups_an_hour_ask_a_platform() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    for number in 0..10 {
        let query = format!("leetcode=a{number}&codeforces=a{number}&codechef=a{number}");
        world.visitor().get(&format!("/api/fetch-data?{query}")).await.assert(200);
    }
    let refused = world.visitor().get("/api/fetch-data?leetcode=b").await.assert(429);
    assert_ne!(refused.header("retry-after"), "");
    // What needs no platform needs no leave.
    world.visitor().get("/api/fetch-data").await.assert(200);
    world.settle().await;
}
