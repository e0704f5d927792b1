//! Conversations as SkillNet's web client reads them (its contract, section 4.4). It writes over a socket only.

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Beside, Member};
use shared::http::{Json, Query};
use shared::ids::{MemberId, MessageId};
use shared::members::Named;
use shared::model::account::Account;
use shared::model::conversation::{Message, Talk};
use shared::store::keys;
use shared::{App, Error, Result, media, talk};

use crate::people;

/// Messages of a conversation that are shown at once.
const LONGEST_HISTORY: usize = 500;

/// A conversation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationView {
    username: String,
    first_name: String,
    last_name: String,
    profile_picture: Option<String>,
    current_user_img: Option<String>,
    last_message: String,
    last_message_time: DateTime<Utc>,
    unread_count: i64,
}

/// Lists the caller's conversations, the one in which something was said last first.
pub async fn conversations(by: Member, State(app): State<App>) -> Result<Json<Vec<ConversationView>>> {
    let talks = talk::conversations(&app, by.id()).await?;
    let others: Vec<MemberId> = talks.iter().map(|talk| talk.other).collect();
    let people = people::seen_by(&app, by.id(), &others).await?;
    let view = |talk: &Talk| {
        let other = people.get(&talk.other)?;
        let shown = |text: &str| if other.visible { text.to_owned() } else { String::new() };
        let picture = other.account.avatar.as_deref().filter(|_| other.visible);
        let latest = talk.latest.as_ref()?;
        Some(ConversationView {
            username: other.account.username.as_str().to_owned(),
            first_name: shown(&other.account.first_name),
            last_name: shown(&other.account.last_name),
            profile_picture: picture.map(media::path),
            current_user_img: by.account.avatar.as_deref().map(media::path),
            last_message: latest.text.clone(),
            last_message_time: latest.written_at,
            unread_count: talk.unread,
        })
    };
    Ok(Json(talks.iter().filter_map(view).collect()))
}

/// Which part of a conversation.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Part {
    /// Only what was said before this message.
    before: Option<String>,
}

/// A message, by the names of the two.
#[derive(Serialize, JsonSchema)]
pub struct SaidView {
    id: MessageId,
    message: String,
    sender: String,
    receiver: String,
    #[serde(rename = "createdAt")]
    created_at: DateTime<Utc>,
}

/// Shows the caller what they and another wrote to each other last, the oldest first, and notes that they have read it.
pub async fn history(
    Beside(by, named): Beside<Member, Named>,
    State(app): State<App>,
    Query(part): Query<Part>,
) -> Result<Json<Vec<SaidView>>> {
    let before = match part.before.as_deref().map(str::parse::<MessageId>) {
        None => None,
        Some(Ok(before)) => Some(before),
        Some(Err(_)) => return Err(Error::invalid_field("before", "A message id is required.")),
    };
    let keys: Vec<_> = named.candidates().iter().map(|member| keys::account(*member)).collect();
    let accounts = app.table.get_all::<Account>(&keys).await?;
    let other = accounts.into_iter().flatten().find(|account| account.active).ok_or_else(Error::not_found)?;
    let (messages, side) = tokio::try_join!(
        talk::between(&app, by.id(), other.id, before, LONGEST_HISTORY),
        talk::side(&app, by.id(), other.id),
    )?;
    talk::mark_read(&app, by.id(), other.id, side).await?;
    let name = |member| if member == other.id { &other.username } else { &by.account.username };
    let view = |message: &Message| SaidView {
        id: message.id,
        message: message.text.clone(),
        sender: name(message.from).as_str().to_owned(),
        receiver: name(message.to).as_str().to_owned(),
        created_at: message.written_at,
    };
    Ok(Json(messages.iter().rev().filter(|message| !message.deleted).map(view).collect()))
}
