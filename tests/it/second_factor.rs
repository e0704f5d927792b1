//! The second factor: on and off, at every door, and never twice with one code.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::store::{Change, Condition, Write, keys};

use crate::world::{PASSWORD, Person, Reply, World};

/// An authenticator, and the recovery codes on a slip of paper.
pub struct Authenticator {
    world: World,
    pub secret: String,
    pub recovery: Vec<String>,
}

impl Authenticator {
    /// The code that it shows.
    pub fn shows(&self) -> String {
        tests::code_of_authenticator(&self.secret, self.world.clock.now()).unwrap()
    }

    /// The next code that it shows: half a minute later.
    pub fn next(&self) -> String {
        self.world.wait(Duration::seconds(30));
        self.shows()
    }
}

/// Switches a member's second factor on.
pub async fn switch_on(world: &World, person: &Person) -> Authenticator {
    let begun = person.post("/v1/second-factor", json!({ "password": PASSWORD })).await.assert(201).json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let mut authenticator = Authenticator { world: world.clone(), secret, recovery: Vec::new() };
    let code = authenticator.next();
    let confirmed = person.post("/v1/second-factor/confirm", json!({ "code": code })).await.assert(200).json();
    let codes = confirmed["recovery_codes"].as_array().unwrap().iter();
    authenticator.recovery = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
    authenticator
}

async fn native(person: &Person, password: &str, code: Option<&str>) -> Reply {
    person.elsewhere().post("/v1/sessions", json!({ "name": person.name, "password": password, "code": code })).await
}

async fn game(person: &Person, password: &str) -> u16 {
    person.elsewhere().sign_in_with(password).await.status.as_u16()
}

fn behind(code: &str) -> String {
    format!("{PASSWORD}{code}")
}

#[tokio::test]
async fn it_is_on_once_its_first_code_was_shown() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    ada.get("/v1/second-factor").await.is(200, json!({ "on": false, "since": null, "recovery_codes_left": 0 }));
    let wrong = ada.post("/v1/second-factor", json!({ "password": "guess" })).await.assert(422).json();
    assert_eq!(wrong["errors"], json!({ "password": ["This is not your password."] }));
    world.visitor().post("/v1/second-factor", json!({ "password": PASSWORD })).await.assert(401);
    let begun = ada.post("/v1/second-factor", json!({ "password": PASSWORD })).await.assert(201).json();
    let secret = begun["secret"].as_str().unwrap();
    assert_eq!(
        begun["otpauth_url"],
        format!("otpauth://totp/Guildhall:ada?secret={secret}&issuer=Guildhall&algorithm=SHA1&digits=6&period=30")
    );
    assert!(begun["qr_svg"].as_str().unwrap().starts_with("<svg "));
    // Nothing is asked for as long as nobody has shown that they have it.
    assert_eq!(game(&ada, PASSWORD).await, 200);
    for code in ["", "000000x", "aaaaa-bbbbb", "🙂"] {
        ada.post("/v1/second-factor/confirm", json!({ "code": code })).await.assert(422);
    }
    // One more, and that was the fifth: they were all guesses.
    ada.post("/v1/second-factor/confirm", json!({ "code": "12345" })).await.assert(429);
    world.wait(Duration::minutes(20));
    let authenticator = switch_on(&world, &ada).await;
    let shown = ada.get("/v1/second-factor").await.assert(200).json();
    assert_eq!((&shown["on"], &shown["recovery_codes_left"]), (&json!(true), &json!(10)));
    for (method, path) in [(Method::POST, "/v1/second-factor"), (Method::POST, "/v1/second-factor/confirm")] {
        let body = json!({ "password": PASSWORD, "code": authenticator.next() }).to_string();
        let reply = ada.send(method, path, &[("content-type", "application/json")], body).await.assert(409);
        assert_eq!(reply.json()["code"], "second_factor_on");
    }
    assert_eq!(game(&ada, PASSWORD).await, 401);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Your second factor is on");
    // Whoever was signed in stays so, and no code is kept as it is written.
    let kept = json!(world.everything()).to_string();
    assert!(!authenticator.recovery.iter().any(|code| kept.contains(code.as_str())));
}

