//! What happened, for other parts of the house to react to.
//!
//! A handler keeps its change and an outbox record in one transaction ([`happened`]). The projector reads the
//! table's stream and passes the record on to the bus, where rules of `template.yaml` send it to queues. Streams,
//! buses and queues deliver more than once and in any order, so every consumer is written such that the second
//! time changes nothing; [`Happened::id`] names the occurrence for that purpose.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::boards::{Board, Period};
use crate::error::Result;
use crate::ids::{ActionId, EventId, ExportId, MemberId, MessageId, NoticeId, ProfileId, ThreadId};
use crate::model::action::Action;
use crate::model::conversation::Message;
use crate::model::notice::Notice;
use crate::model::thing::Thing;
use crate::platforms::Platform;
use crate::store::{Key, Stored, Write, keys};

/// The `source` of our events on the bus.
pub const SOURCE: &str = "guildhall";

/// How long the outbox keeps a record; long after the stream has passed it on, for people who look into an outage.
const KEPT: Duration = Duration::days(7);

/// Something that happened. The variant's name is the event's `detail-type` on the bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Someone made an account.
    MemberJoined {
        /// Who.
        member: MemberId,
    },
    /// A member gave a new e-mail address, or asks for the letter again; it is not confirmed yet.
    EmailChanged {
        /// Whose.
        member: MemberId,
    },
    /// Somebody who gave this member's address, or one that nobody has, wants the letter again that confirms it. As
    /// with a lockout the two must not differ.
    ConfirmationAsked {
        /// Whose address it is.
        member: Option<MemberId>,
    },
    /// A member proved that the address is theirs.
    EmailConfirmed {
        /// Whose.
        member: MemberId,
    },
    /// A name was locked after too many failed logins. `None` when nobody has that name: what is done and how long
    /// it takes must not tell the two apart.
    NameLocked {
        /// Whose.
        member: Option<MemberId>,
    },
    /// Somebody who gave this member's address, or one that nobody has, wants a new password. As with a lockout the
    /// two must not differ.
    PasswordResetAsked {
        /// Whose address it is.
        member: Option<MemberId>,
    },
    /// Somebody who gave this member's address, or one that nobody has, wants to sign in by a link.
    SignInLinkAsked {
        /// Whose address it is.
        member: Option<MemberId>,
    },
    /// A member changed their password.
    PasswordChanged {
        /// Whose.
        member: MemberId,
    },
    /// A member's sign-ins take a code from now on.
    SecondFactorAdded {
        /// Whose.
        member: MemberId,
    },
    /// They take none any more.
    SecondFactorRemoved {
        /// Whose.
        member: MemberId,
    },
    /// One session ended.
    SessionEnded {
        /// Whose.
        member: MemberId,
        /// Which.
        session: String,
    },
    /// All sessions of a member ended.
    SessionsEnded {
        /// Whose.
        member: MemberId,
    },
    /// Files that nothing refers to any more.
    FilesOrphaned {
        /// Whose they were.
        member: MemberId,
        /// Their names in the bucket.
        files: Vec<String>,
    },
    /// A member asked for everything that is kept about them.
    PersonalDataAsked {
        /// Who.
        member: MemberId,
        /// By which request.
        request: ExportId,
    },
    /// A member earned points, or lost some.
    PointsEarned {
        /// Who.
        member: MemberId,
        /// The name of the boards that they count on.
        board: String,
        /// How many.
        points: i64,
        /// When: they count for the week, the month and the year of this moment, and for all time.
        earned_at: DateTime<Utc>,
    },
    /// Something moved on a board that somebody watches.
    BoardMoved {
        /// Which.
        board: Board,
    },
    /// A board closed, and this member is among the first three.
    BoardWon {
        /// Who.
        member: MemberId,
        /// On which board.
        board: Board,
        /// 1, 2 or 3.
        rank: i64,
        /// With which score.
        score: i64,
    },
    /// Somebody of the staff wants a job to run now.
    JobAsked {
        /// Its name.
        job: String,
    },
    /// A member did something that shows in streams.
    Acted {
        /// What.
        action: Action,
    },
    /// It shows no more: it was taken back, or what it was about is gone.
    Unacted {
        /// Who had done it.
        member: MemberId,
        /// What it was.
        action: ActionId,
    },
    /// A thing was deleted, and what others made of it is to go with it.
    ThingDeleted {
        /// Whose it was.
        member: MemberId,
        /// What it was.
        thing: Thing,
    },
    /// A member asks whether they may follow another.
    FollowAsked {
        /// Who asks.
        member: MemberId,
        /// Whom.
        asked: MemberId,
    },
    /// A member wrote to another.
    MessageSent {
        /// Which message; what it says is not among it, nor in the two below.
        message: Message,
    },
    /// A member changed a message of theirs.
    MessageEdited {
        /// Which.
        message: Message,
    },
    /// A member took back a message of theirs.
    MessageDeleted {
        /// Which.
        message: Message,
    },
    /// A member read what another wrote.
    MessagesRead {
        /// Who read.
        member: MemberId,
        /// Who wrote.
        other: MemberId,
        /// In which conversation.
        thread: ThreadId,
        /// Up to which message.
        read_to: MessageId,
    },
    /// A client that was away opened a socket, and asked for what it missed.
    MissedAsked {
        /// Whose.
        member: MemberId,
        /// The gateway's name for the socket.
        connection: String,
    },
    /// A socket of a member opened or closed.
    PresenceMoved {
        /// Whose.
        member: MemberId,
    },
    /// There is something new for a member who wants a letter about that.
    DigestDue {
        /// Who.
        member: MemberId,
        /// The last notice that they had a letter about.
        after: Option<NoticeId>,
        /// The latest one now.
        up_to: NoticeId,
    },
    /// A member is told of something.
    Noticed {
        /// Of what.
        notice: Notice,
    },
    /// Somebody who gave this member's address, or one that nobody has, wants to sign in by a code of six digits.
    SignInCodeAsked {
        /// Whose address it is.
        member: Option<MemberId>,
    },
    /// Somebody without a session wants this member's subscription, or nobody's, to end.
    UnsubscribeAsked {
        /// Whose address they gave.
        member: Option<MemberId>,
    },
    /// A member is no more who they were on a platform, and what was noted of that account week by week is to go.
    CoderLetGo {
        /// Who.
        member: MemberId,
        /// Where.
        platform: Platform,
        /// What they were called there.
        username: String,
    },
    /// What a platform tells of a member is to be fetched.
    ProfileDue {
        /// Whose.
        member: MemberId,
        /// Where.
        platform: Platform,
        /// Which profile; they may have another one there by now.
        profile: ProfileId,
        /// The run that it is a part of, which sees to every profile once; none where it stands by itself.
        run: Option<EventId>,
    },
    /// A page of a shard of the subscribers is to be listed for a refresh run.
    ProfilesDue {
        /// For which run.
        run: EventId,
        /// Of which shard.
        shard: u64,
        /// Where the page begins; none stands for the first.
        after: Option<String>,
    },
    /// Every profile of a refresh run is settled.
    RunEnded {
        /// Of which.
        run: EventId,
    },
    /// Every profile of a member is settled, and their report of a week can be written.
    ReportDue {
        /// Whose.
        member: MemberId,
        /// Of which week.
        week: Period,
    },
    /// A member wants the report of today.
    DailyReportAsked {
        /// Who.
        member: MemberId,
    },
    /// What is known of that member is as new as it gets, and the report of today can be written.
    DailyReportDue {
        /// Whose.
        member: MemberId,
    },
    /// An account was deleted for good.
    MemberDeleted {
        /// Who it was.
        member: MemberId,
    },
}

