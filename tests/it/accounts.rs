//! The game users API: accounts, to the byte.

use http::Method;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn registration_makes_an_account_and_does_not_sign_in() {
    let world = World::new().await;
    let ada = world.visitor();
    let body = json!({ "username": "ada", "password1": PASSWORD, "password2": PASSWORD });
    let reply = ada.post("/users/register/", body).await.assert(201);
    let id = reply.json()["id"].as_u64().unwrap();
    assert_eq!(reply.json(), json!({ "id": id, "username": "ada", "message": "User created." }));
    assert_eq!(reply.cookie("sessionid"), None);
    ada.post("/users/logout/", json!({})).await.is(401, json!({ "errors": "User is not authenticated." }));
    world.settle().await;
}

#[tokio::test]
async fn registration_takes_a_form_and_works_without_the_slash() {
    let world = World::new().await;
    let form = "username=ada&password1=correct+horse+battery&password2=correct+horse+battery";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    world.visitor().send(Method::POST, "/users/register", &headers, form).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn registration_tells_everything_that_is_wrong_at_once() {
    let world = World::new().await;
    world.member("user1").await;
    let visitor = world.visitor();
    let cases = [
        (
            json!({}),
            json!({ "username": ["This field is required."], "password1": ["This field is required."],
            "password2": ["This field is required."] }),
        ),
        (
            json!({ "username": "", "password1": null, "password2": PASSWORD }),
            json!({ "username": ["This field is required."], "password1": ["This field is required."] }),
        ),
        (
            json!({ "username": "user1", "password1": PASSWORD, "password2": PASSWORD }),
            json!({ "username": ["A user with that username already exists."] }),
        ),
        (
            json!({ "username": "USER1", "password1": PASSWORD, "password2": PASSWORD }),
            json!({ "username": ["A user with that username already exists."] }),
        ),
        (
            json!({ "username": "a b", "password1": PASSWORD, "password2": PASSWORD }),
            json!({ "username": ["Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."] }),
        ),
        (
            json!({ "username": "x".repeat(151), "password1": PASSWORD, "password2": PASSWORD }),
            json!({ "username": ["Ensure this value has at most 150 characters (it has 151)."] }),
        ),
        (
            json!({ "username": "new", "password1": PASSWORD, "password2": "another horse" }),
            json!({ "password2": ["The two password fields didn’t match."] }),
        ),
        (
            json!({ "username": "new", "password1": "1234567", "password2": "1234567" }),
            json!({ "password2": ["This password is too short. It must contain at least 8 characters.",
                "This password is too common.", "This password is entirely numeric."] }),
        ),
        (
            json!({ "username": "gandalf.grey", "password1": "gandalfgrey", "password2": "gandalfgrey" }),
            json!({ "password2": ["The password is too similar to the username."] }),
        ),
        (
            json!({ "username": "user1", "password1": "password", "password2": "password" }),
            json!({ "username": ["A user with that username already exists."], "password2": ["This password is too common."] }),
        ),
        (
            json!({ "username": "new", "password1": "x".repeat(1025), "password2": "x".repeat(1025) }),
            json!({ "password2": ["This password is too long. It may have at most 1024 bytes."] }),
        ),
    ];
    for (body, errors) in cases {
        visitor.post("/users/register/", body).await.is(400, json!({ "errors": errors }));
    }
    world.settle().await;
}

#[tokio::test]
async fn a_name_means_the_same_in_any_case_and_form() {
    let world = World::new().await;
    let ada = world.member("Ada").await;
    let elsewhere = ada.elsewhere();
    let body = json!({ "username": "ａＤＡ", "password": PASSWORD });
    let reply = elsewhere.post("/users/login/", body).await.assert(200);
    assert_eq!(reply.json(), json!({ "id": ada.id(), "username": "Ada", "message": "Login successful." }));
    world.settle().await;
}

#[tokio::test]
async fn login_answers_as_documented() {
    let world = World::new().await;
    let ada = world.visitor();
    let register = json!({ "username": "ada", "password1": PASSWORD, "password2": PASSWORD });
    let id = ada.post("/users/register/", register).await.assert(201).json()["id"].clone();
    let missing = json!({ "errors": "Username and password are required." });
    for body in [json!({}), json!({ "username": "ada" }), json!({ "username": "ada", "password": "" })] {
        ada.post("/users/login/", body).await.is(401, missing.clone());
    }
    ada.send(Method::POST, "/users/login/", &[], "").await.is(401, missing.clone());
    ada.post("/users/login/", json!({ "username": "ada", "password": "wrong" }))
        .await
        .is(401, json!({ "errors": "Invalid password." }));
    ada.post("/users/login/", json!({ "username": "nobody", "password": "wrong" }))
        .await
        .is(401, json!({ "errors": "Username does not exist." }));
    let good = json!({ "username": "ada", "password": PASSWORD });
    let reply = ada.post("/users/login/", good.clone()).await;
    let cookie = reply.cookie("sessionid").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600"), "{cookie}");
    reply.is(200, json!({ "id": id, "username": "ada", "message": "Login successful." }));
    // Whatever the body, once a valid session is there.
    let already = json!({ "errors": "User is already authenticated." });
    ada.post("/users/login/", good).await.is(400, already.clone());
    ada.send(Method::POST, "/users/login/", &[("content-type", "application/json")], "{").await.is(400, already);
    world.settle().await;
}

#[tokio::test]
async fn uniform_login_errors_do_not_tell_which_names_exist() {
    let world = World::with(&[("UniformLoginErrors", "true")]).await;
    let body = json!({ "username": "nobody", "password": "wrong" });
    world.visitor().post("/users/login/", body).await.is(401, json!({ "errors": "Invalid password." }));
}

#[tokio::test]
async fn cookies_and_browsers_insist_on_tls_where_the_address_does() {
    let plain = World::new().await.visitor().get("/users/7/").await;
    assert_eq!((plain.header("x-frame-options"), plain.header("strict-transport-security")), ("DENY", ""));
    let world = World::with(&[("PublicUrl", "https://guildhall.example.org")]).await;
    let ada = world.visitor();
    let body = json!({ "username": "ada", "password1": PASSWORD, "password2": PASSWORD });
    ada.post("/users/register/", body).await.assert(201);
    let reply = ada.post("/users/login/", json!({ "username": "ada", "password": PASSWORD })).await.assert(200);
    assert!(reply.cookie("sessionid").unwrap().contains("; Secure"));
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    world.settle().await;
}

#[tokio::test]
async fn each_login_is_a_new_session_and_logout_ends_one_at_once() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let phone = ada.elsewhere();
    phone.keep("sessionid", "an-id-that-somebody-planted");
    phone.sign_in().await.assert(200);
    assert_ne!(ada.cookie("sessionid"), phone.cookie("sessionid"));
    assert_ne!(phone.cookie("sessionid").unwrap(), "an-id-that-somebody-planted");

    let stolen = ada.elsewhere();
    stolen.keep("sessionid", &ada.cookie("sessionid").unwrap());
    let reply = ada.post("/users/logout/", json!({})).await;
    assert!(reply.cookie("sessionid").unwrap().contains("Max-Age=0"));
    reply.is(200, json!({ "id": ada.id(), "username": "ada", "message": "Logout successful." }));
    stolen.get(&ada.profile()).await.is(401, json!({ "errors": "User is not authenticated." }));
    phone.get(&ada.profile()).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_session_runs_out_after_14_days() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    world.wait(chrono::Duration::seconds(1_209_599));
    ada.get(&ada.profile()).await.assert(200);
    world.wait(chrono::Duration::seconds(1));
    ada.get(&ada.profile()).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn a_profile_is_for_its_owner() {
    let world = World::new().await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    ada.elsewhere().sign_in().await.assert(200);
    ada.get(&ada.profile()).await.is(
        200,
        json!({
            "id": ada.id(), "username": "ada", "avatar": null, "email": "", "first_name": "", "last_name": "",
            "date_joined": "2026-01-31T08:15:00Z", "last_login": "2026-01-31T08:15:00Z",
            "score": 0, "games_played": 0, "games_won": 0,
        }),
    );
    let forbidden = json!({ "errors": "You do not have permission to access this user's profile." });
    eve.get(&ada.profile()).await.is(403, forbidden.clone());
    eve.get("/users/999/").await.is(403, forbidden.clone());
    world.visitor().get(&ada.profile()).await.is(401, json!({ "errors": "User is not authenticated." }));
    for path in ["/users/ada/", "/users/0/", "/users/-1/", "/users/9007199254740992/", "/users/1%2f2/"] {
        eve.get(path).await.assert(404);
    }
    // The document writes the update once without the plural.
    ada.get(&format!("/user/{}", ada.id())).await.assert(200);
    eve.patch(&format!("/user/{}/", ada.id()), json!({ "first_name": "Eve" })).await.is(403, forbidden.clone());
    // Who may not call hears so before the body is looked at.
    let broken = [("content-type", "application/json")];
    eve.send(Method::PATCH, &ada.profile(), &broken, "{").await.is(403, forbidden);
    world.settle().await;
}

#[tokio::test]
async fn an_edit_changes_what_was_sent_and_nothing_else() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let body = json!({ "username": "test_update", "email": "Ada@Example.ORG", "first_name": " Ada ", "last_name": "Lovelace" });
    ada.patch(&ada.profile(), body)
        .await
        .is(200, json!({ "id": ada.id(), "username": "test_update", "message": "User Profile updated." }));
    let shown = ada.get(&ada.profile()).await.json();
    assert_eq!(shown["username"], "test_update");
    assert_eq!(shown["email"], "Ada@example.org");
    assert_eq!((&shown["first_name"], &shown["last_name"]), (&json!("Ada"), &json!("Lovelace")));

    ada.patch(&ada.profile(), json!({ "first_name": "", "email": "" })).await.assert(200);
    let shown = ada.get(&ada.profile()).await.json();
    assert_eq!(
        (&shown["first_name"], &shown["email"], &shown["last_name"]),
        (&json!(""), &json!(""), &json!("Lovelace"))
    );
    world.settle().await;
}

