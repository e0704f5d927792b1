//! Ranks, read straight from the score index: best first, equal scores by member id.

use shared::model::score::Score;
use shared::store::{Query, keys};
use shared::{App, Result};

/// The deepest row that a page may reach: ranks are counted from the top, so a row costs what lies above it.
pub const DEEPEST: usize = 1000;

/// A score with its rank.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// 1 + the number of members with more points ("competition": 1, 1, 3).
    pub rank: usize,
    /// The score.
    pub score: Score,
}

/// The rows after the first `offset` ones, `limit` at most and none beyond [`DEEPEST`].
pub async fn top(app: &App, offset: usize, limit: usize) -> Result<Vec<Ranked>> {
    let wanted = offset.saturating_add(limit).min(DEEPEST);
    let mut scores: Vec<Score> = Vec::new();
    let mut next: Option<String> = None;
    while scores.len() < wanted {
        let query = Query::of(keys::scores(), wanted - scores.len());
        let query = match &next {
            Some(next) => query.after(next)?,
            None => query,
        };
        let page = app.table.query::<Score>(query).await?;
        scores.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(rank(scores).skip(offset).collect())
}

/// Ranks scores that come best first.
fn rank(scores: Vec<Score>) -> impl Iterator<Item = Ranked> {
    let mut best = (0, None);
    scores.into_iter().enumerate().map(move |(above, score)| {
        if best.1 != Some(score.score) {
            best = (above + 1, Some(score.score));
        }
        Ranked { rank: best.0, score }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::MemberId;
    use shared::model::name::Username;

    #[test]
    fn equal_scores_share_a_rank_and_the_next_one_skips() {
        let score = |(id, score)| Score {
            member: MemberId(id),
            username: Username::parse("ada").unwrap(),
            avatar: None,
            score,
            games_played: 0,
            games_won: 0,
            updated_at: Default::default(),
            scored_at: Default::default(),
            shown: true,
        };
        let scores = [(1, 9), (2, 9), (3, 7), (4, 7), (5, -1)].map(score).to_vec();
        let ranks: Vec<_> = rank(scores).map(|ranked| ranked.rank).collect();
        assert_eq!(ranks, [1, 1, 3, 3, 5]);
    }
}
