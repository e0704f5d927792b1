//! Asking platforms: what is told of an account, whatever goes wrong on the way, and how often anybody is asked.

use std::time::{Duration as Patience, Instant};

use chrono::Duration;
use futures_util::future::join_all;
use local::endpoints::platforms::{Account, Call, Fault, Outage, address};
use shared::App;
use shared::meter::Meter;
use shared::platforms::{Answer, Platform, Report, Told, ask, look_up};
use tokio::task::JoinSet;

use crate::world::World;

/// Longer than anything here takes.
const PATIENCE: Patience = Patience::from_secs(60);
/// For calls that are never answered: a second for each try.
const SHORT: Patience = Patience::from_secs(3);
/// What nobody is: a server of the cloud, which tells secrets to whoever asks from within.
const PRIVATE: &str = "http://169.254.169.254/latest/meta-data/";

/// An instance of a function that asks platforms.
fn instance(world: &World) -> App {
    instance_with(world, &[])
}

/// The same, with some variables of its own.
fn instance_with(world: &World, own: &[(&str, &str)]) -> App {
    let mut environment = world.cloud.functions().environment("accounts").expect("the template's function").clone();
    let variables = [
        ("LEETCODE_GRAPHQL_URL", Platform::LeetCode),
        ("CODECHEF_BASE_URL", Platform::CodeChef),
        ("CODEFORCES_API_URL", Platform::Codeforces),
    ];
    let addresses = variables.map(|(name, platform)| (name, address(platform, world.cloud.services_url())));
    environment.extend(addresses.map(|(name, address)| (name.to_owned(), address)));
    environment.insert("PLATFORM_WAIT_FACTOR".to_owned(), "0".to_owned());
    environment.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    App::new(&environment).expect("an app").with_clock(world.clock.clone())
}

/// An answer with these figures; those that are none were not told.
fn known(rating: Option<i64>, solved: Option<i64>, contests: Option<i64>) -> Answer {
    let told = |figure: Option<i64>| figure.map_or(Told::Silence, Told::Number);
    Answer::Known(Report { rating: told(rating), solved: told(solved), contests: told(contests) })
}

fn has_failed(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed(no_answer) if no_answer.not_before.is_none())
}

fn was_not_asked(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed(no_answer) if no_answer.not_before.is_some())
}

fn calls(world: &World, platform: Platform) -> usize {
    world.cloud.platforms().calls(platform).len()
}

#[tokio::test]
async fn each_platform_tells_the_three_figures() {
    let world = World::new().await;
    let app = instance(&world);
    for platform in Platform::ALL {
        world.cloud.platforms().set(platform, "Ada", Account::new(1530, 212, 14));
        let told = ask(&app, platform, "ada", PATIENCE).await.unwrap();
        assert_eq!(told, known(Some(1530), Some(212), Some(14)), "{platform:?}");
        assert_eq!(ask(&app, platform, "ghost_coder", PATIENCE).await.unwrap(), Answer::Unknown, "{platform:?}");
    }
    for platform in [Platform::LeetCode, Platform::CodeChef] {
        let Answer::Known(report) = ask(&app, platform, "nocontest_coder", PATIENCE).await.unwrap() else { panic!() };
        assert_eq!((report.rating, report.contests), (Told::None, Told::None), "{platform:?}");
    }
    // It tells of no contests, which is a number, too.
    let Answer::Known(report) = ask(&app, Platform::Codeforces, "nocontest", PATIENCE).await.unwrap() else { panic!() };
    assert_eq!((report.rating, report.contests), (Told::None, Told::Number(0)));
}

