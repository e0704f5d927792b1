//! SkillNet as its web client calls it, with everything in mind that this client does.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use super::{bearing, claims, with};
use crate::world::{PASSWORD, Person, World};

const PROFILE: &str = "/api/profile/profile/";

async fn register(world: &World, name: &str) -> (Value, Person) {
    let body = json!({
        "username": name, "email": format!("{name}@example.org"), "password1": PASSWORD, "password2": PASSWORD,
    });
    let joined = world.visitor().post("/api/auth/registration/", body).await.assert(201).json();
    let person = bearing(world, &joined["access"]);
    (joined, person)
}

fn worded(sentence: &str) -> Value {
    json!({ "status": "error", "message": sentence, "data": sentence, "detail": sentence })
}

#[tokio::test]
async fn registration_answers_with_tokens_and_the_member() {
    let world = World::new().await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD });
    let joined = world.visitor().post("/api/auth/registration/", with(&claims(), &body)).await.assert(201).json();
    let id = joined["user"]["id"].clone();
    let profile = json!({
        "id": id, "user": id, "username": "ada", "user_first_name": "", "user_last_name": "",
        "user_email": "ada@example.org", "phone": null, "title": null, "address": null, "location": null,
        "profile_picture": null, "banner_image": null, "bio": null, "skills": [], "rating": 0.0, "rating_count": 0,
        "createdAt": "2026-01-31T08:15:00Z", "updatedAt": "2026-01-31T08:15:00Z", "date_joined": "2026-01-31T08:15:00Z",
    });
    let user = json!({
        "id": id, "username": "ada", "email": "ada@example.org", "first_name": "", "last_name": "", "profile": profile,
    });
    assert_eq!(joined, json!({ "access": joined["access"], "refresh": joined["refresh"], "user": user }));
    let ada = bearing(&world, &joined["access"]);
    ada.get(PROFILE).await.is(200, json!({ "status": "success", "data": profile }));
    ada.get("/api/auth/user/").await.is(200, user.clone());
    let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
    let entered = world.visitor().post("/api/auth/login/", credentials).await.assert(200).json();
    assert_eq!(
        entered,
        json!({
            "access": entered["access"], "refresh": entered["refresh"], "access_expiration": "2026-01-31T14:15:00Z",
            "refresh_expiration": "2026-02-14T08:15:00Z", "user": user,
        })
    );
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
    // Without a name, one is made; and forms are as good as JSON.
    let form = "--cut\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\ngrace@example.org\r\n\
        --cut\r\nContent-Disposition: form-data; name=\"password1\"\r\n\r\ncorrect horse battery\r\n\
        --cut\r\nContent-Disposition: form-data; name=\"password2\"\r\n\r\ncorrect horse battery\r\n--cut--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=cut")];
    let joined = world.visitor().send(Method::POST, "/api/auth/registration/", &headers, form).await.assert(201).json();
    assert_eq!(joined["user"]["username"], "grace");
    world.settle().await;
}

#[tokio::test]
async fn a_refused_registration_names_fields_and_nothing_else() {
    let world = World::new().await;
    register(&world, "ada").await;
    let required = json!(["This field is required."]);
    let cases = [
        (json!({}), json!({ "email": required, "password1": required, "password2": required })),
        (
            json!({ "username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": "other" }),
            json!({
                "username": ["A user with that username already exists."],
                "email": ["A user is already registered with this e-mail address."],
                "non_field_errors": ["The two password fields didn't match."],
            }),
        ),
        (
            json!({ "email": "eve@example.org", "password1": "password", "password2": "password" }),
            json!({ "password1": ["This password is too common."] }),
        ),
        (json!({ "email": 7 }), json!({ "email": ["Expected a string."] })),
    ];
    for (body, wrong) in cases {
        world.visitor().post("/api/auth/registration/", body).await.is(400, wrong);
    }
    world.settle().await;
}

#[tokio::test]
async fn a_refused_sign_in_is_no_401() {
    let world = World::new().await;
    register(&world, "ada").await;
    let sign_in = async |email: &str, password: &str| {
        world.visitor().post("/api/auth/login/", json!({ "email": email, "password": password })).await
    };
    let sentence = "Unable to log in with provided credentials.";
    let wrong = json!({ "non_field_errors": [sentence], "message": sentence });
    sign_in("ada@example.org", "wrong").await.is(400, wrong.clone());
    sign_in("nobody@example.org", PASSWORD).await.is(400, wrong);
    let missing = sign_in("", "").await.assert(400).json();
    assert_eq!(
        (&missing["email"], &missing["password"]),
        (&json!(["This field is required."]), &json!(["This field is required."]))
    );
    for _ in 0..3 {
        sign_in("ada", "wrong").await.assert(400);
    }
    assert_eq!(sign_in("ada", "wrong").await.assert(429).json()["status"], "error");
    world.settle().await;
}