#[tokio::test]
async fn an_edit_cannot_reach_what_is_not_the_members_to_set() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let before = ada.get(&ada.profile()).await.json();
    let grabs = json!({
        "id": 1, "is_staff": true, "staff": true, "is_active": false, "score": 99, "password": "new password 1",
        "session_epoch": 9, "email_confirmed": true, "avatar": "x", "pk": "MEMBER#1", "first_name": "",
    });
    ada.patch(&ada.profile(), grabs).await.assert(200);
    assert_eq!(ada.get(&ada.profile()).await.json(), before);
    ada.elsewhere().sign_in().await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn an_edit_says_what_is_wrong() {
    let world = World::new().await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    eve.patch(&eve.profile(), json!({ "email": "eve@example.org" })).await.assert(200);
    let cases = [
        (json!({}), json!("No data provided.")),
        (json!({ "deactivate": false }), json!("No data provided.")),
        (json!({ "username": "" }), json!({ "username": ["This field is required."] })),
        (json!({ "username": "EVE" }), json!({ "username": ["A user with that username already exists."] })),
        (json!({ "email": "nonsense" }), json!({ "email": ["Enter a valid email address."] })),
        (json!({ "email": "EVE@example.org" }), json!({ "email": ["A user with that email already exists."] })),
        (
            json!({ "first_name": "x".repeat(151) }),
            json!({ "first_name": ["Ensure this value has at most 150 characters (it has 151)."] }),
        ),
        (json!({ "first_name": "a\u{0}b" }), json!({ "first_name": ["Null and control characters are not allowed."] })),
        (json!({ "first_name": 7 }), json!({ "first_name": ["Expected a string."] })),
        (json!({ "username": null }), json!({ "username": ["Expected a string."] })),
        (json!({ "deactivate": "true" }), json!({ "deactivate": ["Expected a boolean."] })),
    ];
    for (body, errors) in cases {
        ada.patch(&ada.profile(), body).await.is(400, json!({ "errors": errors }));
    }
    // A refused edit changes nothing at all.
    ada.patch(&ada.profile(), json!({ "username": "eve", "first_name": "Ada" })).await.assert(400);
    assert_eq!(ada.get(&ada.profile()).await.json()["first_name"], "");
    world.settle().await;
}

