//! Numbered pages of lists that are read by position, for clients that count pages up and never follow a link.
//!
//! A link to the next page carries a sealed cursor. Where only the number is asked for, the page begins where the one
//! before it ended, which an anchor remembers for a while: for this list, this size and whoever read it. It is read
//! together with the session, so that page 50 costs what page 2 costs. Without an anchor keys are walked, up to
//! [`DEEPEST`] entries.

use axum::extract::FromRequestParts;
use chrono::{DateTime, Duration, Utc};
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::describe::{Describe, Operation};
use super::page::{Cursor, Numbered, NumberedView};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::store::{Key, Page, Query, Range, Stored, keys};

/// How many entries are walked for a page that nobody read the one before of.
pub const DEEPEST: usize = 1_000;
/// How long an anchor is remembered.
const REMEMBERED: Duration = Duration::hours(1);
/// Keys in one query of a walk.
const STRIDE: usize = 500;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the beginning of the list.
    First,
    /// Where the page before ended.
    At(String),
    /// After so many entries; nothing is remembered.
    Skip(usize),
    /// As many entries as fit before the end.
    Last,
}

/// Which page of a list a caller wants, and where that begins, if it is known.
#[derive(Clone, Debug)]
pub struct Scroll {
    numbered: Numbered,
    /// What names the list: its path, and everything that was asked but for the page.
    list: String,
    /// The list, its size and its reader.
    anchored: String,
    remembered: Option<String>,
}

/// Where a page of a list begins.
#[derive(Serialize, Deserialize)]
struct Anchor {
    #[serde(skip)]
    list: String,
    page: usize,
    position: String,
    until: DateTime<Utc>,
}

impl Stored for Anchor {
    fn key(&self) -> Key {
        keys::anchor(&self.list, self.page)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.until)
    }
}

/// What to read of a list for one page of it.
#[derive(Debug)]
pub struct Reach {
    /// Only what comes after this place, where there is one.
    pub after: Option<String>,
    /// The other way round: from the end of the list.
    pub from_end: bool,
    skipped: usize,
    size: usize,
}

impl Reach {
    /// So many entries; one more than are shown tells whether there are more.
    pub fn entries(&self) -> usize {
        self.skipped + self.size + 1
    }

    /// The page, of what was read; `place` says where an entry lies.
    pub fn page<T>(self, mut read: Vec<T>, place: impl FnOnce(&T) -> String) -> Result<Page<T>> {
        if self.skipped > 0 && read.len() <= self.skipped {
            return Err(Error::no_such_page());
        }
        read.drain(..self.skipped);
        let goes_on = read.len() > self.size && !self.from_end;
        read.truncate(self.size);
        if self.from_end {
            read.reverse();
        }
        let next = if goes_on { read.last().map(place) } else { None };
        Ok(Page { items: read, next })
    }
}

impl FromRequestParts<App> for Scroll {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Scroll> {
        let numbered = Numbered::from_request_parts(parts, app).await?;
        let list = numbered.list();
        // Whoever shows this; whether it is good is found out beside. An anchor tells nobody anything: it is a place in
        // a list, of which everybody reads what they may see.
        let shown = |name| parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let reader = shown(AUTHORIZATION).or_else(|| shown(COOKIE)).unwrap_or_default();
        let anchored = format!("{list}\0{}\0{reader}", numbered.asked_size().unwrap_or_default());
        let mut scroll = Scroll { numbered, list, anchored, remembered: None };
        if let (Some(page @ 2..), None) = (scroll.numbered.number(), scroll.numbered.cursor()) {
            let anchor = app.table.get::<Anchor>(keys::anchor(&scroll.anchored, page)).await?;
            scroll.remembered = anchor.map(|anchor| anchor.position);
        }
        Ok(scroll)
    }
}

impl Describe for Scroll {
    fn describe(operation: &mut Operation<'_>) {
        Numbered::describe(operation);
    }
}

impl Scroll {
    /// The same, of a list that has so many entries on a page where the caller does not say.
    pub fn usually(self, size: usize) -> Scroll {
        Scroll { numbered: self.numbered.usually(size), ..self }
    }

    /// Entries on a page, of which there are at most `largest`.
    pub fn size(&self, largest: usize) -> usize {
        self.numbered.size(largest)
    }

