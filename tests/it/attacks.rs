//! Attacks, from outside: on tokens, letters, sessions, names, and on what answers give away.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::ids::MemberId;
use shared::model::name::Email;
use shared::model::profile::Profile;

use crate::second_factor::{Authenticator, switch_on};
use crate::world::{PASSWORD, PUBLIC_URL, Person, World};

/// A PKCS #8 wrapping around the 32 bytes of an Ed25519 key.
const PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

fn key(seed: &[u8]) -> EncodingKey {
    EncodingKey::from_ed_der(&[PREFIX.as_slice(), seed].concat())
}

/// The secret that the house's keys are made of.
fn secret(world: &World) -> String {
    world.cloud.functions().environment("accounts").unwrap()["TOKEN_SECRET"].clone()
}

/// The house's own key: whoever signs with it can only be told by what the token says.
fn house_key(world: &World) -> EncodingKey {
    key(&Sha256::new().chain_update("guildhall access tokens\0").chain_update(secret(world)).finalize())
}

fn parts(token: &str) -> (Value, Value) {
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let mut texts = token.split('.');
    (part(texts.next().unwrap()), part(texts.next().unwrap()))
}

fn sign(algorithm: Algorithm, kid: Option<&str>, claims: &Value, key: &EncodingKey) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// Shows a token wherever one counts; the status that all of them answered with.
async fn show(world: &World, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let mut statuses = Vec::new();
    for path in ["/v1/sessions", "/api/v1/auth/me"] {
        let reply = world.visitor().send(Method::GET, path, &[("authorization", &bearer)], "").await;
        statuses.push(reply.status.as_u16());
    }
    let socket = world.visitor().connect(&format!("/?token={}", &token[..token.len().min(4000)]), &[]).await;
    statuses.push(if socket.is_ok() { 200 } else { statuses[0] });
    assert!(statuses.iter().all(|status| *status == statuses[0]), "{statuses:?}: {}", &token[..token.len().min(80)]);
    statuses[0]
}

#[tokio::test]
async fn a_token_is_of_this_house_for_this_house_and_of_its_own_kind() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let (header, claims) = parts(&ada.token().await);
    let kid = header["kid"].as_str().unwrap();
    let ours = house_key(&world);
    let with = |changes: Value| {
        let mut claims = claims.clone();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    };
    // The key is the right one: what follows is refused for what it says.
    assert_eq!(show(&world, &sign(Algorithm::EdDSA, Some(kid), &claims, &ours)).await, 200);
    for changes in [
        json!({ "aud": "another" }),
        json!({ "aud": "guildhall-refresh" }),
        json!({ "aud": ["another"] }),
        json!({ "aud": null }),
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": null }),
        json!({ "sub": "0" }),
        json!({ "sub": "x" }),
        json!({ "sub": null }),
        json!({ "sid": "another" }),
        json!({ "sid": null }),
        json!({ "exp": world.clock.now().timestamp() }),
        json!({ "exp": -1 }),
        json!({ "exp": null }),
    ] {
        let token = sign(Algorithm::EdDSA, Some(kid), &with(changes.clone()), &ours);
        assert_eq!(show(&world, &token).await, 401, "{changes}");
    }
    // One of our other kind, signed with the key of that kind.
    let seed = Sha256::new().chain_update("guildhall refresh tokens\0").chain_update(secret(&world)).finalize();
    let refresh = EncodingKey::from_secret(&seed);
    for aud in ["guildhall", "guildhall-refresh"] {
        let claims = with(json!({ "aud": aud, "gen": 0, "token_type": "refresh" }));
        for kid in [None, Some(kid)] {
            assert_eq!(show(&world, &sign(Algorithm::HS256, kid, &claims, &refresh)).await, 401);
            let access = json!({ "refresh_token": sign(Algorithm::EdDSA, kid, &claims, &ours) });
            world.visitor().post("/v1/sessions/refresh", access).await.assert(401);
        }
    }
    world.settle().await;
}

