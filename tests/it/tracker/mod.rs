//! SkillTracker, in the order of its contract: the first page, subscribing, profiles, groups, the leaderboard, leaving.

mod groups;
mod home;
mod leaderboard;
mod leaving;
mod operations;
mod profiles;
mod subscribe;

use local::endpoints::platforms::{Fault, Outage};
use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::coding::Figures;
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::store::{Change, keys};

use crate::world::{Person, World};

/// Lets no platform answer any more.
pub fn take_down(world: &World) {
    for platform in Platform::ALL {
        world.cloud.platforms().fail(Outage::of(platform, Fault::Broken));
    }
}

/// Somebody who subscribed with an address of this name, and has heard of it.
pub async fn subscriber(world: &World, name: &str) -> Person {
    subscribes(world, name, json!({})).await
}

/// The same, with an account on a platform.
pub async fn coder(world: &World, name: &str, platform: &str) -> Person {
    subscribes(world, name, json!({ "platform_name": platform, "username": name })).await
}

async fn subscribes(world: &World, name: &str, with: Value) -> Person {
    let mut body = with;
    body["email"] = json!(format!("{name}@example.org"));
    let visitor = Person::new(world, name);
    let reply = visitor.post("/subscribe", body).await.assert(200).json();
    let person = Person::known(world, name, reply["subscriber"]["id"].as_u64().unwrap());
    person.keep("sessionid", &visitor.cookie("sessionid").unwrap());
    world.settle().await;
    person
}

/// Makes a member a subscriber, as if they had been one for long.
pub async fn make_subscriber(world: &World, member: &Person) {
    world.app().table.put(&Subscription::new(MemberId(member.id()), world.clock.now())).await.unwrap();
}

/// Makes a member a subscriber with an account at LeetCode, called as they are: the profile's id.
pub async fn a_profile_of(world: &World, member: &Person) -> String {
    make_subscriber(world, member).await;
    let profile = json!({ "platform_name": "LeetCode", "username": member.name });
    let added = member.post("/add_platform_profile", profile).await.assert(200).json();
    added["profile"]["id"].to_string()
}

/// Lets a platform have told this of a profile.
pub async fn told(world: &World, person: &Person, platform: Platform, figures: [Option<i64>; 3]) {
    let [rating, solved, contests] = figures;
    let key = keys::coding_profile(MemberId(person.id()), platform);
    let change = Change::of(key).set("figures", Figures { rating, solved, contests });
    world.app().table.change::<Value>(change).await.unwrap();
    world.settle().await;
}

/// The six digits of the latest letter.
pub fn digits(world: &World) -> String {
    let letter = world.letters().into_iter().next().expect("a letter");
    let digits =
        letter.text.split_whitespace().find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
    digits.expect("six digits").to_owned()
}

/// A day in the life of subscribers, for sweeps over all that functions do.
pub async fn a_day(world: &World) {
    let ada = coder(world, "tracked", "LeetCode").await;
    ada.post("/create_or_join_group/", json!({ "action": "create_group", "group_name": "Night Owls" }))
        .await
        .assert(200);
    world.settle().await;
    ada.get("/leaderboard").await.assert(200);
    ada.get("/leaderboard?page=2&group=night%20owls").await.assert(200);
    ada.put("/update-platform-username/LeetCode/tracked/", json!({ "username": "tracked2" })).await.assert(200);
    ada.elsewhere().post("/", json!({ "email": "tracked@example.org" })).await.assert(200);
    world.settle().await;
    let code = digits(world);
    ada.post("/", json!({ "email": "tracked@example.org", "code": code })).await.assert(200);
    ada.post("/unsubscribe", json!({})).await.assert(200);
    world.settle().await;
}
