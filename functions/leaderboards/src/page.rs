//! Numbered pages of a board.

use futures_util::future::try_join;
use shared::boards::{Board, Count, Ranked, read};
use shared::http::Numbered;
use shared::http::page::Place;
use shared::{App, Result};

/// Where a page lies on a board, and its lines. Of most pages it is known where they begin before the board tells how
/// long it is, so both are asked at once.
pub async fn numbered(app: &App, board: &Board, numbered: &Numbered, largest: usize) -> Result<(Place, Vec<Ranked>)> {
    if let Some(rows) = numbered.rows(largest) {
        let (size, page) = try_join(read::size(app, board), read::at(app, board, rows.start, rows.len())).await?;
        return Ok((numbered.place(length(size), largest)?, page.rows));
    }
    let place = numbered.place(length(read::size(app, board).await?), largest)?;
    if place.rows.is_empty() {
        return Ok((place, Vec::new()));
    }
    let page = read::at(app, board, place.rows.start, place.rows.len()).await?;
    Ok((place, page.rows))
}

/// How many lines a board has.
fn length(size: Count) -> usize {
    usize::try_from(size.members).unwrap_or(0)
}
