//! `measure weekly`: the report of a week for very many subscribers, with everything delivered twice and out of order,
//! and with crashes.

use clap::Args;
use tests::cloud_over;
use tests::weeks::{self, Outcome, REPORTS_ADDRESS};
use tests::wire::Wire;

use crate::figures::thousands;
use crate::say;
use crate::table::Budgets;

/// For whom.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Subscribers.
    #[arg(long, default_value_t = 10_000)]
    subscribers: u64,
}

/// What came of the week, and whether everybody got what they should.
pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let wire = Wire::default();
    let cloud = cloud_over(&wire, &[("ReportsAddress", REPORTS_ADDRESS)]).await?;
    say(&format!("Two weeks of {} subscribers …", thousands(arguments.subscribers as usize)));
    let outcome = weeks::live(&cloud, &wire, arguments.subscribers).await;
    cloud.shutdown().await;
    let Outcome { due, reached, too_many, wrong, miscounted, dead, summaries, calls, took } = outcome?;
    for what in wrong.iter().chain(&miscounted).take(5) {
        say(what);
    }
    let mut budgets = Budgets::new("A week's report, delivered twice and out of order, with three crashes");
    let mut exactly = |what: &str, budget: usize, measured: usize| {
        budgets.add(what, &thousands(budget), &thousands(measured), budget == measured);
    };
    exactly("subscribers who got their letter", due, reached);
    exactly("letters too many", 0, too_many);
    exactly("letters with wrong figures", 0, wrong.len());
    exactly("figures of the run that are wrong", 0, miscounted.len());
    exactly("messages given up", 0, dead as usize);
    exactly("summaries", 1, summaries);
    budgets.note("calls to AWS", &thousands(calls));
    budgets.note("seconds", &format!("{:.0}", took.as_secs_f64()));
    Ok(budgets.to_string())
}
