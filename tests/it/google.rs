//! Signing in with Google, against the provider that stands in for it: who gets in, as whom, and who does not.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::Duration;
use http::Method;
use local::endpoints::openid::{Flaw, Outage, Signature};
use serde_json::{Value, json};
use shared::auth::openid;

use crate::world::{ORIGIN, PASSWORD, PUBLIC_URL, Person, Reply, World};

const LOGIN: &str = "/api/v1/auth/google/login";
const GOOGLE: &str = "/api/v1/auth/google";
const CALENDAR: &str = "/api/v1/auth/google/calendar";

/// Answers the provider's page, and returns the path and query that it sends the browser back to.
async fn at_google(authorization_url: &str, answers: &[(&str, &str)]) -> String {
    let back = tests::answer_google(authorization_url, answers).await.expect("a way back");
    back.strip_prefix(PUBLIC_URL).expect("a way back to us").to_owned()
}

/// Somebody's answers at Google.
fn as_user(email: &str) -> Vec<(&str, &str)> {
    vec![("decision", "allow"), ("email", email), ("verified", "true"), ("name", "Ada King")]
}

/// From our login to the address that Google sends the browser back to.
async fn way_back(browser: &Person, answers: &[(&str, &str)]) -> String {
    let reply = browser.get(LOGIN).await.assert(302);
    at_google(reply.header("location"), answers).await
}

/// All the way with a browser, until it has our one-time code or a refusal.
async fn come_back(browser: &Person, answers: &[(&str, &str)]) -> Reply {
    browser.get(&way_back(browser, answers).await).await
}

fn code_of(reply: &Reply) -> String {
    let location = reply.header("location");
    let (_, code) = location.split_once("#one_time_code=").unwrap_or_else(|| panic!("no code: {location}"));
    code.to_owned()
}

/// Signs in with Google, and returns what the client gets.
async fn sign_in(world: &World, email: &str) -> Value {
    let browser = world.visitor();
    let reply = come_back(&browser, &as_user(email)).await.assert(302);
    browser.post(GOOGLE, json!({ "one_time_code": code_of(&reply) })).await.assert(200).json()
}