impl Event {
    /// The event's name on the bus.
    pub fn name(&self) -> &'static str {
        match self {
            Event::MemberJoined { .. } => "MemberJoined",
            Event::EmailChanged { .. } => "EmailChanged",
            Event::ConfirmationAsked { .. } => "ConfirmationAsked",
            Event::EmailConfirmed { .. } => "EmailConfirmed",
            Event::NameLocked { .. } => "NameLocked",
            Event::PasswordResetAsked { .. } => "PasswordResetAsked",
            Event::SignInLinkAsked { .. } => "SignInLinkAsked",
            Event::PasswordChanged { .. } => "PasswordChanged",
            Event::SecondFactorAdded { .. } => "SecondFactorAdded",
            Event::SecondFactorRemoved { .. } => "SecondFactorRemoved",
            Event::SessionEnded { .. } => "SessionEnded",
            Event::SessionsEnded { .. } => "SessionsEnded",
            Event::FilesOrphaned { .. } => "FilesOrphaned",
            Event::PersonalDataAsked { .. } => "PersonalDataAsked",
            Event::PointsEarned { .. } => "PointsEarned",
            Event::BoardMoved { .. } => "BoardMoved",
            Event::BoardWon { .. } => "BoardWon",
            Event::JobAsked { .. } => "JobAsked",
            Event::Acted { .. } => "Acted",
            Event::Unacted { .. } => "Unacted",
            Event::ThingDeleted { .. } => "ThingDeleted",
            Event::FollowAsked { .. } => "FollowAsked",
            Event::MessageSent { .. } => "MessageSent",
            Event::MessageEdited { .. } => "MessageEdited",
            Event::MessageDeleted { .. } => "MessageDeleted",
            Event::MessagesRead { .. } => "MessagesRead",
            Event::MissedAsked { .. } => "MissedAsked",
            Event::PresenceMoved { .. } => "PresenceMoved",
            Event::DigestDue { .. } => "DigestDue",
            Event::Noticed { .. } => "Noticed",
            Event::SignInCodeAsked { .. } => "SignInCodeAsked",
            Event::UnsubscribeAsked { .. } => "UnsubscribeAsked",
            Event::CoderLetGo { .. } => "CoderLetGo",
            Event::ProfileDue { .. } => "ProfileDue",
            Event::ProfilesDue { .. } => "ProfilesDue",
            Event::RunEnded { .. } => "RunEnded",
            Event::ReportDue { .. } => "ReportDue",
            Event::DailyReportAsked { .. } => "DailyReportAsked",
            Event::DailyReportDue { .. } => "DailyReportDue",
            Event::MemberDeleted { .. } => "MemberDeleted",
        }
    }

    /// The member whom it is about, if it is about one.
    pub fn member(&self) -> Option<MemberId> {
        match self {
            Event::MemberJoined { member }
            | Event::EmailChanged { member }
            | Event::EmailConfirmed { member }
            | Event::FilesOrphaned { member, .. }
            | Event::PasswordChanged { member }
            | Event::BoardWon { member, .. }
            | Event::PointsEarned { member, .. }
            | Event::PersonalDataAsked { member, .. }
            | Event::SecondFactorAdded { member }
            | Event::SecondFactorRemoved { member }
            | Event::SessionEnded { member, .. }
            | Event::SessionsEnded { member }
            | Event::Unacted { member, .. }
            | Event::DigestDue { member, .. }
            | Event::ThingDeleted { member, .. }
            | Event::FollowAsked { member, .. }
            | Event::MessagesRead { member, .. }
            | Event::CoderLetGo { member, .. }
            | Event::ProfileDue { member, .. }
            | Event::ReportDue { member, .. }
            | Event::DailyReportAsked { member }
            | Event::MissedAsked { member, .. }
            | Event::PresenceMoved { member }
            | Event::DailyReportDue { member }
            | Event::MemberDeleted { member } => Some(*member),
            Event::Acted { action } => Some(action.actor),
            Event::MessageSent { message } | Event::MessageEdited { message } | Event::MessageDeleted { message } => {
                Some(message.from)
            }
            Event::Noticed { notice } => Some(notice.member),
            Event::NameLocked { member }
            | Event::ConfirmationAsked { member }
            | Event::PasswordResetAsked { member }
            | Event::SignInLinkAsked { member }
            | Event::SignInCodeAsked { member }
            | Event::UnsubscribeAsked { member } => *member,
            Event::BoardMoved { .. } | Event::JobAsked { .. } | Event::ProfilesDue { .. } | Event::RunEnded { .. } => {
                None
            }
        }
    }
}

