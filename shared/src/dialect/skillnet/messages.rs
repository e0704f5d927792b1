//! How SkillNet shows messages, over HTTP and over sockets (its contract, section 2).

use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::people::PersonView;
use crate::app::App;
use crate::ids::{MemberId, MessageId, ThreadId};
use crate::media;
use crate::model::conversation::{Attachment, Message};

/// How long the address of a file works.
const ADDRESS_WORKS: Duration = Duration::hours(1);
const PURPOSE: &str = "file of a message";

/// A message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MessageView {
    id: MessageId,
    thread_id: ThreadId,
    sender: PersonView,
    recipient: PersonView,
    message_content: String,
    timestamp: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    is_read: bool,
    /// Whether its sender has taken it back; then nothing is left but its place.
    is_deleted: bool,
    /// The name that the client gave it.
    client_id: Option<String>,
    attachment_reference: Option<String>,
    attachment: Option<AttachmentView>,
}

/// A file that came with a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttachmentView {
    file_name: String,
    content_type: String,
    size: u64,
    /// A path that works for an hour.
    url: String,
}

/// The two of a conversation, as they are shown.
#[derive(Clone, Debug)]
pub struct Pair(pub [(MemberId, PersonView); 2]);

impl Pair {
    fn get(&self, member: MemberId) -> PersonView {
        let [one, other] = &self.0;
        if one.0 == member { one.1.clone() } else { other.1.clone() }
    }
}

impl MessageView {
    /// A message of these two; `read_to` says how far whoever it is for has read.
    pub fn of(app: &App, message: &Message, pair: &Pair, read_to: Option<MessageId>) -> MessageView {
        let attachment = message.attachment.as_ref();
        MessageView {
            id: message.id,
            thread_id: message.thread,
            sender: pair.get(message.from),
            recipient: pair.get(message.to),
            message_content: message.text.clone(),
            timestamp: message.written_at,
            edited_at: message.edited_at,
            is_read: read_to.is_some_and(|read_to| message.id <= read_to),
            is_deleted: message.deleted,
            client_id: message.client_id.clone(),
            attachment_reference: attachment.map(|attachment| attachment.reference.clone()),
            attachment: attachment.map(|attachment| AttachmentView {
                file_name: attachment.file_name.clone(),
                content_type: attachment.content_type.clone(),
                size: attachment.size,
                url: address(app, attachment),
            }),
        }
    }
}

/// What the address of a file carries.
#[derive(Serialize, Deserialize)]
struct Address {
    file: String,
    until: DateTime<Utc>,
}

/// The path at which whoever has it gets a file that came with a message. Its last part is the file's name, which
/// clients show.
fn address(app: &App, attachment: &Attachment) -> String {
    let address = Address { file: attachment.file.clone(), until: app.clock.now() + ADDRESS_WORKS };
    let name = media::plain_name(&attachment.file_name);
    format!("/media/private/{}/{name}", app.seal.seal(PURPOSE, &address))
}

/// The file of the bucket that an address leads to, if it is ours and its time is not over.
pub fn file_at(app: &App, sealed: &str) -> Option<String> {
    let address: Address = app.seal.open(PURPOSE, sealed)?;
    (app.clock.now() < address.until).then_some(address.file)
}
