//! Paging: a sealed cursor that belongs to one list and one viewer, or numbered pages for clients that count.

use std::ops::Range;

use axum::extract::FromRequestParts;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::MemberId;

/// A place in a list, as the client holds it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor to `position` in `list`, good for `viewer` only.
    pub fn new(app: &App, list: &str, viewer: Option<MemberId>, position: &str) -> Cursor {
        Cursor(app.seal.seal(&purpose(list, viewer), &position))
    }

    /// The text that a link carries.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The position, if the cursor is of this list and for this viewer.
    pub fn open(&self, app: &App, list: &str, viewer: Option<MemberId>) -> Result<String> {
        let position = app.seal.open(&purpose(list, viewer), &self.0);
        position.ok_or_else(|| Error::invalid_field("cursor", "This cursor does not belong to this list."))
    }
}

fn purpose(list: &str, viewer: Option<MemberId>) -> String {
    format!("cursor\0{list}\0{}", viewer.map_or(0, |viewer| viewer.0))
}

/// Entries on a numbered page where the caller does not say.
const USUAL_SIZE: usize = 10;

/// Which page of a numbered list a caller wants, and the rest of what they asked, for the links to its neighbours.
#[derive(Clone, Debug)]
pub struct Numbered {
    path: String,
    parameters: Vec<(String, String)>,
    usual_size: usize,
}

/// Where a numbered page lies in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    number: usize,
    pages: usize,
    count: usize,
    /// The entries that are on it.
    pub rows: Range<usize>,
    /// Where the next page begins, for a list that is not read by counting.
    cursor: Option<String>,
}

impl Place {
    /// The page's number.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The same, with where the next page begins.
    pub fn before(self, cursor: Option<&Cursor>) -> Place {
        Place { cursor: cursor.map(|cursor| cursor.as_str().to_owned()), ..self }
    }
}

/// A page of a numbered list.
#[derive(Serialize, JsonSchema)]
pub struct NumberedView<T> {
    /// Entries in the list; of one that nobody counts, as many as there are at least.
    count: usize,
    /// The address of the next page.
    next: Option<String>,
    /// The address of the page before.
    previous: Option<String>,
    /// The entries of this page. There may be fewer than asked for: not everybody sees every entry.
    results: Vec<T>,
}

impl FromRequestParts<App> for Numbered {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Numbered> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Numbered {
            path: parts.uri.path().to_owned(),
            parameters: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            usual_size: USUAL_SIZE,
        })
    }
}

impl Numbered {
    /// The same, of a list that has so many entries on a page where the caller does not say.
    pub fn usually(self, size: usize) -> Numbered {
        Numbered { usual_size: size, ..self }
    }

    /// The entries that are on the page if the list is long enough; none where only its length tells, as of the last
    /// page.
    pub fn rows(&self, largest: usize) -> Option<Range<usize>> {
        let size = self.size(largest);
        let number: usize = self.last("page").map_or(Ok(1), |number| number.trim().parse()).ok()?;
        let first = number.checked_sub(1)?.checked_mul(size)?;
        Some(first..first.checked_add(size)?)
    }

    /// Where the page lies in a list of `count` entries; at most `largest` of them are on one page.
    pub fn place(&self, count: usize, largest: usize) -> Result<Place> {
        let size = self.size(largest);
        // The first page is there even if nothing is on it.
        let pages = count.div_ceil(size).max(1);
        let number = match self.last("page") {
            None => 1,
            Some("last") => pages,
            Some(number) => number.trim().parse().map_err(|_| Error::no_such_page())?,
        };
        if !(1..=pages).contains(&number) {
            return Err(Error::no_such_page());
        }
        let first = (number - 1) * size;
        Ok(Place { number, pages, count, rows: first..count.min(first + size), cursor: None })
    }

    /// The page with what is on it. Links start with our own address, never with one that the caller names.
    pub fn view<T>(&self, app: &App, place: &Place, results: Vec<T>) -> NumberedView<T> {
        let link = |number: usize, cursor| self.link(&app.config.public_url, number, cursor);
        NumberedView {
            count: place.count,
            next: (place.number < place.pages).then(|| link(place.number + 1, place.cursor.as_deref())),
            previous: (place.number > 1).then(|| link(place.number - 1, None)),
            results,
        }
    }

