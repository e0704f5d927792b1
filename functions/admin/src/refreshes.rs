//! Refresh runs: how far each has come with every platform, and with its letters.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use futures_util::future::try_join;
use shared::auth::Staff;
use shared::http::Page;
use shared::model::refresh::{RefreshRun, Tally};
use shared::platforms::Platform;
use shared::store::{Query, keys};
use shared::{App, Result};

use crate::page::{self, Frame, Moment, REFRESHES};

/// Runs shown of each sort.
const RUNS: usize = 6;

/// A run.
struct Card {
    run: RefreshRun,
    title: String,
    began: Moment,
    took: String,
    state: &'static str,
    tallies: Vec<Tally>,
}

/// Runs of one sort.
struct Sort {
    title: &'static str,
    id: &'static str,
    cards: Vec<Card>,
}

#[derive(Template)]
#[template(path = "refreshes.html")]
struct RefreshesPage<'a> {
    frame: Frame<'a>,
    sorts: [Sort; 2],
    /// Whether the page is worth loading again in a moment.
    is_live: bool,
}

/// Shows the staff the latest runs, and those under way as they stand.
pub async fn list(Staff(by): Staff, State(app): State<App>) -> Result<Page> {
    let of_sort = |reports| app.table.query::<RefreshRun>(Query::of(keys::refreshes(reports), RUNS));
    let (reports, refreshes) = try_join(of_sort(true), of_sort(false)).await?;
    let tally = |run: &RefreshRun| Platform::ALL.map(|platform| keys::tally(run.id, platform));
    let wanted: Vec<_> = reports.items.iter().chain(&refreshes.items).flat_map(tally).collect();
    let tallies: Vec<Tally> = app.table.get_many(&wanted).await?.into_iter().flatten().collect();
    let now = app.clock.now();
    let cards = |runs: Vec<RefreshRun>| runs.into_iter().map(|run| card(run, &tallies, now)).collect();
    let sorts = [
        Sort { title: "Weekly reports", id: "reports", cards: cards(reports.items) },
        Sort { title: "Refreshes", id: "refreshes", cards: cards(refreshes.items) },
    ];
    let is_live = sorts.iter().flat_map(|sort| &sort.cards).any(|card| card.run.goes_on(now));
    page::show(&RefreshesPage { frame: Frame::of(&app, &by, REFRESHES), sorts, is_live })
}

fn card(run: RefreshRun, tallies: &[Tally], now: DateTime<Utc>) -> Card {
    let state = match run.ended_at {
        Some(_) => "Done",
        None if run.goes_on(now) => "Running",
        None => "Unfinished",
    };
    Card {
        title: run.week.map_or_else(|| "All profiles".to_owned(), |week| format!("The report of {}", week.in_words())),
        began: Moment(run.began_at),
        took: in_words(run.ended_at.unwrap_or(now) - run.began_at),
        state,
        tallies: tallies.iter().filter(|tally| tally.run == run.id).cloned().collect(),
        run,
    }
}

fn in_words(took: Duration) -> String {
    match (took.num_hours(), took.num_minutes() % 60, took.num_seconds() % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