#[tokio::test]
async fn a_name_let_go_is_free_for_others_and_a_change_of_case_is_no_other_name() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "username": "ADA" })).await.assert(200);
    ada.patch(&ada.profile(), json!({ "username": "countess" })).await.assert(200);
    world.member("Ada").await;
    let countess = json!({ "username": "countess", "password": PASSWORD });
    ada.elsewhere().post("/users/login/", countess).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn deactivation_ends_every_session_and_keeps_the_name() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let phone = ada.elsewhere();
    phone.sign_in().await.assert(200);
    ada.score(10).await;
    let wrong = json!({ "deactivate": true, "password": "wrong" });
    ada.patch(&ada.profile(), wrong).await.is(400, json!({ "errors": { "password": ["Invalid password."] } }));
    // With other fields in the same body, only the deactivation is done.
    ada.patch(&ada.profile(), json!({ "deactivate": true, "username": "other" }))
        .await
        .is(200, json!({ "id": ada.id(), "username": "ada", "message": "Account deactivated." }));
    phone.get(&ada.profile()).await.assert(401);
    phone.sign_in().await.is(401, json!({ "errors": "Account is deactivated." }));
    phone.sign_in_with("wrong").await.is(401, json!({ "errors": "Invalid password." }));
    world.settle().await;
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json(), json!([]));
    let again = json!({ "username": "ada", "password1": PASSWORD, "password2": PASSWORD });
    world.visitor().post("/users/register/", again).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn deletion_is_final_and_leaves_nothing() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    ada.score(10).await;
    ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(16)).await.assert(200);
    let phone = ada.elsewhere();
    phone.sign_in().await.assert(200);
    ada.delete(&ada.profile())
        .await
        .is(200, json!({ "id": ada.id(), "username": "ada", "message": "Account deleted." }));
    phone.get(&ada.profile()).await.is(401, json!({ "errors": "User is not authenticated." }));
    phone.sign_in().await.is(401, json!({ "errors": "Username does not exist." }));
    world.settle().await;
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json(), json!([]));
    let of_ada: Vec<_> = world
        .everything()
        .iter()
        .map(ToString::to_string)
        .filter(|item| {
            item.contains(&format!("MEMBER#{}", ada.id())) || item.contains("ada@") || item.contains("NAME#ada")
        })
        .collect();
    assert_eq!(of_ada, Vec::<String>::new());
    assert_eq!(crate::files::stored(&world), Vec::<String>::new());
    world.member("ada").await;
    world.settle().await;
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let phone = ada.elsewhere();
    phone.sign_in().await.assert(200);
    let old_cookie = ada.cookie("sessionid");
    let change = |old: &str, new: &str| json!({ "old_password": old, "new_password1": new, "new_password2": new });
    ada.post("/users/password/", change("wrong", "battery staple"))
        .await
        .is(400, json!({ "errors": { "old_password": ["Invalid password."] } }));
    ada.post("/users/password/", change(PASSWORD, "ada@example"))
        .await
        .is(400, json!({ "errors": { "new_password2": ["The password is too similar to the username."] } }));
    ada.post("/users/password/", change(PASSWORD, "battery staple"))
        .await
        .is(200, json!({ "id": ada.id(), "username": "ada", "message": "Password changed." }));
    assert_ne!(ada.cookie("sessionid"), old_cookie);
    ada.get(&ada.profile()).await.assert(200);
    phone.get(&ada.profile()).await.assert(401);
    phone.sign_in().await.assert(401);
    phone.sign_in_with("battery staple").await.assert(200);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Your password was changed");
}

