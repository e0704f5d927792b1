//! SkillNet's words for conversations, as its document says them (its contract, sections 2 and 3.3).

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use chrono::{DateTime, Duration, Utc};
use futures_util::future::try_join;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::{Beside, Member};
use shared::dialect::skillnet::messages::{MessageView, Pair};
use shared::dialect::skillnet::people::PersonView;
use shared::error::Problems;
use shared::http::describe::{Describe, Operation};
use shared::http::multipart::UploadedFile;
use shared::http::{Body, Created, Field, Json, NoContent, NumberedView, Path, Query, Scroll, Upload, body, multipart};
use shared::ids::{MemberId, MessageId, ThreadId};
use shared::members::Named;
use shared::model::account::Account;
use shared::model::conversation::{Attachment, Message, Talk, TalkCount, Thread};
use shared::store::{Page, keys};
use shared::talk::{self, LONGEST_NAME, NewMessage, Removal, Text};
use shared::{App, Error, Result, profile};

use crate::attachments;
use crate::people::{self, Correspondent};

/// Entries on a page where the caller does not say, and at most.
const USUAL_PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;
/// How long a message may be changed.
const CHANGEABLE: Duration = Duration::minutes(15);

/// A conversation as a path names it; none, where there is none. One round trip.
pub struct Conversation(Option<Thread>);

impl FromRequestParts<App> for Conversation {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Conversation> {
        let Path(thread) = Path::<ThreadId>::from_request_parts(parts, app).await?;
        app.table.get(keys::thread(thread)).await.map(Conversation)
    }
}

impl Describe for Conversation {
    fn describe(operation: &mut Operation<'_>) {
        Path::<ThreadId>::describe(operation);
    }
}

impl Conversation {
    /// With whom this member talks there, and which it is. Of others' conversations nobody learns anything.
    pub fn of(self, member: MemberId) -> Result<(MemberId, ThreadId)> {
        let thread = self.0.ok_or_else(Error::not_found)?;
        let other = thread.other_than(member).ok_or_else(Error::not_found)?;
        Ok((other, thread.id))
    }
}

/// A conversation as a path names it, and what the path names in it.
pub struct Within<T>(pub Conversation, pub T);

impl<T: FromStr + JsonSchema + Send> FromRequestParts<App> for Within<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Within<T>> {
        let Path((thread, part)) = Path::<(ThreadId, T)>::from_request_parts(parts, app).await?;
        Ok(Within(Conversation(app.table.get(keys::thread(thread)).await?), part))
    }
}

impl<T: FromStr + JsonSchema> Describe for Within<T> {
    fn describe(operation: &mut Operation<'_>) {
        Path::<(ThreadId, T)>::describe(operation);
    }
}

