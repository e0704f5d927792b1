//! The report of today, for whoever asks for it.

use local::Delivery;
use local::endpoints::platforms::{Account as Coder, Fault, Outage};
use shared::events::{Event, happened};
use shared::ids::MemberId;
use shared::platforms::Platform;

use super::{known, settle, subscribe, subscriber, tell};
use crate::world::{Person, World};

const SUBJECT: &str = "Your Daily Coding Activity Report";

/// Somebody wants the report of today.
pub async fn ask(world: &World, person: &Person) {
    let app = world.app().with_ids(world.ids.clone());
    let asked = happened(&app, Event::DailyReportAsked { member: MemberId(person.id()) }).unwrap();
    app.table.together(vec![asked]).await.unwrap();
    settle(world, Delivery::Shuffled).await;
}

#[tokio::test]
async fn it_is_as_new_as_it_gets_and_goes_out_once() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode, Platform::CodeChef]).await;
    tell(&world, &ada, Platform::LeetCode, 1500, 200, 14);
    let none = Coder { rating: None, solved: 10, contests: None, fresh: 0 };
    world.cloud.platforms().set(Platform::CodeChef, "ada", none);
    ask(&world, &ada).await;
    let letter = world.letters().remove(0);
    let text = "\
Hello ada@example.org,

this is how you stand.

LeetCode (ada)
Problems Solved: 200
Rating: 1500
Contests Attended: 14

CodeChef (ada)
Problems Solved: 10
Rating: N/A
Contests Attended: N/A

SkillTracker
";
    assert_eq!(letter.subject, SUBJECT);
    assert!(letter.text.replace("\r\n", "\n").starts_with(text), "{}", letter.text);
    assert!(letter.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("List-Unsubscribe-Post")));
    assert_eq!(world.subjects_to("ada@example.org").iter().filter(|subject| *subject == SUBJECT).count(), 1);
    // What was asked for it is known from then on.
    assert_eq!(known(&world, &ada, Platform::LeetCode).await.figures.solved, Some(200));

    world.wait(chrono::Duration::hours(30));
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Broken));
    ask(&world, &ada).await;
    let text = world.letters().remove(0).text;
    assert!(text.contains("Problems Solved: 200"), "{text}");
    assert!(text.contains("This could not be brought up to date. It is of 31 January 2026, a day ago."), "{text}");
}

#[tokio::test]
async fn what_was_never_fetched_is_an_error_and_no_figure() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::Codeforces]).await;
    world.cloud.platforms().fail(Outage::of(Platform::Codeforces, Fault::Broken));
    ask(&world, &ada).await;
    let text = world.letters().remove(0).text.replace("\r\n", "\n");
    let told = "Problems Solved: N/A\nRating: N/A\nContests Attended: N/A\nError fetching data.\n";
    assert!(text.contains(told), "{text}");
}

#[tokio::test]
async fn it_goes_to_a_confirmed_address_only() {
    let world = World::new().await;
    let bob = world.member("bob").await;
    bob.patch(&bob.profile(), serde_json::json!({ "email": "bob@example.org" })).await.assert(200);
    subscribe(&world, &bob, &[Platform::LeetCode]).await;
    ask(&world, &bob).await;
    assert!(!world.subjects_to("bob@example.org").iter().any(|subject| subject == SUBJECT));
}