    /// Where the page begins, for a list that has at most `largest` entries on a page.
    pub fn start(&self, app: &App, viewer: Option<MemberId>, largest: usize) -> Result<Start> {
        if self.numbered.is_last() {
            return Ok(Start::Last);
        }
        let number = self.numbered.number().filter(|number| *number > 0).ok_or_else(Error::no_such_page)?;
        if number == 1 {
            return Ok(Start::First);
        }
        if let Some(cursor) = self.numbered.cursor() {
            return Ok(Start::At(cursor.open(app, &self.list, viewer)?));
        }
        if let Some(position) = &self.remembered {
            return Ok(Start::At(position.clone()));
        }
        match (number - 1).checked_mul(self.size(largest)) {
            Some(entries) if entries <= DEEPEST => Ok(Start::Skip(entries)),
            _ => Err(Error::invalid("too_deep", "This page is too far from the first. Read the pages before it.")),
        }
    }

    /// The page of a range, of at most `largest` entries. Two round trips where it begins at a place that nothing is
    /// remembered of, else one.
    pub async fn read<T: DeserializeOwned>(
        &self,
        app: &App,
        viewer: Option<MemberId>,
        range: Range,
        largest: usize,
        newest_first: bool,
    ) -> Result<Page<T>> {
        let query = |backwards: bool| {
            let query = Query::of(range.clone(), self.size(largest));
            if backwards { query.backwards() } else { query }
        };
        match self.start(app, viewer, largest)? {
            Start::First => app.table.query(query(newest_first)).await,
            Start::At(position) => app.table.query(query(newest_first).after(&position)?).await,
            Start::Skip(entries) => {
                let position = walk(app, range.clone(), entries, newest_first).await?;
                let position = position.ok_or_else(Error::no_such_page)?;
                app.table.query(query(newest_first).after(&position)?).await
            }
            Start::Last => {
                let mut page = app.table.query(query(!newest_first)).await?;
                page.items.reverse();
                Ok(Page { next: None, ..page })
            }
        }
    }

    /// What to read for a page of at most `largest` entries, of a list that is not one range.
    pub fn reach(&self, app: &App, viewer: Option<MemberId>, largest: usize) -> Result<Reach> {
        let size = self.size(largest);
        let (after, skipped, from_end) = match self.start(app, viewer, largest)? {
            Start::First => (None, 0, false),
            Start::At(position) => (Some(position), 0, false),
            Start::Skip(entries) => (None, entries, false),
            Start::Last => (None, 0, true),
        };
        Ok(Reach { after, from_end, skipped, size })
    }

    /// How many entries a list has at least that nobody counts: those on the pages before this one, those on it, and
    /// one more where it goes on.
    pub fn at_least(&self, largest: usize, shown: usize, goes_on: bool) -> usize {
        let before = self.numbered.number().unwrap_or(1).saturating_sub(1).saturating_mul(self.size(largest));
        before.saturating_add(shown).saturating_add(usize::from(goes_on))
    }

    /// Remembers where the page after this one begins. It may run beside whatever else the page is made of.
    pub async fn remember(&self, app: &App, next: Option<&str>) -> Result<()> {
        let (Some(next), Some(page)) = (next, self.numbered.number()) else { return Ok(()) };
        let anchor = Anchor {
            list: self.anchored.clone(),
            page: page.saturating_add(1),
            position: next.to_owned(),
            until: app.clock.now() + REMEMBERED,
        };
        Ok(app.table.put(&anchor).await?)
    }

    /// The page with what is on it. `count` is how many entries the list has, and `next` where it goes on.
    pub fn view<T>(
        &self,
        app: &App,
        viewer: Option<MemberId>,
        count: usize,
        next: Option<&str>,
        results: Vec<T>,
    ) -> NumberedView<T> {
        let cursor = next.map(|next| Cursor::new(app, &self.list, viewer, next));
        self.numbered.view_between(app, count, cursor.as_ref(), results)
    }
}

/// The position after so many entries of a range; none where it has no more than those.
async fn walk(app: &App, range: Range, entries: usize, newest_first: bool) -> Result<Option<String>> {
    let (mut left, mut position) = (entries, None::<String>);
    while left > 0 {
        let query = Query::of(range.clone(), left.min(STRIDE)).on_from(position.as_deref())?;
        let query = if newest_first { query.backwards() } else { query };
        let page = app.table.keys(query).await?;
        left = left.saturating_sub(page.items.len());
        match page.next {
            Some(next) => position = Some(next),
            None => return Ok(None),
        }
    }
    Ok(position)
}
