//! What members do among each other: following, blocking, reports, and what they are told of.

mod blocks;
pub mod digest;
mod follows;
mod leaving;
mod notices;
pub mod reports;
mod skills;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::store::{Change, keys};
use shared::visibility::Audience;

use crate::world::{Person, Reply, World};

/// A member who is signed in at Sukuwatto's client.
pub async fn member(world: &World, name: &str) -> Person {
    let person = world.member(name).await;
    person.keep("Authorization", &world.enter(&person).await);
    person
}

/// Sends one member's id to a route.
pub async fn tell(by: &Person, route: &str, other: &Person) -> Reply {
    by.post(&format!("/api/{route}/"), json!({ "user_id": other.id() })).await
}

/// Lets a member be asked before others follow.
async fn wants_to_be_asked(member: &Person) {
    let edit = json!({ "follow_approval_required": true });
    member.patch(&format!("/api/users/{}/", member.id()), edit).await.assert(200);
}

/// Lets a member hide from all but some.
async fn hide(world: &World, member: &Person, from_all_but: Audience) {
    let change = Change::of(keys::account(MemberId(member.id()))).set("audience", from_all_but);
    world.app().table.change::<Value>(change).await.expect("the member's account");
}

/// How many follow a member, and how many they follow.
async fn counters(world: &World, member: &Person) -> (i64, i64) {
    let shown = world.visitor().get(&format!("/api/get-user/?username={}", member.name)).await.assert(200).json();
    (shown["followers_number"].as_i64().unwrap(), shown["followings_number"].as_i64().unwrap())
}

/// The names on a page.
fn names(page: &Value) -> Vec<&str> {
    page["results"].as_array().expect("a list").iter().map(|member| member["username"].as_str().unwrap()).collect()
}

/// The sort keys of what lies with a member and begins like this.
fn kept(world: &World, member: &Person, begins: &str) -> BTreeSet<String> {
    let partition = format!("MEMBER#{}", member.id());
    let items = world.everything().into_iter().filter(|item| item["pk"]["S"] == json!(partition));
    items.filter_map(|item| item["sk"]["S"].as_str().filter(|sk| sk.starts_with(begins)).map(str::to_owned)).collect()
}

/// Everything that members do among each other, once. `template.rs` has it done to see what the functions have to be
/// allowed.
pub async fn a_day_among_members(world: &World) {
    let (one, other) = (member(world, "one").await, member(world, "another").await);
    tell(&one, "follow", &other).await.assert(201);
    world.settle().await;
    other.get("/v1/notices").await.assert(200);
    tell(&one, "unfollow", &other).await.assert(201);
    tell(&one, "block", &other).await.assert(201);
    one.get("/api/is-blocked/?username=another").await.assert(200);
    one.get("/api/blocked-users/").await.assert(200);
    tell(&one, "unblock", &other).await.assert(201);
    reports::report_of(world, &one).await;
    world.settle().await;
}
