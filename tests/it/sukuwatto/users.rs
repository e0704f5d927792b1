//! The collection of users: who may read, change and delete whom.

use http::Method;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::profile::Tier;
use shared::model::role::Role;
use shared::store::{Change, keys};

use super::{enter, full, member, user, with};
use crate::world::{Person, World};

async fn staff(world: &World) -> Person {
    let staff = member(world, "staff").await;
    world.promote(&staff).await;
    staff
}

#[tokio::test]
async fn the_staff_lists_users_and_nobody_else_does() {
    let world = World::new().await;
    let staff = staff(&world).await;
    let ada = world.reachable("ada").await;
    enter(&ada).await;
    let bob = world.member("bob").await;
    let denied = json!({ "detail": "You do not have permission to perform this action." });
    for path in ["/api/users/", &user(&ada), "/api/users/999/"] {
        ada.get(path).await.is(403, denied.clone());
        world.visitor().get(path).await.assert(401);
    }
    let whole = |person: &Person| full(person.id(), &person.name);
    let listed = staff.get("/api/users/").await.assert(200).json();
    let all = [whole(&ada), whole(&bob), with(whole(&staff), json!({ "is_staff": true }))];
    assert_eq!(listed, json!({ "count": 3, "next": null, "previous": null, "results": all }));
    staff.get(&user(&ada)).await.is(200, whole(&ada));
    staff.get("/api/users/999/").await.is(404, json!({ "detail": "Not found." }));
    staff.get("/api/users/ada/").await.assert(404);

    let page = staff.get("/api/users/?page_size=2&x=%26").await.assert(200).json();
    let address = "http://guildhall.test/api/users/?page_size=2&x=%26";
    assert_eq!((page["next"].clone(), &page["previous"]), (json!(format!("{address}&page=2")), &Value::Null));
    let last = staff.get("/api/users/?page=last&page_size=2&x=%26").await.assert(200).json();
    assert_eq!((&last["next"], &last["previous"]), (&Value::Null, &json!(address)));
    assert_eq!(last["results"], json!([all[2]]));
    for page in ["0", "3", "x", "-1", "9999999999999999999999"] {
        let reply = staff.get(&format!("/api/users/?page_size=2&page={page}")).await;
        reply.is(404, json!({ "detail": "Invalid page." }));
    }
    let found =
        async |filter: &str| staff.get(&format!("/api/users/?{filter}")).await.assert(200).json()["results"].clone();
    assert_eq!(found("username=ada").await, json!([whole(&ada)]));
    assert_eq!(found("email=ada@example.org").await, json!([whole(&ada)]));
    assert_eq!(found("email=ada@example.org&username=bob").await, json!([]));
    assert_eq!(found("username=ad").await, json!([]));
    assert_eq!(found("email=x&username=").await, json!([]));
    assert_eq!(found("username=&email=").await.as_array().unwrap().len(), 3);
    world.settle().await;
}

#[tokio::test]
async fn a_whole_user_put_back_changes_nothing_and_a_part_only_itself() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let whole = enter(&ada).await["user"].clone();
    let email = ada.get("/api/user-email/").await.assert(200).json();
    assert_eq!(email, "ada@example.org");
    let body = with(whole.clone(), json!({ "email": email, "password": "ignored", "groups": [9] }));
    ada.put(&user(&ada), body).await.is(200, whole.clone());
    let told = json!({
        "username": "ada", "first_name": "Augusta", "last_name": "King", "gender": "f", "year_birth": 1815 + 100,
        "month_birth": 12, "system": "i", "location": "", "biography": "First\nline", "default_weight_unit": "2",
        "default_speed_unit": 12, "default_distance_unit": 6, "default_energy_unit": 16, "visibility": "f",
        "default_visibility_workouts": "u", "default_visibility_user_bio_datas": "r",
        "follow_approval_required": "true",
    });
    let expected =
        with(whole, with(told.clone(), json!({ "default_weight_unit": 2, "follow_approval_required": true })));
    ada.put(&user(&ada), told).await.is(200, expected.clone());
    // What is left out stays, null clears.
    ada.put(&user(&ada), json!({ "username": "ADA" })).await.is(200, expected.clone());
    let nothing =
        json!({ "gender": null, "year_birth": null, "month_birth": null, "location": null, "biography": null });
    let expected = with(expected, nothing.clone());
    ada.patch(&user(&ada), nothing).await.is(200, expected.clone());
    ada.patch(&user(&ada), json!({})).await.is(200, expected.clone());
    assert_eq!(enter(&ada.elsewhere()).await["user"], expected);
    // The other dialects show it.
    let profile = ada.get(&ada.profile()).await.assert(200).json();
    assert_eq!((&profile["first_name"], &profile["last_name"]), (&json!("Augusta"), &json!("King")));
    world.settle().await;
}