/// A conversation as the caller sees it.
#[derive(Serialize, JsonSchema)]
pub struct ThreadView {
    id: ThreadId,
    thread_id: ThreadId,
    participants: [PersonView; 2],
    other_user: PersonView,
    last_message: Option<MessageView>,
    last_message_timestamp: DateTime<Utc>,
    unread_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A page of a conversation.
#[derive(Serialize, JsonSchema)]
pub struct ThreadPageView {
    thread_id: ThreadId,
    participants: [PersonView; 2],
    #[serde(flatten)]
    page: NumberedView<MessageView>,
}

/// Lists the caller's conversations, the one in which something was said last first.
pub async fn threads(
    Beside(by, scroll): Beside<Member, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<ThreadView>>> {
    let (viewer, scroll) = (by.id(), scroll.usually(USUAL_PAGE));
    let page = scroll.read::<Talk>(&app, Some(viewer), keys::talks(viewer), LARGEST_PAGE, true);
    let count = app.table.get::<TalkCount>(keys::talk_count(viewer));
    let (page, count, own) = tokio::try_join!(page, count, profile::of(&app, viewer))?;
    let count = usize::try_from(count.unwrap_or_default().count).unwrap_or_default();
    let next = page.next.filter(|_| page.items.len() < count);
    let others: Vec<MemberId> = page.items.iter().map(|talk| talk.other).collect();
    let (people, sides, ()) = tokio::try_join!(
        people::seen_by(&app, viewer, &others),
        talk::other_sides(&app, viewer, &others),
        scroll.remember(&app, next.as_deref()),
    )?;
    let own = PersonView::of(&by.account, &own);
    let view = |(talk, side): (&Talk, Option<Talk>)| {
        let other = person(people.get(&talk.other)?);
        let pair = pair(viewer, own.clone(), talk.other, other.clone());
        let message = |message: &Message| {
            let reader = if message.to == viewer { Some(talk) } else { side.as_ref() };
            MessageView::of(&app, message, &pair, reader.and_then(|side| side.read_to))
        };
        Some(ThreadView {
            id: talk.thread,
            thread_id: talk.thread,
            participants: participants(&pair),
            other_user: other,
            last_message: talk.latest.as_ref().map(message),
            last_message_timestamp: talk.latest.as_ref().map_or(talk.moved_at, |latest| latest.written_at),
            unread_count: talk.unread,
            created_at: talk.begun_at,
            updated_at: talk.moved_at,
        })
    };
    let views = page.items.iter().zip(sides).filter_map(view).collect();
    Ok(Json(scroll.view(&app, Some(viewer), count, next.as_deref(), views)))
}

fn person(other: &Correspondent) -> PersonView {
    if other.visible { PersonView::of(&other.account, &other.profile) } else { PersonView::unseen(&other.account) }
}

fn pair(viewer: MemberId, own: PersonView, other: MemberId, of_other: PersonView) -> Pair {
    let mut two = [(viewer, own), (other, of_other)];
    two.sort_by_key(|(member, _)| *member);
    Pair(two)
}

fn participants(Pair([one, other]): &Pair) -> [PersonView; 2] {
    [one.1.clone(), other.1.clone()]
}

/// The caller and another, as they are shown. One round trip.
async fn people_of(app: &App, by: &Member, other: MemberId) -> Result<Pair> {
    let others = [other];
    let (people, own) = try_join(people::seen_by(app, by.id(), &others), profile::of(app, by.id())).await?;
    let of_other = people.get(&other).map(person).ok_or_else(Error::not_found)?;
    Ok(pair(by.id(), PersonView::of(&by.account, &own), other, of_other))
}

/// Which part of a conversation, and in which order.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Part {
    /// `timestamp`: the oldest page first. Otherwise the newest, with the oldest message of a page first in any case.
    ordering: Option<String>,
    /// Only what was said after this message, whatever the page.
    since: Option<String>,
}

/// Shows the caller a page of one of their conversations, and notes that they have read it.
pub async fn thread(
    Beside(by, Beside(conversation, scroll)): Beside<Member, Beside<Conversation, Scroll>>,
    State(app): State<App>,
    Query(part): Query<Part>,
) -> Result<Json<ThreadPageView>> {
    let (viewer, scroll) = (by.id(), scroll.usually(USUAL_PAGE));
    let (other, thread_id) = conversation.of(viewer)?;
    let oldest_first = part.ordering.as_deref() == Some("timestamp");
    let since = match part.since.as_deref().map(str::parse::<MessageId>) {
        None => None,
        Some(Ok(since)) => Some(since),
        Some(Err(_)) => return Err(Error::invalid_field("since", "A message id is required.")),
    };
    let page = async {
        match since {
            Some(since) => {
                let page = talk::since(&app, viewer, other, since, scroll.size(LARGEST_PAGE)).await?;
                Ok(Page { next: None, ..page })
            }
            None => {
                let range = keys::messages(viewer, other);
                scroll.read::<Message>(&app, Some(viewer), range, LARGEST_PAGE, !oldest_first).await
            }
        }
    };
    let sides = app.table.get_two::<Talk, Talk>(keys::talk(viewer, other), keys::talk(other, viewer));
    let (mut page, (own, others), pair) = tokio::try_join!(page, sides, people_of(&app, &by, other))?;
    if since.is_none() && !oldest_first {
        page.items.reverse();
    }
    let read_to = |message: &Message| {
        let reader = if message.to == viewer { &own } else { &others };
        reader.as_ref().and_then(|side| side.read_to)
    };
    let views = page.items.iter().map(|message| MessageView::of(&app, message, &pair, read_to(message))).collect();
    let count = own.as_ref().map_or(0, |side| usize::try_from(side.messages).unwrap_or_default());
    let next = page.next.filter(|_| page.items.len() < count);
    tokio::try_join!(talk::mark_read(&app, viewer, other, own), scroll.remember(&app, next.as_deref()))?;
    let page = scroll.view(&app, Some(viewer), count, next.as_deref(), views);
    Ok(Json(ThreadPageView { thread_id, participants: participants(&pair), page }))
}

/// A message to be.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewMessageBody {
    /// To whom, by id or by name; only where the path names no conversation.
    #[schemars(with = "Option<String>")]
    recipient: Field<String>,
    /// What it says, at most 5,000 characters. It may be left out where a file comes with it.
    #[schemars(with = "Option<String>", length(max = 5_000))]
    #[serde(alias = "content", alias = "message")]
    message_content: Field<String>,
    /// A file that was sent before.
    #[schemars(with = "Option<String>")]
    attachment_reference: Field<String>,
    /// The client's own name for it: the same name again is the same message.
    #[schemars(with = "Option<String>", length(max = 255))]
    client_id: Field<String>,
}

