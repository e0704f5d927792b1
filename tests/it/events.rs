//! Follow-up work: delivered twice, out of order, and after a crash, it happens once.

use local::Delivery;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn nothing_happens_twice_however_often_it_is_delivered() {
    for delivery in [Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let ada = world.reachable("ada").await;
        for _ in 0..5 {
            ada.elsewhere().sign_in_with("wrong").await;
        }
        ada.upload("/users/avatar/", "avatar", "one.png", &crate::files::png(4)).await.assert(200);
        ada.upload("/users/avatar/", "avatar", "two.png", &crate::files::png(5)).await.assert(200);
        world.cloud.settle(delivery).await;
        world.cloud.settle(delivery).await;
        let subjects =
            ["Confirm your e-mail address", "Welcome to Guildhall", "Someone failed to sign in with your name"];
        assert_eq!(world.subjects_to("ada@example.org"), subjects, "{delivery:?}");
        assert_eq!(crate::files::stored(&world).len(), 1, "{delivery:?}");
    }
}

#[tokio::test]
async fn a_late_event_does_not_close_the_sockets_of_a_new_session() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let _old = ada.open_socket().await;
    let body = json!({ "old_password": crate::world::PASSWORD, "new_password1": "battery staple", "new_password2": "battery staple" });
    ada.post("/users/password/", body).await.assert(200);
    let mut new = ada.open_socket().await;
    world.cloud.settle(Delivery::Shuffled).await;
    new.send(r#"{"type":"ping"}"#).await;
    assert!(new.recv().await.is_some());
}

#[tokio::test]
async fn a_crash_between_the_change_and_the_projector_loses_no_letter() {
    // The change and its event are one transaction, so what was answered is in the stream: nothing between the two
    // keeps anything in memory. A world that never settled is that crash; another start finds the record.
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    world.leave_unsettled();
    world.cloud.shutdown().await;
    drop((ada, world));

    let world = World::on_disk(folder.path()).await;
    assert_eq!(world.letters().len(), 0);
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
    world.settle().await;
    assert_eq!(world.letters().len(), 1);
}

#[tokio::test]
#[should_panic(expected = "This world ended before anybody heard of MemberJoined, EmailChanged")]
async fn a_world_that_ends_with_unread_events_fails() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
}