#[tokio::test]
async fn a_games_server_writes_scores_once_per_key() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let stats = |score: i64, played: i64, won: i64| json!({ "score": score, "games_played": played, "games_won": won, "updated_at": "2026-01-31T08:15:00Z" });
    let set = json!({ "score": 10, "games_played": 3, "games_won": 1 });
    ada.write_stats(set, None).await.is(200, stats(10, 3, 1));
    ada.write_stats(json!({ "add_score": 5 }), Some("k")).await.is(200, stats(15, 3, 1));
    ada.write_stats(json!({ "add_score": 5 }), Some("k")).await.is(200, stats(15, 3, 1));
    ada.write_stats(json!({ "add_score": -20 }), Some("l")).await.is(200, stats(-5, 3, 1));
    assert_eq!(ada.get(&ada.profile()).await.json()["score"], -5);

    ada.write_stats(json!({}), None).await.is(400, json!({ "errors": { "score": ["This field is required."] } }));
    ada.write_stats(json!({ "score": 1, "add_score": 1 }), None).await.assert(400);
    ada.write_stats(json!({ "score": 1.5 }), None).await.assert(400);
    ada.write_stats(json!({ "score": 9007199254740992_i64 }), None).await.assert(400);
    ada.write_stats(json!({ "score": 1, "games_won": -1 }), None).await.assert(400);
    let bare = ada.put(&format!("/users/{}/stats/", ada.id()), json!({ "score": 1 })).await;
    bare.is(401, json!({ "errors": "User is not authenticated." }));
    let nobody = world.visitor();
    nobody.write_stats(json!({ "score": 1 }), None).await.assert(404);
    world.settle().await;
}

