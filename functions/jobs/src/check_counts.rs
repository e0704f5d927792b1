//! Holds what things say of how many like them, and how many comments hang on them, against the likes and comments that
//! there are.
//!
//! Each counter moves in the transaction of what it counts; this job proves it. It mends nothing: a difference is a
//! mistake in the code, and somebody should see it.

use serde::{Deserialize, Serialize};
use shared::model::action::{Action, Verb};
use shared::model::thing::{Head, Kind, Thing};
use shared::store::{Query, keys};
use shared::{App, Result};

/// Actions per page.
const PAGE: usize = 1_000;
/// How often a thing is counted that differs: somebody may like it just then.
const TRIES: usize = 3;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Things looked at.
    things: usize,
    /// Things that are liked, or commented on, by others than they say.
    wrong: usize,
}

/// Where a thing lies.
#[derive(Deserialize)]
struct Place {
    pk: String,
}

/// Looks at everything that can be liked once. Scans, which only a job may do.
pub async fn run(app: &App) -> Result<Report> {
    let mut report = Report::default();
    for kind in Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Member | Kind::Comment)) {
        let mut after = None;
        loop {
            let (places, next) = app.table.scan::<Place>(&keys::kind_of_things(kind), after).await?;
            for thing in places.iter().filter_map(|place| keys::thing_at(&place.pk, kind)) {
                report.things += 1;
                if !agrees(app, thing).await? {
                    report.wrong += 1;
                    tracing::error!(thing = %thing, "A thing does not agree with what is made of it.");
                }
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(report)
}

async fn agrees(app: &App, thing: Thing) -> Result<bool> {
    for _ in 0..TRIES {
        let Some(head) = app.table.get::<Head>(keys::thing(thing)).await? else { return Ok(true) };
        if count(app, thing).await? == (head.likes, head.comments) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many like a thing, and comment on it.
async fn count(app: &App, thing: Thing) -> Result<(i64, i64)> {
    let (mut likes, mut comments, mut after) = (0, 0, None::<String>);
    loop {
        let query = Query::of(keys::done_to(thing), PAGE).on_from(after.as_deref())?;
        let page = app.table.query::<Action>(query).await?;
        for action in page.items {
            match action.verb {
                Verb::Liked => likes += 1,
                Verb::Commented => comments += 1,
                _ => {}
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok((likes, comments));
        }
    }
}
