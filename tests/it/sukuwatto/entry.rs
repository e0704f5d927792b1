//! Joining, signing in, going on, signing out.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use super::{bearing, enter, full, member, new_user, user};
use crate::world::{ORIGIN, PASSWORD, World};

const JSON: (&str, &str) = ("content-type", "application/json");
const NO_ACCOUNT: &str = "No active account found with the given credentials";

#[tokio::test]
async fn a_new_member_is_shown_whole_and_signs_in_everywhere() {
    let world = World::new().await;
    let visitor = world.visitor();
    let fields = json!({
        "first_name": " Augusta ", "gender": "f", "year_birth": 1990, "month_birth": "12", "system": "i",
        "default_weight_unit": 2, "visibility": "r", "default_visibility_workouts": "f", "location": "London",
        "follow_approval_required": true,
    });
    let joined = visitor.post("/api/sign-up/", super::with(new_user("Ada"), fields)).await.assert(201).json();
    let id = joined["id"].as_u64().unwrap();
    let mut expected = super::with(
        full(id, "ada"),
        json!({
            "first_name": "Augusta", "gender": "f", "year_birth": 1990, "month_birth": 12, "system": "i",
            "default_weight_unit": 2, "visibility": "r", "default_visibility_workouts": "f", "location": "London",
            "follow_approval_required": true,
        }),
    );
    let whole = expected.clone();
    for hidden in [
        "experience",
        "level",
        "primary_class",
        "secondary_class",
        "primary_class_computed",
        "secondary_class_computed",
        "custom_class",
        "is_active",
    ] {
        expected.as_object_mut().unwrap().remove(hidden);
    }
    assert_eq!(joined, expected);
    assert_eq!(visitor.cookie("Authorization"), None, "joining does not sign in");

    for name in ["ada", "ADA", "ada@example.org", "Ada@Example.ORG"] {
        let entered = visitor.post("/api/token/", json!({ "username": name, "password": PASSWORD })).await;
        assert_eq!(entered.assert(200).json()["user"], whole, "{name}");
    }
    // One account serves every dialect.
    let elsewhere = json!({ "username": "ada", "password": PASSWORD });
    assert_eq!(world.visitor().post("/users/login/", elsewhere).await.assert(200).json()["id"], id);
    let elsewhere = json!({ "name": "ada", "password": PASSWORD });
    world.visitor().post("/v1/sessions", elsewhere).await.assert(201);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
    // And the other way around.
    let bob = world.member("bob").await;
    let user = enter(&bob).await["user"].clone();
    assert_eq!(user, full(bob.id(), "bob"));
    world.settle().await;
}

