//! The first page, and signing in by a code or its link.

use chrono::Duration;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::store::{Change, keys};

use super::{digits, make_subscriber, subscriber};
use crate::world::{Person, Reply, World};

const SENT: &str = "Sign-in code sent";

fn nobody(messages: &[&str]) -> Value {
    json!({ "subscriber": null, "platforms": [], "email_error": null, "messages": messages })
}

fn refused(why: &str) -> Value {
    json!({ "subscriber": null, "platforms": [], "email_error": why, "messages": [] })
}

async fn ask(person: &Person, body: Value) -> Reply {
    person.post("/", body).await
}

/// Asks for a code, and returns it.
async fn code(world: &World, person: &Person, email: &str) -> String {
    ask(person, json!({ "email": email })).await.is(200, nobody(&[SENT]));
    world.settle().await;
    digits(world)
}

fn letters(world: &World) -> usize {
    world.letters().iter().filter(|letter| letter.subject == "Your sign-in code").count()
}

#[tokio::test]
async fn a_code_signs_in_once_and_proves_the_address() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let first_session = ada.cookie("sessionid").unwrap();
    let browser = ada.elsewhere();
    let code = code(&world, &browser, "ADA@example.org").await;
    let letter = world.letters().into_iter().next().unwrap();
    assert_eq!((letter.subject.as_str(), &letter.to[..]), ("Your sign-in code", &["ada@example.org".to_owned()][..]));
    assert!(letter.html.contains(&code) && letter.text.contains("/v1/subscription/sign-in?code="), "{}", letter.text);
    let entered = ask(&browser, json!({ "email": "ada@example.org", "code": code })).await.assert(200);
    let view = json!({ "id": ada.id(), "email": "ada@example.org", "group": null });
    assert_eq!(entered.json(), json!({ "subscriber": view, "platforms": [], "email_error": null, "messages": [] }));
    assert!(entered.cookie("sessionid").unwrap().contains("HttpOnly"));
    assert_eq!(browser.get("/").await.json()["subscriber"], view);
    // Whoever had come by the address alone may have been somebody else.
    ada.keep("sessionid", &first_session);
    let stale = ada.get("/").await;
    assert!(stale.cookie("sessionid").unwrap().contains("Max-Age=0"), "{:?}", stale.headers);
    stale.is(200, nobody(&[]));
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Welcome to Guildhall");
    // It works once, and so does the link beside it.
    let again = ask(&ada.elsewhere(), json!({ "email": "ada@example.org", "code": code })).await;
    again.is(200, refused("This code is not right, or not any more."));
    let link = letter.text.split_whitespace().find(|word| word.contains("sign-in?code=")).unwrap();
    let link = link.rsplit('=').next().unwrap();
    let page = ada.elsewhere().fill("/v1/subscription/sign-in", &[("code", link)]).await.assert(200);
    assert!(page.text().contains("Too late"), "{}", page.text());
    // An address that is proved ends nothing any more.
    let other = ada.elsewhere();
    let code = super::home::code(&world, &other, "ada@example.org").await;
    ask(&other, json!({ "email": "ada@example.org", "code": code })).await.assert(200);
    assert_eq!(browser.get("/").await.json()["subscriber"], view);
    world.settle().await;
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_by_the_same_calls_and_no_letter() {
    let world = World::new().await;
    subscriber(&world, "ada").await;
    let cost = async |email: &str, code: Option<&str>| {
        let body = match code {
            Some(code) => json!({ "email": email, "code": code }),
            None => json!({ "email": email }),
        };
        let reply = ask(&world.visitor(), body).await.assert(200);
        let invocation = world.cloud.functions().recent().into_iter().next().unwrap();
        (reply.json(), invocation.cost.round_trips, invocation.cost.calls, reply.headers.len())
    };
    assert_eq!(cost("ada@example.org", None).await, cost("eve@example.org", None).await);
    world.settle().await;
    assert_eq!(letters(&world), 1);
    let wrong = if digits(&world) == "000000" { "000001" } else { "000000" };
    let (known, unknown) = (cost("ada@example.org", Some(wrong)).await, cost("eve@example.org", Some(wrong)).await);
    assert_eq!(known, unknown);
    assert_eq!(known.0, refused("This code is not right, or not any more."));
    ask(&world.visitor(), json!({ "email": "ada" })).await.is(200, refused("Enter a valid email address."));
    world.settle().await;
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes_and_five_tries_and_only_the_latest_is() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let enter = async |code: &str| ask(&ada.elsewhere(), json!({ "email": "ada@example.org", "code": code })).await;
    let void = refused("This code is not right, or not any more.");
    let first = code(&world, &ada.elsewhere(), "ada@example.org").await;
    let second = code(&world, &ada.elsewhere(), "ada@example.org").await;
    if first != second {
        enter(&first).await.is(200, void.clone());
    }
    world.wait(Duration::minutes(10));
    enter(&second).await.is(200, void.clone());
    world.wait(Duration::minutes(16));
    let third = code(&world, &ada.elsewhere(), "ada@example.org").await;
    let wrong = if third == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        enter(wrong).await.is(200, void.clone());
    }
    enter(&third).await.is(200, refused("Too many wrong codes. Try again later."));
    // Nobody guesses the link, so it does not stand in for the code.
    let link = world.code_from_letter();
    let page = ada.elsewhere();
    assert!(
        page.get(&format!("/v1/subscription/sign-in?code={link}")).await.assert(200).text().contains("Welcome back")
    );
    let entered = page.fill("/v1/subscription/sign-in", &[("code", &link)]).await.assert(200);
    assert!(entered.text().contains("Signed in"), "{}", entered.text());
    assert_eq!(page.get("/my-profiles").await.assert(200).json()["subscriber"]["id"], ada.id());
    world.settle().await;
    // What is kept of a code tells nobody the code.
    let code = code(&world, &ada.elsewhere(), "ada@example.org").await;
    assert!(!format!("{:?}", world.everything()).contains(&format!("\"{code}\"")));
}