#[tokio::test]
async fn a_name_is_never_more_than_a_name() {
    let world = World::new().await;
    let app = instance(&world);
    let long = "a".repeat(101);
    for name in ["", " ", "a\r\nHost: b", "a\0", &long] {
        for platform in Platform::ALL {
            assert_eq!(ask(&app, platform, name, PATIENCE).await.unwrap(), Answer::Unknown, "{name:?}");
        }
    }
    assert_eq!(ask(&app, Platform::Codeforces, "ada;bob", PATIENCE).await.unwrap(), Answer::Unknown);
    assert_eq!(ask(&app, Platform::CodeChef, "..", PATIENCE).await.unwrap(), Answer::Unknown);
    assert!(Platform::ALL.iter().all(|platform| calls(&world, *platform) == 0), "nobody was asked");
    for name in [r#"a") { username } #"#, "a/../b?c=d&e=f#g", "ä %41+$username", "{}\\\"'<b>"] {
        for platform in Platform::ALL {
            world.cloud.platforms().set(platform, name, Account::new(1, 2, 3));
            let told = ask(&app, platform, name, PATIENCE).await.unwrap();
            assert_eq!(told, known(Some(1), Some(2), Some(3)), "{platform:?} {name}");
        }
    }
}

/// How often a call is made that fails in some way so many times, and whether it succeeds in the end.
fn outcome(fault: &Fault, times: usize) -> (usize, bool) {
    match fault {
        Fault::Texts => (1, true),
        Fault::NotFound | Fault::Blocked | Fault::Redirect(_) => (1, false),
        _ => ((times + 1).min(3), times < 3),
    }
}

/// What is answered if everything is told but what this call tells.
fn without(call: Call, fault: &Fault) -> Option<Answer> {
    let (rating, solved, contests) = (Some(1530), Some(212), Some(14));
    match call {
        Call::Figures | Call::Info | Call::Page if *fault == Fault::NotFound => Some(Answer::Unknown),
        Call::Figures | Call::Page => None,
        Call::Info => Some(known(None, solved, contests)),
        Call::Status => Some(known(rating, None, contests)),
        Call::Rating => Some(known(rating, solved, None)),
    }
}

/// Every call that goes out, failing in every way at the first try, at the first two, and at all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_a_platform_answers_only_what_it_tells_counts() {
    let mut sweeps = JoinSet::new();
    for call in [Call::Figures, Call::Info, Call::Status, Call::Rating, Call::Page] {
        sweeps.spawn(sweep(call));
    }
    while let Some(swept) = sweeps.join_next().await {
        swept.unwrap();
    }
}

async fn sweep(call: Call) {
    let faults = [
        Fault::Silent,
        Fault::Slow,
        Fault::Limited(None),
        Fault::Limited(Some(3600)),
        Fault::Broken,
        Fault::Busy,
        Fault::Html,
        Fault::Blocked,
        Fault::Truncated,
        Fault::Cut,
        Fault::NotFound,
        Fault::Redirect(PRIVATE.to_owned()),
        Fault::Redirect("http://127.0.0.1:1/".to_owned()),
        Fault::Huge,
        Fault::Nulls,
        Fault::Texts,
    ];
    let (world, platform) = (World::new().await, call.platform());
    let platforms = world.cloud.platforms();
    for (number, fault) in faults.into_iter().enumerate() {
        for times in 1..=3 {
            let case = format!("{call:?} {fault:?}, {times} times");
            // So that earlier cases have not opened the circuit.
            world.wait(Duration::hours(2));
            let app = instance(&world);
            let name = format!("coder-{number}-{times}");
            platforms.set(platform, &name, Account::new(1530, 212, 14));
            platforms.fail(Outage::at(call, fault.clone()).times(times));
            let before = calls_of(&world, call);
            let patience = if [Fault::Silent, Fault::Slow].contains(&fault) { SHORT } else { PATIENCE };
            let since = Instant::now();
            let answer = ask(&app, platform, &name, patience).await.unwrap();
            assert!(since.elapsed() < patience + Patience::from_secs(2), "{case}: {:?}", since.elapsed());
            let (tries, succeeds) = outcome(&fault, times);
            let expected = if succeeds { Some(known(Some(1530), Some(212), Some(14))) } else { without(call, &fault) };
            match expected {
                Some(expected) => assert_eq!(answer, expected, "{case}"),
                None => assert!(has_failed(&answer), "{case}: {answer:?}"),
            }
            assert_eq!(calls_of(&world, call) - before, tries, "{case}");
            platforms.mend();
        }
    }
}

