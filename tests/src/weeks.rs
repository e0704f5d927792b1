//! A week of SkillTracker for as many subscribers as one likes, with everything delivered twice and out of order and
//! with crashes: who gets which letter, and what it says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use local::endpoints::platforms::Account as Coder;
use local::{Cloud, Delivery};
use shared::App;
use shared::boards::{Period, Span};
use shared::ids::{MemberId, ProfileId};
use shared::model::account::Account;
use shared::model::coding::{CodingProfile, Fetch, Figures};
use shared::model::name::{Email, Username};
use shared::model::refresh::{RefreshRun, Tally};
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::store::keys;

use crate::wire::{Fault, Wire};

/// Who is told what all letters come to.
pub const REPORTS_ADDRESS: &str = "reports@example.org";
/// The subject of a week's letter.
pub const SUBJECT: &str = "Your Weekly Coding Activity Summary";
/// Longer than any queue keeps a message out of sight.
const OUT_OF_SIGHT: i64 = 601;
/// How often what failed may come again.
const ROUNDS: usize = 40;
/// How many calls fail where something crashes.
const CRASH: usize = 10;

/// What came of the weeks.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// Subscribers to whom a letter is due.
    pub due: usize,
    /// Those of them who got one.
    pub reached: usize,
    /// Letters beyond the first to the same address, and letters to whom none is due.
    pub too_many: usize,
    /// Letters that say something else than they should.
    pub wrong: Vec<String>,
    /// What the runs counted wrongly.
    pub miscounted: Vec<String>,
    /// Messages that nobody could deal with.
    pub dead: u64,
    /// Letters that sum up a week.
    pub summaries: usize,
    /// Calls to AWS.
    pub calls: usize,
    /// How long the second week took.
    pub took: Duration,
}

/// Lives through two weeks with so many subscribers, of which the second is bad: everything comes twice and out of
/// order, the report is asked for three times, and it crashes at three places, each of them with everything under way.
pub async fn live(cloud: &Cloud, wire: &Wire, subscribers: u64) -> Result<Outcome, String> {
    let app = app(cloud)?;
    subscribe(cloud, &app, subscribers).await?;
    run(cloud, "weekly-report").await?;
    settle(cloud, Delivery::Once).await?;
    let first = cloud.state().letters(10).map_err(broken)?;
    if first.iter().any(|letter| letter.subject == SUBJECT) {
        return Err("There is a letter about a first week, which has nothing to compare.".to_owned());
    }
    cloud.state().clear_letters()?;
    cloud.clock().advance(chrono::Duration::days(7));
    for number in 0..subscribers {
        tell(cloud, number, 1);
    }

    let started = Instant::now();
    run(cloud, "weekly-report").await?;
    let mut calls = 0;
    for (crash, fault) in (1..).zip([Fault::Lost, Fault::AnswerLost, Fault::Unavailable]) {
        // Somewhere in the listing, the fetching, the letters; with few subscribers all the sooner.
        let at = (crash * crash * subscribers) as usize;
        wire.fail(at, CRASH, fault);
        tokio::select! {
            settled = settle(cloud, Delivery::Shuffled) => settled?,
            () = reached(wire, at + CRASH) => {}
        }
        calls += wire.calls();
        wire.mend();
        run(cloud, "weekly-report").await?;
        cloud.clock().advance(chrono::Duration::seconds(OUT_OF_SIGHT));
    }
    settle(cloud, Delivery::Shuffled).await?;
    calls += wire.calls();
    let took = started.elapsed();
    Ok(Outcome { calls, took, ..judge(cloud, &app, subscribers).await? })
}

/// Lets everything happen that follows, also what failed and comes again.
pub async fn settle(cloud: &Cloud, delivery: Delivery) -> Result<(), String> {
    for _ in 0..ROUNDS {
        cloud.settle(delivery).await;
        if cloud.state().queues()?.iter().all(|queue| queue.waiting + queue.in_flight == 0) {
            return Ok(());
        }
        cloud.clock().advance(chrono::Duration::seconds(OUT_OF_SIGHT));
    }
    Err("It never came to rest.".to_owned())
}

