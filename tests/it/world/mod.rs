//! A world per test: its own cloud in memory, a clock that stands still until told, counted ids, and people.

mod person;
mod reply;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Duration, Utc};
use local::state::Letter;
use local::{Cloud, Delivery, Options, Pumps, Storage};
use serde_json::Value;
use shared::App;
use shared::auth::{passwords, sessions, tokens};
use shared::clock::Clock;
use shared::http::Routes;
use shared::ids::{Ids, MemberId};
use shared::joining::{Joined, NewMember, join};
use shared::model::account::Account;
use shared::model::action::Action;
use shared::model::name::Username;
use shared::model::relation::{Block, Follow};
use shared::model::role::Role;
use shared::store::{Change, keys};
use tokio::sync::OnceCell;

pub use person::{PASSWORD, Person};
pub use reply::Reply;
pub use tests::wire::{Fault, Wire};

/// Where the gateway of every world would listen.
pub const PUBLIC_URL: &str = "http://guildhall.test";

/// One test's world. Cloning shares it; with its last clone it ends, and then everything that happened has to have
/// been passed on.
#[derive(Clone)]
pub struct World(Arc<Parts>);

/// What a world is made of, to be reached through it.
pub struct Parts {
    pub cloud: Cloud,
    pub clock: Clock,
    pub wire: Wire,
    pub ids: Ids,
    app: OnceLock<App>,
    left_unsettled: AtomicBool,
}

impl Deref for World {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if std::thread::panicking() || *self.left_unsettled.get_mut() {
            return;
        }
        let changes = self.cloud.unread_changes().expect("the stream");
        let unheard = unheard(&changes);
        assert!(
            unheard.is_empty(),
            "This world ended before anybody heard of {}: settle it, or say that it is left unsettled.",
            unheard.join(", ")
        );
    }
}

/// The events among these changes of the table: what the projector would pass on.
fn unheard(changes: &[Value]) -> Vec<&str> {
    let new = changes.iter().filter(|change| change["eventName"] == "INSERT");
    let images = new.map(|change| &change["dynamodb"]["NewImage"]);
    let events = images.filter(|image| image["sk"]["S"].as_str().is_some_and(keys::is_outbox));
    events.filter_map(|image| image["name"]["S"].as_str()).collect()
}

impl World {
    /// A world as the template makes it, with the limits per address off.
    pub async fn new() -> World {
        World::with(&[]).await
    }

    /// A world with some template parameters of its own.
    pub async fn with(overrides: &[(&str, &str)]) -> World {
        World::start(overrides, Storage::Memory).await
    }

    /// A world that is kept in a folder, and goes on where the last one in it stopped.
    pub async fn on_disk(folder: &Path) -> World {
        World::start(&[], Storage::Folder(folder.to_owned())).await
    }

    async fn start(overrides: &[(&str, &str)], storage: Storage) -> World {
        let usual = [
            ("RateLimitFactor", "0"),
            ("OperationsToken", OPERATIONS_TOKEN),
            ("AllowedOrigins", ORIGIN),
            ("GoogleClientId", "guildhall-test"),
            ("PlatformWaitFactor", "0"),
        ];
        let overrides: BTreeMap<_, _> =
            usual.iter().chain(overrides).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let clock = Clock::fixed(start());
        let wire = Wire::default();
        let ids = Ids::counting();
        let options = Options {
            template: repository().join("template.yaml"),
            overrides,
            storage,
            public_url: PUBLIC_URL.to_owned(),
            clock: clock.clone(),
            ids: ids.clone(),
            invoke: None,
            pumps: Pumps::ByHand,
            wire: Some(wire.for_functions()),
        };
        let cloud = Cloud::start(options).await.expect("a cloud from the repository's own template");
        World(Arc::new(Parts { cloud, clock, wire, ids, app: OnceLock::new(), left_unsettled: AtomicBool::new(false) }))
    }

    /// Somebody without an account, with a browser of their own.
    pub fn visitor(&self) -> Person {
        Person::new(self, "visitor")
    }

    /// A member with a session. Neither took a password, which takes long: tests need very many of them. They have the
    /// usual one all the same.
    pub async fn member(&self, name: &str) -> Person {
        static USUAL: OnceCell<String> = OnceCell::const_new();
        let hash = || async { passwords::hash(PASSWORD.to_owned()).await.expect("a hash") };
        let app = self.app().with_ids(self.ids.clone());
        let new = NewMember::new(Username::parse(name).expect("a name"), None);
        let Joined { account, .. } = join(&app, new, None).await.expect("the table").expect("a name that is free");
        let change = Change::of(keys::account(account.id)).set("password", USUAL.get_or_init(hash).await);
        app.table.change::<Value>(change).await.expect("the account");
        let person = Person::known(self, name, account.id.0);
        self.enter(&person).await;
        person
    }

    /// A member with a confirmed address; the letters that led there are on top of the mailbox.
    pub async fn reachable(&self, name: &str) -> Person {
        let person = self.member(name).await;
        let address = format!("{name}@example.org");
        person.patch(&person.profile(), serde_json::json!({ "email": address })).await.assert(200);
        self.settle().await;
        let code = self.code_from_letter();
        person.post("/v1/email/confirm", serde_json::json!({ "code": code })).await.assert(200);
        self.settle().await;
        person
    }

    /// The code in the link of the latest letter.
    pub fn code_from_letter(&self) -> String {
        tests::code_from_letter(&self.cloud).expect("a letter with a link")
    }

