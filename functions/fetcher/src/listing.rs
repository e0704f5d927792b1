//! The list of what a refresh run has to see to: a page of a shard of the subscribers at a time.

use std::collections::BTreeMap;

use shared::events::{Event, happened};
use shared::ids::EventId;
use shared::model::coding::CodingProfile;
use shared::model::refresh::{AwaitedReport, Listing, RefreshRun};
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::store::{Change, Condition, Query, StoreError, Write, keys};
use shared::{App, Result};

use crate::end_if_over;

/// Subscribers per page. Each comes to three profiles and a report, and a transaction takes 100 writes.
const PAGE: usize = 20;

/// Lists the page that begins at this place, unless that was done before: every profile on it is due, and so is the
/// next page. A member's profiles are listed together, so it is known from the beginning what their report waits for.
pub async fn read_on(app: &App, run: EventId, shard: u64, after: Option<String>) -> Result<()> {
    let (run, listing) =
        app.table.get_two::<RefreshRun, Listing>(keys::refresh_run(run), keys::listing(run, shard)).await?;
    // What is not remembered was over long ago.
    let (Some(run), Some(listing)) = (run, listing) else { return Ok(()) };
    if !listing.over && listing.after == after {
        list(app, &run, listing).await?;
    }
    end_if_over(app, run.id).await
}

async fn list(app: &App, run: &RefreshRun, listing: Listing) -> Result<()> {
    let query = Query::of(keys::subscribers(listing.shard), PAGE).on_from(listing.after.as_deref())?;
    let page = app.table.query::<Subscription>(query).await?;
    let everywhere = |subscriber: &Subscription| Platform::ALL.map(|on| keys::coding_profile(subscriber.member, on));
    let wanted: Vec<_> = page.items.iter().flat_map(everywhere).collect();
    let profiles: Vec<CodingProfile> = app.table.get_many(&wanted).await?.into_iter().flatten().collect();

    let same = Condition::equals("after", &listing.after).and(Condition::equals("over", false));
    let moved = Change::of(keys::listing(run.id, listing.shard)).set("after", &page.next);
    let mut writes = vec![Write::change(moved.set("over", page.next.is_none()).when(same))];
    let (mut of_platform, mut of_member) = (BTreeMap::new(), BTreeMap::new());
    for profile in &profiles {
        *of_platform.entry(profile.platform).or_insert(0) += 1;
        *of_member.entry(profile.member).or_insert(0) += 1;
        let CodingProfile { id, member, platform, .. } = *profile;
        writes.push(happened(app, Event::ProfileDue { member, platform, profile: id, run: Some(run.id) })?);
    }
    if let Some(week) = run.week {
        for (member, waiting) in of_member {
            let awaited = AwaitedReport { member, run: run.id, week, began_at: run.began_at, waiting };
            writes.push(Write::create(&awaited)?);
        }
    }
    let is_over = i64::from(page.next.is_none());
    for platform in Platform::ALL {
        let listed = of_platform.get(&platform).copied().unwrap_or_default();
        if listed > 0 || is_over > 0 {
            let tally = Change::of(keys::tally(run.id, platform)).add("listed", listed).add("open", listed - is_over);
            writes.push(Write::change(tally));
        }
    }
    if !page.items.is_empty() {
        let listed = Change::of(keys::refresh_run(run.id)).add("subscribers", page.items.len() as i64);
        writes.push(Write::change(listed));
    }
    if page.next.is_some() {
        writes.push(happened(app, Event::ProfilesDue { run: run.id, shard: listing.shard, after: page.next })?);
    }
    match app.table.together(writes).await {
        // Another delivery was faster.
        Ok(()) | Err(StoreError::Refused { write: 0, .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
