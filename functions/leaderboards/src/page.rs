//! Numbered pages of a board.
//!
//! A link to the next page carries a cursor beside the number, so that following it costs one query at any depth, among
//! any number of equals. A page that is asked for by its number alone is found by a walk down the board's tree.

use futures_util::future::try_join;
use shared::boards::{Board, Count, Ranked, read};
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

/// A cursor is good for its board, and for whoever has it.
fn seal(app: &App, board: &Board, position: read::Position) -> Result<Cursor> {
    let text =
        serde_json::to_string(&position).map_err(|cause| Error::internal("A position could not be written.", cause))?;
    Ok(Cursor::new(app, &format!("numbered {board}"), None, &text))
}

fn open(app: &App, board: &Board, cursor: &Cursor) -> Result<read::Position> {
    let text = cursor.open(app, &format!("numbered {board}"), None)?;
    serde_json::from_str(&text).map_err(|cause| Error::internal("A position could not be read.", cause))
}

/// How many lines a board has.
fn length(size: Count) -> usize {
    usize::try_from(size.members).unwrap_or(0)
}
