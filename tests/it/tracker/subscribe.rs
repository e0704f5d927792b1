//! Subscribing.

use local::endpoints::platforms::Account;
use serde_json::{Value, json};
use shared::platforms::Platform;

use super::{coder, subscriber, take_down};
use crate::world::{Person, Reply, World};

fn errors(field: &str, message: &str) -> Value {
    json!({ "errors": { field: [message] } })
}

async fn subscribe(person: &Person, body: Value) -> Reply {
    person.post("/subscribe", body).await
}

#[tokio::test]
async fn an_address_is_enough() {
    let world = World::new().await;
    let visitor = world.visitor();
    let reply = subscribe(&visitor, json!({ "email": "Ada@Example.org" })).await.assert(200);
    let id = reply.json()["subscriber"]["id"].as_u64().unwrap();
    assert_eq!(reply.json(), json!({ "subscriber": { "id": id, "email": "Ada@example.org", "group": null } }));
    let cookie = reply.cookie("sessionid").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    visitor.get("/my-profiles").await.is(200, json!({ "subscriber": reply.json()["subscriber"], "profiles": [] }));
    world.settle().await;
    assert_eq!(world.subjects_to("Ada@example.org"), ["Confirm your e-mail address"]);
    // The name that they are known by elsewhere tells nothing of the address.
    let account = visitor.get(&format!("/users/{id}/")).await.assert(200).json();
    assert!(account["username"].as_str().unwrap().starts_with("member_"), "{account}");
}

#[tokio::test]
async fn a_first_profile_comes_along_and_is_fetched_later_where_its_platform_is_down() {
    let world = World::new().await;
    world.cloud.platforms().set(Platform::CodeChef, "ada", Account::new(1530, 212, 14));
    let figures = |own: &Value| {
        let profile = &own["profiles"][0];
        [&profile["last_rating"], &profile["problems_solved"], &profile["contests_attended"]].map(Value::clone)
    };
    let ada = coder(&world, "ada", "CodeChef").await;
    let own = ada.get("/my-profiles/").await.assert(200).json();
    let profile = &own["profiles"][0];
    assert_eq!((&profile["platform_name"], &profile["username"]), (&json!("CodeChef"), &json!("ada")));
    assert_eq!((&profile["subscriber_id"], figures(&own)), (&json!(ada.id()), [json!(1530), json!(212), json!(14)]));
    // It was asked once, for whether there is such an account and for what it has.
    assert_eq!(world.cloud.platforms().calls(Platform::CodeChef).len(), 1);
    take_down(&world);
    let eve = Person::new(&world, "eve");
    let body = json!({ "email": "eve@example.org", "platform_name": "LeetCode", "username": "eve" });
    subscribe(&eve, body).await.assert(200);
    assert_eq!(figures(&eve.get("/my-profiles").await.json()), [Value::Null, Value::Null, Value::Null]);
    let changes = world.cloud.unread_changes().unwrap();
    let due = changes.iter().filter(|change| change["dynamodb"]["NewImage"]["name"]["S"] == "ProfileDue");
    assert_eq!(due.count(), 1);
    world.settle().await;
}

#[tokio::test]
async fn a_form_is_told_everything_that_is_wrong_with_it() {
    let world = World::new().await;
    coder(&world, "ada", "LeetCode").await;
    let eve = Person::new(&world, "eve");
    for body in [json!({}), json!({ "email": null }), json!({ "email": " " })] {
        let told = subscribe(&eve, body.clone()).await.assert(400).json();
        assert!(told["errors"]["email"][0].is_string(), "{body}: {told}");
    }
    subscribe(&eve, json!({})).await.is(400, errors("email", "This field is required."));
    subscribe(&eve, json!({ "email": "eve" })).await.is(400, errors("email", "Enter a valid email address."));
    let taken = errors("email", "Subscriber with this Email already exists.");
    subscribe(&eve, json!({ "email": "ADA@example.org" })).await.is(400, taken);
    let choice = "Select a valid choice. TopCoder is not one of the available choices.";
    let body = json!({ "email": "eve@example.org", "platform_name": "TopCoder", "username": "eve" });
    subscribe(&eve, body).await.is(400, errors("platform_name", choice));
    let pair = errors("__all__", "Both platform and username are required if either is provided.");
    for half in [json!({ "platform_name": "LeetCode" }), json!({ "username": "eve" })] {
        let mut body = half;
        body["email"] = json!("eve@example.org");
        subscribe(&eve, body).await.is(400, pair.clone());
    }
    let long = json!({ "email": "eve@example.org", "platform_name": "LeetCode", "username": "x".repeat(101) });
    let told = "Ensure this value has at most 100 characters (it has 101).";
    subscribe(&eve, long).await.is(400, errors("username", told));
    let all = subscribe(&eve, json!({ "email": "eve", "username": "eve" })).await.assert(400).json();
    assert_eq!(all["errors"].as_object().unwrap().len(), 2, "{all}");
    for (platform, none) in [
        ("LeetCode", "LeetCode username 'ghost' does not exist."),
        ("Codeforces", "Codeforces username 'ghost' does not exist."),
        ("CodeChef", "CodeChef username ghost does not exist."),
    ] {
        let body = json!({ "email": "eve@example.org", "platform_name": platform, "username": "ghost" });
        subscribe(&eve, body).await.is(400, errors("__all__", none));
    }
    // A name that no platform would have is not even asked for.
    let odd = |platform: &str| json!({ "email": "eve@example.org", "platform_name": platform, "username": "é v e" });
    let none = "LeetCode username 'é v e' does not exist.";
    subscribe(&eve, odd("LeetCode")).await.is(400, errors("__all__", none));
    let none = "CodeChef username é v e does not exist.";
    subscribe(&eve, odd("CodeChef")).await.is(400, errors("__all__", none));
    assert_eq!(eve.cookie("sessionid"), None);
    world.settle().await;
}

