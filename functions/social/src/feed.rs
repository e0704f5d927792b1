//! What a member did, and what those did whom a member follows: read from where it lies, and put in one order.
//!
//! What most members do was handed out to the feeds of their followers. Whoever has very many followers is read with
//! themselves, and so is what the reader did.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use futures_util::future::{try_join_all, try_join3};
use shared::ids::{ActionId, MemberId};
use shared::model::action::Action;
use shared::model::feed::FeedEntry;
use shared::model::relation::FollowOfMany;
use shared::store::{Query, keys};
use shared::visibility::Audience;
use shared::{App, Result};

/// Everybody whose own doings are read for a page, at most: three queries each.
const WIDEST: usize = 100;
/// What followers may see.
const FOR_FOLLOWERS: [Audience; 3] = [Audience::Everyone, Audience::Members, Audience::Followers];
/// What one may see oneself.
pub const ALL: [Audience; 4] = [Audience::Everyone, Audience::Members, Audience::Followers, Audience::Owner];

/// So much of a stream, on from an action.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Only what comes after this one.
    pub after: Option<ActionId>,
    /// How much.
    pub entries: usize,
    /// The latest first, or the first.
    pub latest_first: bool,
}

impl Stretch {
    fn query(self, query: Query, after: impl FnOnce(ActionId) -> shared::store::Key) -> Query {
        let query = if self.latest_first { query.backwards() } else { query };
        match self.after {
            Some(id) => query.past(after(id)),
            None => query,
        }
    }
}

/// What a reader did and what those did whom they follow. One round trip, and one more where any of those has very many
/// followers.
pub async fn read(app: &App, reader: MemberId, stretch: Stretch) -> Result<Vec<Action>> {
    let handed_out = async {
        let query = Query::of(keys::feed(reader), stretch.entries);
        // Going back, what has this id itself is left out whoever did it.
        let query = stretch.query(query, |id| keys::feed_entry(reader, id, MemberId(0)));
        let page = app.table.query::<FeedEntry>(query).await?;
        Ok(page.items.into_iter().map(|entry| entry.action).collect::<Vec<_>>())
    };
    let many = app.table.query::<FollowOfMany>(Query::of(keys::followed_by_many(reader), WIDEST));
    let (handed_out, own, many) = try_join3(handed_out, by(app, reader, &ALL, stretch), many).await?;
    let wide = many.items.iter().map(|follow| by(app, follow.followed, &FOR_FOLLOWERS, stretch));
    let wide = try_join_all(wide).await?;
    Ok(merge([handed_out, own].into_iter().chain(wide), stretch))
}

/// What a member did that is meant for these audiences. One round trip.
pub async fn by(app: &App, actor: MemberId, audiences: &[Audience], stretch: Stretch) -> Result<Vec<Action>> {
    let queries = audiences.iter().map(|audience| {
        let query = Query::of(keys::actions_of(actor, *audience), stretch.entries);
        app.table.query::<Action>(stretch.query(query, |id| keys::action(actor, *audience, id)))
    });
    let pages = try_join_all(queries).await?;
    Ok(merge(pages.into_iter().map(|page| page.items), stretch))
}

/// So much of everything in one order, each once.
pub fn merge(lists: impl IntoIterator<Item = Vec<Action>>, stretch: Stretch) -> Vec<Action> {
    let all = lists.into_iter().flatten().map(|action| ((action.id, action.actor), action));
    let mut all: Vec<Action> = all.collect::<BTreeMap<_, _>>().into_values().collect();
    if stretch.latest_first {
        all.sort_by_key(|action| Reverse(action.id));
    }
    all.truncate(stretch.entries);
    all
}
