//! Sukuwatto's words for conversations (its contract, part S, sections 2.2, 3.9 and 4.8). Nothing is sent here: its client
//! does that over a socket.

use axum::extract::State;
use chrono::{DateTime, Utc};
use futures_util::future::{try_join, try_join_all};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Beside, Member};
use shared::dialect::sukuwatto::views::{UserFullView, UserNamedView};
use shared::http::scroll::{DEEPEST, Start};
use shared::http::{Body, Field, Json, NoContent, NumberedView, Query, Scroll};
use shared::ids::{MemberId, MessageId};
use shared::model::conversation::{Message, Talk};
use shared::model::profile::Profile;
use shared::store::{Page, keys};
use shared::{App, Error, Result, profile, talk};

use crate::people::{self, Correspondent};

/// Messages on a page, at most.
const LARGEST_PAGE: usize = 100;
/// Messages read in one batch.
const BATCH: usize = 100;

/// With whom.
#[derive(Deserialize, JsonSchema)]
pub struct Filter {
    /// The other member's id; with everybody where it is left out.
    with_user: Option<String>,
}

/// A message.
#[derive(Serialize, JsonSchema)]
pub struct MessageView {
    id: MessageId,
    /// The client's own name for it, or its id as text where it was given none.
    uuid: String,
    date: DateTime<Utc>,
    edited_date: Option<DateTime<Utc>>,
    from_user: MemberId,
    to_user: MemberId,
    message: String,
}

impl MessageView {
    fn of(message: &Message) -> MessageView {
        MessageView {
            id: message.id,
            uuid: message.name(),
            date: message.written_at,
            edited_date: message.edited_at,
            from_user: message.from,
            to_user: message.to,
            message: message.text.clone(),
        }
    }
}

/// A member as far as the caller may see them.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CorrespondentView {
    /// Whole.
    Full(Box<UserFullView>),
    /// Who they are, and no more.
    Named(UserNamedView),
}

impl CorrespondentView {
    fn of(other: &Correspondent) -> CorrespondentView {
        if other.visible {
            CorrespondentView::Full(Box::new(UserFullView::of(&other.account, &other.profile)))
        } else {
            CorrespondentView::Named(UserNamedView::of(&other.account))
        }
    }
}

/// A conversation as it stands for the caller.
#[derive(Serialize, JsonSchema)]
pub struct LastMessageView {
    /// The conversation's own; the other of the two has the same.
    id: shared::ids::ThreadId,
    date: DateTime<Utc>,
    user: UserFullView,
    correspondent: CorrespondentView,
    last_read_message: Option<MessageView>,
    last_message: Option<MessageView>,
    unread_count: i64,
}

