//! Who comes and goes: those who talk with a member hear when the first of the member's sockets opens and when the last
//! one closes.
//!
//! The word of a socket takes a few seconds to arrive (`PresenceQueue` in `template.yaml`) and says only whose it was.
//! What counts is how it stands by then, and what others were told last: whoever has reloaded a page was never away, and
//! the word that comes twice, or late, tells nothing.

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::conversation::Talk;
use shared::model::socket::{Presence, PresenceTold};
use shared::store::{Condition, Query, StoreError, Write, keys};
use shared::visibility::{may_see, relations_to};
use shared::{App, Error, Result};

use crate::delivery;

/// Members who are told at most: those with whom something was said last.
const MOST: usize = 50;
/// Members who are told at once.
const AT_ONCE: usize = 10;
/// How often a change that met another one is tried.
const TRIES: usize = 5;

/// Tells those who talk with a member whether the member is there, if that is news to them.
pub async fn show(app: &App, member: MemberId) -> Result<()> {
    let (account, told) = (keys::account(member), keys::presence_told(member));
    let mut said = None;
    for _ in 0..TRIES {
        let sockets = app.table.query::<Presence>(Query::of(keys::sockets_of(member), 1));
        let known = app.table.get_two::<Account, PresenceTold>(account.clone(), told.clone());
        let (sockets, known) = tokio::try_join!(sockets, known)?;
        let (Some(owner), known) = known else { return Ok(()) };
        let online = !sockets.items.is_empty();
        let is_known = known.as_ref().is_some_and(|known| known.online) == online;
        // Where another one told of a change in the meantime, what was said last here may be what is no longer so.
        if is_known && said.is_none_or(|said| said == online) {
            return Ok(());
        }
        tell(app, &owner, online).await?;
        said = Some(online);
        let as_known = match &known {
            Some(known) => Condition::equals("online", known.online).and(Condition::equals("at", known.at)),
            None => Condition::absent(),
        };
        let now = PresenceTold { member, online, at: app.clock.now() };
        let here = Write::check(account.clone(), Condition::present());
        match app.table.together(vec![Write::put(&now)?.when(as_known), here]).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("changed_meanwhile", "Others are telling of this member."))
}

/// Whoever may not see a member's profile does not hear of them, nor does anybody with whom there is a block.
async fn tell(app: &App, Account { id, audience, .. }: &Account, online: bool) -> Result<()> {
    let talks = Query::of(keys::talks(*id), MOST).backwards();
    let others: Vec<MemberId> = app.table.query::<Talk>(talks).await?.items.iter().map(|talk| talk.other).collect();
    let relations = relations_to(app, &others, *id).await?;
    let may_hear = others.into_iter().zip(relations);
    let may_hear = may_hear.filter(|(other, relation)| may_see(Some(*other), *id, *audience, *relation));
    let last_seen = (!online).then(|| app.clock.now());
    let frame = json!({ "type": "presence", "data": { "user": id, "online": online, "last_seen": last_seen } });
    let told = stream::iter(may_hear).map(|(other, _)| delivery::tell(app, other, &frame));
    told.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}
