//! Handing out: to every follower once, whatever fails and however often it is delivered; and not at all where there are
//! too many.

use chrono::Duration;
use local::Delivery;
use serde_json::{Value, json};
use shared::ids::{ActionId, MemberId};
use shared::model::action::Action;
use shared::model::relation::{Follow, FollowOfMany};
use shared::store::{Change, Query, keys};
use shared::visibility::Audience;

use super::{comment, follow, member, post, toggle, told};
use crate::world::{Fault, Person, World};

/// Lets this many follow a member who need no accounts for it.
async fn crowd(world: &World, followed: &Person, number: u64) {
    let (followed_id, since) = (MemberId(followed.id()), world.clock.now());
    let fan = |number: u64| Follow {
        member: MemberId(1_000_000 + number),
        followed: followed_id,
        name: format!("fan{number:06}"),
        followed_name: followed.name.clone(),
        action: None,
        since,
    };
    world.app().table.put_all(&(0..number).map(fan).collect::<Vec<_>>()).await.unwrap();
}

/// The readers to whom an action was handed out, each as often as it was.
async fn readers(world: &World, actor: &Person, action: u64) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), None::<String>);
    loop {
        let range = keys::fed_with(MemberId(actor.id()), ActionId(action));
        let query = Query::of(range, 1_000).on_from(next.as_deref()).unwrap();
        let page = world.app().table.query::<Value>(query).await.unwrap();
        all.extend(page.items.iter().map(|item| item["pk"].as_str().unwrap().to_owned()));
        next = page.next;
        if next.is_none() {
            return all;
        }
    }
}

async fn count_followers(world: &World, followed: &Person, number: u64) {
    let id = MemberId(followed.id());
    let change = Change::of(keys::profile(id)).set("member", id).set("followers", number).or_create();
    world.app().table.change::<Value>(change).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_follower_has_it_once_whatever_fails() {
    // More than two pages of them.
    const FOLLOWERS: u64 = 1_200;
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    world.settle().await;
    crowd(&world, &ada, FOLLOWERS).await;
    world.settle().await;
    let id = post(&ada, "to all").await;
    // The table fails in the middle, for long enough that the message comes again.
    world.wire.fail(30, 16, Fault::Unavailable);
    world.cloud.settle(Delivery::Twice).await;
    world.wire.mend();
    world.wait(Duration::minutes(7));
    world.cloud.settle(Delivery::Twice).await;
    let mut all = readers(&world, &ada, id).await;
    assert_eq!(all.len() as u64, FOLLOWERS);
    all.dedup();
    assert_eq!(all.len() as u64, FOLLOWERS);
    world.settle().await;
}

#[tokio::test]
async fn what_is_taken_back_is_taken_back_everywhere() {
    for delivery in [Delivery::Once, Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
        let id = post(&eve, "x").await;
        world.settle().await;
        crowd(&world, &ada, 60).await;
        for _ in 0..5 {
            toggle(&ada, super::POST, id).await.assert(204);
        }
        world.cloud.settle(delivery).await;
        let fed = async || {
            let all = world.everything();
            all.iter().filter(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("FEED#"))).count()
        };
        // Of five likes and dislikes one like is left.
        assert_eq!(fed().await, 60, "{delivery:?}");
        toggle(&ada, super::POST, id).await.assert(204);
        world.cloud.settle(delivery).await;
        assert_eq!(fed().await, 0, "{delivery:?}");
        world.settle().await;
    }
}

#[tokio::test]
async fn whoever_begins_to_follow_finds_the_latest_of_before() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    world.settle().await;
    for number in 0..55 {
        post(&eve, &number.to_string()).await;
    }
    world.settle().await;
    for _ in 0..2 {
        world.cloud.settle(Delivery::Twice).await;
    }
    follow(&world, &ada, &eve).await;
    world.cloud.settle(Delivery::Twice).await;
    let mut read = Vec::new();
    for page in 1..=3 {
        read.extend(told(&ada, &format!("/api/user-stream/?page_size=20&page={page}")).await);
    }
    let of_eve: Vec<_> = read.into_iter().filter(|line| line.starts_with("eve")).collect();
    assert_eq!(of_eve, (5..55).rev().map(|number| format!("eve posted {number}")).collect::<Vec<_>>());
    world.settle().await;
}