#[tokio::test]
async fn three_codes_are_sent_in_a_quarter_of_an_hour() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    let ada = subscriber(&world, "ada").await;
    for email in ["ada@example.org", "eve@example.org"] {
        for _ in 0..3 {
            ask(&ada.elsewhere(), json!({ "email": email })).await.is(200, nobody(&[SENT]));
        }
        let too_many = nobody(&["Too many sign-in codes. Try again later."]);
        ask(&ada.elsewhere(), json!({ "email": email })).await.is(200, too_many);
    }
    world.settle().await;
    assert_eq!(letters(&world), 3);
}

#[tokio::test]
async fn whoever_proves_their_address_is_a_subscriber() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let browser = ada.elsewhere();
    let code = code(&world, &browser, "ada@example.org").await;
    let entered = ask(&browser, json!({ "email": "ada@example.org", "code": code })).await.assert(200).json();
    assert_eq!(entered["subscriber"], json!({ "id": ada.id(), "email": "ada@example.org", "group": null }));
    // Their other sessions go on, and so does their password.
    ada.get("/my-profiles").await.assert(200);
    ada.elsewhere().sign_in().await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn an_address_that_nobody_proved_opens_no_account_with_another_way_in() {
    let world = World::new().await;
    // Somebody has written an address into their account that may be another's.
    let eve = world.member("eve").await;
    eve.patch(&eve.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    world.settle().await;
    ask(&eve.elsewhere(), json!({ "email": "ada@example.org" })).await.is(200, nobody(&[SENT]));
    world.settle().await;
    assert_eq!(letters(&world), 0);
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"; 2]);
}

#[tokio::test]
async fn the_second_factor_is_asked_for() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = crate::second_factor::switch_on(&world, &ada).await;
    let browser = ada.elsewhere();
    let code = code(&world, &browser, "ada@example.org").await;
    let missing = ask(&browser, json!({ "email": "ada@example.org", "code": code })).await;
    missing.is(200, refused("A code of your second factor is required."));
    let link = world.code_from_letter();
    let page = browser.fill("/v1/subscription/sign-in", &[("code", &link)]).await.assert(200);
    assert!(
        page.text().contains("second_factor") && page.text().contains("/v1/subscription/sign-in"),
        "{}",
        page.text()
    );
    let second = authenticator.next();
    let body = json!({ "email": "ada@example.org", "code": code, "second_factor": second });
    assert_eq!(ask(&browser, body).await.json()["subscriber"]["id"], ada.id());
    world.settle().await;
}

