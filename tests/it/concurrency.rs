//! Many at once: no more than allowed, no less than promised.

use std::future::Future;

use serde_json::json;

use crate::world::{PASSWORD, Reply, World};

/// Runs all of these at the same time.
async fn all<F: Future<Output = Reply> + Send + 'static>(requests: impl IntoIterator<Item = F>) -> Vec<Reply> {
    let running: Vec<_> = requests.into_iter().map(tokio::spawn).collect();
    let mut replies = Vec::new();
    for request in running {
        replies.push(request.await.unwrap());
    }
    replies
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status.as_u16() == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_guesses_at_once_are_five_at_most() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let guess = |number: usize| {
        let stranger = ada.elsewhere();
        async move { stranger.sign_in_with(&format!("guess {number}")).await }
    };
    let replies = all((0..100).map(guess)).await;
    // Four that were wrong, the fifth which locks, and ninety-five that were not looked at.
    assert_eq!((count(&replies, 401), count(&replies, 403)), (4, 96));
    // The answers cannot tell a sixth look from a refusal, but the counter can.
    let counted: Vec<_> =
        world.everything().into_iter().filter_map(|item| item["count"]["N"].as_str().map(str::to_owned)).collect();
    assert_eq!(counted, ["5"]);
    ada.elsewhere().sign_in().await.assert(403);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_registrations_of_one_name_make_one_account() {
    let world = World::new().await;
    let register = |number: usize| {
        let visitor = world.visitor();
        let name = if number.is_multiple_of(2) { "ada" } else { "ADA" };
        let body = json!({ "username": name, "password1": PASSWORD, "password2": PASSWORD });
        async move { visitor.post("/users/register/", body).await }
    };
    let replies = all((0..100).map(register)).await;
    assert_eq!((count(&replies, 201), count(&replies, 400)), (1, 99));
    world.settle().await;
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_pictures_at_once_leave_one() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let upload = |number: u32| {
        let ada = ada.clone();
        async move { ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4 + number)).await }
    };
    let replies = all((0..50).map(upload)).await;
    assert!(count(&replies, 200) >= 1 && count(&replies, 200) + count(&replies, 409) == 50);
    world.settle().await;
    let avatar = ada.get(&ada.profile()).await.json()["avatar"].as_str().unwrap().to_owned();
    assert_eq!(crate::files::stored(&world), [avatar.rsplit('/').next().unwrap()]);
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json()[0]["avatar"], avatar);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_wanted_by_many_goes_to_one() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(world.member(&format!("member{number}")).await);
    }
    let rename = |person: crate::world::Person| async move {
        person.patch(&person.profile(), json!({ "username": "king" })).await
    };
    let replies = all(people.into_iter().map(rename)).await;
    assert_eq!((count(&replies, 200), count(&replies, 400)), (1, 7));
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn points_added_at_once_all_count_and_a_repeated_key_counts_once() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let add = |number: usize| {
        let ada = ada.clone();
        // Five copies of each of four requests.
        async move { ada.write_stats(json!({ "add_score": 10 }), Some(&format!("key {}", number % 4))).await }
    };
    let replies = all((0..20).map(add)).await;
    assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status.as_u16())));
    for number in 0..4 {
        ada.write_stats(json!({ "add_score": 10 }), Some(&format!("key {number}"))).await.assert(200);
    }
    assert_eq!(ada.get(&ada.profile()).await.json()["score"], 40);
    world.settle().await;
}
