//! What a member's figures say in a letter: the report of a week, and the one of today that they asked for.

use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use shared::boards::{Period, Span};
use shared::ids::MemberId;
use shared::mail::{About, Letter, Picture};
use shared::model::account::Account;
use shared::model::coding::{CodingProfile, Fetch, Figures, Heard, NOT_AVAILABLE, Snapshot};
use shared::model::name::Email;
use shared::model::refresh::{self, RefreshRun};
use shared::model::subscription::Subscription;
use shared::platforms::Platform;
use shared::stopping::{self, Letters, Sort};
use shared::store::{Change, Query, StoreError, Write, keys};
use shared::{App, Error, Result};

use crate::chart::{self, Half};
use crate::post::Post;

/// Weeks that a chart shows.
const WEEKS: usize = 12;
const BROWN: (u8, u8, u8) = (122, 75, 30);
const BLUE: (u8, u8, u8) = (44, 95, 138);

/// Sends a member the report of a week, and counts what became of it. It is given up with its last delivery.
pub async fn send_weekly(app: &App, post: &Post, member: MemberId, week: Period, is_last: bool) -> Result<()> {
    let sent = weekly(app, post, member, week).await;
    let outcome = match &sent {
        Ok(true) => "sent",
        Ok(false) => "needless",
        Err(_) if is_last => "unsent",
        Err(_) => return sent.map(drop),
    };
    let run = RefreshRun::of_week(week);
    let mark = Write::create(&refresh::reported(run, member, app.clock.now()))?;
    let count = Write::change(Change::of(keys::refresh_run(run)).add(outcome, 1));
    match app.table.together(vec![mark, count]).await {
        // It was counted before, or its run is forgotten.
        Ok(()) | Err(StoreError::Refused { .. }) => sent.map(drop),
        Err(error) => Err(error.into()),
    }
}

/// Sends the report; `false` where there is nobody to send it to or nothing to tell.
async fn weekly(app: &App, post: &Post, member: MemberId, week: Period) -> Result<bool> {
    let Some((subscription, to)) = subscriber(app, member).await? else { return Ok(false) };
    if !subscription.reports {
        return Ok(false);
    }
    let past = try_join_all(Platform::ALL.map(|platform| past(app, member, platform, week))).await?;
    let past: Vec<Vec<Snapshot>> = past.into_iter().filter(|past| past.len() > 1).collect();
    if past.is_empty() {
        return Ok(false);
    }
    let about = About { letter: format!("report-{week}"), event: "ReportDue", member: Some(member) };
    post.send_once(app, &about, async { write_weekly(app, member, to, week, &past) }).await?;
    Ok(true)
}

/// Sends a member the report of today, which they asked for by `about`.
pub async fn send_daily(app: &App, post: &Post, member: MemberId, about: &About) -> Result<()> {
    let Some((_, to)) = subscriber(app, member).await? else { return Ok(()) };
    let wanted = Platform::ALL.map(|platform| keys::coding_profile(member, platform));
    let profiles: Vec<CodingProfile> = app.table.get_many(&wanted).await?.into_iter().flatten().collect();
    post.send_once(app, about, async { write_daily(app, member, to, &profiles) }).await
}

/// A subscriber whom letters reach: at an address that is known to be theirs.
async fn subscriber(app: &App, member: MemberId) -> Result<Option<(Subscription, Email)>> {
    let (account, subscription) =
        app.table.get_two::<Account, Subscription>(keys::account(member), keys::subscription(member)).await?;
    let account = account.filter(|account| account.is_usable() && account.email_confirmed);
    Ok(subscription.zip(account.and_then(|account| account.email)))
}

/// How a profile stood up to a week, the first first. Nothing where it has no snapshot of that week; and what was under
/// another name belongs to somebody else.
async fn past(app: &App, member: MemberId, platform: Platform, week: Period) -> Result<Vec<Snapshot>> {
    let Some((_, end)) = week.bounds() else { return Ok(Vec::new()) };
    let next = keys::snapshot(member, platform, Span::Week.at(end));
    let query = Query::of(keys::snapshots(member, platform), WEEKS).past(next).backwards();
    let mut past = app.table.query::<Snapshot>(query).await?.items;
    let Some(name) = past.first().filter(|latest| latest.week == week).map(|latest| latest.username.clone()) else {
        return Ok(Vec::new());
    };
    past.retain(|snapshot| snapshot.username == name);
    past.reverse();
    Ok(past)
}