/// One occurrence of an event: the `detail` of a message on the bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// Names this occurrence, however often it is delivered.
    pub id: EventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// An event on its way from the table to the bus.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutboxRecord {
    id: EventId,
    at: DateTime<Utc>,
    /// Whom it is about; it lies with them, and goes with them when they leave.
    member: Option<MemberId>,
    /// The [`Happened`] as JSON, so that the projector passes it on unread.
    pub event: String,
    /// Its name on the bus.
    pub name: String,
}

impl Stored for OutboxRecord {
    fn key(&self) -> Key {
        keys::outbox(self.id, self.member)
    }

    fn expires(&self) -> Option<DateTime<Utc>> {
        Some(self.at + KEPT)
    }
}

/// The write that tells the rest of the house; it belongs in the transaction of the change itself.
pub fn happened(app: &App, event: Event) -> Result<Write> {
    happened_as(app.new_event_id(), app.clock.now(), event)
}

/// The same, of an occurrence that has an id already; refused if it was told before.
pub fn happened_as(id: EventId, at: DateTime<Utc>, event: Event) -> Result<Write> {
    let (name, member) = (event.name().to_owned(), event.member());
    let happened = Happened { id, at, event };
    let text = serde_json::to_string(&happened)
        .map_err(|cause| crate::Error::internal("An event could not be written.", cause))?;
    Write::create(&OutboxRecord { id: happened.id, at: happened.at, member, event: text, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_on_the_bus_is_the_tag_in_the_detail() {
        let event = Event::SessionEnded { member: MemberId(1), session: "s".to_owned() };
        let happened = Happened { id: EventId(7), at: DateTime::UNIX_EPOCH, event };
        let json = serde_json::to_value(&happened).unwrap();
        assert_eq!(json["type"], happened.event.name());
        assert_eq!(serde_json::from_value::<Happened>(json).unwrap(), happened);
    }
}
