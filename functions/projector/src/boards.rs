//! Table → boards: whose score or standing changed, and who earned points.
//!
//! A record only says who; the score and the account are read as they are now. So a record that comes twice, or late,
//! leads to the same board.

use std::collections::BTreeSet;

use aws_lambda_events::dynamodb::EventRecord;
use serde::{Deserialize, Serialize};
use shared::boards::{self, Act, Board, Name, Period, Scope, ScoreChange, Span, standing, watch};
use shared::events::{Event, Happened};
use shared::ids::{EventId, MemberId};
use shared::model::score::Score;
use shared::store::keys;
use shared::{App, Error, Result};

use crate::{News, Place, event_of, sequence_number};

/// Scores read at once.
const AT_ONCE: usize = 100;

/// What the game's board shows beside a score.
#[derive(Serialize)]
struct Card<'a> {
    username: &'a str,
    avatar: Option<&'a str>,
    games_played: i64,
    games_won: i64,
}

/// What a batch of records says for the boards.
#[derive(Default)]
pub struct ForBoards {
    scored: BTreeSet<MemberId>,
    standing: BTreeSet<MemberId>,
    earned: Vec<ScoreChange>,
}

/// What is looked at of an account.
#[derive(Deserialize)]
struct SeenAccount {
    active: bool,
    #[serde(default)]
    banned: bool,
}

impl News for ForBoards {
    fn read(records: &[EventRecord]) -> Option<(String, ForBoards)> {
        let mut news = ForBoards::default();
        let mut first = None;
        for record in records {
            let Some(Place { pk, sk }) = Place::of(record) else { continue };
            let member = keys::member_of(pk);
            let said = match (member, sk) {
                (Some(member), sk) if keys::is_score(sk) => news.scored.insert(member),
                (Some(member), sk) if keys::is_account(sk) && changes_standing(record) => news.standing.insert(member),
                _ if keys::is_outbox(sk) => {
                    let earned = points(record);
                    let any = !earned.is_empty();
                    news.earned.extend(earned);
                    any
                }
                _ => false,
            };
            if said {
                first.get_or_insert_with(|| sequence_number(record));
            }
        }
        first.map(|first| (first, news))
    }

    async fn apply(self, app: &App) -> Result<()> {
        let mut changes = self.earned;
        let scored: Vec<MemberId> = self.scored.into_iter().collect();
        for some in scored.chunks(AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|member| keys::score(*member)).collect();
            let now = EventId::at(app.clock.now());
            for score in app.table.get_many::<Score>(&keys).await?.into_iter().flatten() {
                changes.extend(of_game(now, &score)?);
            }
        }
        // Not only where something moved: a batch that broke off before this line comes again, and moves nothing then.
        let mut touched: BTreeSet<Board> = changes.iter().map(|change| change.board.clone()).collect();
        boards::apply(app, changes).await?;
        for member in self.standing {
            touched.extend(standing::follow_account(app, member).await?);
        }
        watch::announce(app, &touched.into_iter().collect::<Vec<_>>()).await
    }
}

/// Whether an account has become usable, or is not any more. One that is made anew is nothing to tell: nobody is on a
/// board before.
pub(crate) fn changes_standing(record: &EventRecord) -> bool {
    let usable = |image: &serde_dynamo::Item| {
        serde_dynamo::from_item::<_, SeenAccount>(image.clone()).ok().map(|account| account.active && !account.banned)
    };
    let (old, new) = (usable(&record.change.old_image), usable(&record.change.new_image));
    old.is_some() && old != new
}

/// The changes that points come to which somebody earned: one board for every span of time.
fn points(record: &EventRecord) -> Vec<ScoreChange> {
    let happened = event_of(record, "PointsEarned");
    let Some(Happened { id, event: Event::PointsEarned { member, board, points, earned_at }, .. }) = happened else {
        return vec![];
    };
    let Ok(name) = board.parse::<Name>() else { return vec![] };
    let on = |span: Span| ScoreChange {
        board: Board { name: name.clone(), scope: Scope::all(), period: span.at(earned_at) },
        member,
        event: id,
        act: Act::Add(points),
    };
    Span::ALL.map(on).into()
}

/// The game's board shows the score as it is, and what stands beside it.
fn of_game(now: EventId, score: &Score) -> Result<[ScoreChange; 2]> {
    let card = Card {
        username: score.username.as_str(),
        avatar: score.avatar.as_deref(),
        games_played: score.games_played,
        games_won: score.games_won,
    };
    let card = serde_json::to_string(&card).map_err(|cause| Error::internal("A card could not be written.", cause))?;
    let board = Board { name: Name::of(boards::GAME), scope: Scope::all(), period: Period::AllTime };
    let reached = EventId::at(score.scored_at);
    let change = |act| ScoreChange { board: board.clone(), member: score.member, event: now, act };
    Ok([change(Act::Set { score: score.score, reached }), change(Act::Card(card))])
}
