//! Whatever breaks off anywhere, everybody gets their letter once.

use chrono::Duration;
use local::Delivery;
use shared::platforms::Platform;

use super::{reports, run_of_this_week, settle, subscriber, tell};
use crate::world::{Fault, World};

/// As often as the SDK tries, so that a fault is not simply repeated away.
const EVERY_ATTEMPT: usize = 4;

/// Lets one call after the other fail, each in a week of its own, until a week has no further call.
async fn sweep(fault: Fault, first: usize, step: usize) {
    let world = World::new().await;
    let ada = subscriber(&world, "ada", &[Platform::LeetCode, Platform::CodeChef]).await;
    for platform in [Platform::LeetCode, Platform::CodeChef] {
        tell(&world, &ada, platform, 1500, 10, 1);
    }
    super::week(&world).await;
    for (week, call) in (1..).zip((first..).step_by(step)) {
        world.wait(Duration::days(7));
        for platform in [Platform::LeetCode, Platform::CodeChef] {
            tell(&world, &ada, platform, 1500, 10 + week, 1);
        }
        world.wire.fail(call, EVERY_ATTEMPT, fault);
        let begun = world.cloud.run_schedule("weekly-report").await.unwrap().outcome;
        world.cloud.settle(Delivery::Once).await;
        let reached = world.wire.calls() > call;
        // Of a letter that the post office took without saying so nobody can know.
        let unsure = fault == Fault::AnswerLost && world.wire.failed().contains("ses:SendRawEmail");
        world.wire.mend();
        if begun.is_err() {
            // Schedules try again, too.
            super::job(&world, "weekly-report").await;
        }
        settle(&world, Delivery::Twice).await;
        let told = format!("Problems Solved: +1 (now {})", 10 + week);
        let reports = reports(&world, &ada).into_iter().filter(|report| report.matches(&told).count() == 2).count();
        assert!(reports == 1 || (unsure && reports > 1), "{fault:?} {call}: {reports}");
        let run = run_of_this_week(&world).await;
        assert!(run.ended_at.is_some() && (run.due, run.sent) == (1, 1), "{fault:?} {call}: {run:?}");
        if !reached {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_at_any_call_loses_and_doubles_nothing() {
    const STEP: usize = 8;
    let mut sweeps = tokio::task::JoinSet::new();
    for first in 0..STEP {
        // Every call fails once, of either kind by turns.
        let fault = if first.is_multiple_of(2) { Fault::Lost } else { Fault::AnswerLost };
        sweeps.spawn(sweep(fault, first, STEP));
    }
    while let Some(swept) = sweeps.join_next().await {
        swept.unwrap();
    }
}