async fn reached(wire: &Wire, calls: usize) {
    while wire.calls() < calls {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn run(cloud: &Cloud, schedule: &str) -> Result<(), String> {
    cloud.run_schedule(schedule).await?.outcome.map(drop)
}

/// What sort of subscriber this is.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Ordinary,
    /// The account on the platforms is gone by the second week.
    Gone,
    /// They were in no contest before the second week.
    New,
    /// No account on any platform.
    Nowhere,
    /// No letter, please.
    Stopped,
    /// Their address may be somebody else's.
    Unconfirmed,
}

fn sort(number: u64) -> Sort {
    match number % 20 {
        14 => Sort::New,
        16 => Sort::Gone,
        17 => Sort::Nowhere,
        18 => Sort::Stopped,
        19 => Sort::Unconfirmed,
        _ => Sort::Ordinary,
    }
}

fn platforms(number: u64) -> &'static [Platform] {
    match (sort(number), number % 3) {
        (Sort::Nowhere, _) => &[],
        (_, places) => &Platform::ALL[..=places as usize],
    }
}

fn name(number: u64) -> String {
    format!("coder-{number:06}")
}

fn address(number: u64) -> String {
    format!("{}@example.org", name(number))
}

/// What somebody has in a week.
fn coder(number: u64, week: u64) -> Coder {
    let grown = |start: u64, step: u64| start + week * step;
    let rating = 1_400 + (number * 7 % 300) as i64 + week as i64 * (number as i64 % 7 - 3);
    let coder =
        Coder::new(rating, grown(5 + number % 20, number % 4) as usize, grown(1 + number % 5, number % 2) as usize);
    match sort(number) {
        Sort::New if week == 0 => Coder { rating: None, contests: None, ..coder },
        _ => coder,
    }
}

fn tell(cloud: &Cloud, number: u64, week: u64) {
    for platform in platforms(number) {
        match sort(number) {
            Sort::Gone if week == 1 => cloud.platforms().remove(*platform, &name(number)),
            _ => cloud.platforms().set(*platform, &name(number), coder(number, week)),
        }
    }
}

async fn subscribe(cloud: &Cloud, app: &App, subscribers: u64) -> Result<(), String> {
    let (since, mut accounts, mut subscriptions, mut profiles) = (app.clock.now(), vec![], vec![], vec![]);
    for number in 0..subscribers {
        tell(cloud, number, 0);
        let member = MemberId(1_000 + number);
        let username = Username::parse(&name(number)).map_err(|_| "That is no name.".to_owned())?;
        let email_confirmed = sort(number) != Sort::Unconfirmed;
        let email = Email::parse(&address(number)).ok();
        accounts.push(Account { email, email_confirmed, ..Account::new(member, username, since) });
        let reports = sort(number) != Sort::Stopped;
        subscriptions.push(Subscription { member, group: None, since, reports });
        profiles.extend((0..).zip(platforms(number)).map(|(place, platform)| CodingProfile {
            id: ProfileId(1_000_000 + number * 3 + place),
            member,
            platform: *platform,
            username: name(number),
            figures: Figures::default(),
            group: None,
            updated_at: since,
            fetched_at: None,
            fetch: Fetch::Pending,
        }));
    }
    let table = app.table.clone();
    table.put_all(&accounts).await.map_err(broken)?;
    table.put_all(&subscriptions).await.map_err(broken)?;
    table.put_all(&profiles).await.map_err(broken)?;
    cloud.settle(Delivery::Once).await;
    Ok(())
}

/// What a letter about the second week says of a platform.
fn told(number: u64, platform: Platform, since: &str) -> String {
    let (before, now) = (coder(number, 0), coder(number, if sort(number) == Sort::Gone { 0 } else { 1 }));
    let line = |name: &str, before: Option<i64>, now: Option<i64>| match (before, now) {
        (Some(before), Some(now)) if before == now => format!("{name}: 0 (now {now})\n"),
        (Some(before), Some(now)) => format!("{name}: {:+} (now {now})\n", now - before),
        // Codeforces tells that there was no contest as a number.
        (None, Some(now)) if platform == Platform::Codeforces && name.starts_with("Contests") => {
            format!("{name}: +{now} (now {now})\n")
        }
        (_, now) => format!("{name}: N/A{}\n", now.map_or(String::new(), |now| format!(" (now {now})"))),
    };
    let contests = |coder: &Coder| coder.contests.map(|contests| contests as i64);
    [
        format!("{} ({}), since {since}\n", platform.name(), name(number)),
        line("Problems Solved", Some(before.solved as i64), Some(now.solved as i64)),
        line("Rating Change", before.rating, now.rating),
        line("Contests Attended", contests(&before), contests(&now)),
    ]
    .concat()
}

