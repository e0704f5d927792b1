//! Looking members up, as far as they show themselves.

use http::Method;
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::account::NameHeld;
use shared::store::Write;

use super::{bearing, full, member, user, with};
use crate::world::{Person, World};

async fn show(viewer: &Person, name: &str) -> Value {
    viewer.get(&format!("/api/get-user/?username={name}")).await.assert(200).json()
}

#[tokio::test]
async fn everybody_sees_as_much_as_a_member_lets_them() {
    let world = World::new().await;
    let (ada, fan, eve) = (member(&world, "ada").await, member(&world, "fan").await, member(&world, "eve").await);
    let blocked = member(&world, "blocked").await;
    let staff = member(&world, "staff").await;
    world.promote(&staff).await;
    world.follow(&fan, &ada).await;
    world.follow(&blocked, &ada).await;
    world.block(&ada, &blocked).await;
    let hidden = json!({
        "id": ada.id(), "username": "ada", "profile_filename": null, "followers_number": 0, "followings_number": 0,
        "hidden": true, "is_active": true,
    });
    let whole = full(ada.id(), "ada");
    let visitor = world.visitor();
    // Staff get no extra sight of profiles.
    let viewers = [&visitor, &eve, &fan, &staff, &blocked, &ada];
    for (code, seen) in [
        ("e", [true, true, true, true, false, true]),
        ("r", [false, true, true, true, false, true]),
        ("f", [false, false, true, false, false, true]),
        ("u", [false, false, false, false, false, true]),
    ] {
        ada.patch(&user(&ada), json!({ "visibility": code })).await.assert(200);
        for (viewer, seen) in viewers.iter().zip(seen) {
            let expected = if seen { with(whole.clone(), json!({ "visibility": code })) } else { hidden.clone() };
            assert_eq!(show(viewer, "ADA").await, expected, "{code} {}", viewer.name);
            let found = viewer.get("/api/users-search/?search=ada").await.json()["results"].as_array().map(Vec::len);
            assert_eq!(
                found,
                if viewer.name == "visitor" { None } else { Some(usize::from(seen)) },
                "{code} {}",
                viewer.name
            );
        }
    }
    // Whoever blocks does not see, either.
    assert_eq!(show(&ada, "blocked").await["hidden"], true);
    world.ban(&ada).await;
    assert_eq!(show(&visitor, "ada").await["is_active"], false);
    world.settle().await;
}

#[tokio::test]
async fn names_that_nobody_has_are_not_found() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let gone = world.member("gone").await;
    gone.patch(&gone.profile(), json!({ "deactivate": true })).await.assert(200);
    let picture = ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200).json();
    let visitor = world.visitor();
    let not_found = json!({ "detail": "Not found." });
    let long = "x".repeat(5_000);
    for name in ["nobody", "gone", "a%20b", "%00", "", &long] {
        visitor.get(&format!("/api/get-user/?username={name}")).await.is(404, not_found.clone());
        visitor.get(&format!("/api/user-profile-filename/?username={name}")).await.is(404, not_found.clone());
    }
    let required = json!({ "username": ["This field is required."] });
    visitor.get("/api/get-user/").await.is(400, required.clone());
    // Whose token is not good hears of that first.
    visitor.bearing("x").get("/api/get-user/").await.assert(401);
    visitor.get("/api/user-exists/").await.is(400, required);
    visitor.get("/api/user-profile-filename/").await.is(200, Value::Null);
    visitor.get("/api/user-profile-filename/?username=Ada").await.is(200, picture["avatar_url"].clone());
    // A name stays taken.
    for (name, exists) in
        [("ada", true), ("ADA", true), ("gone", true), ("nobody", false), ("a%20b", false), (&long, false)]
    {
        visitor.get(&format!("/api/user-exists/?username={name}")).await.is(200, json!(exists));
    }
    world.settle().await;
}