/// A message to be, in which everything is in order.
struct Checked {
    text: Text,
    attachment_reference: Option<String>,
    client_id: Option<String>,
    /// A file that came in the same form.
    file: Option<Attachment>,
}

impl NewMessageBody {
    fn check(self, problems: &mut Problems, has_file: bool) -> Option<Checked> {
        let attachment_reference = self.attachment_reference.nullable(problems, "attachment_reference").flatten();
        let client_id = self.client_id.nullable(problems, "client_id").flatten();
        if client_id.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > LONGEST_NAME) {
            problems.add("client_id", format!("A name has at least 1 and at most {LONGEST_NAME} characters."));
        }
        let with_file = has_file || attachment_reference.is_some();
        let text = text(self.message_content, with_file, problems)?;
        Some(Checked { text, attachment_reference, client_id, file: None })
    }
}

fn text(field: Field<String>, with_file: bool, problems: &mut Problems) -> Option<Text> {
    let given = match with_file {
        true => field.nullable(problems, "message_content").flatten().unwrap_or_default(),
        false => field.required(problems, "message_content")?,
    };
    match given.trim() {
        "" if with_file => Some(Text::none()),
        given => problems.check("message_content", Text::parse(given)),
    }
}

/// Writes to a member, with whom the caller may never have talked before.
pub async fn write(
    by: Member,
    State(app): State<App>,
    Body(mut body): Body<NewMessageBody>,
) -> Result<Created<MessageView>> {
    let mut problems = Problems::default();
    let recipient = std::mem::take(&mut body.recipient).required(&mut problems, "recipient");
    let checked = body.check(&mut problems, false);
    problems.finish()?;
    // What is missing is a problem, so nothing is.
    let (recipient, checked) = recipient.zip(checked).ok_or_else(Error::not_found)?;
    let named = Named::of(&app, &recipient).await?;
    let keys: Vec<_> = named.candidates().iter().map(|member| keys::account(*member)).collect();
    let accounts = app.table.get_all::<Account>(&keys).await?;
    let to = accounts.into_iter().flatten().find(Account::is_usable).ok_or_else(Error::not_found)?.id;
    if to == by.id() {
        return Err(Error::invalid_field("recipient", "You cannot write to yourself."));
    }
    said(&app, &by, to, checked).await.map(Created)
}

