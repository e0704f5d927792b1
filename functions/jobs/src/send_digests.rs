//! Has a letter sent to whoever asked for one and has not seen what is new.

use futures_util::future::try_join;
use serde::Serialize;
use shared::events::{Event, happened};
use shared::model::notice::{Digest, Notice};
use shared::notices::{self, is_seen};
use shared::store::{Change, Condition, Query, StoreError, Write, keys};
use shared::{App, Result};

/// Members read at once.
const PAGE: usize = 100;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Members who asked for the letter.
    readers: usize,
    /// Those of them for whom there is something new.
    letters: usize,
}

/// Looks at everybody who asked for the letter.
pub async fn run(app: &App) -> Result<Report> {
    let mut report = Report::default();
    let mut next: Option<String> = None;
    loop {
        let page = app.table.query::<Digest>(Query::of(keys::digests(), PAGE).on_from(next.as_deref())?).await?;
        for digest in page.items {
            report.readers += 1;
            report.letters += usize::from(tell(app, &digest).await?);
        }
        next = page.next;
        if next.is_none() {
            return Ok(report);
        }
    }
}

/// Tells of what is new since the last letter, if anything is. The mark moves on in the same transaction, so two runs at
/// once tell once.
async fn tell(app: &App, digest: &Digest) -> Result<bool> {
    let latest = Query::of(keys::notices(digest.member), 1).backwards();
    let latest = app.table.query::<Notice>(latest);
    let (latest, seen) = try_join(latest, notices::seen(app, digest.member)).await?;
    let Some(latest) = latest.items.first().map(|notice| notice.id) else { return Ok(false) };
    if is_seen(latest, seen.max(digest.told)) {
        return Ok(false);
    }
    let same = Condition::equals("told", digest.told);
    let mark = Change::of(keys::wants_digest(digest.member)).set("told", latest).when(same);
    let due = Event::DigestDue { member: digest.member, after: digest.told, up_to: latest };
    match app.table.together(vec![Write::change(mark), happened(app, due)?]).await {
        Ok(()) => Ok(true),
        // Another run told of it, or the letter was switched off.
        Err(StoreError::Refused { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
