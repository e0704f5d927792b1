//! SkillNet by its document: signing up, the profile, letters and passwords.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};
use shared::visibility::Audience;

use super::{bearing, claims, hide, login, sign_up, with};
use crate::world::{PASSWORD, World};

const PROFILE: &str = "/api/v1/auth/profile";
const NEW_PASSWORD: &str = "another horse entirely";
const TOO_LONG: &str = "Ensure this field has no more than";

#[tokio::test]
async fn signing_up_makes_a_member_a_profile_a_session_and_a_letter() {
    let world = World::new().await;
    let body = json!({
        "name": " Ada Augusta Lovelace ",
        "email": "Ada@Example.org",
        "password": PASSWORD,
        "phone": "+44 20 7946 0000",
        "bio": "Poetical science",
        "skills": ["Mathematics", { "name": "Poetry" }, "mathematics"],
    });
    let joined = world.visitor().post("/api/v1/auth/signup", with(&claims(), &body)).await.assert(201).json();
    let (id, skills) = (joined["user"]["id"].clone(), joined["user"]["skills"].clone());
    assert_eq!(
        skills.as_array().unwrap().iter().map(|skill| &skill["name"]).collect::<Vec<_>>(),
        ["Mathematics", "Poetry"]
    );
    let profile = json!({
        "id": id, "user": id, "username": "ada_augusta_lovela", "name": "Ada Augusta Lovelace",
        "email": "Ada@example.org", "email_verified": false, "phone": "+44 20 7946 0000", "address": null,
        "location": null, "title": null, "bio": "Poetical science", "profile_picture": null, "bannerImage": null,
        "skills": skills, "ratings": { "average": 0.0, "count": 0 }, "xp": 0, "level": 1,
        "google": { "linked": false, "email": null, "scopes": [] }, "date_joined": "2026-01-31T08:15:00Z",
        "createdAt": "2026-01-31T08:15:00Z", "updatedAt": "2026-01-31T08:15:00Z",
    });
    let extra =
        json!({ "first_name": "Ada", "last_name": "Augusta Lovelace", "leetcode_username": null, "is_admin": false });
    assert_eq!(
        joined,
        json!({
            "status": "success", "message": "User registered successfully", "access": joined["access"],
            "access_token": joined["access"], "access_expiration": "2026-01-31T09:15:00Z",
            "refresh": joined["refresh"], "refresh_token": joined["refresh"],
            "refresh_expiration": "2026-02-14T08:15:00Z", "user": with(&profile, &extra),
        })
    );
    let ada = bearing(&world, &joined["access"]);
    ada.get(PROFILE).await.is(200, profile);
    world.settle().await;
    assert_eq!(world.subjects_to("Ada@example.org"), ["Confirm your e-mail address"]);
    let code = world.code_from_letter();
    world.visitor().post("/api/v1/auth/verify-email", json!({ "key": code })).await.is(200, json!({ "detail": "ok" }));
    assert_eq!(ada.get(PROFILE).await.json()["email_verified"], true);
    let again = world.visitor().post("/api/v1/auth/verify-email", json!({ "key": code })).await.assert(400).json();
    assert_eq!(again, json!({ "key": ["This link is no longer valid. Ask for a new one."] }));
    for key in [json!(null), json!("")] {
        let required = json!({ "key": ["This field is required."] });
        world.visitor().post("/api/v1/auth/verify-email", json!({ "key": key })).await.is(400, required);
    }
    world.settle().await;
}

