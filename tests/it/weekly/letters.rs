//! The weekly letter: what it says, to whom it goes, and the one that sums all up.

use chrono::Duration;
use local::Delivery;
use local::endpoints::platforms::{Account as Coder, Fault, Outage};
use serde_json::Value;
use shared::ids::MemberId;
use shared::model::coding::{CodingProfile, Figures};
use shared::model::refresh::RefreshRun;
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::store::{Change, Query, Stored, keys};
use tests::weeks::{REPORTS_ADDRESS, SUBJECT};

use super::{job, known, reports, run_of_this_week, settle, subscribe, subscriber, tell, week};
use crate::world::World;

#[tokio::test]
async fn a_week_later_it_says_by_how_much_everything_changed() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode, Platform::Codeforces]).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 200, 14);
    tell(&world, &ada, Platform::Codeforces, 1210, 30, 3);
    week(&world).await;
    assert_eq!(reports(&world, &ada), [""; 0], "there is nothing to compare with");
    tell(&world, &ada, Platform::LeetCode, 1488, 215, 14);
    tell(&world, &ada, Platform::Codeforces, 1240, 31, 4);
    week(&world).await;
    let [report] = &reports(&world, &ada)[..] else { panic!("one letter") };
    let beginning = "\
Hello ada@example.org,

this is your week 7 of 2026.

LeetCode (ada), since 7 February 2026
Problems Solved: +15 (now 215)
Rating Change: -12 (now 1488)
Contests Attended: 0 (now 14)

Codeforces (ada), since 7 February 2026
Problems Solved: +1 (now 31)
Rating Change: +30 (now 1240)
Contests Attended: +1 (now 4)

SkillTracker

You get this letter once a week, because you subscribed. If you no longer want it: http://guildhall.test/v1/letters/stop?code=";
    assert!(report.starts_with(beginning), "{report}");

    let letter = world.letters().remove(0);
    assert!(letter.html.contains("<strong style=\"color:#2e6b3a\">+15</strong>"), "{}", letter.html);
    assert!(letter.html.contains("<strong style=\"color:#a03c28\">-12</strong>"), "{}", letter.html);
    // Each chart is a picture that came along, and says in words what it shows.
    let pictures: Vec<_> = letter.attachments.iter().map(|picture| picture.content_id.clone().unwrap()).collect();
    assert_eq!(pictures, ["leetcode-week-2026-W07@guildhall", "codeforces-week-2026-W07@guildhall"]);
    for (number, id) in pictures.iter().enumerate() {
        let picture = world.cloud.state().attachment(letter.id, number).unwrap().unwrap();
        assert!(picture.bytes.starts_with(b"\x89PNG") && picture.content_type == "image/png");
        assert!(letter.html.contains(&format!("src=\"cid:{id}\"")), "{}", letter.html);
    }
    let alt = "alt=\"LeetCode, 2 weeks. Problems solved from 200 to 215. Rating from 1500 to 1488.\"";
    assert!(letter.html.contains(alt), "{}", letter.html);
}

#[tokio::test]
async fn a_second_report_of_the_same_week_changes_nothing() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode]).await;
    for _ in 0..2 {
        week(&world).await;
    }
    tell(&world, &ada, Platform::LeetCode, 9, 9, 9);
    let (run, snapshots) = (run_of_this_week(&world).await, snapshots(&world, ada.id()).await);
    assert_eq!(job(&world, "weekly-report").await["began"], false);
    settle(&world, Delivery::Twice).await;
    assert_eq!((run_of_this_week(&world).await, self::snapshots(&world, ada.id()).await), (run, snapshots));
    assert_eq!(reports(&world, &ada).len(), 1);
}

async fn snapshots(world: &World, member: u64) -> Vec<Value> {
    world.app().table.query(Query::of(keys::snapshots_of(MemberId(member)), 100)).await.unwrap().items
}

