//! Members, found by their names, as far as somebody may see them.

use shared::auth::{Client, Member, limits};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::store::keys;
use shared::visibility::{self, may_see};
use shared::{App, Result};

pub use shared::members::{DEEPEST, Names, holder, search};

/// Accounts in one batch.
const BATCH: usize = 100;
/// Names that one may ask after without being signed in, per address and hour.
const QUESTIONS_PER_HOUR: u32 = 300;
/// Pages of members per account and hour.
const PAGES_PER_HOUR: u32 = 600;

/// Counts a question after a name from this address: answers tell who is a member.
pub async fn admit_question(app: &App, client: &Client) -> Result<()> {
    limits::take(app, "name", &client.address, QUESTIONS_PER_HOUR, chrono::Duration::hours(1)).await.map(drop)
}

/// Counts a page of members that a member reads.
pub async fn admit_page(app: &App, by: &Member) -> Result<()> {
    limits::take(app, "members", &by.id().to_string(), PAGES_PER_HOUR, chrono::Duration::hours(1)).await.map(drop)
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