    /// Where the page begins, if the caller followed the link of the one before.
    pub fn cursor(&self) -> Option<Cursor> {
        self.last("cursor").map(|cursor| Cursor(cursor.to_owned()))
    }

    /// The page's number where it is one, 1 where none was asked for.
    pub(super) fn number(&self) -> Option<usize> {
        self.last("page").map_or(Ok(1), |number| number.trim().parse()).ok()
    }

    /// Whether the last page is wanted.
    pub(super) fn is_last(&self) -> bool {
        self.last("page") == Some("last")
    }

    /// How many entries on a page the caller asks for, as they say it.
    pub(super) fn asked_size(&self) -> Option<&str> {
        self.last("page_size")
    }

    /// What names the list: its path, and everything that was asked but for the page and its size.
    pub(super) fn list(&self) -> String {
        let parameters = self.parameters.iter().filter(|(name, _)| !["page", "page_size", "cursor"].contains(&&**name));
        let mut query = form_urlencoded::Serializer::new(format!("{}?", self.path));
        query.extend_pairs(parameters).finish()
    }

    /// A page that has a next one where there is a cursor to it.
    pub(super) fn view_between<T>(
        &self,
        app: &App,
        count: usize,
        next: Option<&Cursor>,
        results: Vec<T>,
    ) -> NumberedView<T> {
        let number = self.number().unwrap_or_else(|| count.div_ceil(self.size(usize::MAX)).max(1));
        let link = |number, cursor| self.link(&app.config.public_url, number, cursor);
        NumberedView {
            count,
            next: next.map(|cursor| link(number + 1, Some(cursor.as_str()))),
            previous: (number > 1).then(|| link(number - 1, None)),
            results,
        }
    }

    fn link(&self, base: &str, number: usize, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.parameters.iter().filter(|(name, _)| name != "page" && name != "cursor"));
        if number > 1 {
            query.append_pair("page", &number.to_string());
        }
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{base}{}{mark}{query}", self.path)
    }

    /// Entries on a page.
    pub(super) fn size(&self, largest: usize) -> usize {
        let asked = self.last("page_size").and_then(|size| size.trim().parse().ok());
        asked.filter(|size| *size > 0).unwrap_or(self.usual_size).min(largest)
    }

    /// A parameter's value; of several the last counts.
    fn last(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Numbered {
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Numbered { path: "/api/users/".to_owned(), parameters, usual_size: USUAL_SIZE }
    }

    #[test]
    fn pages_cover_the_list_and_nothing_else() {
        let rows = |query: &str, count| asked(query).place(count, 50).map(|place| place.rows).ok();
        assert_eq!(rows("", 25), Some(0..10));
        assert_eq!(rows("page=3", 25), Some(20..25));
        assert_eq!(rows("page=last&page_size=7", 25), Some(21..25));
        assert_eq!(rows("page=last", 0), Some(0..0));
        assert_eq!(rows("page_size=1000", 80), Some(0..50));
        for size in ["0", "-1", "x", ""] {
            assert_eq!(rows(&format!("page_size={size}"), 25), Some(0..10));
        }
        for page in ["0", "-1", "x", "", "4", "99999999999999999999", "18446744073709551615"] {
            assert_eq!(rows(&format!("page={page}"), 25), None, "{page}");
        }
    }

    #[test]
    fn a_page_is_known_before_the_length_of_its_list() {
        let rows = |query: &str| asked(query).usually(20).rows(50);
        assert_eq!(rows(""), Some(0..20));
        assert_eq!(rows("page=3&page_size=100"), Some(100..150));
        for page in ["last", "0", "-1", "x", "", "18446744073709551615"] {
            assert_eq!(rows(&format!("page={page}")), None, "{page}");
        }
    }

    #[test]
    fn links_keep_what_was_asked_and_the_first_page_has_no_number() {
        let links = |query: &str| {
            let asked = asked(query);
            let place = asked.place(25, 50).unwrap();
            [place.number - 1, place.number + 1].map(|number| asked.link("https://guildhall.test", number, None))
        };
        let address = "https://guildhall.test/api/users/";
        assert_eq!(
            links("search=a+%26b&page=2"),
            [format!("{address}?search=a+%26b"), format!("{address}?search=a+%26b&page=3")]
        );
        assert_eq!(
            links("page=2&page_size=5"),
            [format!("{address}?page_size=5"), format!("{address}?page_size=5&page=3")]
        );
        assert_eq!(links("page=2")[0], address);
    }
}
