//! Who may be shown: the members of a page, read at once, after the board told who they are.
//!
//! A board hears of a ban or a deleted account a moment later. Their accounts know it at once.

use std::collections::BTreeMap;

use futures_util::future::{try_join, try_join_all};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::profile::Profile;
use shared::store::keys;
use shared::visibility::{self, may_see};
use shared::{App, Result};

/// Accounts in one batch.
const BATCH: usize = 100;
/// Accounts in one batch that has their profiles, too.
const PAIRS: usize = 50;

/// Some members, by their ids.
pub type People<T> = BTreeMap<MemberId, T>;

/// Those of some members who have not left, whether they hide or not. One round trip.
pub async fn present(app: &App, members: &[MemberId]) -> Result<People<Account>> {
    let batches = members.chunks(BATCH).map(|some| async move {
        let keys: Vec<_> = some.iter().map(|member| keys::account(*member)).collect();
        app.table.get_all::<Account>(&keys).await
    });
    let accounts = try_join_all(batches).await?.into_iter().flatten().flatten();
    Ok(accounts.filter(Account::is_usable).map(|account| (account.id, account)).collect())
}

/// Those of some members whom a viewer may see: none who have left, who hide from the viewer, or with whom there is a
/// block. One round trip.
pub async fn visible(app: &App, viewer: Option<MemberId>, members: &[MemberId]) -> Result<People<Account>> {
    let (accounts, relations) = try_join(present(app, members), visibility::relations(app, viewer, members)).await?;
    Ok(seen(viewer, members, relations, accounts, |account| account))
}

/// The same with their profiles.
pub async fn visible_in_full(
    app: &App,
    viewer: Option<MemberId>,
    members: &[MemberId],
) -> Result<People<(Account, Profile)>> {
    let batches = members.chunks(PAIRS).map(|some| async move {
        let keys: Vec<_> = some.iter().map(|member| (keys::account(*member), keys::profile(*member))).collect();
        app.table.get_pairs::<Account, Profile>(&keys).await
    });
    let (pairs, relations) = try_join(try_join_all(batches), visibility::relations(app, viewer, members)).await?;
    let pairs = pairs.into_iter().flatten().filter_map(|(account, profile)| {
        let account = account.filter(Account::is_usable)?;
        let profile = profile.unwrap_or_else(|| Profile::new(account.id));
        Some((account.id, (account, profile)))
    });
    Ok(seen(viewer, members, relations, pairs.collect(), |(account, _)| account))
}

/// Keeps those whom the viewer may see. Relations come in the order of the members.
fn seen<T>(
    viewer: Option<MemberId>,
    members: &[MemberId],
    relations: Vec<visibility::Relation>,
    mut people: People<T>,
    account: impl Fn(&T) -> &Account,
) -> People<T> {
    let relations: BTreeMap<_, _> = members.iter().zip(relations).collect();
    people.retain(|member, person| {
        let relation = relations.get(member).copied().unwrap_or_default();
        may_see(viewer, *member, account(person).audience, relation)
    });
    people
}
