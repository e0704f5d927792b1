//! `measure feeds`: handing one action out to very many followers, with calls that fail and everything delivered twice.

use std::collections::BTreeSet;

use clap::Args;
use local::{Cloud, Delivery};
use shared::App;
use shared::events::{Event, happened};
use shared::ids::{ActionId, MemberId, PostId};
use shared::model::action::{Action, Verb};
use shared::model::feed::FeedEntry;
use shared::model::relation::Follow;
use shared::store::{Query, Write, keys};
use shared::visibility::Audience;
use tests::cloud_over;
use tests::wire::Wire;

use crate::figures::{milliseconds, thousands};
use crate::say;
use crate::table::Table;

/// Whose followers they are.
const ACTOR: MemberId = MemberId(1);
/// Entries per page of the count.
const PAGE: usize = 1_000;

/// What to hand out to.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Followers of the member who acts.
    #[arg(long, default_value_t = 5_000)]
    followers: u64,
    /// Of a thousand calls to AWS so many fail, in any way.
    #[arg(long, default_value_t = 10)]
    failing: u32,
}

/// The figures of both deliveries, and whether every follower has the action once.
pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let wire = Wire::default();
    let cloud = cloud_over(&wire, &[]).await?;
    let measured = measure(&cloud, &wire, arguments).await;
    cloud.shutdown().await;
    measured
}

async fn measure(cloud: &Cloud, wire: &Wire, arguments: &Arguments) -> Result<String, String> {
    let environment = cloud.functions().environment("feeds").ok_or("There is no function that hands out.")?;
    let app = App::new(environment).map_err(|error| error.to_string())?.with_clock(cloud.clock().clone());
    say("Gathering followers …");
    gather(&app, arguments.followers).await.map_err(|error| error.to_string())?;
    cloud.settle(Delivery::Once).await;
    let heading = format!("One action to {} followers", thousands(arguments.followers as usize));
    let mut table = Table::new(heading, ["failing", "ms", "calls", "trips", "reads", "writes", "once each"]);
    for failing in [0, arguments.failing] {
        say(&format!("Handing out, {failing} of 1,000 calls fail …"));
        let action = act(&app).await.map_err(|error| error.to_string())?;
        wire.fail_by_chance(failing, 7);
        cloud.settle(Delivery::Twice).await;
        wire.mend();
        for _ in 0..5 {
            cloud.clock().advance(chrono::Duration::minutes(7));
            cloud.settle(Delivery::Twice).await;
        }
        let recent = cloud.functions().recent();
        let longest = recent
            .iter()
            .filter(|one| one.function == "feeds")
            .max_by(|one, other| one.cost.write_units.total_cmp(&other.cost.write_units));
        let longest = longest.ok_or("Nothing was handed out.")?;
        let readers = readers(&app, action).await.map_err(|error| error.to_string())?;
        let distinct: BTreeSet<MemberId> = readers.iter().copied().collect();
        let complete = readers.len() as u64 == arguments.followers && distinct.len() == readers.len();
        table.row([
            failing.to_string(),
            milliseconds(std::time::Duration::from_secs_f64(longest.duration_ms / 1_000.0)),
            thousands(longest.cost.calls as usize),
            thousands(longest.cost.round_trips as usize),
            longest.cost.read_units.to_string(),
            longest.cost.write_units.to_string(),
            if complete { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    Ok(format!("{table}\nEach line is the dearest run of several; the function may take a minute."))
}

async fn gather(app: &App, followers: u64) -> shared::Result<()> {
    let since = app.clock.now();
    let fan = |number: u64| Follow {
        member: MemberId(1_000_000 + number),
        followed: ACTOR,
        name: format!("fan{number:06}"),
        followed_name: "ada".to_owned(),
        action: None,
        since,
    };
    app.table.put_all(&(0..followers).map(fan).collect::<Vec<_>>()).await
}

async fn act(app: &App) -> shared::Result<ActionId> {
    let at = app.clock.now();
    let id = ActionId(app.ids.next(at));
    let action = Action {
        id,
        actor: ACTOR,
        verb: Verb::Posted,
        target: None,
        target_owner: None,
        object: Some(PostId(id.0).into()),
        object_owner: None,
        audience: Audience::Everyone,
        at,
    };
    let event = happened(app, Event::Acted { action: action.clone() })?;
    app.table.together(vec![Write::create(&action)?, event]).await?;
    Ok(id)
}

async fn readers(app: &App, action: ActionId) -> shared::Result<Vec<MemberId>> {
    let (mut readers, mut next) = (Vec::new(), None::<String>);
    loop {
        let query = Query::of(keys::fed_with(ACTOR, action), PAGE).on_from(next.as_deref())?;
        let page = app.table.query::<FeedEntry>(query).await?;
        readers.extend(page.items.iter().map(|entry| entry.reader));
        next = page.next;
        if next.is_none() {
            return Ok(readers);
        }
    }
}