#[tokio::test]
async fn a_platform_that_is_down_is_named_with_the_age_of_what_is_known() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode, Platform::CodeChef]).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 200, 14);
    tell(&world, &ada, Platform::CodeChef, 1600, 50, 2);
    week(&world).await;
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Broken));
    tell(&world, &ada, Platform::LeetCode, 1700, 300, 15);
    tell(&world, &ada, Platform::CodeChef, 1601, 51, 2);
    week(&world).await;
    let report = reports(&world, &ada).remove(0);
    let down = "\
LeetCode (ada), since 7 February 2026
Problems Solved: 0 (now 200)
Rating Change: 0 (now 1500)
Contests Attended: 0 (now 14)
LeetCode did not answer, or not fully. What it did not tell is as it was on 7 February 2026, 7 days ago.

CodeChef (ada), since 7 February 2026
Problems Solved: +1 (now 51)
";
    assert!(report.contains(down), "{report}");
    let kept = known(&world, &ada, Platform::LeetCode).await;
    assert_eq!(kept.figures, Figures { rating: Some(1500), solved: Some(200), contests: Some(14) });
    // A week later it is well, and what was missed is in that letter.
    world.cloud.platforms().mend();
    week(&world).await;
    let report = reports(&world, &ada).remove(1);
    assert!(report.contains("Problems Solved: +100 (now 300)\nRating Change: +200 (now 1700)"), "{report}");
    assert!(!report.contains("did not answer"), "{report}");
}

#[tokio::test]
async fn what_is_not_available_on_either_side_is_no_number() {
    let world = World::with(&[("ReportsAddress", REPORTS_ADDRESS)]).await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode]).await;
    let none = Coder { rating: None, solved: 10, contests: None, fresh: 0 };
    world.cloud.platforms().set(Platform::LeetCode, "ada", none.clone());
    week(&world).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 12, 1);
    week(&world).await;
    let report = reports(&world, &ada).remove(0);
    let lines = "Problems Solved: +2 (now 12)\nRating Change: N/A (now 1500)\nContests Attended: N/A (now 1)\n";
    assert!(report.contains(lines), "{report}");
    world.cloud.platforms().set(Platform::LeetCode, "ada", none);
    week(&world).await;
    let report = reports(&world, &ada).remove(1);
    assert!(report.contains("Problems Solved: -2 (now 10)\nRating Change: N/A\nContests Attended: N/A\n"), "{report}");
    // And none in the sum of all.
    let summaries: Vec<_> = world.letters().into_iter().filter(|letter| letter.to == [REPORTS_ADDRESS]).collect();
    assert!(
        summaries[0].text.contains("Problems solved: -2\r\n") || summaries[0].text.contains("Problems solved: -2\n")
    );
    assert!(summaries.iter().all(|summary| summary.text.contains("Contests attended: 0")), "{summaries:?}");
}

#[tokio::test]
async fn an_account_that_a_platform_does_not_know_any_more_keeps_its_figures_and_says_so() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::Codeforces]).await;
    tell(&world, &ada, Platform::Codeforces, 1500, 20, 4);
    week(&world).await;
    world.cloud.platforms().remove(Platform::Codeforces, "ada");
    week(&world).await;
    let report = reports(&world, &ada).remove(0);
    let told =
        "Codeforces knows no account of this name any more. The figures are those of 7 February 2026, 7 days ago.";
    assert!(report.contains("Problems Solved: 0 (now 20)\n") && report.contains(told), "{report}");
}

#[tokio::test]
async fn it_goes_to_a_confirmed_address_of_a_member_in_good_standing_who_wants_it() {
    let world = World::new().await;
    let out = subscriber(&world, "out", &[Platform::LeetCode]).await;
    let silent = subscriber(&world, "silent", &[Platform::LeetCode]).await;
    let empty = subscriber(&world, "empty", &[]).await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode, Platform::CodeChef]).await;
    // An address that nobody has confirmed may be anybody's.
    let bob = world.member("bob").await;
    bob.patch(&bob.profile(), serde_json::json!({ "email": "bob@example.org" })).await.assert(200);
    subscribe(&world, &bob, &[Platform::LeetCode]).await;
    week(&world).await;
    world.ban(&out).await;
    let stop = Change::of(keys::subscription(MemberId(silent.id()))).set("reports", false);
    world.app().table.change::<Subscription>(stop).await.unwrap();
    // Another name on a platform is another account, with which nothing can be compared.
    let renamed = known(&world, &ada, Platform::CodeChef).await;
    let rename = Change::of(renamed.key()).set("username", "countess");
    world.app().table.change::<CodingProfile>(rename).await.unwrap();
    week(&world).await;
    for nobody in [&out, &silent, &empty, &bob] {
        assert_eq!(reports(&world, nobody), [""; 0], "{}", nobody.name);
    }
    let report = reports(&world, &ada).remove(0);
    assert!(report.contains("LeetCode (ada)") && !report.contains("CodeChef"), "{report}");
    let run = run_of_this_week(&world).await;
    assert_eq!((run.due, run.sent, run.needless, run.outstanding()), (4, 1, 3, 0));
}