/// Lists what the caller and another, or anybody, wrote to each other: the newest on the first page, and on each page the
/// oldest first.
pub async fn messages(
    Beside(by, scroll): Beside<Member, Scroll>,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<MessageView>>> {
    let viewer = by.id();
    let (count, page) = match filter.with_user.as_deref().map(str::trim) {
        None | Some("") => everything(&app, viewer, &scroll).await?,
        Some(other) => match other.parse::<MemberId>() {
            Ok(other) => of_two(&app, viewer, other, &scroll).await?,
            Err(_) => (0, nothing(&app, viewer, &scroll)?),
        },
    };
    // What is on the first page may be all there is.
    let next = page.next.filter(|_| page.items.len() < count);
    scroll.remember(&app, next.as_deref()).await?;
    // Whoever takes a message back by SkillNet's ways leaves its place, for which there are no words here.
    let views = page.items.iter().rev().filter(|message| !message.deleted).map(MessageView::of).collect();
    Ok(Json(scroll.view(&app, Some(viewer), count, next.as_deref(), views)))
}

/// How many messages there are between two, and a page of them, the newest first.
async fn of_two(app: &App, viewer: MemberId, other: MemberId, scroll: &Scroll) -> Result<(usize, Page<Message>)> {
    let page = scroll.read(app, Some(viewer), keys::messages(viewer, other), LARGEST_PAGE, true);
    let (side, page) = try_join(talk::side(app, viewer, other), page).await?;
    Ok((messages_in(side.as_slice()), page))
}

/// The same of all conversations. Here a place in the list is the last message before it.
async fn everything(app: &App, viewer: MemberId, scroll: &Scroll) -> Result<(usize, Page<Message>)> {
    let size = scroll.size(LARGEST_PAGE);
    let talks = talk::conversations(app, viewer).await?;
    let count = messages_in(&talks);
    let (before, skip) = match scroll.start(app, Some(viewer), LARGEST_PAGE)? {
        Start::First => (None, 0),
        Start::Skip(entries) => (None, entries),
        Start::At(position) => (position.parse().ok(), 0),
        Start::Last => (None, count.saturating_sub(size).min(DEEPEST)),
    };
    let items = talk::page_of_all(app, viewer, before, skip, size).await?;
    if items.is_empty() && skip > 0 {
        return Err(Error::no_such_page());
    }
    let next = items.get(size - 1).map(|last| last.id.to_string());
    Ok((count, Page { items, next }))
}

/// A page of a list in which nothing is.
fn nothing(app: &App, viewer: MemberId, scroll: &Scroll) -> Result<Page<Message>> {
    match scroll.start(app, Some(viewer), LARGEST_PAGE)? {
        Start::First | Start::Last => Ok(Page { items: Vec::new(), next: None }),
        Start::At(_) | Start::Skip(_) => Err(Error::no_such_page()),
    }
}

fn messages_in(talks: &[Talk]) -> usize {
    talks.iter().map(|talk| usize::try_from(talk.messages).unwrap_or_default()).sum()
}

/// Lists the caller's conversations, the one in which something was said last first; but for those with whom they are
/// blocked.
pub async fn last_messages(by: Member, State(app): State<App>) -> Result<Json<Vec<LastMessageView>>> {
    let viewer = by.id();
    let talks = talk::conversations(&app, viewer).await?;
    let others: Vec<MemberId> = talks.iter().map(|talk| talk.other).collect();
    let own = profile::of(&app, viewer);
    let ((people, read), own) =
        try_join(try_join(people::seen_by(&app, viewer, &others), last_read(&app, &talks)), own).await?;
    let view = |(talk, read): (&Talk, Option<Message>)| {
        let correspondent = people.get(&talk.other).filter(|other| !other.blocked)?;
        Some(last_message(&by, &own, talk, correspondent, read.as_ref()))
    };
    Ok(Json(talks.iter().zip(read).filter_map(view).collect()))
}

fn last_message(
    by: &Member,
    own: &Profile,
    talk: &Talk,
    correspondent: &Correspondent,
    read: Option<&Message>,
) -> LastMessageView {
    LastMessageView {
        id: talk.thread,
        date: talk.latest.as_ref().map_or(talk.moved_at, |latest| latest.written_at),
        user: UserFullView::of(&by.account, own),
        correspondent: CorrespondentView::of(correspondent),
        last_read_message: read.map(MessageView::of),
        last_message: talk.latest.as_ref().map(MessageView::of),
        unread_count: talk.unread,
    }
}

/// Up to which message each of these conversations was read. Most were read to their end.
async fn last_read(app: &App, talks: &[Talk]) -> Result<Vec<Option<Message>>> {
    let latest = |talk: &Talk| talk.latest.clone().filter(|latest| talk.read_to == Some(latest.id));
    let earlier: Vec<_> = talks
        .iter()
        .filter(|talk| latest(talk).is_none())
        .filter_map(|talk| Some(keys::message(talk.member, talk.other, talk.read_to?)))
        .collect();
    let batches = earlier.chunks(BATCH).map(|keys| async move { app.table.get_all::<Message>(keys).await });
    let mut earlier = try_join_all(batches).await?.concat().into_iter();
    let read = |talk: &Talk| match latest(talk) {
        Some(latest) => Some(latest),
        None => talk.read_to.and_then(|_| earlier.next().flatten()),
    };
    Ok(talks.iter().map(read).collect())
}

/// Which conversation.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Read {
    /// The other member's id.
    #[schemars(with = "Option<MemberId>")]
    correspondent: Field<i64>,
}

/// Notes that the caller has read what another wrote to them, if there is anything.
pub async fn update_last_message(by: Member, State(app): State<App>, Body(read): Body<Read>) -> Result<NoContent> {
    let other = read.correspondent.value().and_then(|id| id.to_string().parse::<MemberId>().ok());
    if let Some(other) = other {
        let side = talk::side(&app, by.id(), other).await?;
        talk::mark_read(&app, by.id(), other, side).await?;
    }
    Ok(NoContent)
}

/// Tells the caller in how many conversations there is something that they have not read.
pub async fn unread_conversations(by: Member, State(app): State<App>) -> Result<Json<usize>> {
    Ok(Json(talk::unread(&app, by.id()).await?.len()))
}

/// Tells the caller when something was last said in a conversation that they have not read to its end.
pub async fn last_unread_conversation(by: Member, State(app): State<App>) -> Result<Json<Option<DateTime<Utc>>>> {
    let talks = talk::unread(&app, by.id()).await?;
    Ok(Json(talks.first().and_then(|talk| talk.latest.as_ref()).map(|latest| latest.written_at)))
}