#[tokio::test]
async fn everything_wrong_with_a_sign_up_is_told_at_once() {
    let world = World::new().await;
    let visitor = world.visitor();
    let sign_up = async |body: Value| visitor.post("/api/sign-up/", body).await;
    let required = json!(["This field is required."]);
    let blank = json!(["This field may not be blank."]);
    sign_up(json!({})).await.is(400, json!({ "username": required, "email": required, "password": required }));
    let body = json!({ "username": "", "email": " ", "password": "" });
    sign_up(body).await.is(400, json!({ "username": blank, "email": blank, "password": blank }));
    let nothing = json!(["This field may not be null."]);
    let body = json!({ "username": null, "email": null, "password": null, "system": null });
    let told = json!({ "username": nothing, "email": nothing, "password": nothing, "system": nothing });
    sign_up(body).await.is(400, told);
    let body = json!({
        "username": "a b", "email": "ada", "password": "12345", "system": "x", "gender": "", "year_birth": 1899,
        "month_birth": 13, "first_name": "x".repeat(31), "default_energy_unit": 17, "visibility": "all",
        "follow_approval_required": "perhaps", "location": ["x"], "biography": "a\u{0}b",
    });
    sign_up(body).await.is(400, json!({
        "username": ["Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."],
        "email": ["Enter a valid email address."],
        "password": [
            "This password is too short. It must contain at least 8 characters.",
            "This password is too common.",
            "This password is entirely numeric.",
        ],
        "system": ["\"x\" is not a valid choice."],
        "gender": ["\"\" is not a valid choice."],
        "year_birth": ["Ensure this value is greater than or equal to 1900."],
        "month_birth": ["Ensure this value is less than or equal to 12."],
        "first_name": ["Ensure this field has no more than 30 characters."],
        "default_energy_unit": ["\"17\" is not a valid choice."],
        "visibility": ["\"all\" is not a valid choice."],
        "follow_approval_required": ["Must be a valid boolean."],
        "location": ["Not a valid string."],
        "biography": ["Null and control characters are not allowed."],
    }));
    sign_up(new_user("ada")).await.assert(201);
    for name in ["ada", "ADA", "Ａｄａ"] {
        sign_up(new_user(name)).await.is(
            400,
            match name {
                "Ａｄａ" => json!({
                    "username": ["A user with that username already exists."],
                    "email": ["Enter a valid email address."],
                }),
                _ => json!({
                    "username": ["A user with that username already exists."],
                    "email": ["user with this email already exists."],
                }),
            },
        );
    }
    let body = super::with(new_user("bob"), json!({ "username": "x".repeat(151), "password": "bob@example.org" }));
    sign_up(body).await.is(
        400,
        json!({
            "username": ["Ensure this field has no more than 150 characters."],
            "password": ["The password is too similar to the email address."],
        }),
    );
    // Whoever has no uploads yet has none for a picture.
    let body = super::with(new_user("bob"), json!({ "profile_filename": "https://evil.example/x.png" }));
    sign_up(body).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn a_form_is_as_good_and_nobody_promotes_themselves() {
    let world = World::new().await;
    let visitor = world.visitor();
    let form = [("username", "Ada"), ("email", "Ada@example.org"), ("password", PASSWORD), ("system", "i")];
    let joined = visitor.fill("/api/sign-up/", &form).await.assert(201).json();
    assert_eq!((&joined["username"], &joined["system"]), (&json!("ada"), &json!("i")));
    let wishes = json!({
        "id": 1, "is_staff": true, "tier": "a", "experience": 1_000_000, "level": 99, "followers_number": 7,
        "followings_number": 7, "is_active": false, "banned": false, "email_confirmed": true, "score": 5, "points": 5,
        "role": "administrator", "groups": [1], "custom_class": true, "primary_class": "Titan", "staff": true,
        "password_hash": "x", "active": false, "audience": "owner", "unknown": { "nested": [1] },
    });
    let body = super::with(new_user("bob"), wishes.clone());
    let id = visitor.post("/api/sign-up/", body).await.assert(201).json()["id"].as_u64().unwrap();
    let credentials = json!({ "username": "bob", "password": PASSWORD });
    let entered = visitor.post("/api/token/", credentials).await.assert(200).json();
    assert_eq!(entered["user"], full(id, "bob"));
    for method in [Method::PUT, Method::PATCH] {
        let body = super::with(json!({ "username": "bob" }), wishes.clone());
        let token = entered["access"].as_str().unwrap();
        bearing(&world, token, method, &format!("/api/users/{id}/"), body).await.is(200, full(id, "bob"));
    }
    // What an advanced supporter may choose is not even looked at of anybody else.
    let token = entered["access"].as_str().unwrap();
    let body = json!({ "custom_class": "perhaps", "primary_class": ["x"] });
    bearing(&world, token, Method::PATCH, &format!("/api/users/{id}/"), body).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn signing_in_sets_three_cookies_that_go_as_far_as_they_should() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let reply = ada.post("/api/token/", json!({ "username": "ada", "password": PASSWORD })).await.assert(200);
    let body = reply.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["access", "refresh", "user"]);
    let access = body["access"].as_str().unwrap();
    let refresh = body["refresh"].as_str().unwrap();
    let flags = "HttpOnly; SameSite=Strict; Path=/; Max-Age=604800";
    assert_eq!(reply.cookie("Authorization").unwrap(), format!("Authorization={access}; {flags}"));
    let flags = "HttpOnly; SameSite=Strict; Path=/api/refresh/; Max-Age=604800";
    assert_eq!(reply.cookie("Authorization_refresh").unwrap(), format!("Authorization_refresh={refresh}; {flags}"));
    let csrf = reply.cookie("csrftoken").unwrap();
    let (value, flags) = csrf.strip_prefix("csrftoken=").unwrap().split_once("; ").unwrap();
    assert_eq!((value.len(), flags), (64, "SameSite=Lax; Path=/; Max-Age=31449600"));
    ada.get("/api/user-email/").await.assert(200);
    bearing(&world, access, Method::GET, "/api/user-email/", json!(null)).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn whoever_may_not_sign_in_hears_one_sentence() {
    let world = World::new().await;
    let (eve, bob) = (world.member("eve").await, world.member("bob").await);
    world.ban(&eve).await;
    bob.patch(&bob.profile(), json!({ "deactivate": true })).await.assert(200);
    let visitor = world.visitor();
    for (name, password) in [("ada", PASSWORD), ("eve", PASSWORD), ("bob", PASSWORD), ("eve", "wrong"), ("x y", "z")] {
        let body = json!({ "username": name, "password": password });
        visitor.post("/api/token/", body).await.is(401, json!({ "detail": NO_ACCOUNT }));
    }
    let required = json!(["This field is required."]);
    visitor.post("/api/token/", json!({})).await.is(400, json!({ "username": required, "password": required }));
    let blank = json!({ "username": ["This field may not be blank."], "password": ["This field may not be null."] });
    visitor.post("/api/token/", json!({ "username": "", "password": null })).await.is(400, blank);
    world.member("grace").await;
    for count in 0..5 {
        let reply = visitor.post("/api/token/", json!({ "username": "grace", "password": "wrong" })).await;
        assert_eq!(reply.status.as_u16(), if count < 4 { 401 } else { 429 });
    }
    let reply = visitor.post("/api/token/", json!({ "username": "grace", "password": PASSWORD })).await.assert(429);
    assert_eq!(reply.json(), json!({ "detail": "Locked out due to too many login failures." }));
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 800);
    world.settle().await;
}