#[tokio::test]
async fn what_another_dialect_wrote_may_be_put_back() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let long = "x".repeat(150);
    ada.patch(&ada.profile(), json!({ "first_name": long })).await.assert(200);
    let picture = ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200).json();
    let whole = enter(&ada).await["user"].clone();
    assert_eq!((&whole["first_name"], &whole["profile_filename"]), (&json!(long), &picture["avatar_url"]));
    ada.get("/api/user-email/").await.is(200, Value::Null);
    for email in [json!(null), json!("")] {
        ada.put(&user(&ada), with(whole.clone(), json!({ "email": email }))).await.is(200, whole.clone());
    }
    let other = json!({ "first_name": "y".repeat(31) });
    ada.patch(&user(&ada), other)
        .await
        .is(400, json!({ "first_name": ["Ensure this field has no more than 30 characters."] }));
    world.settle().await;
}

#[tokio::test]
async fn names_and_addresses_of_others_are_taken() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    enter(&ada).await;
    world.reachable("bob").await;
    let path = user(&ada);
    ada.put(&path, json!({})).await.is(400, json!({ "username": ["This field is required."] }));
    let body = json!({ "username": "BOB", "email": "Bob@example.org" });
    ada.put(&path, body).await.is(400, json!({ "username": ["A user with that username already exists."] }));
    let taken = json!({ "email": ["user with this email already exists."] });
    ada.patch(&path, json!({ "email": "Bob@example.org" })).await.is(400, taken);
    ada.patch(&path, json!({ "email": "bob" })).await.is(400, json!({ "email": ["Enter a valid email address."] }));
    ada.patch(&path, json!({ "email": "" })).await.is(400, json!({ "email": ["This field may not be blank."] }));
    ada.patch(&path, json!({ "email": null })).await.is(400, json!({ "email": ["This field may not be null."] }));
    let invalid = ada.patch(&path, json!({ "username": "a b" })).await.assert(400).json();
    assert!(invalid["username"][0].as_str().unwrap().starts_with("Enter a valid username."));
    // A free one is fine, and ignored.
    let shown = ada.patch(&path, json!({ "username": "countess", "email": "Countess@example.org" })).await.assert(200);
    assert_eq!(shown.json()["username"], "ada");
    ada.get("/api/user-email/").await.is(200, json!("countess@example.org"));
    world.settle().await;
    assert_eq!(world.subjects_to("countess@example.org"), ["Confirm your e-mail address"]);
    world.settle().await;
}

#[tokio::test]
async fn only_oneself_and_the_staff_edit_and_delete() {
    let world = World::new().await;
    let (staff, ada, eve) = (staff(&world).await, member(&world, "ada").await, member(&world, "eve").await);
    let denied = json!({ "detail": "You do not have permission to perform this action." });
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let ask = async |person: &Person, path: &str| person.send(method.clone(), path, &[], "").await;
        ask(&eve, &user(&ada)).await.is(403, denied.clone());
        ask(&eve, "/api/users/999/").await.is(404, json!({ "detail": "Not found." }));
        ask(&world.visitor(), &user(&ada)).await.assert(401);
    }
    let shown =
        staff.patch(&user(&ada), json!({ "first_name": "Ada", "custom_class": true, "primary_class": "Titan" })).await;
    let shown = shown.assert(200).json();
    assert_eq!((&shown["first_name"], &shown["primary_class"]), (&json!("Ada"), &json!("Titan")));
    staff.delete(&user(&eve)).await.assert(204);
    eve.get("/api/user-email/").await.assert(401);
    ada.delete(&user(&ada)).await.assert(204);
    ada.get("/api/user-email/").await.assert(401);
    staff.delete(&user(&ada)).await.assert(404);
    world.visitor().get("/api/user-exists/?username=ada").await.is(200, json!(false));
    world.settle().await;
}