/// One figure of a week: by how much it changed, and what it is now.
struct Line {
    name: &'static str,
    change: String,
    colour: &'static str,
    now: Option<i64>,
}

/// The chart of a profile, and what it shows in words.
struct Chart {
    id: String,
    in_words: String,
    solved: String,
    rating: String,
}

/// What a week's letter says of a profile.
struct Part {
    platform: &'static str,
    username: String,
    since: String,
    lines: [Line; 3],
    note: Option<String>,
    chart: Option<Chart>,
}

#[derive(Template)]
#[template(path = "weekly_report/body.txt")]
struct WeeklyText<'a> {
    to: &'a str,
    week: &'a str,
    stop: &'a str,
    parts: &'a [Part],
}

#[derive(Template)]
#[template(path = "weekly_report/body.html")]
struct WeeklyPage<'a> {
    to: &'a str,
    week: &'a str,
    stop: &'a str,
    parts: &'a [Part],
}

fn write_weekly(app: &App, member: MemberId, to: Email, week: Period, past: &[Vec<Snapshot>]) -> Result<Letter> {
    let (mut parts, mut pictures) = (Vec::new(), Vec::new());
    for past in past {
        let [.., before, now] = &past[..] else { continue };
        let chart = chart_of(past)?;
        parts.push(Part {
            platform: now.platform.name(),
            username: now.username.clone(),
            since: day(before.taken_at),
            lines: lines(before.figures, now.figures),
            note: note(now),
            chart: chart.map(|(chart, picture)| {
                pictures.push(picture);
                chart
            }),
        });
    }
    let stop = stopping::link(app, Letters { member, sort: Sort::Reports });
    let (address, stop, parts) = (to.as_str(), &stop[..], &parts[..]);
    let week = &week.in_words()[..];
    let text = WeeklyText { to: address, week, stop, parts }.render().map_err(broken)?;
    let html = WeeklyPage { to: address, week, stop, parts }.render().map_err(broken)?;
    let (subject, stop) = ("Your Weekly Coding Activity Summary".to_owned(), Some(stop.to_owned()));
    Ok(Letter { to, subject, text, html, stop, pictures })
}

fn lines(before: Figures, now: Figures) -> [Line; 3] {
    let line = |name, before: Option<i64>, now: Option<i64>| {
        let change = refresh::change(before, now);
        let colour = match change {
            Some(1..) => "#2e6b3a",
            Some(..=-1) => "#a03c28",
            _ => "#5b6470",
        };
        let text = match change {
            None => "N/A".to_owned(),
            Some(0) => "0".to_owned(),
            Some(change) => format!("{change:+}"),
        };
        Line { name, change: text, colour, now: now.filter(|now| *now != NOT_AVAILABLE) }
    };
    [
        line("Problems Solved", before.solved, now.solved),
        line("Rating Change", before.rating, now.rating),
        line("Contests Attended", before.contests, now.contests),
    ]
}

/// What there is to say where a platform did not tell everything.
fn note(now: &Snapshot) -> Option<String> {
    let name = now.platform.name();
    let since = now.fetched_at.map(|at| (day(at), age(at, now.taken_at)));
    match (now.heard, since) {
        (Heard::Everything, _) => None,
        (Heard::TooLittle, Some((day, age))) => {
            Some(format!("{name} did not answer, or not fully. What it did not tell is as it was on {day}, {age}."))
        }
        (Heard::TooLittle, None) => {
            Some(format!("{name} did not answer, or not fully, and has never told everything of this account."))
        }
        (Heard::Unknown, Some((day, age))) => {
            Some(format!("{name} knows no account of this name any more. The figures are those of {day}, {age}."))
        }
        (Heard::Unknown, None) => Some(format!("{name} knows no account of this name.")),
    }
}

