//! Those whom it concerns are told what others did: once, however often it is heard of, and not if it has been undone by
//! then.

use serde::de::IgnoredAny;
use shared::events::{Event, Happened, happened};
use shared::ids::{ActionId, MemberId, NoticeId};
use shared::model::account::Account;
use shared::model::action::{Action, Verb};
use shared::model::conversation::Message;
use shared::model::notice::{KEPT, Notice, NoticeKind, Seen, Told};
use shared::notices::is_seen;
use shared::store::{Change, Condition, Key, Query, StoreError, Stored, Write, keys, pause};
use shared::{App, Error, Result, members, talk};

/// How often a change that met another one is tried.
const TRIES: u32 = 8;
/// Readers of one action, of whom there is one as a rule.
const PAGE: usize = 100;

/// Tells of what happened whoever is to be told.
pub async fn tell(app: &App, Happened { id, at, event }: &Happened) -> Result<()> {
    match event {
        Event::Acted { action } => match of_action(action) {
            Some(notice) => keep(app, &notice, action.key()).await,
            None => Ok(()),
        },
        Event::Unacted { member, action } => forget(app, *member, *action).await,
        Event::FollowAsked { member, asked } => {
            let (id, kind) = (NoticeId(id.0), NoticeKind::FollowAsked);
            let notice = Notice { id, member: *asked, kind, actor: *member, about: None, at: *at };
            keep(app, &notice, keys::follow_request(*member, *asked)).await
        }
        Event::MessageSent { message } => tell_of_message(app, message).await,
        _ => Ok(()),
    }
}

/// What an action tells whoever it was done to. It has the action's id, by which it is found when that is undone.
fn of_action(action: &Action) -> Option<Notice> {
    let kind = match action.verb {
        Verb::Followed => NoticeKind::Followed,
        Verb::Liked => NoticeKind::Liked,
        Verb::Commented => NoticeKind::Commented,
        Verb::Joined | Verb::Posted | Verb::Trained | Verb::Created | Verb::Adopted | Verb::Measured => return None,
    };
    let member = action.target_owner.filter(|owner| *owner != action.actor)?;
    let about = action.target.filter(|_| kind != NoticeKind::Followed);
    Some(Notice { id: NoticeId(action.id.0), member, kind, actor: action.actor, about, at: action.at })
}

/// Keeps a notice, as long as what it tells of is still there.
async fn keep(app: &App, notice: &Notice, proof: Key) -> Result<()> {
    if !may_tell(app, notice.member, notice.actor).await? {
        return Ok(());
    }
    let mut writes = vec![Write::check(proof, Condition::present())];
    writes.extend(told(app, notice)?);
    match app.table.together(writes).await {
        // It was told already; or one of the two has left, or has taken it back.
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The writes that tell a member of something, if both are still there and the other one is not out.
fn told(app: &App, notice: &Notice) -> Result<[Write; 4]> {
    let reader = Write::check(keys::account(notice.member), Condition::present());
    let actor = Write::check(keys::account(notice.actor), Account::usable());
    let noticed = happened(app, Event::Noticed { notice: notice.clone() })?;
    Ok([Write::create(notice)?, reader, actor, noticed])
}

/// Whether one of the two hears of what the other does.
async fn may_tell(app: &App, reader: MemberId, actor: MemberId) -> Result<bool> {
    Ok(!members::listed(app, Some(reader), &[actor]).await?.is_empty())
}

/// Forgets what was told of an action.
async fn forget(app: &App, actor: MemberId, action: ActionId) -> Result<()> {
    let told = Query::of(keys::caused_with(actor, NoticeId(action.0)), PAGE);
    for notice in app.table.keys(told).await?.items {
        app.table.delete(notice, Condition::default()).await?;
    }
    Ok(())
}

/// Tells of a message, unless its reader has not yet seen that this sender wrote: one notice is enough for any number
/// of messages.
async fn tell_of_message(app: &App, message: &Message) -> Result<()> {
    let (member, other) = (message.to, message.from);
    for attempt in 0..TRIES {
        if attempt > 0 {
            pause(attempt).await;
        }
        // Every message comes by here, so no more is read than what most of them need.
        let known = app.table.get_two::<Told, Seen>(keys::told(member, other), keys::notices_seen(member));
        let (before, seen) = known.await?;
        if before.as_ref().is_some_and(|told| told.latest >= message.id) {
            return Ok(());
        }
        let seen = seen.map(|seen| seen.up_to);
        let is_unseen = |told: &&Told| !is_seen(told.notice, seen) && told.at + KEPT > app.clock.now();
        let same = match &before {
            Some(told) => Condition::equals("latest", told.latest),
            None => Condition::absent(),
        };
        let done = match before.as_ref().filter(is_unseen) {
            Some(told) => {
                let later = Change::of(told.key()).set("latest", message.id).when(same);
                app.table.change::<IgnoredAny>(later).await.map(drop)
            }
            None => {
                let (notice, at) = (NoticeId(message.id.0), message.written_at);
                let kind = NoticeKind::Message;
                let new = Notice { id: notice, member, kind, actor: other, about: None, at };
                let told_now = Told { member, other, latest: message.id, notice, at };
                let mut writes = vec![Write::put(&told_now)?.when(same)];
                writes.extend(told(app, &new)?);
                writes.extend(talk::unblocked(member, other));
                app.table.together(writes).await
            }
        };
        match done {
            // Another message was told of at the same time: look again.
            Err(StoreError::Refused { write: 0, .. } | StoreError::Busy(_)) => {}
            Ok(()) | Err(StoreError::Refused { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("changed_meanwhile", "The reader is being told of other messages."))
}
