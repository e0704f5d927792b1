//! What is collected: one collector per part of the house, each of which adds keys to one JSON object.
//!
//! The keys are those that Sukuwatto's export has (its contract, section 4.11), and more. Every slice that keeps
//! something about members adds a collector here. What lies with a member and has no collector yet is handed over as it
//! is, under `other`, so that nothing is forgotten; secrets are not data about anybody and never leave.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use shared::boards::{Entry, Span, TRAINING, read};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::conversation::{Attachment, AttachmentHeld, Message};
use shared::model::name::Email;
use shared::model::thing::Kind;
use shared::model::upload;
use shared::store::{Query, Range, keys};
use shared::{App, Error, Result, media};

/// Items of a member that are read at most; more are counted and left out.
const MOST_ITEMS: usize = 20_000;
/// Items per page.
const PAGE: usize = 200;
/// Bytes of files that are packed at most; what is beyond is listed and left out.
const MOST_BYTES: u64 = 100_000_000;

/// Everything about one member.
pub struct Everything {
    /// The machine-readable part.
    pub json: Value,
    /// The files, by their names in the archive.
    pub files: Vec<(String, Bytes)>,
}

/// An item as the table keeps it.
type Item = Map<String, Value>;

/// Whose data is collected, and what lies with them.
struct Subject<'a> {
    app: &'a App,
    account: &'a Account,
    items: Vec<Item>,
}

/// What a collector adds: keys with their values.
type Part = Vec<(&'static str, Value)>;
type Collector = for<'a> fn(&'a Subject<'a>) -> BoxFuture<'a, Result<Part>>;

const COLLECTORS: &[Collector] = &[
    |subject| async { Ok(user(subject)) }.boxed(),
    |subject| async { Ok(score(subject)) }.boxed(),
    |subject| async { Ok(sessions(subject)) }.boxed(),
    |subject| relations(subject).boxed(),
    |subject| messages(subject).boxed(),
    |subject| boards(subject).boxed(),
    |subject| others(subject).boxed(),
    |subject| reports(subject).boxed(),
    |subject| async { Ok(told(subject)) }.boxed(),
    |subject| written(subject).boxed(),
    |subject| async { Ok(done(subject)) }.boxed(),
    |subject| async { Ok(subscribed(subject)) }.boxed(),
    |subject| async { Ok(snapshots(subject)) }.boxed(),
];

/// The sorts of items that the collectors above, or nobody, has use for.
const COLLECTED: &[&str] = &[
    "ACCOUNT",
    "ASKS",
    "ACTION",
    "AWAITED",
    "BLOCKS",
    "CODE",
    "CODING",
    "DATA_REQUEST",
    "FOLLOWS",
    "NOTICE",
    "NOTICES",
    "FOLLOWS_MANY",
    "LIKES",
    "OUTBOX",
    "PRESENCE",
    "PROFILE",
    "SCORE",
    "SECOND",
    "SESSION",
    "SKILL",
    "SNAPSHOT",
    "SOCKET",
    "SUBSCRIPTION",
    "TALK",
    "TALKS",
    "TOLD",
    "WIDE",
];

/// What no slice keeps yet: empty lists, so that readers of the file find every key.
const NOT_YET: &[&str] = &["plans", "workouts", "exercises", "body_data"];

/// Collects everything about the owner of this account, and about nobody else.
pub async fn collect(app: &App, account: &Account) -> Result<Everything> {
    let (items, left_out) = items(app, account).await?;
    let subject = Subject { app, account, items };
    let mut data = Map::from_iter([
        ("generated_at".to_owned(), json!(app.clock.now())),
        ("items_left_out".to_owned(), json!(left_out)),
    ]);
    data.extend(NOT_YET.iter().map(|key| ((*key).to_owned(), json!([]))));
    for collect in COLLECTORS {
        data.extend(collect(&subject).await?.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    data.insert("other".to_owned(), other(&subject.items));
    let (listed, files) = files(&subject).await?;
    data.insert("files".to_owned(), listed);
    Ok(Everything { json: Value::Object(data), files })
}

/// Everything that lies with the member, and how much of it was too much.
async fn items(app: &App, account: &Account) -> Result<(Vec<Item>, usize)> {
    let (mut items, mut left_out, mut after) = (Vec::new(), 0, None::<String>);
    loop {
        let query = Query::of(keys::all_of(account.id), PAGE).on_from(after.as_deref())?;
        let page = app.table.query::<Item>(query).await?;
        for item in page.items {
            if items.len() < MOST_ITEMS { items.push(item) } else { left_out += 1 }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((items, left_out)),
        }
    }
}

impl Subject<'_> {
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| kind_of(item) == kind)
    }
}