#[tokio::test]
async fn an_account_that_somebody_has_comes_before_everything_else() {
    let world = World::new().await;
    coder(&world, "ada", "LeetCode").await;
    let eve = Person::new(&world, "eve");
    let told = json!({ "error": "profile exists", "detail": "Profile already registered: LeetCode (ADA)" });
    let body = json!({ "email": "no address", "platform_name": "LeetCode", "username": "ADA" });
    subscribe(&eve, body).await.is(409, told);
    // The same name elsewhere is another account.
    let body = json!({ "email": "eve@example.org", "platform_name": "Codeforces", "username": "ada" });
    subscribe(&eve, body).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_member_becomes_a_subscriber_by_their_own_address() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let session = ada.cookie("sessionid");
    ada.get("/my-profiles/").await.is(404, json!({ "error": "subscriber not found" }));
    ada.get("/").await.is(200, json!({ "subscriber": null, "platforms": [], "email_error": null, "messages": [] }));
    assert_eq!(ada.cookie("sessionid"), session);
    // Not in another browser, where it may be anybody.
    let taken = errors("email", "Subscriber with this Email already exists.");
    subscribe(&ada.elsewhere(), json!({ "email": "ada@example.org" })).await.is(400, taken.clone());
    let body = json!({ "email": "ADA@example.org", "platform_name": "LeetCode", "username": "ada" });
    let reply = subscribe(&ada, body.clone()).await.assert(200).json();
    let view = json!({ "id": ada.id(), "email": "ada@example.org", "group": null });
    assert_eq!(reply, json!({ "subscriber": view }));
    assert_eq!(ada.cookie("sessionid"), session);
    assert_eq!(ada.get("/my-profiles/").await.json()["profiles"][0]["username"], "ada");
    subscribe(&ada, json!({ "email": "ada@example.org" })).await.is(400, taken);
    world.settle().await;
}

#[tokio::test]
async fn forms_and_both_forms_of_a_path_are_taken() {
    let world = World::new().await;
    Person::new(&world, "ada").fill("/subscribe/", &[("email", "ada@example.org")]).await.assert(200);
    let bob = subscriber(&world, "bob").await;
    for path in ["/", "/my-profiles", "/my-profiles/", "/leaderboard", "/leaderboard/"] {
        bob.get(path).await.assert(200);
    }
    for path in ["/send_daily_report", "/send_daily_report/", "/logout", "/logout/"] {
        let bob = bob.copy();
        world.enter(&bob).await;
        bob.post(path, json!({})).await.assert(200);
    }
    world.visitor().get("/subscribe").await.is(405, json!({ "detail": "Method \"GET\" not allowed." }));
    let json = [("content-type", "application/json")];
    let broken = bob.send(http::Method::POST, "/subscribe", &json, "{").await.assert(400).json();
    assert!(broken["detail"].as_str().unwrap().starts_with("JSON parse error - "), "{broken}");
    let foreign = [("content-type", "application/json"), ("origin", "https://evil.example")];
    bob.send(http::Method::POST, "/subscribe", &foreign, "{}").await.assert(403);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_who_want_one_account_one_gets_it() {
    let world = World::new().await;
    let want = |number: usize| {
        let (visitor, name) = (world.visitor(), if number.is_multiple_of(2) { "ada" } else { "ADA" });
        let email = format!("user{number}@example.org");
        let body = json!({ "email": email, "platform_name": "Codeforces", "username": name });
        tokio::spawn(async move { visitor.post("/subscribe", body).await.status.as_u16() })
    };
    let mut statuses = Vec::new();
    for asked in (0..100).map(want).collect::<Vec<_>>() {
        statuses.push(asked.await.unwrap());
    }
    let count = |status: u16| statuses.iter().filter(|other| **other == status).count();
    assert_eq!((count(200), count(409)), (1, 99), "{statuses:?}");
    world.settle().await;
    let kept = |kind: &str| world.everything().iter().filter(|item| item["sk"]["S"] == kind).count();
    // Whoever was refused has not joined, either.
    assert_eq!((kept("CODER"), kept("SUBSCRIPTION"), kept("ACCOUNT"), kept("CODING#Codeforces")), (1, 1, 1, 1));
}

#[tokio::test]
async fn ten_an_hour_subscribe_from_one_address() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    for number in 0..10 {
        subscribe(&world.visitor(), json!({ "email": format!("user{number}@example.org") })).await.assert(200);
    }
    let refused = subscribe(&world.visitor(), json!({ "email": "one.more@example.org" })).await.assert(429);
    assert_eq!(refused.json()["error"], "too_many_requests");
    assert_ne!(refused.header("retry-after"), "");
    world.settle().await;
}