#[tokio::test]
async fn a_key_is_not_the_senders_to_choose() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let (header, claims) = parts(&ada.token().await);
    let kid = header["kid"].as_str().unwrap();
    // A key of the attacker's own under the published id, and under ids that lead elsewhere.
    let theirs = key(&[7; 32]);
    let long = "x".repeat(3_000);
    for kid in [
        kid,
        "",
        "x",
        &kid[1..],
        &format!("{kid}\0"),
        &format!("{kid}#"),
        "../../etc/passwd",
        "/dev/null",
        "' OR '1'='1",
        "ACCOUNT",
        "https://evil.example/keys.json",
        &long,
    ] {
        assert_eq!(show(&world, &sign(Algorithm::EdDSA, Some(kid), &claims, &theirs)).await, 401, "{kid}");
        let ours = sign(Algorithm::EdDSA, Some(kid), &claims, &house_key(&world));
        assert_eq!(show(&world, &ours).await, if kid == header["kid"] { 200 } else { 401 }, "{kid}");
    }
    assert_eq!(show(&world, &sign(Algorithm::EdDSA, None, &claims, &house_key(&world))).await, 401);
    // Keys in the token itself, or where it says that they are, are not looked at.
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = sign(Algorithm::EdDSA, Some(kid), &claims, &theirs).rsplit('.').next().unwrap().to_owned();
    for extra in [
        json!({ "jku": "https://evil.example/keys.json" }),
        json!({ "x5u": "https://evil.example/cert.pem" }),
        json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([7; 32]) } }),
    ] {
        let mut header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": kid });
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(show(&world, &format!("{}.{}.{signature}", encode(&header), encode(&claims))).await, 401);
    }
    world.settle().await;
}

#[tokio::test]
async fn no_signature_and_a_public_secret_are_none() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let token = ada.token().await;
    let (header, claims) = parts(&token);
    let kid = header["kid"].as_str().unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = token.rsplit('.').next().unwrap();
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS256", "EdDSA\0", "ES256", "RS256"] {
        for kid in [json!(kid), json!(null)] {
            let header = encode(&json!({ "alg": algorithm, "typ": "JWT", "kid": kid }));
            for signature in ["", signature] {
                let token = format!("{header}.{}.{signature}", encode(&claims));
                assert_eq!(show(&world, &token).await, 401, "{algorithm}");
            }
        }
    }
    // The public key as the secret of a symmetric signature, in every form in which it can be had.
    let set = world.visitor().get("/.well-known/jwks.json").await.assert(200);
    let public = set.json()["keys"][0].clone();
    let raw = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let der = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &raw].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(&der)
    );
    let forms = [
        raw.clone(),
        der,
        pem.clone().into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        public["x"].as_str().unwrap().as_bytes().to_vec(),
        public.to_string().into_bytes(),
        set.body.clone(),
        kid.as_bytes().to_vec(),
        Vec::new(),
    ];
    for secret in forms {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            for kid in [None, Some(kid)] {
                let token = sign(algorithm, kid, &claims, &EncodingKey::from_secret(&secret));
                assert_eq!(show(&world, &token).await, 401, "{algorithm:?}");
            }
        }
    }
    assert_eq!(show(&world, &token).await, 200);
    world.settle().await;
}

#[tokio::test]
async fn no_field_for_an_address_takes_a_header_or_a_second_one() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let before = world.letters().len();
    for text in [
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nSubject: hello",
        "ada@example.org\rBcc: eve@example.org",
        "ada@example.org%0d%0aBcc:eve@example.org",
        "ada\r\n@example.org",
        "ada@example.org,eve@example.org",
        "ada@example.org;eve@example.org",
        "ada@example.org eve@example.org",
        "eve@example.org,ada@example.org",
        "Ada <ada@example.org>",
        "<ada@example.org>",
        "\"ada\r\nBcc: eve@example.org\"@example.org",
        "ada@example.org\0",
        "ada@example.org\u{2028}Bcc: eve@example.org",
        "ada@example.org\u{85}Bcc: eve@example.org",
        "=?utf-8?q?ada?=\r\n@example.org",
        "ada@[127.0.0.1]",
        "ada@example.org>\r\nDATA",
    ] {
        let email = json!({ "email": text });
        for path in ["/v1/password/reset", "/v1/sign-in/letter"] {
            world.visitor().post(path, email.clone()).await.assert(422);
        }
        ada.patch(&ada.profile(), email).await.assert(400);
        let body = json!({ "email": text, "password": PASSWORD, "username": "eve" });
        world.visitor().post("/api/v1/auth/register", body).await.assert(400);
        // As a name it is nobody's.
        world.visitor().post("/v1/sessions", json!({ "name": text, "password": PASSWORD })).await.assert(401);
        world.visitor().post("/users/login/", json!({ "username": text, "password": PASSWORD })).await.assert(401);
    }
    for name in ["ada\r\nBcc: eve@example.org", "ada\nx", "ada\u{2028}x"] {
        ada.patch(&ada.profile(), json!({ "username": name })).await.assert(400);
    }
    ada.patch(&ada.profile(), json!({ "first_name": "Ada\r\nBcc: eve@example.org" })).await.assert(400);
    world.settle().await;
    assert_eq!(world.letters().len(), before);
}

