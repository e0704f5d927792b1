//! Schedules: when each runs next, running it, and remembering how that went.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use shared::lambda::Answer;

use crate::cloud::Cloud;
use crate::state::ScheduleRun;
use crate::template::Schedule;

/// How long to sleep at most: a laptop that was asleep should notice soon what it missed.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

enum Expression {
    Rate(TimeDelta),
    Cron(Box<Cron>),
}

/// Whether an expression can be read; if not, why.
pub fn check(expression: &str) -> Result<(), String> {
    parse(expression).map(drop)
}

/// When a schedule runs next. A rate counts from its last run, which may lie so far back that it is due already; a
/// cron expression looks ahead from now.
pub fn next_run(expression: &str, last: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    match parse(expression)? {
        Expression::Rate(period) => Ok(last + period),
        Expression::Cron(cron) => cron
            .find_next_occurrence(&now, false)
            .map_err(|error| format!("The schedule {expression:?} never runs again: {error}.")),
    }
}

/// When a schedule of this cloud runs next; `None` if only by hand.
pub fn next(cloud: &Cloud, schedule: &Schedule) -> Result<Option<DateTime<Utc>>, String> {
    if !schedule.enabled {
        return Ok(None);
    }
    let last = cloud.state().schedule_seen(&schedule.name)?;
    next_run(&schedule.expression, last, cloud.clock().now()).map(Some)
}

fn parse(expression: &str) -> Result<Expression, String> {
    let refuse = |reason: &str| format!("The schedule {expression:?} cannot be read: {reason}.");
    let inner = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inner("rate") {
        return rate_of(rate).map(Expression::Rate).ok_or_else(|| refuse("a rate is like `5 minutes` or `1 day`"));
    }
    let Some(fields) = inner("cron") else { return Err(refuse("it is neither rate(…) nor cron(…)")) };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minute, hour, day, month, weekday, year] = fields.as_slice() else {
        return Err(refuse("cron takes six fields"));
    };
    if (*day == "?") == (*weekday == "?") {
        return Err(refuse("either the day of the month or the day of the week is `?`"));
    }
    let any = |field: &str| if field == "?" { "*".to_owned() } else { field.to_owned() };
    // AWS counts weekdays from Sunday as 1, and knows no seconds.
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        // `0/15`, from 0 on every 15, is AWS's own way of writing it.
        .sloppy_ranges(true)
        .build();
    parser
        .parse(&format!("0 {minute} {hour} {} {month} {} {year}", any(day), any(weekday)))
        .map(|cron| Expression::Cron(Box::new(cron)))
        .map_err(|error| refuse(&error.to_string()))
}

fn rate_of(text: &str) -> Option<TimeDelta> {
    let (count, unit) = text.split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
    // AWS insists on the grammatical number.
    match (unit, count) {
        ("minute", 1) | ("minutes", 2..) => Some(TimeDelta::minutes(count)),
        ("hour", 1) | ("hours", 2..) => Some(TimeDelta::hours(count)),
        ("day", 1) | ("days", 2..) => Some(TimeDelta::days(count)),
        _ => None,
    }
}

/// Runs a schedule now and remembers how it went.
pub async fn run(cloud: &Cloud, function: &str, schedule: &Schedule, by_hand: bool) -> Result<Answer, String> {
    let at = cloud.clock().now();
    // Before the run: one that brings the process down must not be the first thing of every start after it.
    cloud.state().see_schedule(&schedule.name, at)?;
    let started = Instant::now();
    let answer = cloud.functions().invoke(function, schedule.input.clone()).await;
    cloud.state().keep_schedule_run(&ScheduleRun {
        schedule: schedule.name.clone(),
        at,
        by_hand,
        duration_ms: started.elapsed().as_secs_f64() * 1000.0,
        outcome: answer.outcome.clone(),
    })?;
    Ok(answer)
}

/// Runs a schedule whenever its time has come.
pub async fn keep_running(cloud: Cloud, function: String, schedule: Schedule) {
    loop {
        let due = match next(&cloud, &schedule) {
            Ok(Some(due)) => due,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(schedule = schedule.name, "{error}");
                return;
            }
        };
        // Asking again after a cron's own minute would find the next one, so the time is kept until it has come.
        while let Ok(wait) = (due - cloud.clock().now()).to_std() {
            tokio::time::sleep(wait.min(LONGEST_SLEEP)).await;
        }
        if let Err(error) = run(&cloud, &function, &schedule, false).await {
            tracing::error!(schedule = schedule.name, "{error}");
            tokio::time::sleep(LONGEST_SLEEP).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(expression: &str, now: &str) -> Result<String, String> {
        let now: DateTime<Utc> = now.parse().unwrap();
        next_run(expression, now, now).map(|next| next.format("%a %Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn a_rate_counts_from_the_last_run() {
        assert_eq!(after("rate(1 day)", "2026-11-20T09:30:00Z").unwrap(), "Sat 2026-11-21 09:30:00");
        assert_eq!(after("rate(5 minutes)", "2026-11-20T09:30:00Z").unwrap(), "Fri 2026-11-20 09:35:00");
    }

    #[test]
    fn a_cron_expression_means_what_it_means_to_aws() {
        let friday = "2026-11-20T09:30:00Z";
        assert_eq!(after("cron(30 4 ? * MON *)", friday).unwrap(), "Mon 2026-11-23 04:30:00");
        // 1 is Sunday, and 2-6 are the working days.
        assert_eq!(after("cron(0 0 ? * 1 *)", friday).unwrap(), "Sun 2026-11-22 00:00:00");
        assert_eq!(after("cron(0 10 ? * 2-6 *)", friday).unwrap(), "Fri 2026-11-20 10:00:00");
        assert_eq!(after("cron(0/15 * * * ? *)", friday).unwrap(), "Fri 2026-11-20 09:45:00");
        assert_eq!(after("cron(0 8 1 * ? *)", friday).unwrap(), "Tue 2026-12-01 08:00:00");
        assert_eq!(after("cron(0 0 L * ? *)", friday).unwrap(), "Mon 2026-11-30 00:00:00");
        assert_eq!(after("cron(0 12 1 1 ? 2030)", friday).unwrap(), "Tue 2030-01-01 12:00:00");
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        let refused = [
            "often",
            "rate(0 days)",
            "rate(1 days)",
            "rate(2 day)",
            "rate(5 weeks)",
            "cron(* * * * *)",
            "cron(0 0 * * * *)",
            "cron(0 0 ? * ? *)",
            "cron(61 0 ? * MON *)",
        ];
        for expression in refused {
            assert!(check(expression).is_err(), "{expression}");
        }
        assert!(after("cron(0 12 1 1 ? 2020)", "2026-11-20T09:30:00Z").unwrap_err().contains("never runs again"));
    }
}
