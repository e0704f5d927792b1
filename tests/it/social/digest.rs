//! The digest: a letter a day about what is new, for whoever asks for it, until they stop it with one click.

use chrono::Duration;
use serde_json::json;

use super::{member, tell};
use crate::world::{Person, World};

const SUBJECT: &str = "What is new for you";

/// A member whom letters reach, and who wants to hear what is new.
async fn reader(world: &World) -> Person {
    let ada = world.reachable("ada").await;
    ada.keep("Authorization", &world.enter(&ada).await);
    assert_eq!(ada.get("/v1/notices/digest").await.assert(200).json(), json!({ "on": false }));
    ada.put("/v1/notices/digest", json!({ "on": true })).await.is(200, json!({ "on": true }));
    assert_eq!(ada.get("/v1/notices/digest").await.assert(200).json(), json!({ "on": true }));
    ada
}

/// Lets a member follow another, on whichever day.
async fn follow(world: &World, fan: &Person, other: &Person) {
    fan.keep("Authorization", &world.enter(fan).await);
    tell(fan, "follow", other).await.assert(201);
}

/// Lets a day go by, at the end of which letters go out; says how many were about what is new.
async fn day(world: &World) -> usize {
    world.wait(Duration::days(1));
    world.cloud.run_schedule("send-digests").await.unwrap().outcome.unwrap();
    world.settle().await;
    world.subjects_to("ada@example.org").iter().filter(|subject| *subject == SUBJECT).count()
}

/// A day in which somebody has news of a member, and reads of it.
pub async fn a_day_with_news(world: &World, ada: &Person) {
    ada.put("/v1/notices/digest", json!({ "on": true })).await.assert(200);
    follow(world, &member(world, "fan").await, ada).await;
    world.settle().await;
    world.cloud.run_schedule("send-digests").await.unwrap().outcome.unwrap();
    world.settle().await;
}

#[tokio::test]
async fn what_is_new_and_unseen_is_told_once_a_day() {
    let world = World::new().await;
    let (ada, bob, cy) = (reader(&world).await, member(&world, "bob").await, member(&world, "cy").await);
    assert_eq!(day(&world).await, 0, "nothing is new");
    follow(&world, &bob, &ada).await;
    follow(&world, &cy, &ada).await;
    world.settle().await;
    assert_eq!(day(&world).await, 1);
    let letter = world.letters().remove(0);
    assert!(letter.text.contains("- bob follows you.") && letter.text.contains("- cy follows you."), "{}", letter.text);
    assert!(letter.html.contains("<li>bob follows you.</li>"), "{}", letter.html);
    assert_eq!(day(&world).await, 1, "that was told");
    let gil = member(&world, "gil").await;
    follow(&world, &gil, &ada).await;
    world.settle().await;
    assert_eq!(day(&world).await, 2);
    let letter = world.letters().remove(0);
    assert!(letter.text.contains("- gil follows you.") && !letter.text.contains("bob"), "{}", letter.text);

    // What was seen in time, or undone, is no news.
    let dan = member(&world, "dan").await;
    follow(&world, &dan, &ada).await;
    world.settle().await;
    let latest = ada.get("/v1/notices?limit=1").await.json()["items"][0]["id"].clone();
    ada.post("/v1/notices/seen", json!({ "up_to": latest })).await.assert(204);
    assert_eq!(day(&world).await, 2);

    // Two runs at once tell once.
    let eve = member(&world, "eve").await;
    follow(&world, &eve, &ada).await;
    world.settle().await;
    let _ = tokio::join!(world.cloud.run_schedule("send-digests"), world.cloud.run_schedule("send-digests"));
    world.cloud.settle(local::Delivery::Twice).await;
    assert_eq!(day(&world).await, 3);
    ada.put("/v1/notices/digest", json!({ "on": false })).await.is(200, json!({ "on": false }));
    follow(&world, &member(&world, "fay").await, &ada).await;
    world.settle().await;
    assert_eq!(day(&world).await, 3, "she wants no more");
}

#[tokio::test]
async fn one_click_stops_it_and_opening_the_link_does_not() {
    let world = World::new().await;
    let (ada, bob) = (reader(&world).await, member(&world, "bob").await);
    follow(&world, &bob, &ada).await;
    world.settle().await;
    assert_eq!(day(&world).await, 1);
    let letter = world.letters().remove(0);
    let header = |name: &str| letter.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).cloned();
    let stop = header("List-Unsubscribe").expect("a way out").1;
    let link =
        stop.trim_matches(['<', '>']).strip_prefix(crate::world::PUBLIC_URL).expect("our own address").to_owned();
    assert_eq!(header("List-Unsubscribe-Post").unwrap().1, "List-Unsubscribe=One-Click");
    assert!(letter.text.contains(&link));

    let visitor = world.visitor();
    let page = visitor.get(&link).await.assert(200);
    assert!(page.text().contains("<button>"), "{}", page.text());
    assert_eq!(ada.get("/v1/notices/digest").await.json(), json!({ "on": true }));
    // As a mail program does it: no cookie, no page.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    visitor.send(http::Method::POST, &link, &form, "List-Unsubscribe=One-Click").await.assert(200);
    assert_eq!(ada.get("/v1/notices/digest").await.json(), json!({ "on": false }));
    // The second time changes nothing, and a made-up link nobody's letters.
    visitor.post(&link, json!({})).await.assert(200);
    for path in ["/v1/letters/stop", "/v1/letters/stop?code=made.up", "/v1/letters/stop?code=%3Cb%3E"] {
        let page = visitor.get(path).await.assert(200);
        assert!(page.text().contains("not valid") && !page.text().contains("<b>"));
        visitor.post(path, json!({})).await.assert(200);
    }
}

#[tokio::test]
async fn it_goes_to_a_confirmed_address_of_a_member_in_good_standing() {
    let world = World::new().await;
    let (ada, bob) = (reader(&world).await, member(&world, "bob").await);
    follow(&world, &bob, &ada).await;
    world.settle().await;
    world.ban(&ada).await;
    assert_eq!(day(&world).await, 0);
    let cy = member(&world, "cy").await;
    cy.put("/v1/notices/digest", json!({ "on": true })).await.assert(200);
    follow(&world, &bob, &cy).await;
    world.settle().await;
    assert_eq!(day(&world).await, 0);
    for (body, status) in [(json!({}), 400), (json!({ "on": "x" }), 422), (json!({ "on": 7 }), 422)] {
        cy.put("/v1/notices/digest", body).await.assert(status);
    }
}