fn calls_of(world: &World, call: Call) -> usize {
    world.cloud.platforms().calls(call.platform()).into_iter().filter(|made| *made == call).count()
}

#[tokio::test]
async fn a_platform_that_tells_nothing_has_failed() {
    let world = World::new().await;
    for fault in [Fault::Broken, Fault::Html, Fault::Blocked, Fault::Nulls] {
        for platform in Platform::ALL {
            world.wait(Duration::hours(2));
            world.cloud.platforms().fail(Outage::of(platform, fault.clone()));
            let answer = ask(&instance(&world), platform, "ada", PATIENCE).await.unwrap();
            assert!(has_failed(&answer), "{platform:?} {fault:?}: {answer:?}");
        }
        world.cloud.platforms().mend();
    }
    // Nobody listens there, and there is no such host; and what hangs has its end.
    for address in ["http://127.0.0.1:9", "http://nowhere.invalid", "no address", ""] {
        let variables = ["LEETCODE_GRAPHQL_URL", "CODECHEF_BASE_URL", "CODEFORCES_API_URL"].map(|name| (name, address));
        for platform in Platform::ALL {
            world.wait(Duration::hours(2));
            let since = Instant::now();
            let answer = ask(&instance_with(&world, &variables), platform, "ada", SHORT).await;
            match answer {
                Ok(answer) => assert!(has_failed(&answer), "{platform:?} {address}: {answer:?}"),
                Err(_) => assert!(!address.starts_with("http"), "{platform:?} {address}"),
            }
            assert!(since.elapsed() < SHORT + Patience::from_secs(2), "{platform:?} {address}");
        }
    }
}

#[tokio::test]
async fn a_platform_that_is_down_is_left_alone_by_every_instance() {
    let world = World::new().await;
    let (one, other) = (instance(&world), instance(&world));
    let at = |app: App| async move { ask(&app, Platform::LeetCode, "ada", PATIENCE).await.unwrap() };
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Broken));
    for app in [&one, &other, &one, &other, &one] {
        assert!(has_failed(&at(app.clone()).await));
    }
    assert_eq!(calls(&world, Platform::LeetCode), 15);
    let Answer::Failed(no_answer) = at(one.clone()).await else { panic!("it is down") };
    assert_eq!(no_answer.not_before, Some(world.clock.now() + Duration::seconds(30)));
    // Whoever saw it well a moment ago looks again soon, and whoever comes new looks first.
    world.wait(Duration::seconds(10));
    assert!(was_not_asked(&at(other.clone()).await));
    assert!(was_not_asked(&at(instance(&world)).await));
    assert_eq!(calls(&world, Platform::LeetCode), 15);
    // The others are well.
    let told = ask(&one, Platform::CodeChef, "ada", PATIENCE).await.unwrap();
    assert!(matches!(told, Answer::Known(_)));

    // Half a minute later one of all who come tries, once, and the others do not wait for it.
    world.cloud.platforms().mend();
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Silent).times(1));
    world.wait(Duration::seconds(20));
    let racing = (0..20).map(|number| {
        let app = [&one, &other, &instance(&world)][number % 3].clone();
        async move { ask(&app, Platform::LeetCode, "ada", SHORT).await.unwrap() }
    });
    let answers = join_all(racing).await;
    assert_eq!(answers.iter().filter(|answer| has_failed(answer)).count(), 1);
    assert_eq!(answers.iter().filter(|answer| was_not_asked(answer)).count(), 19);
    assert_eq!(calls(&world, Platform::LeetCode), 16);
    world.wait(Duration::seconds(29));
    assert!(was_not_asked(&at(one.clone()).await));

    // The next to try finds it well, and then everybody may ask again.
    world.wait(Duration::seconds(1));
    assert!(matches!(at(one.clone()).await, Answer::Known(_)));
    assert!(matches!(at(one.clone()).await, Answer::Known(_)));
    world.wait(Duration::seconds(10));
    assert!(matches!(at(other.clone()).await, Answer::Known(_)));
    // Failures are counted anew.
    world.cloud.platforms().fail(Outage::of(Platform::LeetCode, Fault::Broken).times(12));
    for _ in 0..4 {
        assert!(has_failed(&at(one.clone()).await));
    }
    assert!(matches!(at(one.clone()).await, Answer::Known(_)));
}

