//! The overview: how many members there are, and what happened lately.

use askama::Template;
use axum::extract::State;
use chrono::{Days, NaiveDate};
use shared::auth::Staff;
use shared::http::Page;
use shared::model::figures::{Day, Totals};
use shared::store::{Query, keys};
use shared::{App, Result};

use crate::chart::{self, Chart, Series};
use crate::page::{self, Frame, OVERVIEW};

/// Days of a month, and a few more.
const MONTH: usize = 40;

const JOINED: &[Series] = &[Series { name: "joined", class: "first", of: |day| day.joined }];
const SIGN_INS: &[Series] = &[Series { name: "sign-ins", class: "first", of: |day| day.sign_ins }];
const LETTERS: &[Series] = &[
    Series { name: "sent", class: "first", of: |day| day.letters_sent },
    Series { name: "failed", class: "alarm", of: |day| day.letters_failed },
];
const TROUBLE: &[Series] = &[
    Series { name: "names locked", class: "second", of: |day| day.locks },
    Series { name: "bans", class: "alarm", of: |day| day.bans },
];

/// One number.
struct Tile {
    name: &'static str,
    number: i64,
    note: &'static str,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    frame: Frame<'a>,
    tiles: Vec<Tile>,
    charts: Vec<Chart>,
}

/// Shows the staff figures of the last 30 days.
pub async fn show(Staff(by): Staff, State(app): State<App>) -> Result<Page> {
    let today = app.clock.now().date_naive();
    let first = chart::days(today)[0];
    // Thirty days touch two months; around the end of February, three.
    let middle = first + Days::new(chart::DAYS as u64 / 2);
    let (totals, early, between, late) = tokio::join!(
        app.table.get::<Totals>(keys::totals()),
        month(&app, first, None),
        month(&app, middle, Some(first)),
        month(&app, today, Some(middle)),
    );
    let (totals, figures) = (totals?.unwrap_or_default(), [early?, between?, late?].concat());
    let of_day = |day: NaiveDate| figures.iter().find(|figures| figures.day == day).cloned().unwrap_or_default();
    let recent: Vec<Day> = chart::days(today).into_iter().map(of_day).collect();
    let (week, now) = (&recent[recent.len() - 7..], of_day(today));
    let tile = |name, number, note| Tile { name, number, note };
    let tiles = vec![
        tile("Members", totals.members, "now"),
        tile("Joined", recent.iter().map(|day| day.joined).sum(), "in 30 days"),
        tile("Sign-ins", now.sign_ins, "today"),
        tile("Letters failed", week.iter().map(|day| day.letters_failed).sum(), "in 7 days"),
        tile("Names locked", now.locks, "today"),
        tile("Banned", totals.banned, "now"),
    ];
    let charts = vec![
        Chart::new("joined", "Members joined", JOINED, &recent, today),
        Chart::new("sign-ins", "Sign-ins", SIGN_INS, &recent, today),
        Chart::new("letters", "Letters", LETTERS, &recent, today),
        Chart::new("trouble", "Locks and bans", TROUBLE, &recent, today),
    ];
    page::show(&OverviewPage { frame: Frame::of(&app, &by, OVERVIEW), tiles, charts })
}

/// The figures of the month that a day lies in, unless it is the same as that of another day.
async fn month(app: &App, day: NaiveDate, other: Option<NaiveDate>) -> Result<Vec<Day>> {
    if other.is_some_and(|other| other.format("%Y-%m").to_string() == day.format("%Y-%m").to_string()) {
        return Ok(Vec::new());
    }
    Ok(app.table.query(Query::of(keys::figures_of_month(day), MONTH)).await?.items)
}