async fn judge(cloud: &Cloud, app: &App, subscribers: u64) -> Result<Outcome, String> {
    let letters = cloud.state().letters(usize::try_from(subscribers * 2 + 10).map_err(broken)?)?;
    let week = Span::Week.at(cloud.clock().now());
    let begun = run_of(app, week).await?.began_at;
    let since = (begun - chrono::Duration::days(7)).format("%-d %B %Y").to_string();
    let mut by_address: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for letter in letters.iter().filter(|letter| letter.subject == SUBJECT) {
        by_address.entry(&letter.to[0]).or_default().push(&letter.text);
    }
    let mut outcome = Outcome::default();
    for number in 0..subscribers {
        let got = by_address.remove(&address(number)[..]).unwrap_or_default();
        let is_due = matches!(sort(number), Sort::Ordinary | Sort::Gone | Sort::New);
        outcome.due += usize::from(is_due);
        outcome.reached += usize::from(is_due && !got.is_empty());
        outcome.too_many += got.len().saturating_sub(usize::from(is_due));
        if let Some(text) = got.first() {
            let text = text.replace("\r\n", "\n");
            let missing = platforms(number).iter().map(|platform| told(number, *platform, &since));
            outcome
                .wrong
                .extend(missing.filter(|told| !text.contains(told)).map(|told| format!("{told}\nnot in\n{text}")));
        }
    }
    outcome.too_many += by_address.values().map(Vec::len).sum::<usize>();
    outcome.summaries = letters.iter().filter(|letter| letter.to[0] == REPORTS_ADDRESS).count();
    outcome.dead = cloud.state().queues()?.iter().map(|queue| queue.dead).sum();
    outcome.miscounted = miscounted(app, week, subscribers, &outcome).await?;
    Ok(outcome)
}

/// What the run of a week says that is not so.
async fn miscounted(app: &App, week: Period, subscribers: u64, outcome: &Outcome) -> Result<Vec<String>, String> {
    let run = run_of(app, week).await?;
    let mut wrong = Vec::new();
    let mut expect = |what: &str, is: i64, should: i64| {
        if is != should {
            wrong.push(format!("{what}: {is} instead of {should}"));
        }
    };
    let everybody = 0..subscribers;
    let somewhere = everybody.clone().filter(|number| !platforms(*number).is_empty()).count() as i64;
    expect("subscribers", run.subscribers, subscribers as i64);
    expect("reports due", run.due, somewhere);
    expect("letters sent", run.sent, outcome.due as i64);
    expect("letters not needed", run.needless, somewhere - outcome.due as i64);
    expect("letters given up", run.unsent, 0);
    expect("runs that ended", i64::from(run.ended_at.is_some()), 1);
    for platform in Platform::ALL {
        let here: Vec<u64> = everybody.clone().filter(|number| platforms(*number).contains(&platform)).collect();
        let gone = here.iter().filter(|number| sort(**number) == Sort::Gone).count() as i64;
        let tally = app.table.get::<Tally>(keys::tally(run.id, platform)).await.map_err(broken)?;
        let tally = tally.ok_or("A tally is missing.")?;
        expect(platform.name(), tally.listed, here.len() as i64);
        expect("open", tally.open, 0);
        expect("fresh", tally.fresh, here.len() as i64 - gone);
        expect("unknown", tally.unknown, gone);
        expect("failed and gone", tally.failed + tally.gone, 0);
        let grown = here.iter().filter(|number| sort(**number) != Sort::Gone);
        let solved = |number: &u64| coder(*number, 1).solved as i64 - coder(*number, 0).solved as i64;
        expect("problems solved", tally.solved, grown.map(solved).sum());
    }
    Ok(wrong)
}

async fn run_of(app: &App, week: Period) -> Result<RefreshRun, String> {
    let run = app.table.get::<RefreshRun>(keys::refresh_run(RefreshRun::of_week(week))).await.map_err(broken)?;
    run.ok_or_else(|| format!("There is no run of {week}."))
}

fn app(cloud: &Cloud) -> Result<App, String> {
    let environment = cloud.functions().environment("fetcher").ok_or("There is no function that fetches.")?;
    let app = App::new(environment).map_err(broken)?;
    Ok(app.with_clock(cloud.clock().clone()))
}

fn broken(error: impl std::fmt::Display) -> String {
    error.to_string()
}
