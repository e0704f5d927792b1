//! Members, found by their names, as far as somebody may see them.

use shared::auth::{Client, Member, limits};
use shared::ids::MemberId;
use shared::model::account::{Account, NameHeld};
use shared::model::name::Username;
use shared::store::{Page, Query, keys};
use shared::visibility::{self, may_see};
use shared::{App, Result};

/// How many names are walked for a numbered list, in which a place is found by counting. Whoever looks for more
/// narrows the search down.
pub const DEEPEST: usize = 1_000;
/// Accounts in one batch.
const BATCH: usize = 100;
/// Names that one may ask after without being signed in, per address and hour.
const QUESTIONS_PER_HOUR: u32 = 300;
/// Pages of members per account and hour.
const PAGES_PER_HOUR: u32 = 600;

/// Names in their order.
pub struct Names {
    /// Who holds them.
    pub held: Vec<NameHeld>,
    /// Whether these are all, and not only the first [`DEEPEST`].
    pub are_all: bool,
}

/// Who has this name; nobody, if it cannot be one.
pub async fn holder(app: &App, name: &str) -> Result<Option<MemberId>> {
    let Ok(name) = Username::parse(name) else { return Ok(None) };
    Ok(app.table.get::<NameHeld>(keys::name(&name.folded())).await?.map(|held| held.member))
}

/// Counts a question after a name from this address: answers tell who is a member.
pub async fn admit_question(app: &App, client: &Client) -> Result<()> {
    limits::take(app, "name", &client.address, QUESTIONS_PER_HOUR, chrono::Duration::hours(1)).await.map(drop)
}

/// Counts a page of members that a member reads.
pub async fn admit_page(app: &App, by: &Member) -> Result<()> {
    limits::take(app, "members", &by.id().to_string(), PAGES_PER_HOUR, chrono::Duration::hours(1)).await.map(drop)
}

/// The names that have every one of these terms in them, which are folded. As long as there are few members, terms are
/// found anywhere in a name; among many, names are those that begin with the first one.
pub async fn search(app: &App, terms: &[String]) -> Result<Names> {
    let mut names = walk(app, "").await?;
    if let (false, Some(first)) = (names.are_all, terms.first()) {
        names = walk(app, first).await?;
    }
    names.held.retain(|held| terms.iter().all(|term| held.name.contains(term)));
    Ok(names)
}

async fn walk(app: &App, prefix: &str) -> Result<Names> {
    let mut held: Vec<NameHeld> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        // One more than is wanted tells whether there are more.
        let query = Query::of(keys::names(prefix), DEEPEST + 1 - held.len());
        let query = match &next {
            Some(next) => query.after(next)?,
            None => query,
        };
        let page: Page<NameHeld> = app.table.query(query).await?;
        held.extend(page.items);
        next = page.next;
        if next.is_none() || held.len() > DEEPEST {
            break;
        }
    }
    let are_all = held.len() <= DEEPEST;
    held.truncate(DEEPEST);
    Ok(Names { held, are_all })
}

/// Those of some members whom a viewer may see, in their order: none who have left, who hide from the viewer, or with
/// whom there is a block.
pub async fn visible(app: &App, viewer: Option<MemberId>, members: &[MemberId]) -> Result<Vec<Account>> {
    let (accounts, relations) = tokio::join!(accounts(app, members), visibility::relations(app, viewer, members));
    let seen = accounts?.into_iter().zip(relations?).filter_map(|(account, relation)| {
        account.filter(|account| account.active && may_see(viewer, account.id, account.audience, relation))
    });
    Ok(seen.collect())
}

async fn accounts(app: &App, members: &[MemberId]) -> Result<Vec<Option<Account>>> {
    let mut accounts = Vec::with_capacity(members.len());
    for members in members.chunks(BATCH) {
        let keys: Vec<_> = members.iter().map(|member| keys::account(*member)).collect();
        accounts.extend(app.table.get_all::<Account>(&keys).await?);
    }
    Ok(accounts)
}