#[tokio::test]
async fn signing_out_always_works_and_ends_the_session_of_whatever_token_is_shown() {
    let world = World::new().await;
    let done = json!({ "detail": "Successfully logged out." });
    let (joined, ada) = register(&world, "ada").await;
    // Six hours later the access token has run out, and still names its session.
    world.wait(Duration::hours(6));
    ada.get(PROFILE).await.assert(401);
    world.visitor().post("/api/auth/token/refresh/", json!({ "refresh": joined["refresh"] })).await.assert(200);
    for _ in 0..2 {
        ada.post("/api/auth/logout/", json!({})).await.is(200, done.clone());
    }
    world.visitor().post("/api/auth/token/refresh/", json!({ "refresh": joined["refresh"] })).await.assert(403);
    for bearer in ["Bearer undefined", "Bearer", "Bearer a b", "Token x", "Bearer null", ""] {
        let headers = [("authorization", bearer), ("content-type", "application/json")];
        world.visitor().send(Method::POST, "/api/auth/logout/", &headers, "{broken").await.is(200, done.clone());
    }
    // A refresh token is not what one signs out with here, and a forged one ends nothing.
    let (eves, eve) = register(&world, "eve").await;
    let token = eves["access"].as_str().unwrap();
    let [header, claims, _] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    world.visitor().bearing(&format!("{header}.{claims}.AAAA")).post("/api/auth/logout/", json!({})).await.assert(200);
    eve.get(PROFILE).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn refreshing_never_rotates_and_a_refusal_is_403() {
    let world = World::new().await;
    let (joined, _) = register(&world, "ada").await;
    let refresh =
        async |token: &Value| world.visitor().post("/api/auth/token/refresh/", json!({ "refresh": token })).await;
    let mut last = Value::Null;
    // Half of the client drops what it is answered, and shows the first one for ever.
    for day in 0..5 {
        world.wait(Duration::days(2));
        last = refresh(&joined["refresh"]).await.assert(200).json();
        assert_eq!(last["refresh"], joined["refresh"], "{day}");
        let names: Vec<_> = last.as_object().unwrap().keys().collect();
        assert_eq!(names, ["access", "access_expiration", "refresh", "refresh_expiration"]);
    }
    let ada = bearing(&world, &last["access"]);
    // The session goes on from when it was last refreshed.
    let sessions = ada.get("/v1/sessions").await.assert(200).json();
    assert_eq!(sessions["items"][0]["expires_at"], "2026-02-24T08:15:00Z");
    let forbidden = worded("Token is invalid or expired");
    for token in [json!("undefined"), json!(""), json!("a.b.c"), last["access"].clone()] {
        refresh(&token).await.is(403, forbidden.clone());
    }
    assert_eq!(refresh(&json!(null)).await.assert(400).json()["refresh"], json!(["This field is required."]));
    // What the other surface used up is refused here, too.
    let tokens =
        world.visitor().post("/api/v1/auth/refresh", json!({ "refresh": joined["refresh"] })).await.assert(200);
    world.wait(Duration::seconds(10));
    refresh(&joined["refresh"]).await.is(403, forbidden.clone());
    refresh(&tokens.json()["refresh"]).await.is(403, forbidden);
    ada.get(PROFILE).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn profiles_change_by_either_spelling() {
    let world = World::new().await;
    let (joined, ada) = register(&world, "ada").await;
    world.wait(Duration::minutes(1));
    let before = joined["user"]["profile"].clone();
    let told = json!({
        "phone": "1", "title": "Countess", "address": "Here", "location": "London", "bio": "Poetical\nscience",
    });
    let edit = with(
        &claims(),
        &json!({ "first_name": "Ada", "last_name": "King Lovelace", "profile": with(&claims(), &told) }),
    );
    for path in ["/api/profile/update/", "/api/profile/profile/update/"] {
        let after = ada.patch(path, edit.clone()).await.assert(200).json();
        let names = json!({
            "user_first_name": "Ada", "user_last_name": "King Lovelace", "updatedAt": "2026-01-31T08:16:00Z",
        });
        assert_eq!(after, json!({ "status": "success", "data": with(&with(&before, &told), &names) }));
        ada.get(PROFILE).await.is(200, after);
    }
    for path in ["/api/profile/skills/", "/api/profile/profile/skills/"] {
        let after = ada.post(path, json!({ "skills": ["Rust", "RUST", " Poetry "] })).await.assert(200).json();
        let skills = after["data"]["skills"].as_array().unwrap();
        assert_eq!(skills.iter().map(|skill| skill["name"].as_str().unwrap()).collect::<Vec<_>>(), ["Rust", "Poetry"]);
        for skill in skills {
            assert_eq!((&skill["user"], &skill["createdAt"]), (&before["id"], &json!("2026-01-31T08:16:00Z")));
            assert!(skill["id"].as_u64().unwrap() < 1 << 53);
        }
        for skills in [json!("Rust"), json!(7), json!({ "a": "Rust" }), json!(null)] {
            let wrong = ada.post(path, json!({ "skills": skills })).await.assert(400).json();
            assert!(wrong["detail"].is_string() && wrong["skills"].is_array(), "{wrong}");
        }
    }
    // A skill is nobody's own: the same name has the same id with everyone, in any case.
    let (_, eve) = register(&world, "eve").await;
    let theirs = eve.post("/api/profile/skills/", json!({ "skills": ["rust"] })).await.assert(200).json();
    assert_eq!(theirs["data"]["skills"][0]["id"], ada.get(PROFILE).await.json()["data"]["skills"][0]["id"]);
    // Errors have a `detail`, since that is what the page shows.
    let wrong = ada.patch("/api/profile/update/", json!({ "profile": { "title": "x".repeat(101) } })).await.assert(400);
    let sentence = "title: Ensure this field has no more than 100 characters.";
    assert_eq!(wrong.json(), with(&worded(sentence), &json!({ "title": [&sentence[7..]] })));
    let wrong = ada.patch("/api/profile/update/", json!({ "profile": { "title": 7 } })).await.assert(400).json();
    assert_eq!(wrong["detail"], "profile.title: Expected a string.");
    world.settle().await;
}

#[tokio::test]
async fn the_account_shows_and_takes_names() {
    let world = World::new().await;
    let (_, ada) = register(&world, "ada").await;
    for (method, first) in [(Method::PUT, "Ada"), (Method::PATCH, "Augusta")] {
        let body = json!({ "first_name": first, "username": "other", "email": "other@example.org", "is_staff": true });
        let headers = [("content-type", "application/json")];
        let user = ada.send(method, "/api/auth/user/", &headers, body.to_string()).await.assert(200).json();
        assert_eq!((&user["first_name"], &user["username"]), (&json!(first), &json!("ada")));
        assert_eq!((&user["email"], &user["profile"]["user_first_name"]), (&json!("ada@example.org"), &json!(first)));
        ada.get("/api/auth/user/").await.is(200, user);
    }
    world.visitor().get("/api/auth/user/").await.is(401, worded("Authentication credentials were not provided."));
    world.settle().await;
}

#[tokio::test]
async fn the_link_in_a_letter_shows_a_page_with_a_button() {
    let world = World::new().await;
    let (_, ada) = register(&world, "ada").await;
    world.settle().await;
    let code = world.code_from_letter();
    let path = format!("/api/auth/account-confirm-email/{code}/");
    for _ in 0..2 {
        // Programs that look into letters open links, too.
        let page = world.visitor().get(&path).await.assert(200);
        assert!(page.header("content-type").starts_with("text/html") && page.text().contains("method=\"post\""));
        assert_eq!(ada.get("/api/v1/auth/profile").await.json()["email_verified"], false);
    }
    let page = world.visitor().get(&path).await.text();
    let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    world.visitor().fill(action, &[("code", &code)]).await.assert(200);
    assert_eq!(ada.get("/api/v1/auth/profile").await.json()["email_verified"], true);
    assert!(world.visitor().get(&path).await.assert(200).text().contains("no longer valid"));
    assert!(
        world
            .visitor()
            .get("/api/auth/account-confirm-email/%3Cscript%3E/")
            .await
            .assert(200)
            .text()
            .contains("no longer")
    );
    world.settle().await;
}
