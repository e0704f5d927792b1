//! What all reports of a week come to, for whoever runs the house.

use askama::Template;
use shared::boards::Period;
use shared::ids::EventId;
use shared::mail::{About, Letter};
use shared::model::name::Email;
use shared::model::refresh::{RefreshRun, Tally};
use shared::platforms::Platform;
use shared::queue::Then;
use shared::store::keys;
use shared::{App, Error, Result};

use crate::post::Post;

/// The letter in text and in HTML.
#[derive(Template)]
#[template(path = "summary/body.txt")]
struct Text<'a> {
    week: &'a str,
    lines: &'a [(&'static str, i64)],
    tallies: &'a [Tally],
}

#[derive(Template)]
#[template(path = "summary/body.html")]
struct Page<'a> {
    week: &'a str,
    lines: &'a [(&'static str, i64)],
    tallies: &'a [Tally],
}

/// Sums up a run that has ended, if it made reports and if somebody wants to know. It waits for the letters, and with its
/// last delivery says how many it has waited for in vain.
pub async fn send(app: &App, post: &Post, run: EventId, is_last: bool) -> Result<Then> {
    if app.config.reports_address.is_empty() {
        return Ok(Then::Done);
    }
    let Some(run) = app.table.get::<RefreshRun>(keys::refresh_run(run)).await? else { return Ok(Then::Done) };
    let Some(week) = run.week else { return Ok(Then::Done) };
    if run.outstanding() > 0 && !is_last {
        return Ok(Then::Later);
    }
    let about = About { letter: format!("summary-{week}"), event: "RunEnded", member: None };
    post.send_once(app, &about, write(app, &run, week)).await?;
    Ok(Then::Done)
}

async fn write(app: &App, run: &RefreshRun, week: Period) -> Result<Letter> {
    let unusable = |_| Error::internal("REPORTS_ADDRESS is not an address.", "summary");
    let to = Email::parse(&app.config.reports_address).map_err(unusable)?;
    let keys = Platform::ALL.map(|platform| keys::tally(run.id, platform));
    let tallies: Vec<Tally> = app.table.get_many(&keys).await?.into_iter().flatten().collect();
    let lines = &[
        ("Problems solved", tallies.iter().map(|tally| tally.solved).sum()),
        ("Contests attended", tallies.iter().map(|tally| tally.contests).sum()),
        ("Subscribers", run.subscribers),
        ("Reports sent", run.sent),
        ("Reports that failed", run.unsent),
        ("Reports with nothing to tell, or nobody to send them to", run.needless),
        ("Reports still outstanding", run.outstanding()),
    ];
    let (week, tallies) = (&week.in_words()[..], &tallies[..]);
    let broken = |cause| Error::internal("A letter could not be written.", cause);
    let text = Text { week, lines, tallies }.render().map_err(broken)?;
    let html = Page { week, lines, tallies }.render().map_err(broken)?;
    let subject = format!("The weekly reports of {week}");
    Ok(Letter { to, subject, text, html, stop: None, pictures: Vec::new() })
}
