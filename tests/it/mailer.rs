//! Letters: to whom, what they say, and that nothing in them is anybody's markup.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn only_a_confirmed_address_gets_letters_that_were_not_asked_for() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    for _ in 0..5 {
        ada.elsewhere().sign_in_with("wrong").await;
    }
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
}

#[tokio::test]
async fn a_letter_has_text_and_html_and_comes_from_the_configured_sender() {
    let world = World::with(&[("SenderAddress", "hall@example.org")]).await;
    world.reachable("o.neil+1").await;
    let welcome = world.letters().remove(0);
    assert_eq!(welcome.from, "hall@example.org");
    assert_eq!(welcome.subject, "Welcome to Guildhall");
    assert!(welcome.text.starts_with("Hello o.neil+1,"));
    assert!(welcome.html.contains("<p>Hello o.neil+1,</p>"));
    assert!(!welcome.html.contains("http://") || welcome.html.contains(crate::world::PUBLIC_URL));
}

#[tokio::test]
async fn links_lead_to_the_configured_address_whatever_the_request_says() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let headers =
        [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("content-type", "application/json")];
    ada.send(http::Method::PATCH, &ada.profile(), &headers, r#"{"email":"ada@example.org"}"#).await.assert(200);
    world.settle().await;
    let letter = &world.letters()[0];
    assert!(letter.text.contains(&format!("{}/v1/email/confirm", crate::world::PUBLIC_URL)));
    assert!(!format!("{letter:?}").contains("evil.example"));
}