#[tokio::test]
async fn a_search_finds_members_by_parts_of_their_names() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    for name in ["adam", "barbara", "madam.curie", "zoe"] {
        world.member(name).await;
    }
    let names = async |query: &str| {
        let page = ada.get(&format!("/api/users-search/{query}")).await.assert(200).json();
        let names =
            page["results"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned());
        (page["count"].as_u64().unwrap(), names.collect::<Vec<_>>().join(" "))
    };
    let found = |count, names: &str| (count, names.to_owned());
    assert_eq!(names("").await, found(5, "ada adam barbara madam.curie zoe"));
    assert_eq!(names("?search=ADA").await, found(3, "ada adam madam.curie"));
    assert_eq!(names("?username=ada").await, found(3, "ada adam madam.curie"));
    assert_eq!(names("?search=dam%20,CUR").await, found(1, "madam.curie"));
    assert_eq!(names("?search=x").await, found(0, ""));
    assert_eq!(names("?search=%00").await, found(0, ""));
    assert_eq!(names("?search=ada&page=2&page_size=2").await, found(3, "madam.curie"));
    let page = ada.get("/api/users-search/?search=ada&page=2&page_size=1").await.assert(200).json();
    let address = "http://guildhall.test/api/users-search/?search=ada&page_size=1";
    assert_eq!((&page["previous"], &page["next"]), (&json!(address), &json!(format!("{address}&page=3"))));
    let min = &page["results"][0];
    assert_eq!(*min, json!({ "id": min["id"], "username": "adam", "profile_filename": null }));
    ada.get("/api/users-search/?search=x&page=2").await.is(404, json!({ "detail": "Invalid page." }));
    world.visitor().get("/api/users-search/").await.assert(401);
    world.settle().await;
}

/// Reserves this many names for nobody.
async fn reserve(world: &World, names: u32) {
    let held = (0..names).map(|number| NameHeld { name: format!("name-{number:05}"), member: MemberId(1 << 40) });
    let mut writes: Vec<_> = held.map(|held| Write::create(&held).unwrap()).collect();
    while !writes.is_empty() {
        let some = writes.split_off(writes.len().saturating_sub(100));
        world.app().table.together(some).await.unwrap();
    }
}

#[tokio::test]
async fn among_many_members_a_list_ends_at_a_depth_and_a_search_goes_by_beginnings() {
    let world = World::new().await;
    let (ada, zoe) = (member(&world, "ada").await, world.member("zoe").await);
    reserve(&world, 1_100).await;
    let ask = async |query: &str| ada.get(&format!("/api/users-search/{query}")).await;
    let last = ask("?page=last&page_size=50").await.assert(200).json();
    assert_eq!((&last["count"], &last["next"]), (&json!(1000), &Value::Null));
    let deep = ask("?page=21&page_size=50").await.assert(400).json();
    assert_eq!(deep["detail"], "This list goes no further than 1000 entries. Search for a name instead.");
    ask("?page=x").await.assert(400);
    let found = ask("?search=zo").await.assert(200).json();
    assert_eq!((&found["count"], &found["results"][0]["id"]), (&json!(1), &json!(zoe.id())));
    assert_eq!(ask("?search=name-00%2C99").await.assert(200).json()["count"], 19);
    world.settle().await;
}

#[tokio::test]
async fn the_houses_own_list_goes_on_by_a_cursor_of_ones_own() {
    let world = World::with(&[("RateLimitFactor", "1")]).await;
    let (ada, eve) = (world.member("ada").await, world.member("eve").await);
    let hidden = member(&world, "hidden").await;
    hidden.patch(&user(&hidden), json!({ "visibility": "u" })).await.assert(200);
    let blocked = world.member("blocked").await;
    world.block(&blocked, &ada).await;
    reserve(&world, 30).await;
    let gone = world.member("gone").await;
    gone.patch(&gone.profile(), json!({ "deactivate": true })).await.assert(200);
    let view = |person: &Person| json!({ "id": person.id(), "username": person.name, "avatar": null });
    let reply = ada.get("/v1/members").await.assert(200);
    assert_eq!(reply.header("ratelimit-policy"), "\"default\";q=600;w=3600");
    let first = reply.json();
    assert_eq!(first["items"], json!([view(&ada), view(&eve)]));
    let next = first["next"].as_str().unwrap();
    let second = ada.get(&format!("/v1/members?cursor={next}")).await.assert(200).json();
    assert_eq!(second, json!({ "items": [], "next": null }));
    ada.get("/v1/members?name=E").await.is(200, json!({ "items": [view(&eve)], "next": null }));
    // A cursor leads nowhere but on in its own list.
    ada.get(&format!("/v1/members?name=e&cursor={next}")).await.assert(422);
    eve.get(&format!("/v1/members?cursor={next}")).await.assert(422);
    ada.get("/v1/members?cursor=x").await.assert(422);
    world.visitor().get("/v1/members").await.assert(401);
    bearing(&world, &ada.token().await, Method::GET, "/v1/members?name=a", json!(null)).await.assert(200);
    world.settle().await;
}
