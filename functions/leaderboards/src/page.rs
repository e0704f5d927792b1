//! Pages of a board, by a cursor or by their number.
//!
//! A link to the next page carries a cursor beside the number, so that following it costs one query at any depth, among
//! any number of equals. A page that is asked for by its number alone is found by a walk down the board's tree.

use futures_util::future::try_join;
use shared::boards::{Board, Count, Ranked, read};
use shared::error::Problems;
use shared::http::page::Place;
use shared::http::{Cursor, Numbered};
use shared::{App, Error, Result};

/// Where a page lies on a board, and its lines. Of most pages it is known where they begin before the board tells how
/// long it is, so both are asked at once.
pub async fn numbered(app: &App, board: &Board, numbered: &Numbered, largest: usize) -> Result<(Place, Vec<Ranked>)> {
    if let Some(rows) = numbered.rows(largest) {
        let limit = rows.len();
        let page = async {
            match numbered.cursor() {
                Some(cursor) => read::after(app, board, open(app, board, &cursor)?, limit).await,
                None => read::at(app, board, rows.start, limit).await,
            }
        };
        let (size, page) = try_join(read::size(app, board), page).await?;
        let place = numbered.place(length(size), largest)?;
        let next = page.next.map(|position| seal(app, board, position)).transpose()?;
        return Ok((place.before(next.as_ref()), page.rows));
    }
    let place = numbered.place(length(read::size(app, board).await?), largest)?;
    if place.rows.is_empty() {
        return Ok((place, Vec::new()));
    }
    let page = read::at(app, board, place.rows.start, place.rows.len()).await?;
    Ok((place, page.rows))
}

/// A cursor to where a page ended: good for its board, and for whoever has it.
pub fn seal(app: &App, board: &Board, position: read::Position) -> Result<Cursor> {
    let text =
        serde_json::to_string(&position).map_err(|cause| Error::internal("A position could not be written.", cause))?;
    Ok(Cursor::new(app, &list(board), None, &text))
}

/// The place that a cursor of this board leads to.
pub fn open(app: &App, board: &Board, cursor: &Cursor) -> Result<read::Position> {
    let text = cursor.open(app, &list(board), None)?;
    serde_json::from_str(&text).map_err(|cause| Error::internal("A position could not be read.", cause))
}

fn list(board: &Board) -> String {
    format!("boards/{board}")
}

/// A number within bounds, or none and a note of what is wrong with it.
pub fn bounded(
    problems: &mut Problems,
    field: &'static str,
    value: Option<i64>,
    least: usize,
    most: usize,
) -> Option<usize> {
    let value = value?;
    let within = usize::try_from(value).ok().filter(|value| (least..=most).contains(value));
    problems.check(field, within.ok_or_else(|| format!("Send a number from {least} to {most}.")))
}

/// How many lines a board has.
fn length(size: Count) -> usize {
    usize::try_from(size.members).unwrap_or(0)
}
