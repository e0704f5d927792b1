//! Our own frames about messages (SkillNet's contract, section 5.3).

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::dialect::skillnet::messages::{MessageView, Pair};
use shared::dialect::skillnet::people::PersonView;
use shared::ids::{MemberId, MessageId, ThreadId};
use shared::model::account::Account;
use shared::model::conversation::{Message, Talk};
use shared::model::profile::Profile;
use shared::model::socket::Socket;
use shared::store::{Key, Mixed, Page, keys};
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
    delivery::tell(app, with, &frame).await?;
    Ok(None)
}

/// Tells what was said after a message, as much as goes into a frame.
pub async fn since(app: &App, by: MemberId, SinceData { thread_id, since }: SinceData) -> Result<Option<ServerFrame>> {
    let with = talk::thread(app, by, thread_id).await?;
    let page = talk::since(app, by, with, since, MISSED).await?;
    Ok(Some(ServerFrame::MessageList { data: MissedView::of(app, thread_id, page, None).await? }))
}

impl MissedView {
    /// As many of these messages as go into a frame, up to the last one that is to be told.
    pub async fn of(app: &App, thread_id: ThreadId, page: Page<Message>, to: Option<MessageId>) -> Result<MissedView> {
        let is_told = |message: &&Message| to.is_none_or(|to| message.id <= to);
        let told: Vec<_> = page.items.iter().filter(is_told).collect();
        let (mut messages, mut bytes) = (Vec::new(), 0);
        let mut more = page.next.is_some() && told.len() == page.items.len();
        if let Some(first) = told.first()
            && let Some(seen) = Seen::of(app, first).await?
        {
            for message in told {
                let view = seen.view(app, message);
                bytes += serde_json::to_string(&view).map_or(0, |text| text.len());
                if bytes > LONGEST_FRAME {
                    more = true;
                    break;
                }
                messages.push(view);
            }
        }
        Ok(MissedView { thread_id, messages, more })
    }
}

/// A conversation as its two see it: themselves, and how far each has read.
pub struct Seen {
    pair: Pair,
    sides: Vec<Talk>,
    /// Their names, of who wrote the message that was asked about and who reads it.
    pub names: [String; 2],
}

impl Seen {
    /// What is needed to show a message; nothing, where one of the two has left. One round trip.
    pub async fn of(app: &App, message: &Message) -> Result<Option<Seen>> {
        Seen::among(&app.table.get_mixed(&Seen::keys(message)).await?, message)
    }

    /// Where that lies, to be read with what else is needed.
    pub fn keys(message: &Message) -> [Key; 6] {
        let (from, to) = (message.from, message.to);
        let [account, profile] = [keys::account, keys::profile];
        [account(from), profile(from), account(to), profile(to), keys::talk(from, to), keys::talk(to, from)]
    }

    /// The same among what was read.
    pub fn among(found: &Mixed, message: &Message) -> Result<Option<Seen>> {
        let (from, to) = (message.from, message.to);
        let person = |member| {
            let Some(account) = found.read::<Account>(&keys::account(member))? else { return Ok(None) };
            let profile = found.read(&keys::profile(member))?.unwrap_or_else(|| Profile::new(member));
            let name = account.username.as_str().to_owned();
            Ok::<_, Error>(Some((name, (member, PersonView::of(&account, &profile)))))
        };
        let (Some((writer, shown_from)), Some((reader, shown_to))) = (person(from)?, person(to)?) else {
            return Ok(None);
        };
        let sides = [found.read(&keys::talk(from, to))?, found.read(&keys::talk(to, from))?];
        let sides = sides.into_iter().flatten().collect();
        Ok(Some(Seen { pair: Pair([shown_from, shown_to]), sides, names: [writer, reader] }))
    }

    /// A message of the two.
    pub fn view(&self, app: &App, message: &Message) -> MessageView {
        let reader = self.sides.iter().find(|side| side.member == message.to);
        MessageView::of(app, message, &self.pair, reader.and_then(|side| side.read_to))
    }
}