#[tokio::test]
async fn whoever_chooses_no_name_is_given_one_that_is_free() {
    let world = World::new().await;
    let mut names = Vec::new();
    for number in 0..5 {
        let body = json!({ "name": "Ada King", "email": format!("ada{number}@example.org"), "password": PASSWORD });
        let joined = world.visitor().post("/api/v1/auth/signup", body).await.assert(201).json();
        names.push(joined["user"]["username"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[..3], ["ada_king", "ada_king_2", "ada_king_3"]);
    assert!(names[3..].iter().all(|name| name.starts_with("ada_king_")) && names[3] != names[4], "{names:?}");
    let forms = json!({
        "first_name": "Grace", "last_name": "Hopper", "email": "g@example.org",
        "password1": PASSWORD, "password2": PASSWORD,
    });
    let joined = world.visitor().post("/api/v1/auth/signup/", forms).await.assert(201).json();
    assert_eq!(
        (&joined["user"]["username"], &joined["user"]["name"]),
        (&json!("grace_hopper"), &json!("Grace Hopper"))
    );
    // By a form as well, of either kind.
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let form = "username=linus_t&email=l%40example.org&password=correct+horse+battery";
    let joined = world.visitor().send(Method::POST, "/api/v1/auth/signup", &headers, form).await.assert(201).json();
    assert_eq!((&joined["user"]["username"], &joined["user"]["name"]), (&json!("linus_t"), &json!("")));
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_of_one_name_may_join_at_the_same_time_and_one_address_joins_once() {
    let world = World::new().await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..8 {
        let world = world.clone();
        // Each address comes twice.
        let email = format!("ada{}@example.org", number / 2);
        let body = json!({ "name": "Ada King", "email": email, "password": PASSWORD });
        running.spawn(async move { world.visitor().post("/api/v1/auth/signup", body).await });
    }
    let mut names = std::collections::BTreeSet::new();
    let taken = json!({ "email": ["A user is already registered with this e-mail address."] });
    while let Some(reply) = running.join_next().await {
        let reply = reply.unwrap();
        if reply.status == 201 {
            assert!(names.insert(reply.json()["user"]["username"].as_str().unwrap().to_owned()), "{names:?}");
        } else {
            reply.is(400, taken.clone());
        }
    }
    assert_eq!(names.len(), 4, "{names:?}");
    world.settle().await;
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_sign_up_is_told_at_once() {
    let world = World::new().await;
    sign_up(&world, "ada").await;
    let required = "This field is required.";
    let username = "Enter a valid username: 3 to 30 letters, digits and underscores.";
    let fine = json!({ "name": "Eve", "email": "eve@example.org", "password": PASSWORD });
    let cases = [
        (json!({}), json!({ "name": [required], "email": [required], "password": [required] })),
        (
            json!({ "name": " ", "email": " ", "password": "" }),
            json!({ "name": ["This field may not be blank."], "email": ["This field may not be blank."], "password": [required] }),
        ),
        (
            with(&fine, &json!({ "username": "ADA", "email": "ADA@example.org" })),
            json!({
                "username": ["A user with that username already exists."],
                "email": ["A user is already registered with this e-mail address."],
            }),
        ),
        (with(&fine, &json!({ "email": "eve@localhost" })), json!({ "email": ["Enter a valid email address."] })),
        (with(&fine, &json!({ "username": "a.b" })), json!({ "username": [username] })),
        (with(&fine, &json!({ "username": "ab" })), json!({ "username": [username] })),
        (with(&fine, &json!({ "username": "x".repeat(31) })), json!({ "username": [username] })),
        (with(&fine, &json!({ "username": "аda_l" })), json!({ "username": [username] })),
        (
            with(&fine, &json!({ "name": "a\u{0}b" })),
            json!({ "name": ["Null and control characters are not allowed."] }),
        ),
        (
            with(&fine, &json!({ "password": "1234567" })),
            json!({ "password": [
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.", "This password is entirely numeric.",
            ] }),
        ),
        (
            with(&fine, &json!({ "password": "xY7-".repeat(33) })),
            json!({ "password": [format!("{TOO_LONG} 128 characters.")] }),
        ),
        (
            with(&fine, &json!({ "password": "eve@example.org" })),
            json!({ "password": ["The password is too similar to the username."] }),
        ),
        (
            json!({ "name": "Eve", "email": "eve@example.org", "password1": PASSWORD, "password2": "another horse" }),
            json!({ "non_field_errors": ["The two password fields didn't match."] }),
        ),
        (
            with(&fine, &json!({ "password2": "another horse" })),
            json!({ "non_field_errors": ["The two password fields didn't match."] }),
        ),
        (
            json!({ "name": "Eve", "email": "eve@example.org", "password1": PASSWORD }),
            json!({ "password2": [required] }),
        ),
        (with(&fine, &json!({ "phone": "1".repeat(21) })), json!({ "phone": [format!("{TOO_LONG} 20 characters.")] })),
        (with(&fine, &json!({ "skills": "Rust" })), json!({ "skills": ["Expected a list of items."] })),
        (with(&fine, &json!({ "name": 7 })), json!({ "name": ["Expected a string."] })),
    ];
    for (body, wrong) in cases {
        let reply = world.visitor().post("/api/v1/auth/signup", body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (400, wrong), "{body}");
    }
    world.visitor().post("/api/v1/auth/signup", fine).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn sign_ups_from_one_address_are_limited() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    for _ in 0..10 {
        world.visitor().post("/api/v1/auth/signup", json!({})).await.assert(400);
    }
    let reply = world.visitor().post("/api/auth/registration/", json!({})).await.assert(429);
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn a_profile_changes_field_by_field() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    let before = ada.get(PROFILE).await.assert(200).json();
    world.wait(Duration::minutes(1));
    let told = json!({
        "name": "Augusta Ada  King", "phone": "1", "address": "12 St James's Square\nLondon", "location": "London",
        "title": "Countess", "bio": "  <b>Poetical</b>\r\nscience ", "skills": ["Rust", { "name": "Poetry" }, "RUST"],
    });
    let claimed = with(&claims(), &json!({ "username": "other", "email": "other@example.org" }));
    let after = ada.put(PROFILE, with(&claimed, &told)).await.assert(200).json();
    let kept = json!({
        "name": "Augusta Ada  King", "bio": "<b>Poetical</b>\nscience", "skills": after["skills"],
        "updatedAt": "2026-01-31T08:16:00Z",
    });
    assert_eq!(after, with(&with(&before, &told), &kept));
    let names: Vec<_> = after["skills"].as_array().unwrap().iter().map(|skill| skill["name"].clone()).collect();
    assert_eq!(names, ["Rust", "Poetry"]);
    ada.get(PROFILE).await.is(200, after.clone());
    // Fields left out stay, null takes away, and what is as it was changes nothing.
    for method in [Method::PUT, Method::PATCH] {
        let headers = [("content-type", "application/json")];
        let reply = ada.send(method, PROFILE, &headers, json!({ "phone": null, "title": "" }).to_string()).await;
        assert_eq!(reply.assert(200).json(), with(&after, &json!({ "phone": null, "title": "" })));
    }
    world.wait(Duration::minutes(1));
    let echoed = ada.get(PROFILE).await.json();
    ada.put(PROFILE, echoed.clone()).await.is(200, echoed);
    let emptied = ada.put(PROFILE, json!({ "skills": [] })).await.assert(200).json();
    assert_eq!(emptied["skills"], json!([]));
    ada.patch(PROFILE, json!({ "first_name": "Ada" })).await.assert(200);
    assert_eq!(ada.get(PROFILE).await.json()["name"], "Ada Ada  King");
    world.settle().await;
}

#[tokio::test]
async fn what_does_not_fit_a_profile_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    let before = ada.get(PROFILE).await.json();
    let (list, control) = ("Expected a list of items.", "Null and control characters are not allowed.");
    let foreign = "This is not a file that you uploaded here, or it serves something else.";
    let longer =
        |longest: usize| (Value::from("x".repeat(longest + 1)), json!([format!("{TOO_LONG} {longest} characters.")]));
    let many: Vec<_> = (0..51).map(|number| format!("skill {number}")).collect();
    let mut cases = vec![
        ("skills", json!("Rust"), json!([list])),
        ("skills", json!({ "name": "Rust" }), json!([list])),
        ("skills", json!(null), json!([list])),
        ("skills", json!([7]), json!(["Every skill is a name."])),
        ("skills", json!([["Rust"]]), json!(["Every skill is a name."])),
        ("skills", json!([" "]), json!(["This field may not be blank."])),
        ("skills", json!(["x".repeat(101)]), json!([format!("{TOO_LONG} 100 characters.")])),
        ("skills", json!(many), json!([format!("{TOO_LONG} 50 elements.")])),
        ("bio", json!("a\u{0}"), json!([control])),
        ("title", json!("\u{1b}[31m"), json!([control])),
        ("phone", json!(7), json!(["Expected a string."])),
        ("name", json!(null), json!(["Expected a string."])),
        ("name", json!("x".repeat(151)), json!(["Ensure this value has at most 150 characters (it has 151)."])),
        ("profile_picture", json!("https://evil.example/x.png"), json!([foreign])),
        ("profile_picture", json!("//evil.example/x.png"), json!([foreign])),
        ("bannerImage", json!("/media/banners/1/x.png"), json!([foreign])),
        ("bannerImage", json!("javascript:alert(1)"), json!([foreign])),
    ];
    for (field, longest) in [("phone", 20), ("address", 500), ("location", 100), ("title", 100), ("bio", 2000)] {
        let (value, wrong) = longer(longest);
        cases.push((field, value, wrong));
    }
    for (field, value, wrong) in cases {
        // What is in order beside it does not change either.
        let reply = ada.put(PROFILE, with(&json!({ "address": "Paris" }), &json!({ field: value }))).await;
        assert_eq!((reply.status.as_u16(), &reply.json()[field]), (400, &wrong), "{field} {value}");
    }
    let far =
        ada.put(PROFILE, json!({ "location": "x".repeat(101), "phone": "x".repeat(21) })).await.assert(400).json();
    assert_eq!(far.as_object().unwrap().keys().collect::<Vec<_>>(), ["location", "phone"]);
    ada.get(PROFILE).await.is(200, before);
    // Fifty of a hundred spellings are fifty.
    let spellings: Vec<_> = (0..50).flat_map(|number| [format!("skill {number}"), format!("SKILL {number}")]).collect();
    assert_eq!(
        ada.put(PROFILE, json!({ "skills": spellings })).await.assert(200).json()["skills"].as_array().unwrap().len(),
        50
    );
    world.settle().await;
}

#[tokio::test]
async fn anybody_sees_a_member_but_not_what_is_private() {
    let world = World::new().await;
    let (joined, ada) = sign_up(&world, "ada").await;
    let private = json!({ "phone": "+44 1", "address": "12 St James's Square" });
    ada.put(PROFILE, with(&private, &json!({ "title": "Countess", "location": "London", "skills": ["Rust"] })))
        .await
        .assert(200);
    let id = &joined["user"]["id"];
    let shown = world.visitor().get(&format!("/api/v1/users/{id}/")).await.assert(200);
    for secret in ["+44", "Square", "example.org"] {
        assert!(!shown.text().contains(secret), "{}", shown.text());
    }
    let shown = shown.json();
    assert_eq!(
        shown,
        json!({
            "id": id, "username": "ada", "name": "Ada Lovelace", "profile_picture": null, "title": "Countess",
            "location": "London", "ratings": { "average": 0.0, "count": 0 }, "bio": null, "skills": shown["skills"],
            "bannerImage": null, "xp": 0, "level": 1, "completed_swaps": 0, "badges": [],
            "date_joined": "2026-01-31T08:15:00Z", "createdAt": "2026-01-31T08:15:00Z",
            "updatedAt": "2026-01-31T08:15:00Z",
        })
    );
    assert_eq!(shown["skills"][0]["name"], "Rust");
    for path in ["/api/v1/users/ada", "/api/v1/users/ADA/", "//api/v1/users/ada/"] {
        world.visitor().get(path).await.is(200, shown.clone());
    }
    let absent = json!({ "detail": "Not found.", "code": "not_found" });
    for path in ["nobody", "999999", "0", "-1", "a%20b", "%00", "99999999999999999999", &"x".repeat(500)] {
        world.visitor().get(&format!("/api/v1/users/{path}/")).await.is(404, absent.clone());
    }
    // A token that is no good is not nobody.
    world.visitor().bearing("x.y.z").get("/api/v1/users/ada/").await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn who_is_hidden_barred_or_blocked_is_not_there() {
    let world = World::new().await;
    let (joined, ada) = sign_up(&world, "ada_l").await;
    let eve = world.member("eve").await;
    let eve_here = world.visitor().bearing(&world.enter(&eve).await);
    let id = joined["user"]["id"].clone();
    let paths = [format!("/api/v1/users/{id}/"), "/api/v1/users/ada_l/".to_owned()];
    for path in &paths {
        eve_here.get(path).await.assert(200);
    }
    for (audience, visitor, other) in
        [(Audience::Members, 404, 200), (Audience::Followers, 404, 404), (Audience::Owner, 404, 404)]
    {
        hide(&world, &id, audience).await;
        for path in &paths {
            world.visitor().get(path).await.assert(visitor);
            eve_here.get(path).await.assert(other);
            ada.get(path).await.assert(200);
        }
    }
    hide(&world, &id, Audience::Everyone).await;
    let bob = world.member("bob").await;
    world.block(&bob, &eve).await;
    let bob_here = world.visitor().bearing(&world.enter(&bob).await);
    eve_here.get("/api/v1/users/bob/").await.assert(404);
    bob_here.get("/api/v1/users/eve/").await.assert(404);
    ada.get("/api/v1/users/bob/").await.assert(200);
    world.ban(&bob).await;
    ada.get("/api/v1/users/bob/").await.assert(404);
    eve.patch(&eve.profile(), json!({ "deactivate": true })).await.assert(200);
    ada.get(&format!("/api/v1/users/{}/", eve.id())).await.assert(404);
    world.settle().await;
}

#[tokio::test]
async fn letters_that_confirm_an_address_are_sent_again() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    world.settle().await;
    let sent = json!({ "detail": "Verification e-mail sent." });
    ada.post("/api/v1/auth/resend-verification", json!({})).await.is(202, sent);
    let asked = json!({ "detail": "ok" });
    for email in ["ADA@example.org", "nobody@example.org"] {
        let body = json!({ "email": email });
        world.visitor().post("/api/auth/registration/resend-email/", body).await.is(200, asked.clone());
    }
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"; 3]);
    assert_eq!(world.letters().len(), 3);
    let code = world.code_from_letter();
    world.visitor().post("/api/auth/registration/verify-email/", json!({ "key": code })).await.is(200, asked.clone());
    world.settle().await;
    // There is nothing left to confirm.
    world
        .visitor()
        .post("/api/auth/registration/resend-email/", json!({ "email": "ada@example.org" }))
        .await
        .is(200, asked);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org").len(), 4);
    world.visitor().post("/api/v1/auth/resend-verification", json!({})).await.assert(401);
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_letter_on_both_surfaces() {
    let world = World::new().await;
    for (number, path) in ["/api/v1/auth/password/reset", "/api/auth/password/reset/"].into_iter().enumerate() {
        let (joined, member) = sign_up(&world, &format!("member{number}")).await;
        let asked = json!({ "detail": "Password reset e-mail has been sent." });
        let email = joined["user"]["email"].clone();
        for email in [&email, &json!("nobody@example.org")] {
            world.visitor().post(path, json!({ "email": email })).await.is(200, asked.clone());
        }
        world.visitor().post(path, json!({ "email": "x" })).await.assert(400);
        world.settle().await;
        let code = world.code_from_letter();
        let confirm = format!("{}/confirm", path.trim_end_matches('/'));
        let reset = |uid: Value, token: &str, first: &str, second: &str| json!({ "uid": uid, "token": token, "new_password1": first, "new_password2": second });
        let id = joined["user"]["id"].clone();
        let refused = [
            (reset(json!("999"), &code, NEW_PASSWORD, NEW_PASSWORD), "uid"),
            (reset(id.clone(), "x", NEW_PASSWORD, NEW_PASSWORD), "token"),
            (reset(id.clone(), &code, "12345678", "12345678"), "new_password1"),
            (reset(id.clone(), &code, NEW_PASSWORD, PASSWORD), "non_field_errors"),
            (json!({ "token": code }), "new_password2"),
        ];
        for (body, field) in refused {
            let wrong = world.visitor().post(&confirm, body.clone()).await.assert(400).json();
            assert!(wrong[field].is_array(), "{body}: {wrong}");
        }
        let base64 = shared::auth::secrets::encode(id.to_string().as_bytes());
        let uid = if number == 0 { json!(id.to_string()) } else { json!(base64) };
        let done = json!({ "detail": "Password has been reset with the new password." });
        world.visitor().post(&confirm, reset(uid.clone(), &code, NEW_PASSWORD, NEW_PASSWORD)).await.is(200, done);
        world.visitor().post(&confirm, reset(uid, &code, NEW_PASSWORD, NEW_PASSWORD)).await.assert(400);
        member.get(PROFILE).await.assert(401);
        login(&world, email.as_str().unwrap(), PASSWORD).await.assert(401);
        login(&world, email.as_str().unwrap(), NEW_PASSWORD).await.assert(200);
        world.settle().await;
    }
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_not_this_one() {
    let world = World::new().await;
    let mut old = PASSWORD.to_owned();
    let (joined, ada) = sign_up(&world, "ada").await;
    for (path, new) in
        [("/api/v1/auth/password/change", "one horse entirely"), ("/api/auth/password/change/", "two horses entirely")]
    {
        let other = login(&world, "ada", &old).await.assert(200).json();
        let mut socket =
            world.visitor().connect(&format!("/?token={}", joined["access"].as_str().unwrap()), &[]).await.unwrap();
        let change = |old: &str, first: &str, second: &str| json!({ "old_password": old, "new_password1": first, "new_password2": second });
        let wrong = ada.post(path, change("wrong", new, new)).await.assert(400).json();
        assert_eq!(wrong["old_password"], json!(["Your old password was entered incorrectly. Please enter it again."]));
        let wrong = ada.post(path, change(&old, new, "x")).await.assert(400).json();
        assert_eq!(wrong["non_field_errors"], json!(["The two password fields didn't match."]));
        ada.post(path, json!({})).await.assert(400);
        world.visitor().post(path, change(&old, new, new)).await.assert(401);
        ada.post(path, change(&old, new, new)).await.is(200, json!({ "detail": "New password has been saved." }));
        world.settle().await;
        // This session goes on with the tokens that it had, and so does its socket.
        ada.get(PROFILE).await.assert(200);
        socket.send(r#"{"type":"ping"}"#).await;
        assert!(socket.recv().await.is_some());
        socket.close().await;
        bearing(&world, &other["access"]).get(PROFILE).await.assert(401);
        world.visitor().post("/api/v1/auth/refresh", json!({ "refresh": other["refresh"] })).await.assert(401);
        login(&world, "ada", &old).await.assert(401);
        old = new.to_owned();
    }
    world.visitor().post("/api/v1/auth/refresh", json!({ "refresh": joined["refresh"] })).await.assert(200);
}

#[tokio::test]
async fn refusals_are_in_the_documents_words() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let here = world.visitor().bearing(&world.enter(&ada).await);
    let json_header = [("content-type", "application/json")];
    let broken = here.send(Method::PUT, PROFILE, &json_header, "{").await.assert(400).json();
    assert_eq!(broken["detail"], "JSON parse error - The body is not valid JSON.");
    let other = here.send(Method::PUT, PROFILE, &[("content-type", "text/csv")], "a").await.assert(415).json();
    assert_eq!(other["code"], "unsupported_media_type");
    let method = json!({ "detail": "Method \"DELETE\" not allowed.", "code": "method_not_allowed" });
    here.delete(PROFILE).await.is(405, method);
    let large = format!("{{\"bio\":\"{}\"}}", "x".repeat(256 * 1024));
    assert_eq!(here.send(Method::PUT, PROFILE, &json_header, large).await.assert(413).json()["code"], "too_large");
    let nobody = world.visitor().get(PROFILE).await;
    assert!(nobody.header("www-authenticate").starts_with("Bearer"));
    let sentence = "Authentication credentials were not provided.";
    nobody.is(401, json!({ "detail": sentence, "code": "not_authenticated" }));
    // The scheme is compared without regard to case, and no cookie counts.
    let token = world.enter(&ada).await;
    world.visitor().send(Method::GET, PROFILE, &[("authorization", &format!("bEARER {token}"))], "").await.assert(200);
    ada.get(PROFILE).await.assert(401);
    let not_valid = json!({ "detail": "Given token not valid for any token type", "code": "token_not_valid" });
    world.visitor().bearing("x").get(PROFILE).await.is(401, not_valid.clone());
    world.wait(Duration::hours(2));
    here.get(PROFILE).await.is(401, not_valid);
    world.settle().await;
}

#[tokio::test]
async fn an_id_comes_before_a_name_of_the_same_digits() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let digits = ada.id().to_string();
    let eve = world.member(&digits).await;
    let path = format!("/api/v1/users/{digits}/");
    let shown = async || world.visitor().get(&path).await.assert(200).json()["id"].as_u64().unwrap();
    assert_eq!(shown().await, ada.id());
    // Whoever hides is not mistaken for the other.
    hide(&world, &json!(ada.id()), Audience::Owner).await;
    world.visitor().get(&path).await.assert(404);
    ada.delete(&ada.profile()).await.assert(200);
    assert_eq!(shown().await, eve.id());
    world.settle().await;
}
