//! One click stops the reports, without signing in.

use http::Method;
use serde_json::json;
use shared::ids::MemberId;
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::store::keys;

use super::{reports, subscriber, week};
use crate::world::{PUBLIC_URL, World};

#[tokio::test]
async fn one_click_stops_the_reports_and_opening_the_link_does_not() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode]).await;
    for _ in 0..2 {
        week(&world).await;
    }
    let letter = world.letters().remove(0);
    let header = |name: &str| {
        let found = letter.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.split_whitespace().collect::<String>()).expect("a way out")
    };
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let stop = header("List-Unsubscribe");
    let link = stop.trim_matches(['<', '>']).strip_prefix(PUBLIC_URL).expect("our own address").to_owned();
    assert!(letter.html.contains(&link), "{}", letter.html);

    let wants = async || {
        let subscription = world.app().table.get::<Subscription>(keys::subscription(MemberId(ada.id()))).await.unwrap();
        subscription.map(|subscription| subscription.reports)
    };
    let visitor = world.visitor();
    let page = visitor.get(&link).await.assert(200).text();
    assert!(page.contains("a letter a week") && page.contains("<button>"), "{page}");
    assert_eq!(wants().await, Some(true));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for _ in 0..2 {
        visitor.send(Method::POST, &link, &form, "List-Unsubscribe=One-Click").await.assert(200);
        assert_eq!(wants().await, Some(false));
    }
    week(&world).await;
    assert_eq!(reports(&world, &ada).len(), 1);
    // Whoever is signed in has them sent again, and may switch them off here, too.
    world.enter(&ada).await;
    let switch = "/v1/subscription/reports";
    ada.get(switch).await.is(200, json!({ "on": false }));
    ada.put(switch, json!({ "on": true })).await.is(200, json!({ "on": true }));
    week(&world).await;
    assert_eq!(reports(&world, &ada).len(), 2);
    ada.put(switch, json!({ "on": false })).await.is(200, json!({ "on": false }));
    ada.get(switch).await.is(200, json!({ "on": false }));
    ada.put(switch, json!({})).await.assert(400);
    visitor.get(switch).await.assert(401);
    let bob = world.member("bob").await;
    bob.get(switch).await.assert(404);
    bob.put(switch, json!({ "on": true })).await.assert(404);
    // Whoever has left meanwhile gets no error, and no subscription.
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
    visitor.post(&link, json!({})).await.assert(200);
    assert_eq!(wants().await, None);
}
