//! Lists over everything of a kind, which lies in months: read month by month, several at a time where little happened,
//! so that no list takes more than a few round trips however long the house has stood.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use shared::ids::{ActionId, CommentId, MemberId, PostId};
use shared::model::action::Action;
use shared::model::post::{Comment, Post};
use shared::model::thing::{Kind, Thing};
use shared::store::{Query, Range, Stored, keys};
use shared::visibility::Audience;
use shared::{App, Error, Result};

/// The month that ids are counted from: nothing is older.
const FIRST: (i32, u32) = (2024, 1);
/// Months that are looked at together at first; then all that are left, where that was not enough.
const AT_ONCE: usize = 2;

/// A place in such a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mark {
    at: DateTime<Utc>,
    id: u64,
    /// Where an action lies, since it lies with its actor.
    #[serde(default)]
    with: Option<(MemberId, Audience)>,
}

impl Mark {
    /// As a cursor holds it.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Out of a cursor.
    pub fn read(text: &str) -> Result<Mark> {
        serde_json::from_str(text).map_err(|cause| Error::internal("A place in a list could not be read.", cause))
    }
}

/// What lies in months.
pub trait Monthly: Stored {
    /// Where that of a month is found.
    fn of_month(month: DateTime<Utc>) -> Vec<Range>;

    /// Its place in the list.
    fn mark(&self) -> Mark;

    /// The same query, on from a place.
    fn beyond(query: Query, mark: &Mark) -> Query;
}

impl Monthly for Post {
    fn of_month(month: DateTime<Utc>) -> Vec<Range> {
        vec![keys::of_month(Kind::Post, month)]
    }

    fn mark(&self) -> Mark {
        Mark { at: self.written_at, id: self.id.0, with: None }
    }

    fn beyond(query: Query, mark: &Mark) -> Query {
        let thing = Thing::from(PostId(mark.id));
        query.beyond(keys::by_month(mark.at, thing), keys::thing(thing))
    }
}

impl Monthly for Comment {
    fn of_month(month: DateTime<Utc>) -> Vec<Range> {
        vec![keys::of_month(Kind::Comment, month)]
    }

    fn mark(&self) -> Mark {
        Mark { at: self.written_at, id: self.id.0, with: None }
    }

    fn beyond(query: Query, mark: &Mark) -> Query {
        let thing = Thing::from(CommentId(mark.id));
        query.beyond(keys::by_month(mark.at, thing), keys::thing(thing))
    }
}

impl Monthly for Action {
    fn of_month(month: DateTime<Utc>) -> Vec<Range> {
        (0..keys::ACTION_SHARDS).map(|shard| keys::actions(month, shard)).collect()
    }

    fn mark(&self) -> Mark {
        Mark { at: self.at, id: self.id.0, with: Some((self.actor, self.audience)) }
    }

    fn beyond(query: Query, mark: &Mark) -> Query {
        let (actor, audience) = mark.with.unwrap_or((MemberId(1), Audience::Everyone));
        let id = ActionId(mark.id);
        query.beyond(keys::by_action(mark.at, id), keys::action(actor, audience, id))
    }
}

/// So many of a kind, on from a place, the latest or the first first.
pub async fn read<T: Monthly>(app: &App, after: Option<&Mark>, entries: usize, latest_first: bool) -> Result<Vec<T>> {
    let mut found: Vec<T> = Vec::new();
    let months = months(after.map(|mark| mark.at), app.clock.now(), latest_first);
    let mut left = &months[..];
    let mut stride = AT_ONCE;
    while !left.is_empty() && found.len() < entries {
        let (some, rest) = left.split_at(stride.min(left.len()));
        (left, stride) = (rest, rest.len());
        let month = |month: &DateTime<Utc>| of_month::<T>(app, *month, after, entries, latest_first);
        found.extend(try_join_all(some.iter().map(month)).await?.into_iter().flatten());
    }
    found.truncate(entries);
    Ok(found)
}

async fn of_month<T: Monthly>(
    app: &App,
    month: DateTime<Utc>,
    after: Option<&Mark>,
    entries: usize,
    latest_first: bool,
) -> Result<Vec<T>> {
    let after = after.filter(|mark| first_of(mark.at) == first_of(month));
    let queries = T::of_month(month).into_iter().map(|range| {
        let query = Query::of(range, entries);
        let query = if latest_first { query.backwards() } else { query };
        app.table.query::<T>(after.into_iter().fold(query, T::beyond))
    });
    let mut found: Vec<T> = try_join_all(queries).await?.into_iter().flat_map(|page| page.items).collect();
    found.sort_by_key(|item| item.mark().id);
    if latest_first {
        found.reverse();
    }
    Ok(found)
}

/// The months from a time on, the way the list is read: down to the first of all, or up to the present one.
fn months(from: Option<DateTime<Utc>>, now: DateTime<Utc>, latest_first: bool) -> Vec<DateTime<Utc>> {
    let first = NaiveDate::from_ymd_opt(FIRST.0, FIRST.1, 1).unwrap_or_default();
    let last = first_of(now);
    let from = from.map(first_of);
    let (low, high) = if latest_first { (first, from.unwrap_or(last)) } else { (from.unwrap_or(first), last) };
    let mut all: Vec<NaiveDate> = Vec::new();
    let mut month = low;
    while month <= high {
        all.push(month);
        let Some(next) = month.checked_add_months(Months::new(1)) else { break };
        month = next;
    }
    if latest_first {
        all.reverse();
    }
    all.into_iter().map(|month| month.and_time(chrono::NaiveTime::MIN).and_utc()).collect()
}

fn first_of(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive().with_day(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_is_looked_at_once() {
        let at = |text: &str| format!("{text}T12:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let names = |from: Option<&str>, latest_first| -> Vec<String> {
            let months = months(from.map(at), at("2024-04-30"), latest_first);
            months.iter().map(|month| month.format("%m").to_string()).collect()
        };
        assert_eq!(names(None, true), ["04", "03", "02", "01"]);
        assert_eq!(names(None, false), ["01", "02", "03", "04"]);
        assert_eq!(names(Some("2024-02-29"), true), ["02", "01"]);
        assert_eq!(names(Some("2024-02-29"), false), ["02", "03", "04"]);
    }
}