#[tokio::test]
async fn who_has_too_many_followers_is_read_with_themselves() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    world.settle().await;
    follow(&world, &eve, &ada).await;
    crowd(&world, &ada, 30).await;
    count_followers(&world, &ada, 31).await;
    world.settle().await;
    let (app, actor) = (world.app(), MemberId(ada.id()));
    let action = async |id: u64| -> Action {
        let key = keys::action(actor, Audience::Everyone, ActionId(id));
        app.table.get(key).await.unwrap().unwrap()
    };
    let stream = "/api/user-stream/";
    let mut lines = Vec::new();
    let mut write = async |text: &str, most: i64| {
        let id = post(&ada, text).await;
        let action = action(id).await;
        for _ in 0..2 {
            crate::world::hand_out(&app, &action, most).await.unwrap();
        }
        lines.insert(0, format!("ada posted {text}"));
        // Nothing lost, and nothing twice.
        let read = told(&eve, stream).await;
        assert_eq!(read.into_iter().filter(|line| line.contains("posted")).collect::<Vec<_>>(), lines);
        readers(&world, &ada, id).await.len()
    };
    assert_eq!(write("narrow", 31).await, 31);
    // The first one beyond the limit is handed out for the last time, and everybody is told.
    assert_eq!(write("widening", 30).await, 31);
    assert_eq!(write("wide", 30).await, 0);
    // It stays so when there are fewer again.
    assert_eq!(write("still wide", 100).await, 0);
    let told_of = Query::of(keys::many(actor), 100);
    assert_eq!(app.table.query::<FollowOfMany>(told_of).await.unwrap().items.len(), 31);
    // Whoever comes later knows at once, and has all of it.
    let bob = member(&world, "bob").await;
    follow(&world, &bob, &ada).await;
    for person in [&eve, &bob] {
        comment(person, super::POST, action_id(&told_ids(&eve, stream).await), "x").await.assert(201);
    }
    world.leave_unsettled();
    let followed: Vec<Action> = app
        .table
        .query(Query::of(keys::actions_of(MemberId(bob.id()), Audience::Everyone), 10))
        .await
        .unwrap()
        .items
        .into_iter()
        .filter(|action: &Action| action.target == Some(actor.into()))
        .collect();
    crate::world::hand_out(&app, &followed[0], 30).await.unwrap();
    let posted = async |person: &Person| {
        let read = told(person, &format!("{stream}?page_size=50")).await;
        read.into_iter().filter(|line| line.contains("ada posted")).collect::<Vec<_>>()
    };
    assert_eq!(posted(&bob).await, posted(&eve).await);
    assert_eq!(posted(&bob).await.len(), 4);
    // Page by page it is the same.
    let mut paged = Vec::new();
    for page in 1..=6 {
        paged.extend(told(&bob, &format!("{stream}?page_size=1&page={page}")).await);
    }
    assert_eq!(paged, told(&bob, &format!("{stream}?page_size=6")).await);
    // Whoever does not follow any more sees nothing of it, whatever is left of their following.
    let follow = keys::follow(MemberId(bob.id()), actor);
    app.table.delete(follow, shared::store::Condition::default()).await.unwrap();
    assert_eq!(posted(&bob).await, Vec::<String>::new());
}

async fn told_ids(person: &Person, stream: &str) -> Vec<Value> {
    let all = super::results(person, stream).await;
    all.into_iter().filter(|action| action["verb"] == "posted").map(|action| action["id"].clone()).collect()
}

fn action_id(ids: &[Value]) -> u64 {
    ids[0].as_u64().unwrap()
}

#[tokio::test]
async fn whoever_leaves_takes_everything_along_and_others_keep_theirs() {
    let world = World::new().await;
    // So that nothing else is called as they are.
    let _ = (0..7_000).map(|_| world.ids.next(world.clock.now())).max();
    let (ada, eve, bob) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "bob").await);
    world.settle().await;
    for (fan, other) in [(&eve, &ada), (&ada, &eve), (&bob, &eve), (&bob, &ada)] {
        follow(&world, fan, other).await;
    }
    let (mine, theirs) = (post(&ada, "mine").await, post(&eve, "theirs").await);
    for by in [&ada, &eve, &bob] {
        for id in [mine, theirs] {
            comment(by, super::POST, id, "x").await.assert(201);
            toggle(by, super::POST, id).await.assert(204);
        }
        comment(by, super::MEMBER, ada.id(), "hi").await.assert(201);
    }
    world.settle().await;
    let many = FollowOfMany { member: MemberId(eve.id()), followed: MemberId(ada.id()) };
    world.app().table.put(&many).await.unwrap();
    ada.delete(&format!("/api/users/{}/", ada.id())).await.assert(204);
    world.wire.fail(60, 12, Fault::Unavailable);
    world.cloud.settle(Delivery::Twice).await;
    world.wire.mend();
    for _ in 0..3 {
        world.wait(Duration::minutes(31));
        world.cloud.settle(Delivery::Twice).await;
    }
    for person in [&eve, &bob] {
        person.keep("Authorization", &world.enter(person).await);
    }
    let kept = eve.get(&super::path(theirs)).await.json();
    assert_eq!((&kept["likes"], &kept["comment_number"]), (&json!(2), &json!(2)));
    // Nothing is left of them but what tells that they left, for a while.
    let id = ada.id();
    let names_them = |item: &Value| {
        let text = format!("{item}");
        [format!("\"{id}\""), format!("{id:016}"), format!("#{id}\""), format!("member-{id}\"")]
            .iter()
            .any(|name| text.contains(name.as_str()))
    };
    let left: Vec<_> = world
        .everything()
        .into_iter()
        .filter(|item| !item["sk"]["S"].as_str().is_some_and(keys::is_outbox))
        .filter(|item| names_them(item) || item.to_string().contains(&format!("post-{mine}")))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(
        told(&bob, "/api/user-stream/?page_size=50").await.iter().filter(|line| line.contains("ada")).count(),
        0
    );
    world.settle().await;
}