#[tokio::test]
async fn a_session_goes_on_by_cookie_and_by_body() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let entered = enter(&ada).await;
    world.wait(Duration::minutes(16));
    // The cookie outlives its token, so that the browser hears that it has to refresh.
    let expired = ada.get("/api/user-email/").await.assert(401);
    assert_eq!(expired.json()["code"], "token_not_valid");
    let first = ada.cookie("Authorization_refresh").unwrap();
    let reply = ada.post("/api/refresh/", json!({})).await.assert(200);
    assert!(reply.cookie("Authorization").unwrap().contains(reply.json()["access"].as_str().unwrap()));
    assert_eq!(ada.cookie("Authorization_refresh").unwrap(), reply.json()["refresh"]);
    assert_ne!(ada.cookie("Authorization_refresh").unwrap(), first);
    ada.get("/api/user-email/").await.assert(200);
    // Without a body, too.
    ada.send(Method::POST, "/api/refresh/", &[], "").await.assert(200);

    let visitor = world.visitor();
    let none = json!({ "detail": "Refresh cookie not set. Try to authenticate first." });
    visitor.post("/api/refresh/", json!({})).await.is(401, none);
    visitor
        .post("/api/refresh/", json!({ "token": "x" }))
        .await
        .is(400, json!({ "refresh": ["This field is required."] }));
    let invalid = json!({ "detail": "Token is invalid or expired", "code": "token_not_valid" });
    for token in [entered["access"].as_str().unwrap(), "x", &first] {
        world.wait(Duration::seconds(11));
        visitor.post("/api/refresh/", json!({ "refresh": token })).await.is(401, invalid.clone());
    }
    // The first one was used twice, and so the session has ended.
    ada.get("/api/user-email/").await.assert(401);
    ada.post("/api/refresh/", json!({})).await.is(401, invalid);
    world.settle().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_even_with_a_token_that_has_run_out() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let (access, refresh) = (ada.cookie("Authorization").unwrap(), ada.cookie("Authorization_refresh").unwrap());
    let other = enter(&ada.elsewhere()).await;
    world.wait(Duration::minutes(20));
    let reply = ada.post("/api/logout/", json!({})).await.assert(200);
    assert_eq!(reply.json(), json!({}));
    assert!(reply.cookie("Authorization").unwrap().contains("Path=/; Max-Age=0"));
    assert!(reply.cookie("Authorization_refresh").unwrap().contains("Path=/api/refresh/; Max-Age=0"));
    assert_eq!((ada.cookie("Authorization"), ada.cookie("Authorization_refresh")), (None, None));
    bearing(&world, &access, Method::GET, "/api/user-email/", json!(null)).await.assert(401);
    world.visitor().post("/api/refresh/", json!({ "refresh": refresh })).await.assert(401);
    world.visitor().post("/api/refresh/", json!({ "refresh": other["refresh"] })).await.assert(200);
    world.visitor().post("/api/logout/", json!({})).await.is(200, json!({}));
    world.visitor().send(Method::POST, "/api/logout", &[], "").await.is(200, json!({}));
    world.settle().await;
}

