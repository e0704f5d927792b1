//! Runs: each sees to every profile once, in pages, and says how it went.

use chrono::Duration;
use local::Delivery;
use local::endpoints::platforms::{Fault, Outage};
use shared::ids::MemberId;
use shared::model::coding::{CodingProfile, Fetch, NOT_AVAILABLE};
use shared::model::refresh::RefreshRun;
use shared::platforms::Platform;
use shared::store::{Change, Condition, Stored, keys};

use super::{began, job, known, profile, run, run_of_this_week, settle, subscribe, subscriber, tally, tell, week};
use crate::world::World;

#[tokio::test]
async fn a_run_asks_about_every_profile_once_and_counts_how_that_went() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &Platform::ALL).await;
    let bob = subscriber(&world, "bob", &[Platform::LeetCode, Platform::Codeforces]).await;
    tell(&world, &ada, Platform::LeetCode, 1530, 212, 14);
    world.cloud.platforms().remove(Platform::LeetCode, "bob");
    world.cloud.platforms().fail(Outage::of(Platform::CodeChef, Fault::Blocked));
    let id = RefreshRun::after(None);
    assert_eq!(job(&world, "refresh-profiles").await, began(id, "refresh-profiles", true));
    settle(&world, Delivery::Shuffled).await;

    let figures = known(&world, &ada, Platform::LeetCode).await.figures;
    assert_eq!((figures.rating, figures.solved, figures.contests), (Some(1530), Some(212), Some(14)));
    assert_eq!(known(&world, &ada, Platform::CodeChef).await.fetch, Fetch::Failed);
    assert_eq!(known(&world, &bob, Platform::LeetCode).await.fetch, Fetch::Failed);
    let run = run(&world, id).await;
    assert_eq!((run.subscribers, run.due, run.ended_at.is_some()), (2, 0, true));
    let mut counted = Vec::new();
    for platform in Platform::ALL {
        let tally = tally(&world, &run, platform).await;
        counted.push([tally.open, tally.listed, tally.fresh, tally.failed, tally.unknown, tally.gone]);
    }
    assert_eq!(counted, [[0, 2, 1, 0, 1, 0], [0, 1, 0, 1, 0, 0], [0, 2, 2, 0, 0, 0]]);
    // Once each, though everything came twice.
    assert_eq!(world.cloud.platforms().calls(Platform::LeetCode).len(), 2);

    // The next one begins once this one is over, and whoever asks at the same time begins none.
    let next = RefreshRun::after(Some(id));
    let (one, other) = tokio::join!(job(&world, "refresh-profiles"), job(&world, "refresh-profiles"));
    assert_ne!(one["began"], other["began"]);
    assert_eq!((&one["run"], &other["run"]), (&began(next, "", true)["run"], &began(next, "", true)["run"]));
    world.wait(Duration::hours(1));
    assert_eq!(job(&world, "refresh-profiles").await, began(next, "refresh-profiles", false));
    settle(&world, Delivery::Once).await;
}

#[tokio::test]
async fn a_run_that_was_lost_holds_back_the_next_for_a_day() {
    let world = World::new().await;
    job(&world, "refresh-profiles").await;
    let lost = RefreshRun::after(None);
    settle(&world, Delivery::Once).await;
    let change = Change::of(keys::refresh_run(lost)).remove("ended_at");
    world.app().table.change::<RefreshRun>(change).await.unwrap();
    assert_eq!(job(&world, "refresh-profiles").await["began"], false);
    world.wait(Duration::days(1));
    assert_eq!(job(&world, "refresh-profiles").await["began"], true);
    settle(&world, Delivery::Once).await;
}

#[tokio::test]
async fn a_long_list_is_read_in_pages() {
    let world = World::new().await;
    let table = world.app().table.clone();
    // All in one shard, and more than two pages.
    for number in 1..=45 {
        let member = MemberId(number * 16);
        let since = world.clock.now();
        let subscription = shared::model::subscription::Subscription { member, group: None, since, reports: true };
        table.put(&subscription).await.unwrap();
        table.put(&profile(&world, member, Platform::LeetCode, &format!("coder{number}"))).await.unwrap();
    }
    job(&world, "refresh-profiles").await;
    settle(&world, Delivery::Twice).await;
    let run = run(&world, RefreshRun::after(None)).await;
    let tally = tally(&world, &run, Platform::LeetCode).await;
    assert_eq!((run.subscribers, tally.listed, tally.fresh, tally.open), (45, 45, 45, 0));
    assert_eq!(world.cloud.platforms().calls(Platform::LeetCode).len(), 45);
}

#[tokio::test]
async fn what_goes_meanwhile_is_settled_all_the_same() {
    let world = World::new().await;
    let (ada, bob) = (subscriber(&world, "ada", &Platform::ALL).await, subscriber(&world, "bob", &Platform::ALL).await);
    week(&world).await;
    world.wait(Duration::days(7));
    job(&world, "weekly-report").await;
    // Everything is listed, and nothing settled.
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Broken));
    let key = keys::coding_profile(MemberId(ada.id()), Platform::Codeforces);
    world.app().table.delete(key, Condition::present()).await.unwrap();
    let renamed = known(&world, &ada, Platform::CodeChef).await;
    let change = Change::of(renamed.key()).set("id", renamed.id.0 + 1).set("username", "countess");
    world.app().table.change::<CodingProfile>(change).await.unwrap();
    world.enter(&bob).await;
    bob.delete(&bob.profile()).await.assert(200);
    settle(&world, Delivery::Shuffled).await;
    let run = run_of_this_week(&world).await;
    assert!(run.ended_at.is_some() && run.outstanding() == 0, "{run:?}");
}