fn kind_of(item: &Item) -> &str {
    keys::kind(item.get("sk").and_then(Value::as_str).unwrap_or_default())
}

/// The account and the profile, as one.
fn user(subject: &Subject<'_>) -> Part {
    let user: Map<String, Value> =
        subject.of_kind("PROFILE").chain(subject.of_kind("ACCOUNT")).flat_map(plain).collect();
    let email = subject.account.email.as_ref().map(Email::as_str);
    vec![("user", Value::Object(user)), ("email", json!(email))]
}

/// The score of the games.
fn score(subject: &Subject<'_>) -> Part {
    vec![("score", subject.of_kind("SCORE").next().map_or(Value::Null, |item| Value::Object(plain(item).collect())))]
}

/// How their coding profiles stood, platform after platform and week after week.
fn snapshots(subject: &Subject<'_>) -> Part {
    let shown = |item: &Item| Value::Object(plain(item).collect());
    vec![("coding_snapshots", subject.of_kind("SNAPSHOT").map(shown).collect())]
}

/// Where they are signed in, and with how many open sockets.
fn sessions(subject: &Subject<'_>) -> Part {
    let shown = |kind: &str, names: &[&str]| -> Value {
        let pick = |item: &Item| -> Value {
            names.iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone()))).collect()
        };
        subject.of_kind(kind).map(pick).collect()
    };
    vec![
        ("sessions", shown("SESSION", &["created_at", "expires_at", "user_agent"])),
        ("sockets", shown("SOCKET", &["opened_at"])),
    ]
}

/// Whom they follow or ask to, and whom they have blocked: those members as everybody sees them.
async fn relations(subject: &Subject<'_>) -> Result<Part> {
    let mut part = Vec::new();
    for (key, kind, field) in [
        ("following", "FOLLOWS", "followed"),
        ("blocked_users", "BLOCKS", "blocked"),
        ("asked_to_follow", "ASKS", "asked"),
    ] {
        let ids = subject.of_kind(kind).filter_map(|item| item.get(field)?.as_u64().map(MemberId));
        part.push((key, people(subject.app, &ids.collect::<Vec<_>>()).await?));
    }
    Ok(part)
}

/// Who follows them, and who asks to: as everybody sees them.
async fn others(subject: &Subject<'_>) -> Result<Part> {
    let Subject { app, account, .. } = subject;
    let mut part = Vec::new();
    for (key, range) in [("followers", keys::followers(account.id)), ("follow_requests", keys::asking(account.id))] {
        let found = all(app, range).await?;
        let ids = found.iter().filter_map(|item| item.get("member")?.as_u64().map(MemberId));
        part.push((key, people(app, &ids.collect::<Vec<_>>()).await?));
    }
    Ok(part)
}

/// What they reported. What the staff noted of it is the staff's.
async fn reports(subject: &Subject<'_>) -> Result<Part> {
    let reports = all(subject.app, keys::reported_by(subject.account.id)).await?;
    let shown = [
        ("id", "id"),
        ("description", "description"),
        ("date", "made_at"),
        ("user", "reporter"),
        ("state", "state"),
        ("about", "targets"),
    ];
    let shown = |report: &Item| -> Value {
        let field = |(name, kept): &(&str, &str)| Some(((*name).to_owned(), report.get(*kept)?.clone()));
        shown.iter().filter_map(field).collect()
    };
    Ok(vec![("reports", reports.iter().map(shown).collect())])
}

/// What they were told of, and what they are good at.
fn told(subject: &Subject<'_>) -> Part {
    let list =
        |kind: &str| -> Value { subject.of_kind(kind).map(|item| Value::Object(plain(item).collect())).collect() };
    vec![("notices", list("NOTICE")), ("userskills", list("SKILL"))]
}