/// The chart of a profile, if it has a line to draw.
fn chart_of(past: &[Snapshot]) -> Result<Option<(Chart, Picture)>> {
    let Some(now) = past.last() else { return Ok(None) };
    let of_week = |snapshot: &Snapshot| snapshot.week.bounds().map(|(begin, _)| begin);
    let weeks_ago = |snapshot: &Snapshot| Some(of_week(now)?.signed_duration_since(of_week(snapshot)?).num_weeks());
    let row = |figure: fn(&Figures) -> Option<i64>| -> Vec<Option<i64>> {
        let of = |ago: i64| past.iter().find(|snapshot| weeks_ago(snapshot) == Some(ago));
        let known = |snapshot: &Snapshot| figure(&snapshot.figures).filter(|figure| *figure != NOT_AVAILABLE);
        // From the first week that there is, and not of longer ago than a chart shows.
        let first = past.iter().filter_map(weeks_ago).filter(|ago| *ago < WEEKS as i64).max().unwrap_or_default();
        (0..=first).rev().map(|ago| of(ago).and_then(known)).collect()
    };
    let (solved, rating) = (row(|figures| figures.solved), row(|figures| figures.rating));
    if [&solved, &rating].iter().all(|row| row.iter().flatten().count() < 2) {
        return Ok(None);
    }
    let picture = chart::draw([Half { figures: &solved, colour: BROWN }, Half { figures: &rating, colour: BLUE }])?;
    let name = now.platform.name();
    let id = format!("{}-{}@guildhall", name.to_lowercase(), now.week);
    let (weeks, solved) = (solved.len(), course("Problems solved", &solved));
    let rating = course("Rating", &rating);
    let in_words = format!("{name}, {weeks} weeks. {solved}. {rating}.");
    let picture = Picture { id: id.clone(), png: picture };
    Ok(Some((Chart { id, in_words, solved, rating }, picture)))
}

/// From where to where a row of figures goes.
fn course(name: &str, row: &[Option<i64>]) -> String {
    let mut known = row.iter().flatten();
    match (known.next(), known.next_back()) {
        (Some(first), Some(last)) => format!("{name} from {first} to {last}"),
        (Some(only), None) => format!("{name} {only}"),
        (None, _) => format!("{name} N/A"),
    }
}

/// What today's letter says of a profile.
struct Standing {
    platform: &'static str,
    username: String,
    lines: [(&'static str, String); 3],
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "daily_report/body.txt")]
struct DailyText<'a> {
    to: &'a str,
    stop: &'a str,
    parts: &'a [Standing],
}

#[derive(Template)]
#[template(path = "daily_report/body.html")]
struct DailyPage<'a> {
    to: &'a str,
    stop: &'a str,
    parts: &'a [Standing],
}

fn write_daily(app: &App, member: MemberId, to: Email, profiles: &[CodingProfile]) -> Result<Letter> {
    let now = app.clock.now();
    let parts: Vec<Standing> = profiles.iter().map(|profile| standing(profile, now)).collect();
    let stop = stopping::link(app, Letters { member, sort: Sort::Reports });
    let (address, stop, parts) = (to.as_str(), &stop[..], &parts[..]);
    let text = DailyText { to: address, stop, parts }.render().map_err(broken)?;
    let html = DailyPage { to: address, stop, parts }.render().map_err(broken)?;
    let (subject, stop) = ("Your Daily Coding Activity Report".to_owned(), Some(stop.to_owned()));
    Ok(Letter { to, subject, text, html, stop, pictures: Vec::new() })
}

fn standing(profile: &CodingProfile, now: DateTime<Utc>) -> Standing {
    let Figures { rating, solved, contests } = profile.figures;
    let shown = |figure: Option<i64>| match figure {
        None | Some(NOT_AVAILABLE) => "N/A".to_owned(),
        Some(figure) => figure.to_string(),
    };
    let note = match (profile.fetch, profile.fetched_at) {
        (Fetch::Success, _) => None,
        (_, Some(at)) => Some(format!("This could not be brought up to date. It is of {}, {}.", day(at), age(at, now))),
        (_, None) => Some("Error fetching data.".to_owned()),
    };
    Standing {
        platform: profile.platform.name(),
        username: profile.username.clone(),
        lines: [("Problems Solved", shown(solved)), ("Rating", shown(rating)), ("Contests Attended", shown(contests))],
        note,
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

/// How long ago something was, as people say it.
fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - at).num_days() {
        ..1 => "less than a day ago".to_owned(),
        1 => "a day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

fn broken(cause: askama::Error) -> Error {
    Error::internal("A letter could not be written.", cause)
}