#[tokio::test]
async fn a_secret_waits_for_an_hour_and_only_the_last_one_counts() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let begin = async || {
        let begun = ada.post("/v1/second-factor", json!({ "password": PASSWORD })).await.assert(201).json();
        let secret = begun["secret"].as_str().unwrap().to_owned();
        Authenticator { world: world.clone(), secret, recovery: Vec::new() }
    };
    let confirm = async |code: String| ada.post("/v1/second-factor/confirm", json!({ "code": code })).await;
    let (first, second) = (begin().await, begin().await);
    confirm(first.shows()).await.assert(422);
    world.wait(Duration::hours(1));
    confirm(second.shows()).await.assert(422);
    let third = begin().await;
    confirm(third.shows()).await.assert(200);
    // Switched on, it does not end by itself.
    world.wait(Duration::hours(2));
    ada.elsewhere().sign_in_with(&behind(&third.shows())).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn every_door_takes_a_code_behind_the_password_once() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    world.promote(&ada).await;
    let authenticator = switch_on(&world, &ada).await;
    // The code that switched it on is used up.
    assert_eq!(game(&ada, &behind(&authenticator.shows())).await, 401);
    let code = authenticator.next();
    ada.elsewhere().sign_in_with(PASSWORD).await.is(401, json!({ "errors": "Invalid password." }));
    ada.elsewhere().sign_in_with(&code).await.is(401, json!({ "errors": "Invalid password." }));
    ada.elsewhere().sign_in_with(&behind(&code)).await.assert(200);
    ada.elsewhere().sign_in_with(&behind(&code)).await.is(401, json!({ "errors": "Invalid password." }));
    // One step early and one step late, as clocks go.
    let late = authenticator.next();
    world.wait(Duration::seconds(30));
    assert_eq!(game(&ada, &behind(&late)).await, 200);
    let early = tests::code_of_authenticator(&authenticator.secret, world.clock.now() + Duration::seconds(30)).unwrap();
    assert_eq!(game(&ada, &behind(&early)).await, 200);
    let late = authenticator.shows();
    world.wait(Duration::seconds(90));
    assert_eq!(game(&ada, &behind(&late)).await, 401);
    // By address, through the staff's page, and with a code for recovery.
    let by_address = json!({ "name": "ADA@example.org", "password": behind(&authenticator.next()) });
    world.visitor().post("/v1/sessions", by_address).await.assert(201);
    let form = ada.elsewhere();
    let page = form.get("/admin/sign-in/").await.assert(200).text();
    let token = page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let filled = async |password: &str| {
        form.fill("/admin/sign-in/", &[("token", &token), ("username", "ada"), ("password", password)]).await
    };
    filled(PASSWORD).await.assert(401);
    filled(&behind(&authenticator.next())).await.assert(303);
    assert_eq!(game(&ada, &behind(&authenticator.recovery[0])).await, 200);
    assert_eq!(game(&ada, &behind(&authenticator.recovery[0])).await, 401);
    assert_eq!(game(&ada, &behind(&authenticator.recovery[1].to_uppercase())).await, 200);
    assert_eq!(ada.get("/v1/second-factor").await.json()["recovery_codes_left"], 8);
    world.settle().await;
}

#[tokio::test]
async fn every_dialect_takes_a_code_behind_the_password_in_its_ordinary_field() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    for (path, field, refused) in [
        ("/api/v1/auth/login", "email", 401),
        ("/api/v1/auth/login", "username", 401),
        ("/api/auth/login/", "email", 400),
        ("/api/token/", "username", 401),
        ("/users/login/", "username", 401),
    ] {
        let name = if field == "email" { "ada@example.org" } else { "ada" };
        let login = async |password: String| {
            ada.elsewhere().post(path, json!({ field: name, "password": password })).await.status.as_u16()
        };
        let code = authenticator.next();
        assert_eq!(login(PASSWORD.to_owned()).await, refused, "{path}");
        assert_eq!(login(behind(&code)).await, 200, "{path}");
        assert_eq!(login(behind(&code)).await, refused, "{path}");
    }
    world.settle().await;
}