/// A message to be, and the file that comes with it in a form.
pub struct WithFile(NewMessageBody, Option<UploadedFile>);

impl FromRequest<App> for WithFile {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<WithFile> {
        if body::media_type(request.headers()) != "multipart/form-data" {
            let Body(body) = Body::from_request(request, app).await?;
            return Ok(WithFile(body, None));
        }
        let (parts, body) = request.into_parts();
        let bytes = body::read(body, multipart::LARGEST).await?;
        let again = || Request::from_parts(parts.clone(), bytes.clone().into());
        let Body(body) = Body::from_request(again(), app).await?;
        let file = Upload::from_request(again(), app).await?.file("file");
        Ok(WithFile(body, file))
    }
}

impl Describe for WithFile {
    fn describe(operation: &mut Operation<'_>) {
        Body::<NewMessageBody>::describe(operation);
    }
}

/// Writes in one of the caller's conversations. A form may bring the file along.
pub async fn write_in(
    Beside(by, conversation): Beside<Member, Conversation>,
    State(app): State<App>,
    WithFile(body, file): WithFile,
) -> Result<Created<MessageView>> {
    let (other, _) = conversation.of(by.id())?;
    let mut problems = Problems::default();
    let checked = body.check(&mut problems, file.is_some());
    problems.finish()?;
    let mut checked = checked.ok_or_else(Error::not_found)?;
    if let Some(file) = file {
        checked.file = Some(attachments::receive(&app, by.id(), other, file).await?);
    }
    said(&app, &by, other, checked).await.map(Created)
}

async fn said(app: &App, by: &Member, to: MemberId, new: Checked) -> Result<MessageView> {
    let Checked { text, attachment_reference, client_id, file } = new;
    let attachment = match attachment_reference.filter(|_| file.is_none()) {
        Some(reference) => Some(attachments::named(app, by.id(), to, &reference).await?),
        None => file,
    };
    let sent = talk::send(app, by.id(), to, NewMessage { text, client_id, attachment });
    let (sent, pair) = try_join(sent, people_of(app, by, to)).await?;
    Ok(MessageView::of(app, &sent.message(), &pair, None))
}

/// What a message is to say.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["message_content"]))]
pub struct Change {
    /// At most 5,000 characters.
    #[schemars(with = "String", length(min = 1, max = 5_000))]
    #[serde(alias = "content", alias = "message")]
    message_content: Field<String>,
}

/// Changes a message that the caller wrote less than a quarter of an hour ago.
pub async fn edit(
    Beside(by, Within(conversation, message)): Beside<Member, Within<MessageId>>,
    State(app): State<App>,
    Body(change): Body<Change>,
) -> Result<Json<MessageView>> {
    let (other, _) = conversation.of(by.id())?;
    let mut problems = Problems::default();
    let text = text(change.message_content, false, &mut problems);
    problems.finish()?;
    let text = text.ok_or_else(Error::not_found)?;
    let edited = talk::edit(&app, by.id(), other, message, &text, Some(CHANGEABLE));
    let side = talk::side(&app, other, by.id());
    let (edited, pair, side) = tokio::try_join!(edited, people_of(&app, &by, other), side)?;
    Ok(Json(MessageView::of(&app, &edited, &pair, side.and_then(|side| side.read_to))))
}

/// Takes back a message that the caller wrote less than a quarter of an hour ago. Its place stays.
pub async fn remove(
    Beside(by, Within(conversation, message)): Beside<Member, Within<MessageId>>,
    State(app): State<App>,
) -> Result<NoContent> {
    let (other, _) = conversation.of(by.id())?;
    talk::remove(&app, by.id(), other, message, Removal::Trace, Some(CHANGEABLE)).await?;
    Ok(NoContent)
}
