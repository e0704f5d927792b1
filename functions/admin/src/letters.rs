//! Letters sent and failed: which, to whom and when, without their text and without an address.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Datelike, Months, Utc};
use serde::{Deserialize, Serialize};
use shared::auth::Staff;
use shared::http::{Cursor, Page, Query};
use shared::model::letter::{LetterRecord, REMEMBERED, Standing};
use shared::store::{self, keys};
use shared::{App, Error, Result};

use crate::page::{self, Frame, LETTERS, Moment, Place, Whom};

/// Letters on a page.
const PAGE: usize = 25;
const LIST: &str = "admin/letters";

/// Where a page begins: in which month, and after which letter of it.
#[derive(Serialize, Deserialize)]
struct Start {
    month: DateTime<Utc>,
    after: Option<String>,
}

/// One letter.
struct Row {
    at: Moment,
    what: String,
    whom: Option<Whom>,
    standing: Standing,
    tries: u32,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "letters.html")]
struct LettersPage<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    is_first: bool,
    next: Option<Cursor>,
}

/// Shows the staff the letters of the last 30 days, the latest first.
pub async fn list(Staff(by): Staff, State(app): State<App>, Query(Place { cursor }): Query<Place>) -> Result<Page> {
    let now = app.clock.now();
    let is_first = cursor.is_none();
    let start = match cursor {
        Some(cursor) => serde_json::from_str(&cursor.open(&app, LIST, Some(by.id()))?)
            .map_err(|cause| Error::internal("A cursor could not be read.", cause))?,
        None => Start { month: now, after: None },
    };
    let (records, next) = read(&app, start, now - REMEMBERED).await?;
    let next = next.and_then(|next| serde_json::to_string(&next).ok());
    let next = next.map(|next| Cursor::new(&app, LIST, Some(by.id()), &next));
    let names = page::names(&app, records.iter().filter_map(|record| record.member)).await?;
    let row = |record: LetterRecord| Row {
        at: Moment(record.written_at),
        what: in_words(&record.about),
        whom: record.member.map(|member| Whom::among(&names, member)),
        standing: record.standing(now),
        tries: record.tries,
        error: record.error,
    };
    let rows = records.into_iter().map(row).collect();
    page::show(&LettersPage { frame: Frame::of(&app, &by, LETTERS), rows, is_first, next })
}

/// A page of letters, over the ends of months, and where the next one begins.
async fn read(app: &App, start: Start, oldest: DateTime<Utc>) -> Result<(Vec<LetterRecord>, Option<Start>)> {
    let mut records = Vec::new();
    let Start { mut month, mut after } = start;
    loop {
        let query = store::Query::of(keys::letters(month), PAGE - records.len()).on_from(after.as_deref())?;
        let page = app.table.query::<LetterRecord>(query).await?;
        records.extend(page.items);
        if page.next.is_some() {
            return Ok((records, Some(Start { month, after: page.next })));
        }
        after = None;
        let earlier = month.with_day(1).and_then(|first| first.checked_sub_months(Months::new(1)));
        let Some(earlier) =
            earlier.filter(|earlier| (earlier.year(), earlier.month()) >= (oldest.year(), oldest.month()))
        else {
            return Ok((records, None));
        };
        month = earlier;
        if records.len() >= PAGE {
            return Ok((records, Some(Start { month, after })));
        }
    }
}

/// The letter that tells of an event.
fn in_words(about: &str) -> String {
    match about {
        "EmailChanged" | "ConfirmationAsked" => "Confirm your address".to_owned(),
        "EmailConfirmed" => "Welcome".to_owned(),
        "NameLocked" => "Your name was locked".to_owned(),
        "PasswordChanged" => "Your password was changed".to_owned(),
        "PasswordResetAsked" => "Set a new password".to_owned(),
        "SignInLinkAsked" => "Your link to sign in".to_owned(),
        "BoardWon" => "Among the first three".to_owned(),
        "ReportDue" => "How your week went".to_owned(),
        "DailyReportDue" => "How you stand".to_owned(),
        "RunEnded" => "The week's reports, summed up".to_owned(),
        "PersonalDataAsked" => "Your personal data".to_owned(),
        other => other.to_owned(),
    }
}