#[tokio::test]
async fn links_in_letters_lead_home_whatever_host_was_asked() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let hosts: [&[(&str, &str)]; 6] = [
        &[("host", "evil.example")],
        &[("host", "guildhall.test"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "gopher")],
        &[("host", "guildhall.test"), ("forwarded", "host=evil.example;proto=https"), ("x-host", "evil.example")],
        &[
            ("host", "guildhall.test"),
            ("x-original-url", "https://evil.example/"),
            ("referer", "https://evil.example/"),
        ],
        &[("host", "guildhall.test"), ("x-forwarded-server", "evil.example"), ("x-forwarded-prefix", "//evil.example")],
        &[("host", "guildhall.test:1@evil.example")],
    ];
    let mut written = 0;
    for headers in hosts {
        for (path, body) in [
            ("/v1/password/reset", json!({ "email": "ada@example.org" })),
            ("/v1/sign-in/letter", json!({ "email": "ada@example.org" })),
        ] {
            let headers = [headers, &[("content-type", "application/json")]].concat();
            let before = world.letters().len();
            let reply = world.visitor().send(Method::POST, path, &headers, body.to_string()).await;
            world.settle().await;
            let letters = world.letters();
            // A host that is none does not get past the gateway.
            assert_eq!(letters.len() - before, usize::from(reply.status.as_u16() == 202), "{headers:?}");
            written += letters.len() - before;
            let letter = &letters[0];
            let links: Vec<_> = letter.text.split_whitespace().filter(|word| word.contains("://")).collect();
            assert!(links.iter().all(|link| link.starts_with(&format!("{PUBLIC_URL}/"))), "{links:?}");
            assert!(!letter.text.contains("evil") && !letter.html.contains("evil"), "{headers:?}");
        }
    }
    assert!(written >= 10, "{written}");
    // The way to sign in is told as a path of ours.
    let evil = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let reply = ada.elsewhere().send(Method::GET, "/admin/", &evil, "").await.assert(302);
    assert!(reply.header("location").starts_with("/admin/sign-in/"), "{}", reply.header("location"));
}

