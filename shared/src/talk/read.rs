//! Reading: what was said, with whom one has talked, and what one has not read.

use futures_util::future::try_join_all;
use serde::de::IgnoredAny;

use super::{TRIES, busy};
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::{MemberId, MessageId, ThreadId};
use crate::model::conversation::{Message, Said, Talk, Thread};
use crate::store::{Change, Condition, Page, Query, Range, StoreError, Write, keys, pause};

/// The most conversations of a list that has no pages.
pub const LONGEST_LIST: usize = 500;
/// Conversations read at once.
const PAGE: usize = 100;

/// A member's side of the conversation with another.
pub async fn side(app: &App, member: MemberId, other: MemberId) -> Result<Option<Talk>> {
    app.table.get(keys::talk(member, other)).await
}

/// With whom `member` talks in this conversation.
///
/// # Errors
/// If there is none, or it is of two others.
pub async fn thread(app: &App, member: MemberId, thread: ThreadId) -> Result<MemberId> {
    let thread: Option<Thread> = app.table.get(keys::thread(thread)).await?;
    thread.and_then(|thread| thread.other_than(member)).ok_or_else(Error::not_found)
}

/// What was said between these two before a message, or at all: the newest first.
pub async fn between(
    app: &App,
    one: MemberId,
    other: MemberId,
    before: Option<MessageId>,
    most: usize,
) -> Result<Vec<Message>> {
    let mut query = Query::of(keys::messages(one, other), most).backwards();
    if let Some(before) = before {
        query = query.past(keys::message(one, other, before));
    }
    Ok(app.table.query(query).await?.items)
}

/// What was said between these two after a message: the first first.
pub async fn since(app: &App, one: MemberId, other: MemberId, after: MessageId, most: usize) -> Result<Page<Message>> {
    let query = Query::of(keys::messages(one, other), most).past(keys::message(one, other, after));
    app.table.query(query).await
}

/// What `member` wrote and was written, whoever to and whoever by, before a message or at all: the newest first, from
/// the `skip`th on.
pub async fn page_of_all(
    app: &App,
    member: MemberId,
    before: Option<MessageId>,
    skip: usize,
    most: usize,
) -> Result<Vec<Message>> {
    // A message lies at no such key, which only says where it would.
    let place = |before| keys::message(member, member, before);
    let wrote = Query::of(keys::written_by(member), skip + most);
    let heard = Query::of(keys::written_to(member), skip + most);
    let (wrote, heard) = match before {
        Some(before) => (
            wrote.beyond(keys::by_writer(member, before), place(before)),
            heard.beyond(keys::by_reader(member, before), place(before)),
        ),
        None => (wrote, heard),
    };
    let (wrote, heard) = tokio::try_join!(all_of(app, wrote), all_of(app, heard))?;
    let mut all = [wrote, heard].concat();
    all.sort_by_key(|message| std::cmp::Reverse(message.id));
    Ok(all.into_iter().skip(skip).take(most).collect())
}

/// As many messages as a query asks for, from the end of its range, in however many pages.
async fn all_of(app: &App, query: Query) -> Result<Vec<Message>> {
    let most = query.limit();
    let mut found: Vec<Message> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = query.clone().with_limit(most - found.len()).backwards();
        let page = match &next {
            Some(next) => app.table.query(query.after(next)?).await?,
            None => app.table.query(query).await?,
        };
        found.extend(page.items);
        next = page.next;
        if next.is_none() || found.len() >= most {
            return Ok(found);
        }
    }
}

/// The message of `by` to `to` that a client calls so; one that no client gave a name goes by its number.
pub async fn by_name(app: &App, by: MemberId, to: MemberId, name: &str) -> Result<Option<MessageId>> {
    let said: Option<Said> = app.table.get(keys::said(by, to, name)).await?;
    Ok(said.map(|said| said.message).or_else(|| name.parse().ok()))
}

/// A member's conversations by their latest message, the newest first, [`LONGEST_LIST`] at most.
pub async fn conversations(app: &App, member: MemberId) -> Result<Vec<Talk>> {
    list(app, keys::talks(member)).await
}

/// Those among a member's conversations in which they have not read everything, the newest first; without those with
/// whom they are blocked.
pub async fn unread(app: &App, member: MemberId) -> Result<Vec<Talk>> {
    let talks = list(app, keys::unread_talks(member)).await?;
    let batches = talks.chunks(PAGE / 2).map(|talks| async move {
        let blocks = |talk: &Talk| [keys::block(member, talk.other), keys::block(talk.other, member)];
        let keys: Vec<_> = talks.iter().flat_map(blocks).collect();
        app.table.lately().get_all::<IgnoredAny>(&keys).await
    });
    let blocks = try_join_all(batches).await?.concat();
    let open = blocks.chunks(2).map(|either| either.iter().all(Option::is_none));
    Ok(talks.into_iter().zip(open).filter(|(talk, open)| *open && talk.unread > 0).map(|(talk, _)| talk).collect())
}

async fn list(app: &App, range: Range) -> Result<Vec<Talk>> {
    let mut talks: Vec<Talk> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let most = PAGE.min(LONGEST_LIST - talks.len());
        let query = Query::of(range.clone(), most).backwards().on_from(next.as_deref())?;
        let page = app.table.query(query).await?;
        talks.extend(page.items);
        next = page.next;
        if next.is_none() || talks.len() >= LONGEST_LIST {
            return Ok(talks);
        }
    }
}

/// Notes that `member` has read everything that `other` wrote; `known` is how it stands for them. Whether that changes
/// anything.
pub async fn mark_read(app: &App, member: MemberId, other: MemberId, known: Option<Talk>) -> Result<bool> {
    let mut known = known;
    for attempt in 0..TRIES {
        if attempt > 0 {
            pause(attempt).await;
            known = side(app, member, other).await?;
        }
        let Some(talk) = known.take().filter(|talk| talk.unread > 0) else { return Ok(false) };
        let read_to = talk.latest.as_ref().map_or(talk.said_to, |latest| latest.id);
        let change = Change::of(keys::talk(member, other))
            .set("unread", 0)
            .set("read_to", read_to)
            .second_index(None)
            .when(Condition::equals("said_to", talk.said_to).and(Condition::equals("read_to", talk.read_to)));
        let read = Event::MessagesRead { member, other, thread: talk.thread, read_to };
        match app.table.together(vec![Write::change(change), happened(app, read)?]).await {
            Ok(()) => return Ok(true),
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// The sides of these conversations that are not `member`'s own, in their order.
pub async fn other_sides(app: &App, member: MemberId, others: &[MemberId]) -> Result<Vec<Option<Talk>>> {
    let batches = others.chunks(PAGE).map(|others| async move {
        let keys: Vec<_> = others.iter().map(|other| keys::talk(*other, member)).collect();
        app.table.get_all::<Talk>(&keys).await
    });
    Ok(try_join_all(batches).await?.concat())
}