/// Everything in an index, as far as it is read at all.
async fn all(app: &App, range: Range) -> Result<Vec<Item>> {
    let (mut items, mut after) = (Vec::new(), None::<String>);
    while items.len() < MOST_ITEMS {
        let page = app.table.query::<Item>(Query::of(range.clone(), PAGE).on_from(after.as_deref())?).await?;
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(items)
}

/// What they wrote and what was written to them, the first first, by conversation.
async fn messages(subject: &Subject<'_>) -> Result<Part> {
    let (app, mut messages, mut left_out) = (subject.app, Vec::new(), 0);
    for other in partners(subject) {
        let mut next: Option<String> = None;
        loop {
            let query = Query::of(keys::messages(subject.account.id, other), PAGE).on_from(next.as_deref())?;
            let page = app.table.query::<Message>(query).await?;
            for message in &page.items {
                if messages.len() < MOST_ITEMS { messages.push(of_message(message)) } else { left_out += 1 }
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(vec![("messages", Value::Array(messages)), ("messages_left_out", json!(left_out))])
}

fn of_message(message: &Message) -> Value {
    json!({
        "id": message.id,
        "from_user": message.from,
        "to_user": message.to,
        "date": message.written_at,
        "edited_date": message.edited_at,
        "message": message.text,
        "file": message.attachment.as_ref().map(|attachment| &attachment.file_name),
    })
}

/// How they stand on which boards: on Sukuwatto's by the sort of period, and on the others. Their profiles on coding
/// platforms stand there by themselves.
async fn boards(subject: &Subject<'_>) -> Result<Part> {
    let Subject { app, account, .. } = subject;
    let mut sukuwatto = Span::ALL.map(|span| (span, Vec::new()));
    let mut others = Vec::new();
    let profiles = subject.of_kind("CODING").filter_map(|item| item.get("id")?.as_u64().map(MemberId));
    for entry in entries(app, [account.id].into_iter().chain(profiles)).await? {
        let Some(score) = entry.score else { continue };
        let rank = match entry.is_placed() {
            true => Some(read::rank_of_score(app, &entry.board, score).await?),
            false => None,
        };
        let (dense, competition) = (rank.map(|rank| rank.dense), rank.map(|rank| rank.competition));
        let own = sukuwatto.iter_mut().find(|(span, _)| *span == entry.board.period.span());
        match own.filter(|_| entry.board.name.as_str() == TRAINING) {
            Some((_, list)) => {
                list.push(json!({ "board": entry.board, "experience": score, "rank": dense }));
            }
            None => others.push(json!({ "board": entry.board, "score": score, "rank": competition })),
        }
    }
    let [week, month, year, all] = sukuwatto.map(|(_, list)| Value::Array(list));
    Ok(vec![
        ("weeklyleaderboards", week),
        ("monthlyleaderboards", month),
        ("yearlyleaderboards", year),
        ("alltimeleaderboards", all),
        ("boards", Value::Array(others)),
    ])
}

/// Every entry of these on any board.
async fn entries(app: &App, of: impl Iterator<Item = MemberId>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for member in of {
        let mut next: Option<String> = None;
        loop {
            let query = Query::of(keys::entries_of(member), PAGE).on_from(next.as_deref())?;
            let page = app.boards.table.query::<Entry>(query).await?;
            entries.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(entries)
}

/// That they subscribe, what they are called on coding platforms, and how they stood there week by week.
fn subscribed(subject: &Subject<'_>) -> Part {
    let list =
        |kind: &str| -> Value { subject.of_kind(kind).map(|item| Value::Object(plain(item).collect())).collect() };
    let subscription = subject.of_kind("SUBSCRIPTION").next().map(|item| Value::Object(plain(item).collect()));
    vec![("subscription", json!(subscription)), ("coding_profiles", list("CODING")), ("coding_weeks", list("SNAPSHOT"))]
}

/// The posts and comments that they wrote, which lie by themselves.
async fn written(subject: &Subject<'_>) -> Result<Part> {
    let mut part = Vec::new();
    for (key, kind) in [("posts", Kind::Post), ("comments", Kind::Comment)] {
        let (mut items, mut after) = (Vec::new(), None::<String>);
        while items.len() < MOST_ITEMS {
            let range = keys::owned_of_kind(subject.account.id, kind);
            let query = Query::of(range, PAGE).on_from(after.as_deref())?;
            let page = subject.app.table.query::<Item>(query).await?;
            items.extend(page.items.iter().map(|item| Value::Object(plain(item).collect())));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        part.push((key, Value::Array(items)));
    }
    Ok(part)
}

/// What they like, and what streams tell of them.
fn done(subject: &Subject<'_>) -> Part {
    let shown = |kind: &str| subject.of_kind(kind).map(|item| Value::Object(plain(item).collect())).collect();
    vec![("likes", shown("LIKES")), ("actions", shown("ACTION"))]
}

/// Members in Sukuwatto's shortest form; those who have left are left out.
async fn people(app: &App, ids: &[MemberId]) -> Result<Value> {
    let mut people = Vec::new();
    // Two by two is how the table hands out many at once.
    for some in ids.chunks(100) {
        let pairs: Vec<_> = some
            .chunks(2)
            .map(|two| (keys::account(two[0]), keys::account(two.get(1).copied().unwrap_or(MemberId(0)))))
            .collect();
        for (first, second) in app.table.get_pairs::<Account, Account>(&pairs).await? {
            for account in [first, second].into_iter().flatten() {
                let picture = account.avatar.as_deref().map(media::path);
                people.push(json!({ "id": account.id, "username": account.username, "profile_filename": picture }));
            }
        }
    }
    Ok(Value::Array(people))
}

/// What lies with the member and belongs to no collector.
fn other(items: &[Item]) -> Value {
    let others = items.iter().filter(|item| !COLLECTED.contains(&kind_of(item)));
    others
        .map(|item| {
            let mut shown: Map<String, Value> = plain(item).collect();
            shown.insert("kind".to_owned(), json!(kind_of(item).to_lowercase()));
            Value::Object(shown)
        })
        .collect()
}

/// An item without its place in the table and without secrets.
fn plain(item: &Item) -> impl Iterator<Item = (String, Value)> {
    item.iter().filter(|(name, _)| !is_withheld(name)).map(|(name, value)| (name.clone(), value.clone()))
}

fn is_withheld(name: &str) -> bool {
    const PLACES: [&str; 7] = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "ttl"];
    const SECRETS: [&str; 9] =
        ["cipher", "digest", "epoch", "factor", "hash", "password", "secret", "token", "verifier"];
    // Of codes, one's name at LeetCode is none.
    let is_code = name.ends_with("code") || name.ends_with("codes");
    is_code || PLACES.contains(&name) || SECRETS.iter().any(|secret| name.contains(secret))
}

/// The member's files: what there is, and the files themselves as far as they fit.
async fn files(subject: &Subject<'_>) -> Result<(Value, Vec<(String, Bytes)>)> {
    let Subject { app, account, .. } = subject;
    let member = account.id;
    let mut pack = Pack { listed: Vec::new(), files: Vec::new(), room: MOST_BYTES };
    for folder in [format!("avatars/{member}/"), format!("banners/{member}/"), upload::folder(member)] {
        let mut after: Option<String> = None;
        loop {
            let page = app.media.list(&folder, after.as_deref()).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            for file in page {
                let place = format!("files/{}", file.name.replacen(&format!("/{member}/"), "/", 1));
                let name = file.name.rsplit('/').next().unwrap_or_default();
                pack.add(app, &file.name, name, file.size, file.kept_at, place).await?;
            }
        }
    }
    for other in partners(subject) {
        let mut after: Option<String> = None;
        loop {
            let query = Query::of(keys::attachments(member, other), PAGE).on_from(after.as_deref())?;
            let page = app.table.query::<AttachmentHeld>(query).await?;
            for held in page.items.iter().filter(|held| held.from == member) {
                let Attachment { reference, file, file_name, size, .. } = &held.attachment;
                let place = format!("files/attachments/{reference}-{}", media::plain_name(file_name));
                pack.add(app, file, file_name, *size, held.announced_at, place).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok((Value::Array(pack.listed), pack.files))
}

/// With whom the member has talked.
fn partners(subject: &Subject<'_>) -> Vec<MemberId> {
    subject.of_kind("TALK").filter_map(|item| item.get("other")?.as_u64().map(MemberId)).collect()
}

/// Files on their way into the archive.
struct Pack {
    listed: Vec<Value>,
    files: Vec<(String, Bytes)>,
    /// Bytes that still fit.
    room: u64,
}

impl Pack {
    async fn add(
        &mut self,
        app: &App,
        file: &str,
        name: &str,
        size: u64,
        kept_at: DateTime<Utc>,
        place: String,
    ) -> Result<()> {
        let packed = size <= self.room;
        self.listed.push(json!({
            "name": name,
            "bytes": size,
            "kept_at": kept_at,
            "in_archive": packed.then_some(&place),
        }));
        // Replaced since it was listed: there is another one in its place.
        if let (true, Some(content)) = (packed, if packed { app.media.get(file).await? } else { None }) {
            self.room -= size;
            self.files.push((place, content.bytes));
        }
        Ok(())
    }
}

/// The JSON as people may read it, too.
pub(crate) fn pretty(json: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(json).map_err(|cause| Error::internal("An export could not be written.", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_places_are_withheld_under_any_name() {
        for name in
            ["password", "pk", "gsi1sk", "ttl", "refresh_token", "totp_secret", "session_epoch", "recovery_codes"]
        {
            assert!(is_withheld(name), "{name}");
        }
        for name in ["email", "username", "biography", "joined_at", "score", "leetcode_username"] {
            assert!(!is_withheld(name), "{name}");
        }
    }
    #[test]
    fn what_no_collector_knows_is_handed_over_without_its_secrets() {
        let item = |item: Value| item.as_object().cloned().unwrap();
        let diary = item(json!({ "pk": "MEMBER#1", "sk": "DIARY#7", "text": "Dear diary", "refresh_token": "hush" }));
        let session = item(json!({ "pk": "MEMBER#1", "sk": "SESSION#x", "id": "x" }));
        assert_eq!(other(&[diary, session]), json!([{ "kind": "diary", "text": "Dear diary" }]));
    }
}