#[tokio::test]
async fn a_session_that_was_planted_is_not_what_one_is_signed_in_with() {
    let world = World::new().await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    let planted = URL_SAFE_NO_PAD.encode([ada.id().to_be_bytes().as_slice(), &[7; 24]].concat());
    let ended = {
        let before = eve.elsewhere();
        before.sign_in().await.assert(200);
        let ticket = before.cookie("sessionid").unwrap();
        before.post("/users/logout/", json!({})).await.assert(200);
        ticket
    };
    for ticket in [planted.as_str(), &ended, "chosen-by-eve"] {
        let browser = ada.elsewhere();
        browser.keep("sessionid", ticket);
        browser.sign_in().await.assert(200);
        let own = browser.cookie("sessionid").unwrap();
        assert_ne!(own, ticket);
        browser.get(&ada.profile()).await.assert(200);
        let thief = ada.elsewhere();
        thief.keep("sessionid", ticket);
        thief.get(&ada.profile()).await.assert(401);
    }
    // One that is good is eve's, before and after: whoever signs in with it around gets one of their own.
    let browser = ada.elsewhere();
    browser.keep("sessionid", &eve.cookie("sessionid").unwrap());
    let tokens = browser.post("/v1/sessions", json!({ "name": "ada", "password": PASSWORD })).await.assert(201).json();
    let (_, claims) = parts(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], ada.id().to_string());
    eve.get(&ada.profile()).await.assert(403);
    eve.get(&eve.profile()).await.assert(200);
    // By a letter's link, too, and by the staff's page.
    let grace = world.reachable("grace").await;
    world.visitor().post("/v1/sign-in/letter", json!({ "email": "grace@example.org" })).await.assert(202);
    world.settle().await;
    let browser = grace.elsewhere();
    browser.keep("sessionid", &eve.cookie("sessionid").unwrap());
    let html = [("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
    let form = format!("code={}", world.code_from_letter());
    browser.send(Method::POST, "/v1/sign-in", &html, form).await.assert(200);
    assert_ne!(browser.cookie("sessionid"), eve.cookie("sessionid"));
    browser.get(&grace.profile()).await.assert(200);
    eve.get(&eve.profile()).await.assert(200);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_want_a_name_at_once_one_gets_it() {
    let world = World::new().await;
    let mut people = Vec::new();
    for name in ["ada", "eve", "bob"] {
        people.push(world.member(name).await);
    }
    for round in 0..6 {
        let king = format!("king{round}");
        let mut running = tokio::task::JoinSet::new();
        for (number, person) in people.iter().cloned().enumerate() {
            // In another case it is the same name.
            let name = if number == 0 { king.to_uppercase() } else { king.clone() };
            let bearer = format!("Bearer {}", person.token().await);
            running.spawn(async move {
                let named = person.patch(&person.profile(), json!({ "username": name })).await;
                let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
                let body = json!({ "leetcode_username": name }).to_string();
                let set = person.send(Method::PUT, "/api/v1/auth/user/settings", &headers, body).await;
                let address = json!({ "email": format!("{name}@example.org") });
                let addressed = person.patch(&person.profile(), address).await;
                [named, set, addressed].map(|reply| reply.status.as_u16())
            });
        }
        let statuses = running.join_all().await;
        for what in 0..3 {
            let got = statuses.iter().filter(|statuses| statuses[what] == 200).count();
            assert_eq!(got, 1, "{what}: {statuses:?}");
        }
        let mut held = 0;
        for person in &people {
            let name = person.get(&person.profile()).await.assert(200).json()["username"].take();
            held += usize::from(name.as_str().unwrap().eq_ignore_ascii_case(&king));
        }
        assert_eq!(held, 1);
        let checked = world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
        assert_eq!(checked, json!({ "job": "check-accounts", "accounts": 3, "wrong": 0 }));
    }
    world.settle().await;
}

#[tokio::test]
async fn look_alikes_of_names_and_addresses_are_refused_or_the_same() {
    let world = World::new().await;
    let body = json!({ "username": "kiosk", "email": "kiosk@example.org", "password": PASSWORD });
    world.visitor().post("/api/v1/auth/register", body).await.assert(201);
    let ada = world.member("ada").await;
    for name in [
        "KIOSK",
        "\u{212a}iosk",
        "ｋｉｏｓｋ",
        "kıosk",
        "kiоsk",
        "κiosk",
        "kiosk\u{200b}",
        "kio\u{ad}sk",
        "\u{2066}kiosk\u{2069}",
        "ᵏiosk",
        "kiosⓚ",
        "𝓴iosk",
        "kiosk\u{301}\u{200d}",
        " kiosk",
    ] {
        ada.patch(&ada.profile(), json!({ "username": name })).await.assert(400);
        let body = json!({ "username": name, "email": "x@example.org", "password": PASSWORD });
        let status = world.visitor().post("/api/v1/auth/register", body).await.status.as_u16();
        assert!([400, 409].contains(&status), "{name:?}: {status}");
        // Typed at the door, what folds to the name is the name, and nothing else is.
        let typed = json!({ "name": name, "password": PASSWORD });
        let status = world.visitor().post("/v1/sessions", typed).await.status.as_u16();
        let same = shared::model::name::fold(name) == "kiosk";
        assert_eq!(status, if same { 201 } else { 401 }, "{name:?}");
    }
    for address in ["KIOSK@example.org", "kiosk@EXAMPLE.ORG"] {
        ada.patch(&ada.profile(), json!({ "email": address })).await.assert(400);
        let body = json!({ "username": "other", "email": address, "password": PASSWORD });
        world.visitor().post("/api/v1/auth/register", body).await.assert(409);
    }
    for address in [
        "\u{212a}iosk@example.org",
        "kıosk@example.org",
        "kiоsk@example.org",
        "kiosk@exаmple.org",
        "kiosk@example。org",
        "kiosk@ｅxample.org",
        "kiosk＠example.org",
        "kiosk\u{200b}@example.org",
        "kiosk@example.org\u{200b}",
    ] {
        assert!(Email::parse(address).is_err(), "{address:?}");
        ada.patch(&ada.profile(), json!({ "email": address })).await.assert(400);
        // No letter leaves for an address that only looks like the member's own.
        world.visitor().post("/v1/password/reset", json!({ "email": address })).await.assert(422);
        world.visitor().post("/v1/sign-in/letter", json!({ "email": address })).await.assert(422);
    }
    world.settle().await;
}

#[tokio::test]
async fn ids_of_others_in_bodies_lead_to_nobody() {
    let world = World::new().await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    let token = eve.token().await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let foreign = |mut body: Value| {
        for name in ["id", "user", "user_id", "userId", "member", "member_id", "owner", "pk", "account", "sub"] {
            body[name] = json!(ada.id());
        }
        body.to_string()
    };
    let before = ada.get(&ada.profile()).await.assert(200).json();
    let calls = [
        (Method::PATCH, eve.profile(), json!({ "first_name": "Mallory", "username": "mallory" })),
        (Method::PUT, "/api/v1/auth/user/settings".to_owned(), json!({ "leetcode_username": "mallory" })),
        (Method::POST, "/v1/second-factor".to_owned(), json!({ "password": PASSWORD })),
        (Method::POST, "/v1/email/letter".to_owned(), json!({})),
        (Method::POST, "/v1/token".to_owned(), json!({})),
        (Method::DELETE, "/v1/sessions".to_owned(), json!({ "session": ada.cookie("sessionid") })),
    ];
    for (method, path, body) in calls {
        // The game's own routes know cookies only, so both are shown.
        let reply = eve.send(method, &path, &headers, foreign(body)).await;
        assert!(reply.status.is_success(), "{path}: {} {}", reply.status, reply.text());
    }
    eve.elsewhere().sign_in().await.assert(401);
    let again = json!({ "username": "mallory", "password": PASSWORD });
    eve.post("/users/login/", again).await.assert(200);
    for (method, path) in [
        (Method::GET, ada.profile()),
        (Method::PATCH, ada.profile()),
        (Method::DELETE, ada.profile()),
        (Method::GET, format!("/admin/users/{}/", ada.id())),
    ] {
        let body = if method == Method::GET { String::new() } else { foreign(json!({ "id": eve.id() })) };
        eve.send(method, &path, &[("content-type", "application/json")], body).await.assert(403);
    }
    assert_eq!(ada.get(&ada.profile()).await.assert(200).json(), before);
    ada.get("/v1/second-factor").await.is(200, json!({ "on": false, "since": null, "recovery_codes_left": 0 }));
    world.settle().await;
}

/// What a login can be told by: status, body where it may not differ, calls to the table, and passwords hashed.
async fn attempt(world: &World, path: &str, body: Value, words_count: bool) -> (u16, String, usize, u32) {
    world.wire.mend();
    let reply = world.visitor().post(path, body).await;
    let calls = world.wire.calls();
    let hashes = world.cloud.functions().recent()[0].cost.hashes;
    (reply.status.as_u16(), if words_count { reply.text() } else { String::new() }, calls, hashes)
}

#[tokio::test]
async fn a_login_takes_the_same_whoever_is_there_to_be_found() {
    for suffix in ["", "@example.org"] {
        // A world for each: all names of a member are locked together.
        let (world, _) = world_with_a_second_factor().await;
        let mut stories = Vec::new();
        let names = if suffix.is_empty() { &["nobody", "ada", "bob", "plain"][..] } else { &["nobody", "ada", "bob"] };
        for name in names {
            let mut story = Vec::new();
            world.wait(Duration::hours(1));
            // A wrong password, a longer one, one with what looks like a code behind it; from the fifth on it is locked.
            for password in ["guess", &"x".repeat(1024), "guess123456", "guessaaaaa-bbbbb", "guess", "guess", PASSWORD]
            {
                for (path, field, words_count) in [("/v1/sessions", "name", true), ("/users/login/", "username", false)]
                {
                    let body = json!({ field: format!("{name}{suffix}"), "password": password });
                    story.push(attempt(&world, path, body, words_count).await);
                }
            }
            stories.push(story);
        }
        world.settle().await;
        let nobodys = stories[0].clone();
        assert!(nobodys.iter().take(5).all(|(_, _, _, hashes)| *hashes == 1), "{nobodys:?}");
        for (name, story) in names.iter().zip(&stories) {
            assert_eq!(*story, nobodys, "{name}{suffix}");
        }
    }
}

/// The median of some times, and how far the middle half of them spreads.
fn median_and_spread(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize];
    (at(0.5), at(0.75) - at(0.25))
}

/// Measures two requests by turns, and fails if the clock tells the first from the second: if their medians lie further
/// apart than the times of the first do among themselves. Whatever else the machine does happens to both.
async fn assert_no_clock_tells_them_apart(rounds: usize, known: impl AsyncFn(), unknown: impl AsyncFn()) {
    let (mut times, mut others) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for turn in [round % 2, 1 - round % 2] {
            let began = Instant::now();
            let times = if turn == 0 {
                known().await;
                &mut times
            } else {
                unknown().await;
                &mut others
            };
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let ((known, spread), (unknown, _)) = (median_and_spread(times), median_and_spread(others));
    // Where nothing else runs there is hardly any spread; and however busy a machine is, half the work is half the time.
    let allowed = spread.clamp(known / 10.0, known / 2.0);
    let apart = (known - unknown).abs();
    assert!(apart < allowed, "{known:.2} ms against {unknown:.2} ms, and {allowed:.2} ms are allowed");
}

#[tokio::test]
async fn the_clock_does_not_tell_a_name_that_somebody_has_from_one_that_nobody_has() {
    let world = World::new().await;
    world.reachable("ada").await;
    world.settle().await;
    let guess = async |name: &str| {
        let body = json!({ "name": name, "password": "wrong donkey accumulator" });
        world.visitor().post("/v1/sessions", body).await.assert(401);
        // One failure at a time: the fifth in a row would lock the name.
        world.wait(Duration::minutes(20));
    };
    for (known, unknown) in [("ada", "eve"), ("ada@example.org", "eve@example.org")] {
        assert_no_clock_tells_them_apart(16, async || guess(known).await, async || guess(unknown).await).await;
    }
    world.settle().await;
}

#[tokio::test]
async fn the_clock_does_not_tell_whose_address_a_letter_is_asked_for() {
    let world = World::new().await;
    world.reachable("ada").await;
    for path in ["/v1/password/reset", "/v1/sign-in/letter"] {
        let ask = async |name: &str| {
            let body = json!({ "email": format!("{name}@example.org") });
            world.visitor().post(path, body).await.assert(202);
        };
        assert_no_clock_tells_them_apart(40, async || ask("ada").await, async || ask("eve").await).await;
    }
    world.settle().await;
}

/// Ada, bob who has a second factor, and one who has no address.
async fn world_with_a_second_factor() -> (World, Authenticator) {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    world.reachable("ada").await;
    world.member("plain").await;
    let bob = world.reachable("bob").await;
    let authenticator = switch_on(&world, &bob).await;
    (world, authenticator)
}

#[tokio::test]
async fn a_code_gives_nothing_away_without_the_password() {
    let (world, authenticator) = world_with_a_second_factor().await;
    let code = authenticator.next();
    let mut seen = Vec::new();
    for (name, password, code) in [
        ("nobody", format!("guess{code}"), None),
        ("bob", format!("guess{code}"), None),
        ("nobody", "guess".to_owned(), Some(&code)),
        ("bob", "guess".to_owned(), Some(&code)),
        ("bob", "guess".to_owned(), Some(&authenticator.recovery[0])),
        ("ada", format!("guess{code}"), None),
    ] {
        let body = json!({ "name": name, "password": password, "code": code });
        seen.push(attempt(&world, "/v1/sessions", body, true).await);
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    // And with a second factor a good login takes no other calls than without.
    let good = |name: &str, password: String| json!({ "username": name, "password": password });
    let with = attempt(&world, "/users/login/", good("bob", format!("{PASSWORD}{code}")), false).await;
    let without = attempt(&world, "/users/login/", good("ada", PASSWORD.to_owned()), false).await;
    assert_eq!(with, without);
    assert_eq!((with.0, with.3), (200, 1));
    world.settle().await;
}

#[tokio::test]
async fn of_a_member_who_is_deleted_nothing_is_left() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    // A number that nothing else is called by.
    while world.ids.next(world.clock.now()) < 700_000 {}
    let zoe = Person::new(&world, "zephyrine");
    let body = json!({
        "username": "zephyrine",
        "email": "zephyrine.mail@example.org",
        "password": PASSWORD,
        "leetcode_username": "zeph-at-leetcode",
    });
    let id = zoe.post("/api/v1/auth/register", body).await.assert(201).json()["user"]["id"].as_u64().unwrap();
    world.settle().await;
    let confirmation = json!({ "code": world.code_from_letter() });
    zoe.post("/v1/email/confirm", confirmation).await.assert(200);
    zoe.sign_in().await.assert(200);
    let profile = format!("/users/{id}/");
    zoe.patch(&profile, json!({ "first_name": "Zephyra", "last_name": "Quuxley" })).await.assert(200);
    zoe.upload("/users/avatar/", "avatar", "portrait.png", &crate::files::png(4)).await.assert(200);
    zoe.upload("/users/avatar/", "avatar", "portrait.png", &crate::files::png(5)).await.assert(200);
    let told = Profile { bio: Some("Zephyr at heart".to_owned()), ..Profile::new(MemberId(id)) };
    world.app().table.put(&told).await.unwrap();
    let authenticator = switch_on(&world, &zoe).await;
    let socket = zoe.open_socket().await;
    zoe.elsewhere().sign_in_with("guess").await.assert(401);
    let native = json!({ "name": "zephyrine", "password": PASSWORD, "code": authenticator.next() });
    zoe.post("/v1/sessions", native).await.assert(201);
    for path in ["/v1/password/reset", "/v1/sign-in/letter"] {
        world.visitor().post(path, json!({ "email": "zephyrine.mail@example.org" })).await.assert(202);
    }
    zoe.elsewhere().sign_in_with("guess").await.assert(401);
    // Others keep something about zoe, and zoe about them.
    let fan = world.member("fan").await;
    let known = Person::known(&world, "zephyrine", id);
    known.write_stats(json!({ "score": 77 }), Some("game-1")).await.assert(200);
    for (one, other) in [(&fan, &known), (&known, &fan)] {
        world.follow(one, other).await;
        world.block(one, other).await;
    }
    world.settle().await;
    let of_theirs = |item: &&Value| item.to_string().to_lowercase().contains("zeph");
    let kinds = world.everything().iter().filter(of_theirs).count();
    assert!(kinds >= 6, "there is something to be removed: {kinds}");
    assert!(!crate::files::stored(&world).is_empty());

    let farewell = json!({ "password": PASSWORD }).to_string();
    zoe.send(Method::DELETE, &profile, &[("content-type", "application/json")], farewell).await.assert(200);
    world.settle().await;
    drop(socket);
    assert_eq!(crate::files::stored(&world), Vec::<String>::new());
    let traces = |words: &[&str], item: &Value| {
        let text = item.to_string().to_lowercase();
        words.iter().any(|word| text.contains(word))
    };
    let id = id.to_string();
    // Neither the name nor the number, in whatever ran out and is still on the disk as little as in the rest.
    for item in world.everything() {
        assert!(!traces(&["zeph", "quuxley", &id], &item), "{item}");
    }
    // Everything is free again for somebody else.
    let body = json!({
        "username": "zephyrine",
        "email": "zephyrine.mail@example.org",
        "password": PASSWORD,
        "leetcode_username": "zeph-at-leetcode",
    });
    world.visitor().post("/api/v1/auth/register", body).await.assert(201);
    world.settle().await;
}
