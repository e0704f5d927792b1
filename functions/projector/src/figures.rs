//! Table → figures: what happened is counted by day, each occurrence once however often its record arrives.
//!
//! An occurrence leaves a mark of its own in the transaction that counts it. The mark is made from what happened and
//! not from the record, and outlives the stream.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::dynamodb::EventRecord;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::Deserialize;
use shared::events::Happened;
use shared::ids::MemberId;
use shared::model::figures::Counted;
use shared::model::letter::{LetterRecord, TRIES};
use shared::store::{Change, StoreError, Write, keys};
use shared::{App, Result};

use crate::{Place, event_of, sequence_number};

/// How long a mark is kept: the stream keeps its records for a day.
const REMEMBERED: Duration = Duration::days(7);
/// Occurrences counted together. Each may be of a day of its own, and a transaction takes 100 writes.
const TOGETHER: usize = 40;

/// Something that is counted.
#[derive(Debug)]
struct Occurrence {
    /// Names it.
    id: String,
    /// The figures that grow by one, and their day.
    figures: Option<(NaiveDate, &'static str)>,
    /// The totals that change, and by how much.
    totals: Vec<(&'static str, i64)>,
    /// Its record's place in the stream.
    sequence_number: String,
}

/// What is looked at of an account.
#[derive(Deserialize)]
struct SeenAccount {
    id: MemberId,
    session_epoch: i64,
    #[serde(default)]
    banned: bool,
    joined_at: DateTime<Utc>,
    last_login: Option<DateTime<Utc>>,
}

/// Counts what happened in a batch. Returns the sequence number of the first record that could not be counted.
pub async fn count(app: &App, records: &[EventRecord]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let all = records.iter().flat_map(|record| occurrences(record, app.clock.now()));
    // A record may come twice in one batch, and a transaction writes no item twice.
    let new: Vec<_> = all.filter(|occurrence| seen.insert(occurrence.id.clone())).collect();
    for some in new.chunks(TOGETHER) {
        if let Err(error) = count_once(app, some).await {
            tracing::error!("{error}");
            return Some(some[0].sequence_number.clone());
        }
    }
    None
}

/// Counts all of these, or those among them that were not counted before.
async fn count_once(app: &App, some: &[Occurrence]) -> Result<()> {
    match app.table.together(writes(app, some)?).await {
        Ok(()) => Ok(()),
        // Some of them were: one after the other then.
        Err(StoreError::Refused { .. }) if some.len() > 1 => {
            for one in some {
                match app.table.together(writes(app, std::slice::from_ref(one))?).await {
                    Ok(()) | Err(StoreError::Refused { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(())
        }
        Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn writes(app: &App, some: &[Occurrence]) -> Result<Vec<Write>> {
    let until = app.clock.now() + REMEMBERED;
    let mut days: BTreeMap<NaiveDate, BTreeMap<&str, i64>> = BTreeMap::new();
    let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
    let mut writes = Vec::new();
    for occurrence in some {
        writes.push(Write::create(&Counted { what: occurrence.id.clone(), until })?);
        if let Some((day, figure)) = occurrence.figures {
            *days.entry(day).or_default().entry(figure).or_default() += 1;
        }
        for (total, change) in &occurrence.totals {
            *totals.entry(total).or_default() += change;
        }
    }
    let adds = |change: Change, amounts: BTreeMap<&str, i64>| {
        Write::change(amounts.into_iter().fold(change, |change, (name, amount)| change.add(name, amount)))
    };
    writes.extend(
        days.into_iter()
            .map(|(day, figures)| adds(Change::of(keys::figures(day)).or_create().set("day", day), figures)),
    );
    if !totals.is_empty() {
        writes.push(adds(Change::of(keys::totals()).or_create(), totals));
    }
    Ok(writes)
}

/// What a record tells.
fn occurrences(record: &EventRecord, now: DateTime<Utc>) -> Vec<Occurrence> {
    let Some(Place { sk, .. }) = Place::of(record) else { return Vec::new() };
    let told = if keys::is_outbox(sk) {
        of_event(record)
    } else if keys::is_account(sk) {
        of_account(record, now)
    } else if keys::is_letter(sk) {
        of_letter(record)
    } else {
        Vec::new()
    };
    let sequence_number = sequence_number(record);
    let occurrence =
        |(id, figures, totals)| Occurrence { id, figures, totals, sequence_number: sequence_number.clone() };
    told.into_iter().map(occurrence).collect()
}

/// What is told: a name for it, the day and its figure, the totals.
type Told = (String, Option<(NaiveDate, &'static str)>, Vec<(&'static str, i64)>);

fn of_event(record: &EventRecord) -> Vec<Told> {
    match event_of(record, "NameLocked") {
        Some(Happened { id, at, .. }) => vec![(format!("lock-{id}"), Some((at.date_naive(), "locks")), vec![])],
        None => vec![],
    }
}

fn of_account(record: &EventRecord, now: DateTime<Utc>) -> Vec<Told> {
    let read = |image: &serde_dynamo::Item| serde_dynamo::from_item::<_, SeenAccount>(image.clone()).ok();
    match (read(&record.change.old_image), read(&record.change.new_image)) {
        (None, Some(new)) => {
            let joined = Some((new.joined_at.date_naive(), "joined"));
            vec![(format!("joined-{}", new.id), joined, vec![("members", 1)])]
        }
        (Some(old), None) => {
            let banned = old.banned.then_some(("banned", -1));
            vec![(format!("left-{}", old.id), None, [("members", -1)].into_iter().chain(banned).collect())]
        }
        (Some(old), Some(new)) => {
            let mut told = Vec::new();
            if let Some(at) = new.last_login.filter(|_| new.last_login != old.last_login) {
                let id = format!("login-{}-{}", new.id, at.timestamp_micros());
                told.push((id, Some((at.date_naive(), "sign_ins")), vec![]));
            }
            // A ban raises the epoch, so each has a name of its own.
            let id = |what: &str| format!("{what}-{}-{}", new.id, new.session_epoch);
            match (old.banned, new.banned) {
                (false, true) => told.push((id("ban"), Some((now.date_naive(), "bans")), vec![("banned", 1)])),
                (true, false) => told.push((id("reinstated"), None, vec![("banned", -1)])),
                _ => {}
            }
            told
        }
        (None, None) => vec![],
    }
}

fn of_letter(record: &EventRecord) -> Vec<Told> {
    let read = |image: &serde_dynamo::Item| serde_dynamo::from_item::<_, LetterRecord>(image.clone()).ok();
    let Some(new) = read(&record.change.new_image) else { return vec![] };
    let day = new.written_at.date_naive();
    // Letters that all members get are called the same.
    let whose = new.member.map(|member| member.to_string()).unwrap_or_default();
    let id = |what: &str| format!("letter-{whose}-{}-{what}", new.letter);
    match read(&record.change.old_image) {
        Some(old) if new.sent && !old.sent => {
            vec![(id("sent"), Some((day, "letters_sent")), vec![])]
        }
        Some(old) if !new.sent && new.tries >= TRIES && old.tries < TRIES => {
            vec![(id("failed"), Some((day, "letters_failed")), vec![])]
        }
        _ => vec![],
    }
}