#[tokio::test]
async fn whoever_asks_amiss_does_not_make_a_platform_look_down() {
    let world = World::new().await;
    let app = instance(&world);
    for number in 0..20 {
        let name = format!("ghost-{number}");
        for platform in Platform::ALL {
            assert_eq!(ask(&app, platform, &name, PATIENCE).await.unwrap(), Answer::Unknown, "{platform:?} {number}");
        }
    }
}

#[tokio::test]
async fn a_platform_that_is_well_costs_a_read_now_and_then() {
    let world = World::new().await;
    let app = instance(&world);
    let asked = async || {
        let meter = Meter::default();
        meter.measure(ask(&app, Platform::LeetCode, "ada", PATIENCE)).await.unwrap();
        meter.cost()
    };
    let first = asked().await;
    assert_eq!((first.calls, first.read_units, first.write_units), (1, 0.5, 0.0));
    assert_eq!(asked().await.calls, 0);
    world.wait(Duration::seconds(9));
    assert_eq!(asked().await.calls, 0);
    world.wait(Duration::seconds(1));
    assert_eq!(asked().await.calls, 1);
}

#[tokio::test]
async fn what_was_looked_up_is_good_for_a_while() {
    let world = World::new().await;
    let app = instance(&world);
    let (platform, platforms) = (Platform::LeetCode, world.cloud.platforms());
    let look = |name: &'static str| {
        let app = app.clone();
        async move { look_up(&app, platform, name).await.unwrap() }
    };
    platforms.set(platform, "ada", Account::new(1530, 212, 14));
    platforms.remove(platform, "bob");
    for _ in 0..2 {
        assert_eq!(look("Ada").await, known(Some(1530), Some(212), Some(14)));
        assert_eq!(look("bob").await, Answer::Unknown);
    }
    assert_eq!(calls(&world, platform), 2);
    // An account that was just made is found after a minute.
    platforms.set(platform, "ada", Account::new(1600, 213, 15));
    platforms.set(platform, "bob", Account::new(1, 2, 3));
    world.wait(Duration::seconds(59));
    assert_eq!(look("bob").await, Answer::Unknown);
    world.wait(Duration::seconds(1));
    assert_eq!(look("bob").await, known(Some(1), Some(2), Some(3)));
    world.wait(Duration::minutes(14) - Duration::seconds(1));
    assert_eq!(look("ada").await, known(Some(1530), Some(212), Some(14)));
    world.wait(Duration::seconds(1));
    assert_eq!(look("ada").await, known(Some(1600), Some(213), Some(15)));
    // That a platform is down is nothing to remember.
    platforms.fail(Outage::of(platform, Fault::Broken).times(3));
    assert!(has_failed(&look("eve").await));
    assert!(matches!(look("eve").await, Answer::Known(_)));
    // What was told in part is asked for again soon.
    let part = |name: &'static str| {
        let app = app.clone();
        async move { look_up(&app, Platform::Codeforces, name).await.unwrap() }
    };
    platforms.set(Platform::Codeforces, "ada", Account::new(1530, 212, 14));
    platforms.fail(Outage::at(Call::Rating, Fault::Blocked).times(1));
    for _ in 0..2 {
        assert_eq!(part("ada").await, known(Some(1530), Some(212), None));
    }
    world.wait(Duration::seconds(60));
    assert_eq!(part("ada").await, known(Some(1530), Some(212), Some(14)));
    assert!(world.everything().iter().all(|item| !item["pk"]["S"].as_str().unwrap().contains("ada")));
}