#[tokio::test]
async fn while_a_platform_is_left_alone_its_profiles_wait_and_in_the_end_keep_what_they_have() {
    let world = World::new().await;
    let mut coders = Vec::new();
    for number in 0..9 {
        let coder = world.member(&format!("coder{number}")).await;
        subscribe(&world, &coder, &[Platform::LeetCode]).await;
        coders.push(coder);
    }
    let settled = async || {
        let run = run(&world, RefreshRun::after(None)).await;
        let tally = tally(&world, &run, Platform::LeetCode).await;
        (tally.fresh, tally.failed, run.ended_at.is_some())
    };
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Blocked));
    job(&world, "refresh-profiles").await;
    world.settle().await;
    // Five failures, and nobody asks any more.
    assert_eq!(settled().await, (0, 5, false));
    // One tries whether it is well again.
    world.wait(Duration::minutes(7));
    world.settle().await;
    assert_eq!(settled().await, (0, 6, false));
    world.cloud.platforms().mend();
    world.wait(Duration::minutes(7));
    world.settle().await;
    let (fresh, failed, _) = settled().await;
    assert!(fresh >= 1 && failed == 6, "{fresh} {failed}");
    settle(&world, Delivery::Once).await;
    assert_eq!(settled().await, (3, 6, true));
}

#[tokio::test]
async fn what_never_comes_back_is_given_up_with_its_last_delivery() {
    let world = World::new().await;
    for number in 0..30 {
        let coder = world.member(&format!("coder{number}")).await;
        subscribe(&world, &coder, &[Platform::LeetCode]).await;
    }
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Blocked));
    job(&world, "refresh-profiles").await;
    settle(&world, Delivery::Once).await;
    let run = run(&world, RefreshRun::after(None)).await;
    let tally = tally(&world, &run, Platform::LeetCode).await;
    assert_eq!((tally.failed, tally.open, run.ended_at.is_some()), (30, 0, true));
    assert!(world.cloud.state().queues().unwrap().iter().all(|queue| queue.dead == 0));
    // It was asked far less often than there are profiles: five times, and once in a while.
    assert!(world.cloud.platforms().calls(Platform::LeetCode).len() < 20);
}

#[tokio::test]
async fn a_profile_is_fetched_by_itself_too() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode]).await;
    world.cloud.platforms().set(
        Platform::LeetCode,
        "ada",
        local::endpoints::platforms::Account { rating: None, solved: 7, contests: None, fresh: 0 },
    );
    let profile = known(&world, &ada, Platform::LeetCode).await;
    let due = |id| shared::events::Event::ProfileDue {
        member: profile.member,
        platform: profile.platform,
        profile: id,
        run: None,
    };
    let app = world.app().with_ids(world.ids.clone());
    let other = shared::ids::ProfileId(7);
    let told = [due(other), due(profile.id)].map(|event| shared::events::happened(&app, event).unwrap());
    app.table.together(told.into()).await.unwrap();
    settle(&world, Delivery::Twice).await;
    let figures = known(&world, &ada, Platform::LeetCode).await.figures;
    assert_eq!((figures.rating, figures.solved, figures.contests), (Some(NOT_AVAILABLE), Some(7), Some(NOT_AVAILABLE)));
}

#[tokio::test]
async fn the_staff_sees_how_runs_go_while_they_go() {
    let world = World::new().await;
    let staff = crate::admin::staff(&world).await;
    staff.get("/admin/refreshes/").await.assert(200).text();
    subscriber(&world, "ada", &Platform::ALL).await;
    job(&world, "weekly-report").await;
    job(&world, "refresh-profiles").await;
    let page = staff.get("/admin/refreshes/").await.assert(200).text();
    assert!(page.contains("http-equiv=\"refresh\"") && page.contains("Running"), "{page}");
    settle(&world, Delivery::Once).await;
    let page = staff.get("/admin/refreshes/").await.assert(200).text();
    assert!(page.contains("The report of week 5 of 2026") && page.contains("All profiles"), "{page}");
    assert!(!page.contains("http-equiv") && !page.contains("Running"), "{page}");
    assert!(page.contains("Letters: 0 sent, 0 failed, 1 not needed, 0 outstanding."), "{page}");
    assert!(page.contains("<td data-label=\"Fresh\" class=\"number\">1</td>"), "{page}");
}

#[tokio::test]
async fn snapshots_are_among_ones_data_and_go_with_ones_account() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode]).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 200, 14);
    week(&world).await;
    let files = crate::personal_data::export(&world, &ada).await;
    let data: serde_json::Value = serde_json::from_slice(&files["personal-data.json"]).unwrap();
    let snapshot = &data["coding_snapshots"][0];
    assert_eq!((&snapshot["week"], &snapshot["figures"]["solved"]), (&"week-2026-W06".into(), &200.into()));
    // Gone is gone, also in the middle of a run.
    world.wait(Duration::days(7));
    job(&world, "weekly-report").await;
    world.settle().await;
    world.enter(&ada).await;
    ada.delete(&ada.profile()).await.assert(200);
    settle(&world, Delivery::Twice).await;
    let left: Vec<_> =
        world.everything().into_iter().filter(|item| item["pk"]["S"] == format!("MEMBER#{}", ada.id())).collect();
    assert!(left.is_empty(), "{left:?}");
    world.wait(Duration::days(7));
    job(&world, "weekly-report").await;
    settle(&world, Delivery::Once).await;
    assert_eq!(run_of_this_week(&world).await.subscribers, 0);
}
