//! One profile: its platform is asked, and what it tells is kept, together with everything that a run makes of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::boards::Period;
use shared::coding::{self, once_told};
use shared::events::{Event, happened};
use shared::ids::{EventId, MemberId, ProfileId};
use shared::model::coding::{CodingProfile, Heard, Snapshot};
use shared::model::figures::Counted;
use shared::model::refresh::{self, AwaitedReport, Tally};
use shared::platforms::{self, Answer, Platform};
use shared::queue::Then;
use shared::store::{Change, Condition, Query, StoreError, Stored, Write, keys};
use shared::{App, Error, Result};

use crate::end_if_over;

/// How long a platform is asked, with every try and the waits between them; the function may take twice as long.
pub const PATIENCE: Duration = Duration::from_secs(25);
/// How often a profile is settled anew because it changed meanwhile.
const TRIES: u32 = 5;

/// A profile that is due.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// Whose.
    pub member: MemberId,
    /// Where.
    pub platform: Platform,
    /// Which; they may have another one there by now.
    pub profile: ProfileId,
}

/// Sees to a profile, for a run or by itself. While its platform is left alone, it waits for its last delivery.
pub async fn see_to(app: &App, due: Due, run: Option<EventId>, is_last: bool) -> Result<Then> {
    if let Some(run) = run {
        return settle(app, due, run, is_last).await;
    }
    let found = app.table.get::<CodingProfile>(keys::coding_profile(due.member, due.platform)).await?;
    let Some(profile) = found.filter(|profile| profile.id == due.profile) else { return Ok(Then::Done) };
    let refreshed = coding::refresh(app, &profile, PATIENCE).await?;
    Ok(if !refreshed.kept || (waits(&refreshed.answer) && !is_last) { Then::Later } else { Then::Done })
}

/// Whether the platform is left alone for now, so that asking can be put off without a loss.
fn waits(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed(no_answer) if no_answer.not_before.is_some())
}

/// What there is when a profile is settled.
struct Scene {
    run: EventId,
    due: Due,
    /// The profile, unless it is gone.
    profile: Option<CodingProfile>,
    /// The report of its member, if the run makes reports and this one waits.
    awaited: Option<AwaitedReport>,
}

/// Settles a profile in a run, once however often it is due. One that is gone by then is settled, too.
async fn settle(app: &App, due: Due, run: EventId, is_last: bool) -> Result<Then> {
    // What the platform said to which name.
    let mut told: Option<(String, Answer)> = None;
    for _ in 0..TRIES {
        let Some(scene) = read(app, due, run).await? else { return over(app, run).await };
        if let Some(profile) = &scene.profile
            && told.as_ref().is_none_or(|(name, _)| *name != profile.username)
        {
            let answer = platforms::ask(app, profile.platform, &profile.username, PATIENCE).await?;
            if waits(&answer) && !is_last {
                return Ok(Then::Later);
            }
            told = Some((profile.username.clone(), answer));
        }
        let told = scene.profile.as_ref().zip(told.as_ref()).map(|(profile, (_, answer))| (profile, answer));
        match app.table.together(writes(app, &scene, told).await?).await {
            Ok(()) => return over(app, run).await,
            // Another of the member's profiles was settled, or this one changed, or another delivery was faster.
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::internal("A profile changed again and again while it was settled.", "settle"))
}

/// What is left to do once a profile is settled, also where an earlier delivery broke off before it.
async fn over(app: &App, run: EventId) -> Result<Then> {
    end_if_over(app, run).await.map(|()| Then::Done)
}

/// Looks at what there is to be settled; nothing where that was done before.
async fn read(app: &App, due: Due, run: EventId) -> Result<Option<Scene>> {
    let profile = keys::coding_profile(due.member, due.platform);
    let awaited = keys::awaited_report(due.member, run);
    let mark = refresh::settled(run, due.profile, app.clock.now()).key();
    let (profile, awaited, mark) =
        app.table.get_three::<CodingProfile, AwaitedReport, Counted>(profile, awaited, mark).await?;
    let profile = profile.filter(|profile| profile.id == due.profile);
    Ok(mark.is_none().then_some(Scene { run, due, profile, awaited }))
}

/// Everything that settling a profile comes to, all of it or nothing: the mark that it is settled, what the platform
/// told, the figures of the run, the week's snapshot, and the report of its member if it waits for nothing else.
async fn writes(app: &App, scene: &Scene, told: Option<(&CodingProfile, &Answer)>) -> Result<Vec<Write>> {
    let Scene { run, due, awaited, .. } = scene;
    let now = app.clock.now();
    let heard = told.map(|(_, answer)| Heard::of(answer));
    let mut tally = Change::of(keys::tally(*run, due.platform)).add("open", -1).add(Tally::figure(heard), 1);
    let mut writes = vec![Write::create(&refresh::settled(*run, due.profile, now))?];
    if let Some((profile, answer)) = told {
        let (after, change) = once_told(profile, answer, now);
        writes.push(Write::change(change));
        if let Some(AwaitedReport { week, .. }) = awaited {
            let (solved, contests) = match previous(app, *due, *week).await? {
                Some(before) if before.username == after.username => refresh::growth(before.figures, after.figures),
                _ => (0, 0),
            };
            tally = tally.add("solved", solved).add("contests", contests);
            writes.push(Write::put(&snapshot(after, *week, Heard::of(answer), now))?);
        }
    }
    writes.push(Write::change(tally));
    if let Some(awaited) = awaited {
        let same = Condition::equals("waiting", awaited.waiting);
        if awaited.waiting > 1 {
            writes.push(Write::change(Change::of(awaited.key()).add("waiting", -1).when(same)));
        } else {
            writes.push(Write::delete(awaited.key(), same));
            writes.push(Write::change(Change::of(keys::refresh_run(*run)).add("due", 1)));
            writes.push(happened(app, Event::ReportDue { member: awaited.member, week: awaited.week })?);
        }
    }
    Ok(writes)
}

fn snapshot(profile: CodingProfile, week: Period, heard: Heard, taken_at: DateTime<Utc>) -> Snapshot {
    let CodingProfile { member, platform, username, figures, fetched_at, .. } = profile;
    Snapshot { member, platform, username, week, figures, fetched_at, heard, taken_at }
}

/// The latest snapshot before this week's.
async fn previous(app: &App, due: Due, week: Period) -> Result<Option<Snapshot>> {
    let this = keys::snapshot(due.member, due.platform, week);
    let query = Query::of(keys::snapshots(due.member, due.platform), 1).past(this).backwards();
    Ok(app.table.query::<Snapshot>(query).await?.items.pop())
}