#[tokio::test]
async fn subscribers_may_be_let_in_at_once_but_not_into_what_is_protected() {
    let world = World::with(&[("SubscriberLogin", "immediate")]).await;
    let ada = subscriber(&world, "ada").await;
    let browser = ada.elsewhere();
    let unknown = refused("Email not found. Please subscribe first.");
    ask(&browser, json!({ "email": "nobody@example.org" })).await.is(200, unknown.clone());
    let both = json!({ "email": "ADA@example.org", "send_report": true });
    let entered = ask(&browser, both).await.assert(200);
    assert!(entered.cookie("sessionid").is_some());
    assert_eq!(entered.json()["subscriber"]["id"], ada.id());
    assert_eq!(entered.json()["messages"], json!(["Daily report queued"]));
    browser.get("/my-profiles").await.assert(200);
    // Not even where the address is a member's who never subscribed.
    let bob = world.reachable("bob").await;
    ask(&bob.elsewhere(), json!({ "email": "bob@example.org" })).await.is(200, unknown);
    make_subscriber(&world, &bob).await;
    ask(&bob.elsewhere(), json!({ "email": "bob@example.org" })).await.is(200, nobody(&[SENT]));
    // A code does it.
    world.settle().await;
    let code = digits(&world);
    let entered = ask(&bob.elsewhere(), json!({ "email": "bob@example.org", "code": code })).await.assert(200).json();
    assert_eq!(entered["subscriber"]["id"], bob.id());
    // Nor where Google or the staff stands behind it.
    let role = Change::of(keys::account(MemberId(ada.id()))).set("role", shared::model::role::Role::Moderator);
    world.app().table.change::<Value>(role).await.unwrap();
    ask(&ada.elsewhere(), json!({ "email": "ada@example.org" })).await.is(200, nobody(&[SENT]));
    world.settle().await;
}

#[tokio::test]
async fn a_report_is_queued_for_subscribers_three_times_a_day() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    let anyone = ask(&world.visitor(), json!({ "send_report": true })).await;
    anyone.is(200, nobody(&["You need to log in to send the report."]));
    world.visitor().post("/send_daily_report/", json!({})).await.is(401, json!({ "error": "not logged in" }));
    let bob = world.member("bob").await;
    bob.post("/send_daily_report/", json!({})).await.is(404, json!({ "error": "subscriber missing" }));
    let ada = subscriber(&world, "ada").await;
    let told = |reply: Reply| reply.assert(200).json()["messages"].clone();
    assert_eq!(told(ask(&ada, json!({ "send_report": true })).await), json!(["Daily report queued"]));
    ada.post("/send_daily_report/", json!({})).await.is(200, json!({ "status": "queued" }));
    assert_eq!(told(ada.fill("/", &[("send_report", "true")]).await), json!(["Daily report queued"]));
    assert_eq!(told(ask(&ada, json!({ "send_report": true })).await), json!(["Daily report limit reached"]));
    let refused = ada.post("/send_daily_report/", json!({})).await.assert(429);
    assert_eq!(refused.json(), json!({ "error": "rate_limited", "detail": "Daily report limit reached" }));
    assert_ne!(refused.header("retry-after"), "");
    world.wait(Duration::days(1));
    assert_eq!(told(ask(&ada, json!({ "send_report": true })).await), json!(["Daily report queued"]));
    world.settle().await;
}

#[tokio::test]
async fn logging_out_ends_the_session_and_harms_nobody_else() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let ticket = ada.cookie("sessionid").unwrap();
    let reply = ada.post("/logout", json!({})).await;
    assert!(reply.cookie("sessionid").unwrap().contains("Max-Age=0"));
    reply.is(200, json!({ "status": "logged out" }));
    ada.keep("sessionid", &ticket);
    ada.get("/my-profiles").await.is(401, json!({ "error": "not logged in" }));
    world.visitor().post("/logout", json!({})).await.is(200, json!({ "status": "logged out" }));
    world.settle().await;
}