#[tokio::test]
async fn names_in_it_are_nobodys_markup() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[]).await;
    let name = "<img src=x>\"&";
    world.app().table.put(&super::profile(&world, MemberId(ada.id()), Platform::LeetCode, name)).await.unwrap();
    for _ in 0..2 {
        week(&world).await;
    }
    let letter = world.letters().remove(0);
    assert_eq!(letter.subject, SUBJECT);
    assert!(!letter.html.contains("<img src=x>") && letter.html.contains("&#60;img src=x&#62;"), "{}", letter.html);
}

#[tokio::test]
async fn all_of_a_week_is_summed_up_once_the_letters_are_out() {
    let world = World::with(&[("ReportsAddress", REPORTS_ADDRESS)]).await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode, Platform::Codeforces]).await;
    let bob = subscriber(&world, "bob", &[Platform::LeetCode]).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 200, 14);
    tell(&world, &bob, Platform::LeetCode, 1500, 100, 14);
    tell(&world, &ada, Platform::Codeforces, 1500, 20, 4);
    week(&world).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 210, 15);
    tell(&world, &bob, Platform::LeetCode, 1500, 105, 16);
    world.cloud.platforms().fail(Outage::of(Platform::Codeforces, Fault::Broken));
    week(&world).await;
    let summaries = world.letters().into_iter().filter(|letter| letter.to == [REPORTS_ADDRESS]);
    let [latest, _] = &summaries.collect::<Vec<_>>()[..] else { panic!("one for each week") };
    assert_eq!(latest.subject, "The weekly reports of week 7 of 2026");
    let text = "\
The reports of week 7 of 2026.

Problems solved: 15
Contests attended: 3
Subscribers: 2
Reports sent: 2
Reports that failed: 0
Reports with nothing to tell, or nobody to send them to: 0
Reports still outstanding: 0

LeetCode: 2 profiles, of which 2 fresh, 0 failed, 0 unknown there, 0 gone meanwhile

CodeChef: 0 profiles, of which 0 fresh, 0 failed, 0 unknown there, 0 gone meanwhile

Codeforces: 1 profiles, of which 0 fresh, 1 failed, 0 unknown there, 0 gone meanwhile

SkillTracker";
    assert!(latest.text.replace("\r\n", "\n").starts_with(text), "{}", latest.text);
}

#[tokio::test]
async fn a_summary_waits_for_the_letters_and_says_in_the_end_how_many_are_missing() {
    let world = World::with(&[("ReportsAddress", REPORTS_ADDRESS)]).await;
    subscriber(&world, "ada", &[Platform::LeetCode]).await;
    job(&world, "weekly-report").await;
    let run = run_of_this_week(&world).await;
    // Of one letter nobody ever hears.
    world.app().table.change::<RefreshRun>(Change::of(run.key()).add("due", 1)).await.unwrap();
    world.settle().await;
    for _ in 0..28 {
        world.wait(Duration::minutes(10));
        world.settle().await;
    }
    assert!(!world.letters().iter().any(|letter| letter.to == [REPORTS_ADDRESS]));
    settle(&world, Delivery::Once).await;
    let summary = world.letters().remove(0);
    assert!(summary.to == [REPORTS_ADDRESS] && summary.text.contains("Reports still outstanding: 1"), "{summary:?}");
}