async fn as_member(world: &World, method: Method, path: &str, login: &Value, body: Value) -> (Person, Reply) {
    let browser = world.visitor();
    let bearer = format!("Bearer {}", login["access"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let reply = browser.send(method, path, &headers, Bytes::from(body.to_string())).await;
    (browser, reply)
}

/// Whether an access token still opens anything.
async fn is_in(world: &World, login: &Value) -> bool {
    as_member(world, Method::GET, "/v1/sessions", login, json!({})).await.1.status == 200
}

/// How many accounts there are.
fn accounts(world: &World) -> usize {
    world.everything().iter().filter(|item| item["sk"]["S"] == "ACCOUNT").count()
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_finds_it_again() {
    let world = World::new().await;
    let browser = world.visitor();
    let next = format!("{ORIGIN}/welcome?tab=1#old");
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
    let reply = browser.get(&format!("{LOGIN}?{query}")).await.assert(302);
    let url = reply.header("location").to_owned();
    for part in ["response_type=code", "scope=openid+email+profile", "code_challenge_method=S256", "nonce=", "state="] {
        assert!(url.contains(part), "{part} in {url}");
    }
    let cookie = reply.cookie("google_journey").unwrap();
    for flag in ["HttpOnly", "SameSite=Lax", "Max-Age=600"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let back = browser.get(&at_google(&url, &as_user("ada@example.org")).await).await.assert(302);
    assert!(back.header("location").starts_with(&format!("{ORIGIN}/welcome?tab=1#one_time_code=")));
    assert_eq!(browser.cookie("google_journey"), None);

    let code = code_of(&back);
    let login = browser.post(GOOGLE, json!({ "one_time_code": code })).await.assert(200).json();
    let user = &login["user"];
    assert_eq!((&user["username"], &user["name"]), (&json!("ada"), &json!("Ada King")));
    assert_eq!((&user["email"], &user["email_verified"]), (&json!("ada@example.org"), &json!(true)));
    let google = json!({ "linked": true, "email": "ada@example.org", "scopes": ["openid", "email", "profile"] });
    assert_eq!(user["google"], google);
    assert_eq!((&login["access"], &login["refresh"]), (&login["access_token"], &login["refresh_token"]));
    assert!(is_in(&world, &login).await);
    // The code works once, and for a minute.
    browser.post(GOOGLE, json!({ "one_time_code": code })).await.assert(400);
    let late = code_of(&come_back(&browser, &as_user("ada@example.org")).await.assert(302));
    world.wait(Duration::seconds(60));
    browser.post(GOOGLE, json!({ "one_time_code": late })).await.assert(400);

    // Google's own name for her counts, whatever her address is by now.
    let subject = user_subject(&world);
    let moved = [("subject", subject.as_str())];
    let answers = [as_user("countess@example.org").as_slice(), &moved].concat();
    let again = come_back(&browser, &answers).await.assert(302);
    let again = browser.post(GOOGLE, json!({ "one_time_code": code_of(&again) })).await.assert(200).json();
    assert_eq!((&again["user"]["id"], &again["user"]["email"]), (&user["id"], &json!("ada@example.org")));
    assert_eq!(accounts(&world), 1);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Welcome to Guildhall"]);
}

fn user_subject(world: &World) -> String {
    let all = world.everything();
    let held = all.iter().find(|item| item["sk"]["S"] == "GOOGLE" && item["linked_at"].is_object()).unwrap();
    held["subject"]["S"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_may_take_google_s_code_itself() {
    let world = World::new().await;
    let browser = world.visitor();
    let asked = browser.get(&format!("{LOGIN}?format=json")).await.assert(200).json();
    let back = at_google(asked["authorization_url"].as_str().unwrap(), &as_user("ada@example.org")).await;
    let back: BTreeMap<_, _> =
        form_urlencoded::parse(back.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    assert_eq!(json!(back["state"]), asked["state"]);
    let proof = json!({ "code": back["code"], "state": back["state"] });
    world.visitor().post(GOOGLE, proof.clone()).await.assert(400);
    let login = browser.post(GOOGLE, proof.clone()).await.assert(200).json();
    assert_eq!(login["user"]["email"], "ada@example.org");
    browser.post(GOOGLE, proof).await.assert(400);
    browser.post(GOOGLE, json!({ "code": "x" })).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn a_verified_address_joins_the_account_that_has_it_verified() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let login = sign_in(&world, "ADA@Example.org").await;
    assert_eq!(login["user"]["id"], ada.id());
    // Nothing of hers is lost.
    ada.get(&ada.profile()).await.assert(200);
    ada.elsewhere().sign_in().await.assert(200);
    assert_eq!(accounts(&world), 1);
    world.settle().await;
}

#[tokio::test]
async fn whoever_wrote_in_a_foreign_address_is_out_when_its_owner_comes() {
    let world = World::new().await;
    // Mallory has an account with a Google account of her own, and writes in somebody else's address.
    let mallory = world.reachable("mallory").await;
    let hers = sign_in(&world, "mallory@example.org").await;
    mallory.patch(&mallory.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    world.settle().await;
    let letter = world.code_from_letter();

    let login = sign_in(&world, "ada@example.org").await;
    assert_eq!((&login["user"]["id"], &login["user"]["email_verified"]), (&json!(mallory.id()), &json!(true)));
    assert_eq!(login["user"]["google"]["email"], "ada@example.org");
    mallory.get(&mallory.profile()).await.assert(401);
    assert!(!is_in(&world, &hers).await);
    mallory.elsewhere().sign_in_with(PASSWORD).await.assert(401);
    world.visitor().post("/v1/email/confirm", json!({ "code": letter })).await.assert(422);
    // Her Google account leads to an account of her own.
    let again = sign_in(&world, "mallory@example.org").await;
    assert_ne!(again["user"]["id"], login["user"]["id"]);
    assert!(is_in(&world, &login).await);
    world.settle().await;
}

#[tokio::test]
async fn an_address_that_the_staff_mistyped_makes_nobody_one_of_the_staff() {
    let world = World::new().await;
    let staff = world.member("staff").await;
    world.promote(&staff).await;
    staff.patch(&staff.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    let refused = come_back(&world.visitor(), &as_user("ada@example.org")).await.assert(409).json();
    assert_eq!(refused["code"], "email_taken");
    staff.get(&staff.profile()).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn an_address_that_google_has_not_verified_is_nobody_s() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let unverified = [("decision", "allow"), ("email", "ada@example.org")];
    let refused = come_back(&world.visitor(), &unverified).await.assert(403).json();
    assert_eq!(refused["code"], "email_not_verified");
    let nobody = [("decision", "allow"), ("email", "new@example.org")];
    come_back(&world.visitor(), &nobody).await.assert(403);
    assert_eq!(accounts(&world), 1);
    ada.get(&ada.profile()).await.assert(200);
}

#[tokio::test]
async fn a_state_is_good_once_in_the_browser_that_was_sent_for_ten_minutes() {
    let world = World::new().await;
    let browser = world.visitor();
    let back = way_back(&browser, &as_user("ada@example.org")).await;
    let cookie = browser.cookie("google_journey").unwrap();
    // Somebody else's browser, with no cookie or with its own: the way in that was not asked for there.
    world.visitor().get(&back).await.assert(400);
    let victim = world.visitor();
    victim.get(LOGIN).await.assert(302);
    let refused = victim.get(&back).await.assert(400).json();
    assert_eq!(refused["code"], "unknown_state");
    // Neither uses it up.
    browser.get(&back).await.assert(302);
    browser.keep("google_journey", &cookie);
    browser.get(&back).await.assert(400);

    let back = way_back(&browser, &as_user("ada@example.org")).await;
    world.wait(Duration::minutes(10));
    browser.get(&back).await.assert(400);
    browser.get("/api/v1/auth/google/callback?code=x&state=made-up").await.assert(400);
    browser.get("/api/v1/auth/google/callback?code=x").await.is(400, json!({ "state": ["This field is required."] }));
    assert_eq!(accounts(&world), 1);
    world.settle().await;
}

#[tokio::test]
async fn a_token_that_is_not_right_in_every_way_lets_nobody_in() {
    let world = World::new().await;
    let now = world.clock.now().timestamp();
    let claims =
        |name: &str, value: Value| Flaw { claims: [(name.to_owned(), value)].into_iter().collect(), ..Flaw::default() };
    let signed = |signature| Flaw { signature, ..Flaw::default() };
    let flaws = [
        claims("iss", json!("https://evil.example")),
        claims("iss", Value::Null),
        claims("aud", json!("another-client")),
        claims("aud", json!(["guildhall-test", "another-client"])).without_azp(),
        claims("azp", json!("another-client")),
        claims("nonce", json!("another")),
        claims("nonce", Value::Null),
        claims("exp", json!(now - 61)),
        claims("exp", Value::Null),
        claims("iat", json!(now + 61)),
        claims("sub", json!("")),
        claims("sub", Value::Null),
        signed(Signature::Foreign),
        signed(Signature::Unknown),
        signed(Signature::Secret),
        signed(Signature::None),
    ];
    for flaw in flaws {
        world.cloud.openid().spoil(flaw.clone());
        let refused = come_back(&world.visitor(), &as_user("ada@example.org")).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (502, &json!("google_failed")), "{flaw:?}");
    }
    assert_eq!(accounts(&world), 0);
    world.cloud.openid().spoil(Flaw::default());
    sign_in(&world, "ada@example.org").await;
    world.settle().await;
}

trait WithoutAzp {
    fn without_azp(self) -> Self;
}

impl WithoutAzp for Flaw {
    fn without_azp(mut self) -> Flaw {
        self.claims.insert("azp".to_owned(), Value::Null);
        self
    }
}

#[tokio::test]
async fn new_keys_of_google_are_found_and_old_ones_end() {
    let world = World::new().await;
    sign_in(&world, "ada@example.org").await;
    world.cloud.openid().rotate_keys();
    // Whoever makes up names of keys must not make us ask Google each time.
    come_back(&world.visitor(), &as_user("ada@example.org")).await.assert(502);
    world.wait(Duration::minutes(1));
    sign_in(&world, "ada@example.org").await;
    world.settle().await;
}

#[tokio::test]
async fn nobody_is_led_to_a_foreign_page() {
    let world = World::new().await;
    for next in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "https://client.example.org@evil.example"]
    {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let refused = world.visitor().get(&format!("{LOGIN}?{query}")).await.assert(400).json();
        assert!(refused["next"].is_array(), "{next}: {refused}");
    }
    let back = come_back(&world.visitor(), &as_user("ada@example.org")).await.assert(302);
    assert!(back.header("location").starts_with(&format!("{PUBLIC_URL}/#one_time_code=")));
    world.settle().await;
}

#[tokio::test]
async fn who_is_denied_is_told_and_may_not_come_back_the_same_way() {
    let world = World::new().await;
    let browser = world.visitor();
    let back = way_back(&browser, &[("decision", "deny")]).await;
    let cookie = browser.cookie("google_journey").unwrap();
    let refused = browser.get(&back).await.assert(403).json();
    assert_eq!(refused["code"], "access_denied");
    browser.keep("google_journey", &cookie);
    browser.get(&back).await.assert(400);
    // A code that is no code of Google's.
    browser.get(LOGIN).await.assert(302);
    let asked = browser.get(&format!("{LOGIN}?format=json")).await.assert(200).json();
    let made_up = format!("/api/v1/auth/google/callback?code=made-up&state={}", asked["state"].as_str().unwrap());
    let refused = browser.get(&made_up).await.assert(400).json();
    assert_eq!(refused["code"], "invalid_code");
}

#[tokio::test]
async fn when_google_is_down_it_is_said() {
    let world = World::new().await;
    let browser = world.visitor();
    let back = way_back(&browser, &as_user("ada@example.org")).await;
    world.cloud.openid().set_outage(Some(Outage::Broken));
    let refused = browser.get(&back).await.assert(502).json();
    assert_eq!(refused["code"], "google_failed");
    world.cloud.openid().set_outage(None);
    let back = way_back(&browser, &as_user("ada@example.org")).await;
    world.cloud.openid().set_outage(Some(Outage::Silent));
    browser.get(&back).await.assert(504);
    assert_eq!(accounts(&world), 0);
    // Nobody listens there.
    let nowhere = World::with(&[("GoogleIssuer", "http://127.0.0.1:9/openid")]).await;
    nowhere.visitor().get(LOGIN).await.assert(502);
}

#[tokio::test]
async fn without_a_client_it_is_switched_off() {
    let world = World::with(&[("GoogleClientId", "")]).await;
    let refused = world.visitor().get(LOGIN).await.assert(503).json();
    assert_eq!(refused, json!({ "detail": "Signing in with Google is not set up here.", "code": "google_off" }));
    world.visitor().get("/api/v1/auth/google/callback?code=x&state=y").await.assert(503);
}

/// Sets a first password by a letter.
async fn set_password(world: &World, email: &str) {
    world.visitor().post("/v1/password/reset", json!({ "email": email })).await.assert(202);
    world.settle().await;
    let reset = json!({ "code": world.code_from_letter(), "password": PASSWORD });
    world.visitor().post("/v1/password/reset/confirm", reset).await.assert(200);
}

/// Lets a member allow entries in their calendar, as another of Google's users.
async fn allow_calendar(world: &World, login: &Value, email: &str) -> Reply {
    let body = json!({ "next": ORIGIN });
    let (browser, asked) = as_member(world, Method::POST, CALENDAR, login, body).await;
    let asked = asked.assert(200).json();
    let url = asked["authorization_url"].as_str().unwrap();
    for part in ["calendar.events", "access_type=offline", "include_granted_scopes=true"] {
        assert!(url.contains(part), "{part} in {url}");
    }
    browser.get(&at_google(url, &as_user(email)).await).await
}

#[tokio::test]
async fn a_calendar_s_token_is_locked_away_and_given_back() {
    let world = World::new().await;
    let login = sign_in(&world, "ada@example.org").await;
    world.settle().await;
    let back = allow_calendar(&world, &login, "ada@example.org").await.assert(302);
    assert_eq!(back.header("location"), format!("{ORIGIN}/#google=linked"));
    assert_eq!(world.cloud.openid().grants(), 1);
    let all = world.everything();
    let link = all.iter().find(|item| item["sk"]["S"] == "GOOGLE" && item["linked_at"].is_object()).unwrap();
    assert!(link["scopes"].to_string().contains("calendar.events"));
    let locked = link["refresh_token"]["S"].as_str().unwrap();
    assert!(!world.cloud.openid().is_granted(locked), "as it came");

    // Her only way in stays.
    let (_, refused) = as_member(&world, Method::DELETE, GOOGLE, &login, json!({})).await;
    assert_eq!(refused.assert(409).json()["code"], "only_way_in");
    set_password(&world, "ada@example.org").await;
    let login = sign_in(&world, "ada@example.org").await;
    world.cloud.openid().set_outage(Some(Outage::Broken));
    as_member(&world, Method::DELETE, GOOGLE, &login, json!({})).await.1.assert(502);
    world.cloud.openid().set_outage(None);
    as_member(&world, Method::DELETE, GOOGLE, &login, json!({})).await.1.assert(204);
    assert_eq!(world.cloud.openid().grants(), 0);
    let (_, refused) = as_member(&world, Method::DELETE, GOOGLE, &login, json!({})).await;
    assert_eq!(refused.assert(409).json()["code"], "google_not_linked");
    world.visitor().delete(GOOGLE).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn a_google_account_has_one_member_and_a_member_one_google_account() {
    let world = World::new().await;
    let ada = sign_in(&world, "ada@example.org").await;
    let eve = world.reachable("eve").await;
    let token = eve.token().await;
    let eve = json!({ "access": token });
    let taken = allow_calendar(&world, &eve, "ada@example.org").await.assert(409).json();
    assert_eq!(taken["code"], "google_taken");
    allow_calendar(&world, &eve, "eve@gmail.example").await.assert(302);
    let other = allow_calendar(&world, &eve, "eve@work.example").await.assert(409).json();
    assert_eq!(other["code"], "google_linked");
    // A second Google account with her verified address is no way around that.
    let answers = [as_user("eve@example.org").as_slice(), &[("subject", "4711")]].concat();
    come_back(&world.visitor(), &answers).await.assert(409);
    // What belongs to a member's own journey signs nobody in.
    let (browser, asked) = as_member(&world, Method::POST, CALENDAR, &ada, json!({})).await;
    let back = at_google(asked.json()["authorization_url"].as_str().unwrap(), &as_user("ada@example.org")).await;
    let back: BTreeMap<_, _> =
        form_urlencoded::parse(back.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    browser.post(GOOGLE, json!({ "code": back["code"], "state": back["state"] })).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn a_session_that_has_ended_links_nothing_any_more() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    // Somebody at her device begins; she hears of it and sets another password.
    let stolen = json!({ "access": ada.token().await });
    let (browser, asked) = as_member(&world, Method::POST, CALENDAR, &stolen, json!({})).await;
    let url = asked.assert(200).json()["authorization_url"].as_str().unwrap().to_owned();
    set_password(&world, "ada@example.org").await;
    let refused = browser.get(&at_google(&url, &as_user("eve@example.org")).await).await.assert(403).json();
    assert_eq!(refused["code"], "session_ended");
    assert_ne!(sign_in(&world, "eve@example.org").await["user"]["id"], ada.id());
    world.settle().await;
}

#[tokio::test]
async fn who_has_left_may_come_again_and_who_is_barred_may_not() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    sign_in(&world, "ada@example.org").await;
    world.ban(&ada).await;
    let refused = come_back(&world.visitor(), &as_user("ada@example.org")).await.assert(403).json();
    assert_eq!(refused["code"], "user_inactive");
    let eve = world.reachable("eve").await;
    sign_in(&world, "eve@example.org").await;
    eve.delete(&eve.profile()).await.assert(200);
    // Before and after what follows from that.
    let again = sign_in(&world, "eve@example.org").await;
    assert_ne!(again["user"]["id"], eve.id());
    world.settle().await;
    assert_eq!(sign_in(&world, "eve@example.org").await["user"]["id"], again["user"]["id"]);
}

#[tokio::test]
async fn a_code_ends_with_every_session() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let browser = world.visitor();
    let code = code_of(&come_back(&browser, &as_user("ada@example.org")).await.assert(302));
    ada.patch(&ada.profile(), json!({ "deactivate": true })).await.assert(200);
    browser.post(GOOGLE, json!({ "one_time_code": code })).await.assert(400);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_arrivals_at_once_are_one_member() {
    let world = World::new().await;
    let mut arriving = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let browser = world.visitor();
        let back = way_back(&browser, &as_user("ada@example.org")).await;
        arriving.spawn(async move { browser.get(&back).await });
    }
    while let Some(reply) = arriving.join_next().await {
        reply.unwrap().assert(302);
    }
    assert_eq!(accounts(&world), 1);
    world.settle().await;
}

#[test]
fn challenges_are_those_of_the_rfc() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(openid::digest(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[tokio::test]
async fn google_stands_for_the_password_alone() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = crate::second_factor::switch_on(&world, &ada).await;
    let browser = world.visitor();
    let code = code_of(&come_back(&browser, &as_user("ada@example.org")).await.assert(302));
    let refused = browser.post(GOOGLE, json!({ "one_time_code": code })).await.assert(401).json();
    assert_eq!(refused["code"], "second_factor_required");
    let with = |second: String| json!({ "one_time_code": code, "second_factor": second });
    let refused = browser.post(GOOGLE, with("000000".to_owned())).await.assert(401).json();
    assert_eq!(refused["code"], "second_factor_wrong");
    browser.post(GOOGLE, with(authenticator.next())).await.assert(200);
    browser.post(GOOGLE, with(authenticator.next())).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn whoever_takes_an_address_back_needs_no_code_of_the_other() {
    let world = World::new().await;
    // Eve wrote ada's address into her account, and cannot confirm it.
    let eve = world.member("eve").await;
    eve.patch(&eve.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    crate::second_factor::switch_on(&world, &eve).await;
    sign_in(&world, "ada@example.org").await;
    eve.get("/v1/second-factor").await.assert(401);
    assert!(!world.everything().iter().any(|item| item["sk"]["S"] == "SECOND"));
    world.settle().await;
}