#[tokio::test]
async fn without_an_operations_token_nobody_writes_scores() {
    let world = World::with(&[("OperationsToken", "")]).await;
    let ada = world.member("ada").await;
    let headers = [("authorization", "Bearer "), ("content-type", "application/json")];
    let path = format!("/users/{}/stats/", ada.id());
    ada.send(Method::PUT, &path, &headers, r#"{"score":1}"#).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn an_address_is_confirmed_by_its_reader_alone() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
    let letter = &world.letters()[0];
    let link = letter.text.split_whitespace().find(|word| word.contains("/v1/email/confirm")).unwrap();
    assert!(letter.html.contains(&link.replace('&', "&amp;")));
    let path = link.strip_prefix(crate::world::PUBLIC_URL).unwrap();
    // Looking is not confirming: programs that check letters open links, too.
    let page = world.visitor().get(path).await.assert(200);
    assert!(page.text().contains("<button>"));
    world.settle().await;
    assert_eq!(world.letters().len(), 1);
    let code = path.split("code=").nth(1).unwrap();
    let confirm = |code: &str| json!({ "code": code });
    world.visitor().post("/v1/email/confirm", confirm(&format!("x{code}"))).await.assert(422);
    world.visitor().post("/v1/email/confirm", confirm(code)).await.is(200, json!({ "status": "confirmed" }));
    world.visitor().post("/v1/email/confirm", confirm(code)).await.assert(422);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address", "Welcome to Guildhall"]);
    // A link is about one address: after a change it confirms nothing.
    ada.patch(&ada.profile(), json!({ "email": "countess@example.org" })).await.assert(200);
    world.settle().await;
    let code = world.code_from_letter();
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    world.visitor().post("/v1/email/confirm", confirm(&code)).await.assert(422);
    world.settle().await;
    let code = world.code_from_letter();
    world.wait(chrono::Duration::days(3));
    assert!(world.visitor().get(path).await.assert(200).text().contains("Too late"));
    world.visitor().post("/v1/email/confirm", confirm(&code)).await.assert(422);
    world.settle().await;
}

#[tokio::test]
async fn an_access_token_is_for_its_session_and_its_time() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let token = ada.token().await;
    let with = |token: &str| format!("Bearer {token}");
    let ask = async |token: &str| {
        let bearer = with(token);
        world.visitor().send(Method::POST, "/v1/token", &[("authorization", &bearer)], "").await
    };
    ask(&token).await.assert(200);
    // Nothing but a good token is one, and a bad one is not the same as none.
    let parts: Vec<&str> = token.split('.').collect();
    let reversed: String = parts[2].chars().rev().collect();
    for bad in
        ["x", "a.b.c", &format!("{}.{}.{}", parts[0], parts[1], reversed), &format!("{}.{}.", parts[0], parts[1])]
    {
        let reply = ask(bad).await.assert(401);
        assert_eq!(reply.json()["code"], "token_not_valid", "{bad}");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"");
    }
    assert_eq!(ask("").await.assert(401).json()["code"], "bad_authorization_header");
    let keys = world.visitor().get("/.well-known/jwks.json").await.assert(200).json();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);

    world.wait(chrono::Duration::minutes(15));
    assert_eq!(ask(&token).await.assert(401).json()["code"], "token_expired");
    let fresh = ada.token().await;
    ask(&fresh).await.assert(200);
    ada.post("/users/logout/", json!({})).await.assert(200);
    assert_eq!(ask(&fresh).await.assert(401).json()["code"], "token_revoked");
    world.settle().await;
}
