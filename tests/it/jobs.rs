//! Jobs: by schedule and by hand.

use serde_json::json;
use shared::ids::MemberId;
use shared::model::relation::{Block, Follow};

use crate::world::{Fault, World};

#[tokio::test]
async fn the_clean_up_removes_pictures_that_nothing_refers_to_and_spares_new_ones() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200);
    let kept = crate::files::stored(&world);
    let folder = find_folder(world.cloud.files(), &kept[0]).expect("the folder of ada's picture");
    std::fs::write(folder.join("lost-1.png"), crate::files::png(4)).unwrap();

    // Files carry the machine's own time; a young one may belong to an upload that is still under way.
    world.clock.set(chrono::Utc::now());
    let done = world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap();
    assert_eq!(done, json!({ "job": "clean-up", "files": 2, "removed": 0 }));
    world.clock.set(chrono::Utc::now() + chrono::Duration::days(2));
    let done = world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap();
    assert_eq!(done, json!({ "job": "clean-up", "files": 2, "removed": 1 }));
    assert_eq!(crate::files::stored(&world), kept);
    world.settle().await;
}

/// The folder below this one that holds a file.
pub fn find_folder(folder: &std::path::Path, file: &str) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        if entry.path().is_dir() {
            if let Some(found) = find_folder(&entry.path(), file) {
                return Some(found);
            }
        } else if entry.file_name().to_string_lossy() == file {
            return Some(folder.to_owned());
        }
    }
    None
}

#[tokio::test]
async fn accounts_agree_with_what_is_kept_about_them() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let bob = world.member("bob").await;
    ada.patch(&ada.profile(), json!({ "username": "countess", "email": "countess@example.org" })).await.assert(200);
    bob.patch(&bob.profile(), json!({ "deactivate": true })).await.assert(200);
    let done = world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
    assert_eq!(done, json!({ "job": "check-accounts", "accounts": 2, "wrong": 0 }));
    world.settle().await;
}

#[tokio::test]
async fn the_operator_makes_the_first_administrator_by_name() {
    let world = World::new().await;
    let ada = world.member("Ada").await;
    ada.get("/admin/").await.assert(403);
    for _ in 0..2 {
        let answer = world.cloud.functions().invoke("jobs", json!({ "job": "make-staff", "name": "aDA" })).await;
        assert_eq!(answer.outcome.unwrap(), json!({ "job": "make-staff", "member": ada.id(), "name": "Ada" }));
        ada.get("/admin/").await.assert(200);
    }
    let answer = world.cloud.functions().invoke("jobs", json!({ "job": "make-staff", "name": "nobody" })).await;
    assert_eq!(answer.outcome.unwrap(), json!({ "job": "make-staff", "member": null, "name": null }));
    // The second time changed nothing, so there is nothing to note.
    let trail: Vec<_> = world.everything().into_iter().filter(|item| item["gsi1pk"]["S"] == "AUDIT").collect();
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["by"]["M"]["name"]["S"], "operator");
    assert_eq!(trail[0]["whom"]["N"], ada.id().to_string());
    world.settle().await;
}

#[tokio::test]
async fn an_unknown_job_is_an_error_and_no_more() {
    let world = World::new().await;
    let answer = world.cloud.functions().invoke("jobs", json!({ "job": "nonsense" })).await;
    assert!(answer.outcome.is_err());
    assert!(world.cloud.run_schedule("nonsense").await.is_err());
}

#[tokio::test]
async fn nobody_follows_or_blocks_a_member_who_is_gone() {
    let world = World::new().await;
    let (ada, eve, bob) = (world.member("ada").await, world.member("eve").await, world.member("bob").await);
    let (app, since) = (world.app(), world.clock.now());
    // More than a page of each.
    for number in 1..=120 {
        let (member, followed, blocked) = (MemberId(1_000_000 + number), MemberId(ada.id()), MemberId(ada.id()));
        let (name, other) = (format!("fan{number}"), "ada".to_owned());
        app.table.put(&Follow { member, followed, name, followed_name: other.clone(), since }).await.unwrap();
        app.table.put(&Block { member, blocked, blocked_name: other, since }).await.unwrap();
    }
    for (one, other) in [(&eve, &ada), (&ada, &eve), (&eve, &bob), (&bob, &eve)] {
        world.follow(one, other).await;
        world.block(one, other).await;
    }
    let left = || {
        let of_two = |sk: &str| sk.starts_with("FOLLOWS#") || sk.starts_with("BLOCKS#");
        world.everything().iter().filter(|item| item["sk"]["S"].as_str().is_some_and(of_two)).count()
    };
    assert_eq!(left(), 248);
    ada.delete(&ada.profile()).await.assert(200);
    // The table fails in the middle of it, and the rest is done when the message comes again.
    world.wire.fail(38, 40, Fault::Unavailable);
    world.settle().await;
    let between = left();
    assert!((5..240).contains(&between), "{between}");
    world.wire.mend();
    world.wait(chrono::Duration::minutes(31));
    world.settle().await;
    assert_eq!(left(), 4);
    assert!(!format!("{:?}", world.everything()).contains(&format!("{:016}", ada.id())));
}
