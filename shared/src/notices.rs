//! Notices as members see them: in a list, and on an open socket.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::ids::{MemberId, NoticeId};
use crate::model::account::Account;
use crate::model::notice::{Notice, Seen};
use crate::model::thing::Thing;
use crate::store::{Condition, Query, keys};
use crate::{media, members};

/// Who did it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActorView {
    id: MemberId,
    username: String,
    /// The path of their picture.
    picture: Option<String>,
}

/// What it was done to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AboutView {
    /// `post`, `comment`, `workout`, `plan`, `exercise` or `measurement`.
    kind: &'static str,
    id: u64,
}

/// One thing that a member is told of.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NoticeView {
    id: NoticeId,
    /// `followed`, `follow_asked`, `liked`, `commented` or `message`.
    kind: &'static str,
    actor: ActorView,
    /// What was liked or commented on; null for what is about the member.
    about: Option<AboutView>,
    at: DateTime<Utc>,
    seen: bool,
}

impl NoticeView {
    fn of(notice: &Notice, actor: &Account, seen: Option<NoticeId>) -> NoticeView {
        let picture = actor.avatar.as_deref().map(media::path);
        NoticeView {
            id: notice.id,
            kind: notice.kind.name(),
            actor: ActorView { id: actor.id, username: actor.username.as_str().to_owned(), picture },
            about: notice.about.map(|Thing { kind, id }| AboutView { kind: kind.name(), id }),
            at: notice.at,
            seen: is_seen(notice.id, seen),
        }
    }
}

/// Whether a notice is among those that a member has seen.
pub fn is_seen(notice: NoticeId, up_to: Option<NoticeId>) -> bool {
    up_to.is_some_and(|up_to| notice <= up_to)
}

/// The last notice that a member has seen.
pub async fn seen(app: &App, member: MemberId) -> Result<Option<NoticeId>> {
    Ok(app.table.get::<Seen>(keys::notices_seen(member)).await?.map(|seen| seen.up_to))
}

/// Notices as their reader sees them: none of those who are out, or with whom there is a block. One round trip.
pub async fn views(app: &App, reader: MemberId, notices: &[Notice], seen: Option<NoticeId>) -> Result<Vec<NoticeView>> {
    let mut actors: Vec<MemberId> = notices.iter().map(|notice| notice.actor).collect();
    actors.sort();
    actors.dedup();
    let actors = members::listed(app, Some(reader), &actors).await?;
    let actor = |notice: &Notice| actors.iter().find(|actor| actor.id == notice.actor);
    Ok(notices.iter().filter_map(|notice| Some(NoticeView::of(notice, actor(notice)?, seen))).collect())
}

/// Sends a member no more digests.
pub async fn stop_digest(app: &App, member: MemberId) -> Result<()> {
    Ok(app.table.delete(keys::wants_digest(member), Condition::default()).await?)
}

/// What a digest tells, a sentence each: what is new after one notice, up to another, and not seen.
pub async fn news(app: &App, reader: MemberId, after: Option<NoticeId>, up_to: NoticeId) -> Result<Vec<String>> {
    let latest = Query::of(keys::notices(reader), IN_DIGEST).backwards();
    let (page, seen) = tokio::try_join!(app.table.query::<Notice>(latest), seen(app, reader))?;
    let known = seen.max(after);
    let new: Vec<Notice> =
        page.items.into_iter().filter(|notice| notice.id <= up_to && !is_seen(notice.id, known)).collect();
    Ok(views(app, reader, &new, known).await?.iter().map(sentence).collect())
}

/// Sentences in a digest, at most.
const IN_DIGEST: usize = 30;

fn sentence(notice: &NoticeView) -> String {
    let (who, what) = (&notice.actor.username, notice.about.as_ref().map_or("profile", |about| about.kind));
    match notice.kind {
        "followed" => format!("{who} follows you."),
        "follow_asked" => format!("{who} asks to follow you."),
        "liked" => format!("{who} likes your {what}."),
        "commented" => format!("{who} commented on your {what}."),
        _ => format!("{who} wrote to you."),
    }
}