    /// Begins a session for a member, without a password: puts its cookie into their browser, and returns an access
    /// token for it.
    pub async fn enter(&self, member: &Person) -> String {
        let app = self.app();
        let account: Account =
            app.table.get(keys::account(MemberId(member.id()))).await.expect("the table").expect("an account");
        let (session, ticket) = sessions::begin(&app, &account, "test").expect("a session");
        app.table.create(&session).await.expect("room for a session");
        member.keep("sessionid", ticket.expose());
        let (token, _) = tokens::issue(&app, &session, Duration::minutes(15)).await.expect("a token");
        token
    }

    /// Bars a member, as the staff does.
    pub async fn ban(&self, member: &Person) {
        let ban = Change::of(keys::account(MemberId(member.id()))).set("banned", true).add("session_epoch", 1);
        self.app().table.change::<Value>(ban).await.expect("the member's account");
    }

    /// Lets `fan` follow `other`.
    pub async fn follow(&self, fan: &Person, other: &Person) {
        let (member, followed) = (MemberId(fan.id()), MemberId(other.id()));
        let (name, followed_name) = (fan.name.to_lowercase(), other.name.to_lowercase());
        let follow = Follow { member, followed, name, followed_name, action: None, since: self.clock.now() };
        self.app().table.put(&follow).await.expect("room for a follow");
    }

    /// Lets `owner` block `other`.
    pub async fn block(&self, owner: &Person, other: &Person) {
        let (member, blocked) = (MemberId(owner.id()), MemberId(other.id()));
        let block = Block { member, blocked, blocked_name: other.name.to_lowercase(), since: self.clock.now() };
        self.app().table.put(&block).await.expect("room for a block");
    }

    /// Makes a member an administrator, which nobody of the staff could do the first time.
    pub async fn promote(&self, member: &Person) {
        self.give_role(member, Role::Administrator).await;
    }

    /// Gives a member a role.
    pub async fn give_role(&self, member: &Person, role: Role) {
        let promote = Change::of(keys::account(MemberId(member.id()))).set("role", role);
        self.app().table.change::<Value>(promote).await.expect("the member's account");
    }

    /// Whether a member still has their account.
    pub async fn has(&self, member: &Person) -> bool {
        let key = keys::account(MemberId(member.id()));
        self.app().table.get::<Account>(key).await.expect("the table").is_some()
    }

    /// Lets everything happen that follows from what was done.
    pub async fn settle(&self) {
        self.cloud.settle(Delivery::Once).await;
    }

    /// Lets this world end with events that nobody heard of.
    pub fn leave_unsettled(&self) {
        self.left_unsettled.store(true, Ordering::Relaxed);
    }

    /// The app of the function `accounts`, to look at the table and to set a scene that no route can set.
    pub fn app(&self) -> App {
        let app = || {
            let environment = self.cloud.functions().environment("accounts").expect("the template's function");
            App::new(environment).expect("an app").with_clock(self.clock.clone())
        };
        self.app.get_or_init(app).clone()
    }

    /// Every item of every table, in DynamoDB's JSON.
    pub fn everything(&self) -> Vec<Value> {
        let dynamo = self.cloud.dynamo();
        let mut all = Vec::new();
        for table in dynamo.tables() {
            let mut next = None;
            loop {
                let page = dynamo.items(&table, None, 1000, next.as_deref()).expect("a page of the table");
                all.extend(page.items);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        all
    }

    /// Moves the clock.
    pub fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Every letter sent, the latest first.
    pub fn letters(&self) -> Vec<Letter> {
        self.cloud.state().letters(1000).expect("the mailbox")
    }

    /// The subjects of the letters to an address, the first first.
    pub fn subjects_to(&self, address: &str) -> Vec<String> {
        let letters = self.letters().into_iter().rev().filter(|letter| letter.to.iter().any(|to| to == address));
        letters.map(|letter| letter.subject).collect()
    }
}

/// When every world begins.
pub fn start() -> DateTime<Utc> {
    "2026-01-31T08:15:00Z".parse().expect("a date")
}

/// What the game's server of every world shows.
pub const OPERATIONS_TOKEN: &str = "an-operations-token-for-tests";
/// The one web client that every world knows.
pub const ORIGIN: &str = "https://client.example.org";

/// The folder that `template.yaml` lies in.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Hands out what a member did as `feeds` does, with another limit than its own.
pub async fn hand_out(app: &App, action: &Action, most: i64) -> shared::Result<()> {
    ::feeds::fan_out::acted(app, action, most).await
}

/// Every slice behind the HTTP API, with its route table. The only place in the tests that names the crates.
pub fn slices() -> Vec<(&'static str, Routes)> {
    vec![
        ("accounts", ::accounts::routes()),
        ("admin", ::admin::routes()),
        ("docs", ::docs::routes()),
        ("files", ::files::routes()),
        ("leaderboards", ::leaderboards::routes()),
        ("messages", ::messages::routes()),
        ("social", ::social::routes()),
        ("tracker", ::tracker::routes()),
    ]
}

/// What each function says that it needs of its environment.
pub fn needs() -> Vec<(&'static str, &'static [&'static str])> {
    vec![
        ("accounts", ::accounts::NEEDS),
        ("admin", ::admin::NEEDS),
        ("chat", ::chat::NEEDS),
        ("docs", ::docs::NEEDS),
        ("exporter", ::exporter::NEEDS),
        ("feeds", ::feeds::NEEDS),
        ("fetcher", ::fetcher::NEEDS),
        ("files", ::files::NEEDS),
        ("jobs", ::jobs::NEEDS),
        ("leaderboards", ::leaderboards::NEEDS),
        ("mailer", ::mailer::NEEDS),
        ("messages", ::messages::NEEDS),
        ("projector", ::projector::NEEDS),
        ("social", ::social::NEEDS),
        ("tracker", ::tracker::NEEDS),
    ]
}
