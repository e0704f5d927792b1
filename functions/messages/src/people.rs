//! Those with whom one talks, as far as one may see them.

use std::collections::BTreeMap;

use futures_util::future::{try_join, try_join_all};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::profile::Profile;
use shared::store::keys;
use shared::visibility::{may_see, relations};
use shared::{App, Result};

/// Two items each, and a batch has a hundred.
const BATCH: usize = 50;

/// Somebody with whom one talks.
pub struct Correspondent {
    /// Their account.
    pub account: Account,
    /// What they tell of themselves.
    pub profile: Profile,
    /// Whether one may see that.
    pub visible: bool,
    /// Whether one of the two has blocked the other.
    pub blocked: bool,
}

/// Members by their ids, as `viewer` sees them. Whoever has left is not among them. One round trip.
pub async fn seen_by(app: &App, viewer: MemberId, members: &[MemberId]) -> Result<BTreeMap<MemberId, Correspondent>> {
    let batches = members.chunks(BATCH).map(|members| async move {
        let keys: Vec<_> = members.iter().map(|member| (keys::account(*member), keys::profile(*member))).collect();
        app.table.lately().get_pairs::<Account, Profile>(&keys).await
    });
    let (found, relations) = try_join(try_join_all(batches), relations(app, Some(viewer), members)).await?;
    let correspondent = |((account, profile), relation): ((Option<Account>, Option<Profile>), _)| {
        let account = account?;
        let relation: shared::visibility::Relation = relation;
        let visible = account.is_usable() && may_see(Some(viewer), account.id, account.audience, relation);
        let profile = profile.unwrap_or_else(|| Profile::new(account.id));
        Some((account.id, Correspondent { account, profile, visible, blocked: relation.blocked }))
    };
    Ok(found.concat().into_iter().zip(relations).filter_map(correspondent).collect())
}
