//! Our own frames about messages (SkillNet's contract, section 5.3).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::dialect::skillnet::messages::{MessageView, Pair};
use shared::dialect::skillnet::people::PersonView;
use shared::ids::{MemberId, MessageId, ThreadId};
use shared::model::account::Account;
use shared::model::conversation::{Message, Talk};
use shared::model::profile::Profile;
use shared::model::socket::{Socket, Surface};
use shared::store::keys;
use shared::talk::{self, LONGEST_NAME, NewMessage, Sent, Text};
use shared::{App, Error, Result};

use crate::delivery;
use crate::frames::ServerFrame;

/// Messages that are told at once to whoever missed some.
pub const MISSED: usize = 100;
/// The longest frame of messages that were missed, in bytes: the gateway carries no longer ones than 128 KiB.
const LONGEST_FRAME: usize = 100_000;

/// A message to be.
#[derive(Debug, Deserialize)]
pub struct NewMessageData {
    thread_id: ThreadId,
    #[serde(alias = "content", alias = "message")]
    message_content: String,
    #[serde(default)]
    client_id: Option<String>,
}

/// A conversation.
#[derive(Debug, Deserialize)]
pub struct ThreadData {
    thread_id: ThreadId,
}

/// A place in a conversation.
#[derive(Debug, Deserialize)]
pub struct SinceData {
    thread_id: ThreadId,
    since: MessageId,
}

/// What was missed.
#[derive(Debug, Serialize)]
pub struct MissedView {
    thread_id: ThreadId,
    messages: Vec<MessageView>,
    /// Whether there is more after the last of them.
    more: bool,
}

/// Keeps a message; it is answered only where it was sent before.
pub async fn send(app: &App, by: MemberId, new: NewMessageData) -> Result<Option<ServerFrame>> {
    let invalid = |problem| Error::invalid_field("message_content", problem);
    let text = Text::parse(new.message_content.trim()).map_err(invalid)?;
    if new.client_id.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > LONGEST_NAME) {
        return Err(Error::invalid_field("client_id", "A name has at least 1 and at most 255 characters."));
    }
    let with = talk::thread(app, by, new.thread_id).await?;
    match talk::send(app, by, with, NewMessage { text, client_id: new.client_id, attachment: None }).await? {
        Sent::New(_) => Ok(None),
        Sent::Again(message) => {
            let seen = Seen::of(app, &message).await?;
            Ok(seen.map(|seen| ServerFrame::MessageNew { id: message.id, data: Box::new(seen.view(app, &message)) }))
        }
    }
}

/// Notes that a conversation was read.
pub async fn read(app: &App, by: MemberId, ThreadData { thread_id }: ThreadData) -> Result<Option<ServerFrame>> {
    let with = talk::thread(app, by, thread_id).await?;
    let side = talk::side(app, by, with).await?;
    talk::mark_read(app, by, with, side).await?;
    Ok(None)
}

/// Tells the other that somebody is writing, who hears it now or never.
pub async fn typing(app: &App, socket: &Socket, ThreadData { thread_id }: ThreadData) -> Result<Option<ServerFrame>> {
    let with = talk::thread(app, socket.member, thread_id).await?;
    let relations = shared::visibility::relations(app, Some(socket.member), &[with]).await?;
    if relations.iter().any(|relation| relation.blocked) {
        return Ok(None);
    }
    let frame = json!({ "type": "typing", "data": { "thread_id": thread_id, "user": socket.member } });
    let frame = |surface: Surface| -> Option<Value> { (surface == Surface::Native).then(|| frame.clone()) };
    delivery::tell(app, with, frame).await?;
    Ok(None)
}

/// Tells what was said after a message, as much as goes into a frame.
pub async fn since(app: &App, by: MemberId, SinceData { thread_id, since }: SinceData) -> Result<Option<ServerFrame>> {
    let with = talk::thread(app, by, thread_id).await?;
    let page = talk::since(app, by, with, since, MISSED).await?;
    let (mut messages, mut more, mut bytes) = (Vec::new(), page.next.is_some(), 0);
    if let Some(first) = page.items.first()
        && let Some(seen) = Seen::of(app, first).await?
    {
        for message in &page.items {
            let view = seen.view(app, message);
            bytes += serde_json::to_string(&view).map_or(0, |text| text.len());
            if bytes > LONGEST_FRAME {
                more = true;
                break;
            }
            messages.push(view);
        }
    }
    Ok(Some(ServerFrame::MessageList { data: MissedView { thread_id, messages, more } }))
}

/// A conversation as its two see it: themselves, and how far each has read.
pub struct Seen {
    pair: Pair,
    sides: Vec<Talk>,
    /// Their names, of who wrote the message that was asked about and who reads it.
    pub names: [String; 2],
}

impl Seen {
    /// What is needed to show a message; nothing, where one of the two has left.
    pub async fn of(app: &App, message: &Message) -> Result<Option<Seen>> {
        let (from, to) = (message.from, message.to);
        let people = [from, to].map(|member| (keys::account(member), keys::profile(member)));
        let sides = [keys::talk(from, to), keys::talk(to, from)];
        let people = app.table.get_pairs::<Account, Profile>(&people);
        let (people, sides) = tokio::try_join!(people, app.table.get_all::<Talk>(&sides))?;
        let shown: Vec<_> = people
            .into_iter()
            .filter_map(|(account, profile)| {
                let account = account?;
                let profile = profile.unwrap_or_else(|| Profile::new(account.id));
                let name = account.username.as_str().to_owned();
                Some((name, (account.id, PersonView::of(&account, &profile))))
            })
            .collect();
        let Ok([(writer, from), (reader, to)]) = <[_; 2]>::try_from(shown) else { return Ok(None) };
        let sides = sides.into_iter().flatten().collect();
        Ok(Some(Seen { pair: Pair([from, to]), sides, names: [writer, reader] }))
    }

    /// A message of the two.
    pub fn view(&self, app: &App, message: &Message) -> MessageView {
        let reader = self.sides.iter().find(|side| side.member == message.to);
        MessageView::of(app, message, &self.pair, reader.and_then(|side| side.read_to))
    }
}
