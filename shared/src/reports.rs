//! Reports: members tell the staff of something, and the staff sees to it. A report outlives what it tells of and
//! whoever made it.
//!
//! How many there are in each state is counted in the transaction of every change.

use futures_util::future::try_join_all;

use crate::app::App;
use crate::audit;
use crate::auth::Member;
use crate::error::{Error, Result};
use crate::ids::ReportId;
use crate::model::account::Account;
use crate::model::report::{Report, ReportCounts, State};
use crate::model::thing::Thing;
use crate::store::{Change, Condition, Page, Query, StoreError, Stored, Write, keys, pause};

/// The longest text, in characters; every read pays for it.
pub const LONGEST: usize = 10_000;
/// How often a change that met another one is tried.
const TRIES: u32 = 8;

/// What a member tells of. State and notes are for the staff to give.
#[derive(Debug)]
pub struct NewReport {
    /// What they say.
    pub description: String,
    /// What they tell of.
    pub targets: Vec<Thing>,
    /// What the staff has to add.
    pub notes: Option<String>,
    /// How it stands.
    pub state: State,
}

/// Keeps a report.
pub async fn make(app: &App, by: &Account, new: NewReport) -> Result<Report> {
    let NewReport { description, targets, notes, state } = new;
    let mut report = Report {
        id: app.new_report_id(),
        reporter: Some(by.id),
        description,
        targets,
        notes,
        state,
        made_at: app.clock.now(),
        edited_at: None,
    };
    for attempt in 1..=TRIES {
        let here = Write::check(keys::account(by.id), Condition::present());
        let writes = vec![Write::create(&report)?, here, counted(&[(state, 1)])];
        match app.table.together(writes).await {
            Ok(()) => return Ok(report),
            // Another one has this id.
            Err(StoreError::Refused { write: 0, .. }) => report.id = app.new_report_id(),
            Err(StoreError::Refused { .. }) => break,
            Err(StoreError::Busy(_)) => pause(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// One report.
pub async fn find(app: &App, id: ReportId) -> Result<Report> {
    app.table.get(keys::report(id)).await?.ok_or_else(Error::not_found)
}

/// How many there are in each state.
pub async fn counts(app: &App) -> Result<ReportCounts> {
    Ok(app.table.get(keys::report_counts()).await?.unwrap_or_default())
}

/// Reports in these states, the first first or the last first, and the one after which there are more. One round trip.
pub async fn page(
    app: &App,
    states: &[State],
    after: Option<ReportId>,
    limit: usize,
    newest_first: bool,
) -> Result<(Vec<Report>, Option<ReportId>)> {
    // One more than is wanted tells whether there are more.
    let query = |state: &State| {
        let query = Query::of(keys::reports(state.name()), limit + 1);
        let query = if newest_first { query.backwards() } else { query };
        match after {
            Some(after) => query.beyond(keys::by_report(state.name(), after), keys::report(after)),
            None => query,
        }
    };
    let pages = try_join_all(states.iter().map(|state| app.table.query::<Report>(query(state)))).await?;
    Ok(merged(pages, limit, newest_first))
}

/// The first of several lists, as if they were one.
fn merged(pages: Vec<Page<Report>>, limit: usize, newest_first: bool) -> (Vec<Report>, Option<ReportId>) {
    let rank = |report: &Report| if newest_first { u64::MAX - report.id.0 } else { report.id.0 };
    // Beyond the end of a list that goes on nothing is known of it.
    let known = pages.iter().filter(|page| page.next.is_some()).filter_map(|page| page.items.last().map(rank)).min();
    let mut reports: Vec<Report> = pages.into_iter().flat_map(|page| page.items).collect();
    reports.sort_by_key(rank);
    let whole = reports.len();
    reports.retain(|report| known.is_none_or(|known| rank(report) <= known));
    reports.truncate(limit);
    let goes_on = reports.len() < whole || known.is_some();
    let next = reports.last().filter(|_| goes_on).map(|report| report.id);
    (reports, next)
}

/// What the staff changes; what is left out stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// What they wrote down.
    pub notes: Option<Option<String>>,
    /// How it stands from now on.
    pub state: Option<State>,
}

/// Changes a report, for the staff, with an entry in the audit trail. Nobody sees to a report about themselves. Takes
/// the report as it was found; where it has changed since, it is looked at again.
pub async fn edit(app: &App, by: &Member, found: Report, edit: Edit) -> Result<Report> {
    let (id, mut old) = (found.id, found);
    for attempt in 1..=TRIES {
        hands_off(by, &old)?;
        let new = Report {
            notes: edit.notes.clone().unwrap_or_else(|| old.notes.clone()),
            state: edit.state.unwrap_or(old.state),
            ..old.clone()
        };
        if new == old {
            return Ok(old);
        }
        let new = Report { edited_at: Some(app.clock.now()), ..new };
        let seen = Condition::equals("state", old.state).and(Condition::equals("edited_at", old.edited_at));
        let change = Change::between(keys::report(id), &old, &new).second_index(new.second_index()).when(seen);
        let mut writes = vec![Write::change(change), note(app, by, &old, done(old.state, new.state))?];
        if new.state != old.state {
            writes.push(counted(&[(old.state, -1), (new.state, 1)]));
        }
        match app.table.together(writes).await {
            Ok(()) => return Ok(new),
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => pause(attempt).await,
            Err(error) => return Err(error.into()),
        }
        old = find(app, id).await?;
    }
    Err(busy())
}

/// Removes a report, for the staff, with an entry in the audit trail.
pub async fn remove(app: &App, by: &Member, id: ReportId) -> Result<()> {
    for attempt in 1..=TRIES {
        let old = find(app, id).await?;
        hands_off(by, &old)?;
        let same = Condition::present().and(Condition::equals("state", old.state));
        let writes = vec![
            Write::delete(keys::report(id), same),
            counted(&[(old.state, -1)]),
            note(app, by, &old, "report_deleted")?,
        ];
        match app.table.together(writes).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => pause(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// Why one of the staff may not see to a report, if so.
fn hands_off(by: &Member, report: &Report) -> Result<()> {
    if report.about() == Some(by.id()) {
        let message = "This report is about you. Somebody else of the staff has to see to it.";
        return Err(Error::conflict("oneself", message));
    }
    Ok(())
}

/// What was done, in a word of the audit trail.
fn done(before: State, after: State) -> &'static str {
    match after {
        same if same == before => "report_noted",
        State::Open => "report_reopened",
        State::Closed => "report_closed",
        State::Resolved => "report_resolved",
    }
}

fn note(app: &App, by: &Member, report: &Report, what: &str) -> Result<Write> {
    audit::note(app, &by.account, what, report.about(), Some(format!("report {}", report.id)))
}

fn counted(amounts: &[(State, i64)]) -> Write {
    let change = Change::of(keys::report_counts()).or_create();
    Write::change(amounts.iter().fold(change, |change, (state, amount)| change.add(state.name(), *amount)))
}

fn busy() -> Error {
    Error::conflict("changed_meanwhile", "The report is being changed by others. Try again.")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn page_of(ids: &[u64], goes_on: bool) -> Page<Report> {
        let report = |id: &u64| Report {
            id: ReportId(*id),
            reporter: None,
            description: String::new(),
            targets: vec![],
            notes: None,
            state: State::Open,
            made_at: DateTime::UNIX_EPOCH,
            edited_at: None,
        };
        Page { items: ids.iter().map(report).collect(), next: goes_on.then(String::new) }
    }

    fn ids(pages: Vec<Page<Report>>, limit: usize, newest_first: bool) -> (Vec<u64>, Option<u64>) {
        let (reports, next) = merged(pages, limit, newest_first);
        (reports.iter().map(|report| report.id.0).collect(), next.map(|next| next.0))
    }

    #[test]
    fn several_lists_are_read_as_one() {
        let lists = || vec![page_of(&[1, 4, 7], true), page_of(&[2, 9], false), page_of(&[], false)];
        assert_eq!(ids(lists(), 2, false), (vec![1, 2], Some(2)));
        // What lies beyond the end of a list that goes on may not be all there is.
        assert_eq!(ids(lists(), 9, false), (vec![1, 2, 4, 7], Some(7)));
        let lists = || vec![page_of(&[7, 4, 1], false), page_of(&[9, 2], false)];
        assert_eq!(ids(lists(), 3, true), (vec![9, 7, 4], Some(4)));
        assert_eq!(ids(lists(), 5, true), (vec![9, 7, 4, 2, 1], None));
        assert_eq!(ids(vec![page_of(&[], false)], 5, true), (vec![], None));
    }
}