#[tokio::test]
async fn a_field_of_its_own_is_told_what_is_missing() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    let refused = async |password: &str, code: Option<&str>| {
        native(&ada, password, code).await.assert(401).json()["code"].as_str().unwrap().to_owned()
    };
    for code in [None, Some(""), Some(" ")] {
        assert_eq!(refused(PASSWORD, code).await, "second_factor_required");
    }
    let code = authenticator.next();
    // Whoever does not know the password learns nothing of the code.
    assert_eq!(refused("guess", Some(&code)).await, "wrong_credentials");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    native(&ada, PASSWORD, Some(&spaced)).await.assert(201);
    assert_eq!(refused(PASSWORD, Some(&code)).await, "second_factor_wrong");
    assert_eq!(refused(PASSWORD, Some("aaaaa-bbbbb")).await, "second_factor_wrong");
    native(&ada, PASSWORD, Some(&authenticator.recovery[9])).await.assert(201);
    // Where there is no second factor, a code makes no difference.
    let bob = world.member("bob").await;
    native(&bob, PASSWORD, Some("123456")).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn half_a_proof_counts_as_a_failure() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    for _ in 0..4 {
        native(&ada, PASSWORD, None).await.assert(401);
    }
    native(&ada, PASSWORD, Some("000000")).await.assert(429);
    native(&ada, PASSWORD, Some(&authenticator.next())).await.assert(429);
    world.settle().await;
    let subjects = world.subjects_to("ada@example.org");
    assert_eq!(subjects.last().unwrap(), "Someone failed to sign in with your name");
    world.wait(Duration::minutes(15));
    native(&ada, PASSWORD, Some(&authenticator.next())).await.assert(201);
    // And whoever gets in starts anew.
    for _ in 0..4 {
        native(&ada, PASSWORD, None).await.assert(401);
    }
    native(&ada, PASSWORD, Some(&authenticator.next())).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn a_password_that_ends_like_a_code_stays_one() {
    let world = World::new().await;
    for (name, password) in [("ada", "battery horse 123456"), ("bob", "battery horse abcde-fghjk")] {
        let person = Person::new(&world, name);
        let body = json!({ "username": name, "email": format!("{name}@example.org"), "password": password });
        let token = person.post("/api/v1/auth/register", body).await.assert(201).json()["access_token"].take();
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let send = async |path: &str, body: Value| person.send(Method::POST, path, &headers, body.to_string()).await;
        let begun = send("/v1/second-factor", json!({ "password": password })).await.assert(201).json();
        let secret = begun["secret"].as_str().unwrap();
        let code = || tests::code_of_authenticator(secret, world.clock.now()).unwrap();
        send("/v1/second-factor/confirm", json!({ "code": code() })).await.assert(200);
        world.wait(Duration::seconds(30));
        let refused = native(&person, password, None).await.assert(401).json();
        assert_eq!(refused["code"], "second_factor_required");
        assert_eq!(game(&person, &format!("{password}{}", code())).await, 200);
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_show_one_code_at_once_one_gets_in() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    // Devices that are known count by themselves, so that every one of them is looked at.
    let mut devices = Vec::new();
    for _ in 0..8 {
        let browser = ada.elsewhere();
        browser.sign_in_with(&behind(&authenticator.next())).await.assert(200);
        devices.push(browser.cookie("device").unwrap());
    }
    for code in [authenticator.next(), authenticator.recovery[0].clone()] {
        let mut running = tokio::task::JoinSet::new();
        for device in &devices {
            let (browser, password) = (ada.elsewhere(), behind(&code));
            browser.keep("device", device);
            running.spawn(async move { browser.sign_in_with(&password).await.status.as_u16() });
        }
        let mut statuses = running.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
    }
    world.settle().await;
}

#[tokio::test]
async fn a_link_in_a_letter_is_half_of_the_way_in() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    let ask = async || {
        world.visitor().post("/v1/sign-in/letter", json!({ "email": "ada@example.org" })).await.assert(202);
        world.settle().await;
        world.code_from_letter()
    };
    let code = ask().await;
    let sign_in = async |second: Value| {
        world.visitor().post("/v1/sign-in", json!({ "code": code, "second_factor": second })).await
    };
    assert_eq!(sign_in(json!(null)).await.assert(401).json()["code"], "second_factor_required");
    assert_eq!(sign_in(json!("000000")).await.assert(401).json()["code"], "second_factor_wrong");
    let second = authenticator.next();
    sign_in(json!(second)).await.assert(200);
    sign_in(json!(authenticator.next())).await.assert(422);
    // For a browser, the page asks.
    let code = ask().await;
    let browser = ada.elsewhere();
    let html = [("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
    let press = async |form: String| browser.send(Method::POST, "/v1/sign-in", &html, form).await.assert(200).text();
    assert!(press(format!("code={code}")).await.contains("name=\"second_factor\""));
    assert!(press(format!("code={code}&second_factor=000000")).await.contains("This code is not right"));
    browser.get("/v1/sessions").await.assert(401);
    let page = press(format!("code={code}&second_factor={}", authenticator.recovery[0])).await;
    assert!(page.contains("You are signed in."), "{page}");
    browser.get("/v1/sessions").await.assert(200);
    // Guesses are counted, whatever letters are asked for.
    for left in (0..5).rev() {
        let guess = json!({ "code": ask().await, "second_factor": "000000" });
        world.visitor().post("/v1/sign-in", guess).await.assert(if left == 0 { 429 } else { 401 });
    }
    let right = json!({ "code": ask().await, "second_factor": authenticator.next() });
    world.visitor().post("/v1/sign-in", right).await.assert(429);
    world.settle().await;
}

#[tokio::test]
async fn a_new_password_leaves_it_on() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    let other = "another horse entirely";
    world.visitor().post("/v1/password/reset", json!({ "email": "ada@example.org" })).await.assert(202);
    world.settle().await;
    let reset = json!({ "code": world.code_from_letter(), "password": other });
    world.visitor().post("/v1/password/reset/confirm", reset).await.assert(200);
    assert_eq!(native(&ada, other, None).await.assert(401).json()["code"], "second_factor_required");
    ada.sign_in_with(&format!("{other}{}", authenticator.next())).await.assert(200);
    let change = json!({ "old_password": other, "new_password1": PASSWORD, "new_password2": PASSWORD });
    ada.post("/users/password/", change).await.assert(200);
    assert_eq!(game(&ada, PASSWORD).await, 401);
    assert_eq!(game(&ada, &behind(&authenticator.next())).await, 200);
    world.settle().await;
}

#[tokio::test]
async fn off_takes_password_and_code_and_is_told() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let remove = async |password: &str, code: &str| {
        let body = json!({ "password": password, "code": code }).to_string();
        ada.send(Method::DELETE, "/v1/second-factor", &[("content-type", "application/json")], body).await
    };
    assert_eq!(remove(PASSWORD, "123456").await.assert(409).json()["code"], "second_factor_off");
    let renew = async |code: &str| ada.post("/v1/second-factor/recovery-codes", json!({ "code": code })).await;
    assert_eq!(renew("123456").await.assert(409).json()["code"], "second_factor_off");
    let authenticator = switch_on(&world, &ada).await;
    remove("guess", &authenticator.next()).await.assert(422);
    remove(PASSWORD, "000000").await.assert(422);
    // New codes for recovery, by one of the old ones; those that are left are void.
    let new = renew(&authenticator.recovery[0]).await.assert(200).json();
    assert_eq!(new["recovery_codes"].as_array().unwrap().len(), 10);
    renew(&authenticator.recovery[1]).await.assert(422);
    renew(&authenticator.next()).await.assert(200);
    remove(PASSWORD, new["recovery_codes"][0].as_str().unwrap()).await.assert(422);
    remove(PASSWORD, &authenticator.next()).await.assert(204);
    assert_eq!(game(&ada, PASSWORD).await, 200);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Your second factor is off");
    assert!(!world.everything().iter().any(|item| item["sk"]["S"] == "SECOND"));
    // And on again, with another secret.
    let other = switch_on(&world, &ada).await;
    assert_ne!(other.secret, authenticator.secret);
    assert_eq!(game(&ada, &behind(&other.next())).await, 200);
    world.settle().await;
}

#[tokio::test]
async fn who_has_no_password_sets_one_first() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let without = Change::of(keys::account(MemberId(ada.id()))).remove("password");
    world.app().table.change::<Value>(without).await.unwrap();
    let refused = ada.post("/v1/second-factor", json!({ "password": "" })).await.assert(409).json();
    assert_eq!(refused["code"], "no_password");
    world.settle().await;
}

#[tokio::test]
async fn an_account_that_lost_its_secret_lets_nobody_in() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let authenticator = switch_on(&world, &ada).await;
    let lost = Write::delete(keys::second_factor(MemberId(ada.id())), Condition::present());
    world.app().table.together(vec![lost]).await.unwrap();
    assert_eq!(game(&ada, PASSWORD).await, 401);
    assert_eq!(game(&ada, &behind(&authenticator.next())).await, 401);
    native(&ada, PASSWORD, Some(&authenticator.next())).await.assert(401);
    world.visitor().post("/v1/sign-in/letter", json!({ "email": "ada@example.org" })).await.assert(202);
    world.settle().await;
    let both = json!({ "code": world.code_from_letter(), "second_factor": authenticator.next() });
    world.visitor().post("/v1/sign-in", both).await.assert(401);
    world.settle().await;
}