#[tokio::test]
async fn refusals_say_what_the_client_looks_for() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let visitor = world.visitor();
    let reply = visitor.get("/api/user-email/").await;
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    reply.is(401, json!({ "detail": "Authentication credentials were not provided." }));
    let not_valid = json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{
            "token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired",
        }],
    });
    let refresh = ada.cookie("Authorization_refresh").unwrap();
    for token in ["x", &refresh] {
        for path in ["/api/user-email/", "/api/get-user/?username=ada", "/api/user-profile-filename/?username=ada"] {
            bearing(&world, token, Method::GET, path, json!(null)).await.is(401, not_valid.clone());
        }
    }
    let header = async |value: &str| {
        visitor.send(Method::GET, "/api/user-email/", &[("authorization", value)], "").await.assert(401).json()
    };
    assert_eq!(header("Bearer a b").await["code"], "bad_authorization_header");
    assert_eq!(header("Basic eA==").await, json!({ "detail": "Authentication credentials were not provided." }));
    let token = ada.cookie("Authorization").unwrap();
    visitor
        .send(Method::GET, "/api/user-email/", &[("authorization", &format!("bearer {token}"))], "")
        .await
        .assert(200);
    visitor.get("/api/sign-up/").await.is(405, json!({ "detail": "Method \"GET\" not allowed." }));
    visitor.post("/api/users/", json!({})).await.is(405, json!({ "detail": "Method \"POST\" not allowed." }));
    let reply = visitor.send(Method::POST, "/api/sign-up/", &[("content-type", "text/plain")], "hello").await;
    reply.is(415, json!({ "detail": "Unsupported media type \"text/plain\" in request." }));
    let reply = visitor.send(Method::POST, "/api/sign-up/", &[JSON], "{").await.assert(400);
    assert!(reply.json()["detail"].as_str().unwrap().starts_with("JSON parse error - "));

    world.ban(&ada).await;
    let banned = json!({ "detail": "User is inactive", "code": "user_inactive" });
    ada.get("/api/user-email/").await.is(401, banned);
    ada.post("/api/refresh/", json!({})).await.assert(401);
    let eve = member(&world, "eve").await;
    eve.delete(&user(&eve)).await.assert(204);
    let gone = json!({ "detail": "User not found", "code": "user_not_found" });
    eve.get("/api/user-email/").await.is(401, gone);
    world.settle().await;
}

#[tokio::test]
async fn stale_credentials_are_nobodys_business_where_one_enters() {
    let world = World::new().await;
    let visitor = world.visitor();
    visitor.keep("Authorization", "stale");
    visitor.keep("Authorization_refresh", "stale");
    visitor.post("/api/sign-up/", new_user("ada")).await.assert(201);
    visitor
        .post("/api/token/", json!({ "username": "ada", "password": "wrong" }))
        .await
        .is(401, json!({ "detail": NO_ACCOUNT }));
    visitor.get("/api/user-exists/?username=ada").await.is(200, json!(true));
    visitor.post("/api/user-validate-password/", json!({})).await.assert(200);
    visitor.post("/api/password-reset/", json!({ "email": "x@example.org" })).await.assert(200);
    visitor.post("/api/password-reset-validate-token/", json!({ "token": "x" })).await.assert(404);
    visitor.post("/api/password-reset-confirm/", json!({ "token": "x", "password": PASSWORD })).await.assert(404);
    visitor.post("/api/logout/", json!({})).await.is(200, json!({}));
    world.settle().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_write_with_somebody_elses_cookies() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let write = async |origin: &str| {
        ada.send(Method::PATCH, &user(&ada), &[JSON, ("origin", origin)], r#"{"first_name":"Ada"}"#).await
    };
    write("https://evil.example").await.is(403, json!({ "detail": "CSRF Failed: Cross-site request refused." }));
    write(ORIGIN).await.assert(200);
    // A token in the header was put there by a page of our own.
    let bearer = format!("Bearer {}", ada.cookie("Authorization").unwrap());
    let headers = [JSON, ("origin", "https://evil.example"), ("authorization", bearer.as_str())];
    world.visitor().send(Method::PATCH, &user(&ada), &headers, "{}").await.assert(200);
    // The client sends its token back in a header, which a preflight must allow.
    let headers = [
        ("origin", ORIGIN),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-csrftoken"),
    ];
    let preflight = world.visitor().send(Method::OPTIONS, "/api/logout/", &headers, "").await.assert(204);
    assert!(preflight.header("access-control-allow-headers").contains("x-csrftoken"));
    assert_eq!(preflight.header("access-control-max-age"), "86400");
    world.settle().await;
}

#[tokio::test]
async fn anybody_may_express_an_interest_once() {
    let world = World::new().await;
    let visitor = world.visitor();
    let express = async |email: Value| visitor.post("/api/express-interest/", json!({ "email": email })).await;
    express(json!("Ada@Example.org")).await.is(201, json!({ "email": "ada@example.org" }));
    express(json!("ada@example.org"))
        .await
        .is(400, json!({ "email": ["user interest with this email already exists."] }));
    express(json!("ada")).await.is(400, json!({ "email": ["Enter a valid email address."] }));
    express(json!(null)).await.is(400, json!({ "email": ["This field may not be null."] }));
    let root = visitor.get("/api/").await.assert(200).json();
    assert_eq!(root["users"], "http://guildhall.test/api/users/");
    assert_eq!(root.as_object().unwrap().len(), 8);
    visitor.get("/api").await.is(200, root);
    world.settle().await;
}
