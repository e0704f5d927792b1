//! `measure prices`: the price list as a table.

use shared::http::Price;
use tests::prices::{DOLLARS_PER_MILLION_READS, DOLLARS_PER_MILLION_WRITES, PriceLine, price_list};

use crate::table::{Table, verdict};

/// The list, routes first, with where its dollars come from.
pub async fn run() -> Result<String, String> {
    let lines = price_list().await?;
    let columns = ["what", "case", "trips", "calls", "reads", "writes", "$/million", "budget", "holds"];
    let mut routes = Table::new("Routes: round trips one after the other, calls, capacity units", columns);
    let mut others = Table::new("What follows, sockets and schedules: no budgets", columns);
    for line in &lines {
        let table = if line.budget.is_some() { &mut routes } else { &mut others };
        table.row(cells(line));
    }
    let over = lines.iter().filter(|line| !line.holds()).count();
    Ok(format!(
        "{routes}{others}\n\
         Budgets are round trips, read units, write units. Dollars are DynamoDB's on demand, standard table class, \
         us-east-1:\n${DOLLARS_PER_MILLION_READS} per million read request units and ${DOLLARS_PER_MILLION_WRITES} \
         per million write request units since 1 November 2024\n(https://aws.amazon.com/dynamodb/pricing/on-demand/). \
         Lambda, API Gateway, S3, SES, the stream and storage are not counted.\n\
         {} of {} lines are over their budget.",
        over,
        lines.len(),
    ))
}

fn cells(line: &PriceLine) -> [String; 9] {
    let PriceLine { what, case, cost, budget } = line;
    let (budget, holds) = match budget {
        Some(Price { round_trips, reads, writes }) => {
            (format!("{round_trips} / {reads} / {writes}"), verdict(line.holds()))
        }
        None => (String::new(), ""),
    };
    [
        what.clone(),
        case.clone(),
        cost.round_trips.to_string(),
        cost.calls.to_string(),
        cost.read_units.to_string(),
        cost.write_units.to_string(),
        format!("{:.3}", line.dollars_per_million()),
        budget,
        holds.to_owned(),
    ]
}
