//! Refresh runs, and the reports that come of them.

mod crashes;
mod daily;
mod letters;
mod runs;
mod stopping;

use chrono::Duration;
use local::Delivery;
use local::endpoints::platforms::Account as Coder;
use serde_json::{Value, json};
use shared::boards::Span;
use shared::ids::{MemberId, ProfileId};
use shared::model::coding::{CoderHeld, CodingProfile, Fetch, Figures};
use shared::model::refresh::{RefreshRun, Tally};
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::store::keys;
use tests::weeks::{self, Outcome, REPORTS_ADDRESS, SUBJECT};
use tests::wire::Wire;

use crate::world::{Person, World};

/// Somebody whom letters reach, who subscribes with these accounts on platforms, each by the name of its owner.
async fn subscriber(world: &World, name: &str, on: &[Platform]) -> Person {
    let person = world.reachable(name).await;
    subscribe(world, &person, on).await;
    person
}

async fn subscribe(world: &World, person: &Person, on: &[Platform]) {
    let (member, since, table) = (MemberId(person.id()), world.clock.now(), world.app().table.clone());
    table.put(&Subscription { member, group: None, since, reports: true }).await.unwrap();
    for platform in on {
        table.put(&CoderHeld::new(*platform, &person.name, member)).await.unwrap();
        table.put(&profile(world, member, *platform, &person.name)).await.unwrap();
    }
}

fn profile(world: &World, member: MemberId, platform: Platform, username: &str) -> CodingProfile {
    CodingProfile {
        id: ProfileId(member.0 * 10 + platform as u64),
        member,
        platform,
        username: username.to_owned(),
        figures: Figures::default(),
        group: None,
        updated_at: world.clock.now(),
        fetched_at: None,
        fetch: Fetch::Pending,
    }
}

/// Lets this be what somebody has on a platform from now on.
fn tell(world: &World, person: &Person, platform: Platform, rating: i64, solved: usize, contests: usize) {
    world.cloud.platforms().set(platform, &person.name, Coder::new(rating, solved, contests));
}

/// What is known of somebody on a platform.
async fn known(world: &World, person: &Person, platform: Platform) -> CodingProfile {
    let key = keys::coding_profile(MemberId(person.id()), platform);
    world.app().table.get(key).await.unwrap().expect("a profile")
}

async fn job(world: &World, name: &str) -> Value {
    world.cloud.run_schedule(name).await.unwrap().outcome.unwrap()
}

/// Lets everything happen that follows, also what comes again because it failed.
async fn settle(world: &World, delivery: Delivery) {
    weeks::settle(&world.cloud, delivery).await.unwrap();
}

/// Lets a week go by, at the end of which reports are made.
async fn week(world: &World) {
    world.wait(Duration::days(7));
    job(world, "weekly-report").await;
    settle(world, Delivery::Once).await;
}

/// The texts of the weekly reports to somebody, the first first.
fn reports(world: &World, person: &Person) -> Vec<String> {
    let address = format!("{}@example.org", person.name);
    let theirs = |letter: &local::state::Letter| letter.subject == SUBJECT && letter.to == [address.clone()];
    world.letters().into_iter().rev().filter(theirs).map(|letter| letter.text.replace("\r\n", "\n")).collect()
}

/// The run that made the report of this week.
async fn run_of_this_week(world: &World) -> RefreshRun {
    run(world, RefreshRun::of_week(Span::Week.at(world.clock.now()))).await
}

async fn run(world: &World, run: shared::ids::EventId) -> RefreshRun {
    world.app().table.get(keys::refresh_run(run)).await.unwrap().expect("a run")
}

async fn tally(world: &World, run: &RefreshRun, platform: Platform) -> Tally {
    world.app().table.get(keys::tally(run.id, platform)).await.unwrap().expect("a tally")
}

/// Everything that can happen here, for whoever wants to see what functions do.
pub async fn a_day(world: &World) {
    let coder = subscriber(world, "coder", &Platform::ALL).await;
    for _ in 0..2 {
        week(world).await;
    }
    job(world, "refresh-profiles").await;
    // One that fails, and one that does not after it.
    world.cloud.platforms().fail(
        local::endpoints::platforms::Outage::of(Platform::LeetCode, local::endpoints::platforms::Fault::Html).times(3),
    );
    for _ in 0..2 {
        daily::ask(world, &coder).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_one_letter_with_the_right_figures_whatever_happens() {
    let wire = Wire::default();
    let cloud = tests::cloud_over(&wire, &[("ReportsAddress", REPORTS_ADDRESS)]).await.unwrap();
    let outcome = weeks::live(&cloud, &wire, 60).await.unwrap();
    let Outcome { due, calls, took, .. } = outcome;
    assert_eq!(due, 51);
    let expected = Outcome { due, reached: due, summaries: 1, calls, took, ..Outcome::default() };
    assert_eq!(outcome, expected);
    cloud.shutdown().await;
}

/// What a job that begins a run says.
fn began(run: shared::ids::EventId, job: &str, began: bool) -> Value {
    json!({ "job": job, "run": run, "began": began })
}