#[tokio::test]
async fn a_history_is_read_once_and_then_only_what_is_new() {
    let world = World::new().await;
    let app = instance(&world);
    let platforms = world.cloud.platforms();
    let solved = async |name: &str| match ask(&app, Platform::Codeforces, name, PATIENCE).await.unwrap() {
        Answer::Known(report) => report.solved,
        other => panic!("{other:?}"),
    };
    let pages = || calls_of(&world, Call::Status);
    // 2,800 submissions: three pages. Then one of a hundred, as often as there is little new.
    platforms.set(Platform::Codeforces, "ada", Account::new(1530, 1200, 14));
    assert_eq!(solved("ada").await, Told::Number(1200));
    assert_eq!(pages(), 3);
    for more in [1200, 1201, 1230] {
        let before = pages();
        platforms.set(Platform::Codeforces, "ada", Account::new(1530, more, 14));
        assert_eq!(solved("Ada").await, Told::Number(more as i64));
        assert_eq!(pages() - before, 1, "{more}");
    }
    let before = pages();
    platforms.set(Platform::Codeforces, "ada", Account::new(1530, 1700, 14));
    assert_eq!(solved("ada").await, Told::Number(1700));
    assert_eq!(pages() - before, 2, "a hundred, and a thousand");
    // What breaks off is read on from there.
    platforms.set(Platform::Codeforces, "bob", Account::new(1530, 1200, 14));
    platforms.fail(Outage::at(Call::Status, Fault::Broken).after(2).times(3));
    assert_eq!(solved("bob").await, Told::Silence);
    let before = pages();
    assert_eq!(solved("bob").await, Told::Number(1200));
    assert_eq!(pages() - before, 2, "the third page, and what may be new");
    // A history without an end is read in parts.
    platforms.set(Platform::Codeforces, "eve", Account::new(1530, 8900, 14));
    let before = pages();
    assert_eq!(solved("eve").await, Told::Silence);
    assert_eq!(pages() - before, 20);
    assert_eq!(solved("eve").await, Told::Number(8900));
    assert_eq!(pages() - before, 22, "the last page, and what may be new");
}

#[tokio::test]
async fn a_verdict_that_is_taken_back_does_not_count() {
    let world = World::new().await;
    let app = instance(&world);
    for (solved, fresh) in [(212, 12), (205, 5), (207, 7), (207, 0), (207, 0)] {
        world.cloud.platforms().set(Platform::Codeforces, "ada", Account { fresh, ..Account::new(1530, solved, 14) });
        let told = ask(&app, Platform::Codeforces, "ada", PATIENCE).await.unwrap();
        assert_eq!(told, known(Some(1530), Some(solved as i64), Some(14)));
        world.wait(Duration::minutes(10));
    }
}

/// Codeforces allows a call every two seconds, here every tenth of one.
#[tokio::test]
async fn calls_to_codeforces_keep_their_distance() {
    let world = World::new().await;
    let app = instance_with(&world, &[("PLATFORM_WAIT_FACTOR", "0.05")]);
    let since = Instant::now();
    let asked = (0..3).map(|_| ask(&app, Platform::Codeforces, "ada", PATIENCE));
    for answer in join_all(asked).await {
        assert!(matches!(answer.unwrap(), Answer::Known(_)));
    }
    // Nine calls have eight distances between them.
    assert!(since.elapsed() >= Patience::from_millis(800), "{:?}", since.elapsed());
    let since = Instant::now();
    let unhurried = instance_with(&world, &[("PLATFORM_WAIT_FACTOR", "1")]);
    let answer = ask(&unhurried, Platform::Codeforces, "ada", SHORT);
    // There is time for two calls; the third is not waited for.
    let Answer::Known(report) = answer.await.unwrap() else { panic!("what was told in time counts") };
    assert!([report.rating, report.solved, report.contests].contains(&Told::Silence));
    assert!(since.elapsed() < SHORT + Patience::from_secs(2));
}
