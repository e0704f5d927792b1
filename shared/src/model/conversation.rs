//! Conversations of two members: the messages, and how each of the two stands in it (Sukuwatto's contract, part S,
//! section 4.8; SkillNet's, sections 2 and 3.3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, MessageId, ThreadId};
use crate::store::{IndexKey, Key, Stored, keys};

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Which; later ones have greater ids.
    pub id: MessageId,
    /// In which conversation.
    pub thread: ThreadId,
    /// Who wrote it.
    pub from: MemberId,
    /// To whom.
    pub to: MemberId,
    /// What it says; nothing, once its sender has taken it back where its place stays.
    pub text: String,
    /// The client's own name for it, by which it is sent once however often it is sent.
    #[serde(default)]
    pub client_id: Option<String>,
    /// What came with it.
    #[serde(default)]
    pub attachment: Option<Attachment>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(default)]
    pub edited_at: Option<DateTime<Utc>>,
    /// Whether its sender has taken it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// Names it for its two readers.
    pub reference: String,
    /// Its name in the bucket.
    pub file: String,
    /// What its sender calls it.
    pub file_name: String,
    /// What it is.
    pub content_type: String,
    /// Its length in bytes.
    pub size: u64,
}

impl Stored for Message {
    fn key(&self) -> Key {
        keys::message(self.from, self.to, self.id)
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_writer(self.from, self.id))
    }

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_reader(self.to, self.id))
    }
}

impl Message {
    /// Whoever of the two is not this one.
    pub fn other_than(&self, member: MemberId) -> MemberId {
        if self.from == member { self.to } else { self.from }
    }

    /// The client's own name for it, or its number where no client gave it one.
    pub fn name(&self) -> String {
        self.client_id.clone().unwrap_or_else(|| self.id.to_string())
    }
}

/// A file on its way into a message, or in one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttachmentHeld {
    /// Who sends it.
    pub from: MemberId,
    /// To whom.
    pub to: MemberId,
    /// What it is said to be.
    pub attachment: Attachment,
    /// When it was announced.
    pub announced_at: DateTime<Utc>,
    /// The message that it came with; none yet, where there is none.
    #[serde(default)]
    pub message: Option<MessageId>,
}

/// The folder of the bucket that files of messages lie in, with a folder for each two members.
pub const ATTACHMENTS: &str = "attachments/";

impl AttachmentHeld {
    /// The name in the bucket of a file between these two.
    pub fn file(one: MemberId, other: MemberId, reference: &str) -> String {
        format!("{ATTACHMENTS}{}-{}/{reference}", one.min(other), one.max(other))
    }

    /// Between which two a file of the bucket lies, and under which reference; `None` for other files.
    pub fn of_file(file: &str) -> Option<([MemberId; 2], &str)> {
        let (two, reference) = file.strip_prefix(ATTACHMENTS)?.split_once('/')?;
        let (one, other) = two.split_once('-')?;
        Some(([one.parse().ok()?, other.parse().ok()?], reference))
    }
}

impl Stored for AttachmentHeld {
    fn key(&self) -> Key {
        keys::attachment(self.from, self.to, &self.attachment.reference)
    }
}

/// That a client has sent a message under a name of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Said {
    /// Who, and to whom.
    pub from: MemberId,
    /// To whom.
    pub to: MemberId,
    /// The client's own name for it.
    pub client_id: String,
    /// The message.
    pub message: MessageId,
}

impl Stored for Said {
    fn key(&self) -> Key {
        keys::said(self.from, self.to, &self.client_id)
    }
}

/// Whose conversation one is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Thread {
    /// Which.
    pub id: ThreadId,
    /// The two, the lower id first.
    pub members: [MemberId; 2],
    /// Since when.
    pub begun_at: DateTime<Utc>,
}

impl Thread {
    /// With whom `member` talks here; nobody, if it is not their conversation.
    pub fn other_than(&self, member: MemberId) -> Option<MemberId> {
        match self.members {
            [one, other] if one == member => Some(other),
            [other, one] if one == member => Some(other),
            _ => None,
        }
    }
}

impl Stored for Thread {
    fn key(&self) -> Key {
        keys::thread(self.id)
    }
}

/// How a conversation stands for one of its two.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Talk {
    /// For whom.
    pub member: MemberId,
    /// With whom.
    pub other: MemberId,
    /// The conversation.
    pub thread: ThreadId,
    /// Its latest message; none once all were deleted.
    #[serde(default)]
    pub latest: Option<Message>,
    /// How many the member has received and not read.
    #[serde(default)]
    pub unread: i64,
    /// The latest message that the member has read or written.
    #[serde(default)]
    pub read_to: Option<MessageId>,
    /// The greatest number that a message ever had here; the next one has a greater one, so that messages are told
    /// apart by what came after what.
    pub said_to: MessageId,
    /// How many messages there are.
    #[serde(default)]
    pub messages: i64,
    /// How often messages were changed or taken back.
    #[serde(default)]
    pub changes: i64,
    /// When anything was last said.
    pub moved_at: DateTime<Utc>,
    /// Since when they have talked.
    pub begun_at: DateTime<Utc>,
}

impl Stored for Talk {
    fn key(&self) -> Key {
        keys::talk(self.member, self.other)
    }

    fn index(&self) -> Option<IndexKey> {
        self.latest.as_ref().map(|latest| keys::by_talk(self.member, latest.id))
    }

    fn second_index(&self) -> Option<IndexKey> {
        let latest = self.latest.as_ref().filter(|_| self.unread > 0)?;
        Some(keys::by_unread(self.member, latest.id))
    }
}

/// How many conversations a member has in which something was said.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct TalkCount {
    /// So many.
    #[serde(default)]
    pub count: i64,
}