#[tokio::test]
async fn the_staff_bans_and_takes_back_and_the_trail_tells() {
    let world = World::new().await;
    let (boss, ada, eve) = (staff(&world).await, member(&world, "ada").await, member(&world, "eve").await);
    let moderator = member(&world, "mod").await;
    world.give_role(&moderator, Role::Moderator).await;
    let act = async |by: &Person, what: &str, body: Value| by.post(&format!("/api/{what}-user/"), body).await;
    let name = |name: &str| json!({ "username": name });
    let denied = json!({ "detail": "You do not have permission to perform this action." });
    for what in ["ban", "reinstate"] {
        act(&eve, what, name("ada")).await.is(403, denied.clone());
        act(&world.visitor(), what, name("ada")).await.assert(401);
        for body in [name("nobody"), json!({}), json!({ "username": [1] }), name("a b")] {
            act(&boss, what, body).await.is(404, json!({ "detail": "Not found." }));
        }
    }
    for _ in 0..2 {
        act(&moderator, "ban", name("ADA")).await.assert(204);
    }
    let banned = json!({ "detail": "User is inactive", "code": "user_inactive" });
    ada.get("/api/user-email/").await.is(401, banned);
    let shown = eve.get("/api/get-user/?username=ada").await.assert(200).json();
    assert_eq!(shown, with(full(ada.id(), "ada"), json!({ "is_active": false })));
    for _ in 0..2 {
        act(&boss, "reinstate", name("ada")).await.assert(204);
    }
    enter(&ada).await;
    // Nobody acts on themselves, and only administrators on the staff.
    act(&boss, "ban", name("staff")).await.assert(409);
    act(&moderator, "ban", name("staff")).await.is(403, denied.clone());
    moderator.patch(&user(&boss), json!({ "first_name": "Mod" })).await.is(403, denied.clone());
    moderator.patch(&user(&eve), json!({ "first_name": "Eve" })).await.assert(200);
    moderator.delete(&user(&eve)).await.is(403, denied);
    boss.delete(&user(&eve)).await.assert(204);
    let everything = world.everything();
    let mut acts: Vec<_> = everything.iter().filter_map(|item| item["what"]["S"].as_str()).collect();
    acts.sort_unstable();
    assert_eq!(acts, ["banned", "deleted", "edited", "reinstated"]);
    world.settle().await;
}

#[tokio::test]
async fn advanced_supporters_choose_their_classes_until_they_let_go_of_them() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    // A profile comes about with its first change.
    ada.patch(&user(&ada), json!({ "location": "London" })).await.assert(200);
    let advanced = Change::of(keys::profile(MemberId(ada.id()))).set("tier", Tier::Advanced);
    world.app().table.change::<Value>(advanced).await.unwrap();
    let classes = async |body: Value| {
        let shown = ada.patch(&user(&ada), body).await.assert(200).json();
        json!([shown["custom_class"], shown["primary_class"], shown["secondary_class"], shown["tier"]])
    };
    assert_eq!(classes(json!({ "primary_class": "Titan" })).await, json!([false, "Athlete", null, "a"]));
    let chosen = json!({ "custom_class": true, "primary_class": "Titan", "secondary_class": "Sage" });
    assert_eq!(classes(chosen).await, json!([true, "Titan", "Sage", "a"]));
    assert_eq!(classes(json!({ "secondary_class": null })).await, json!([true, "Titan", null, "a"]));
    assert_eq!(classes(json!({ "custom_class": false })).await, json!([false, "Athlete", null, "a"]));
    world.settle().await;
}
