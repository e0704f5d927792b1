//! Finding things and members for a viewer: what is there, and whether they may see it, of as many at once as a page
//! shows.
//!
//! A post is as visible as its owner's profile, a comment as what it hangs on, and what has an audience of its own goes
//! by that; plans and exercises are for everyone. Between those of whom one has blocked the other nothing is visible.
//! Kinds are told apart here and by what they look like, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;
use crate::error::Result;
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::thing::{Head, Kind, Thing};
use crate::store::{Key, Table, keys};
use crate::visibility::{Audience, Relation, may_see};

/// Items in one batch.
const BATCH: usize = 100;

/// What a viewer is to be shown, before it is read.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    viewer: Option<MemberId>,
    members: BTreeSet<MemberId>,
    items: BTreeSet<Key>,
}

impl Wanted {
    /// Nothing yet, for this viewer.
    pub fn by(viewer: Option<MemberId>) -> Wanted {
        Wanted { viewer, ..Wanted::default() }
    }

    /// A member, and what stands between them and the viewer.
    pub fn member(&mut self, member: MemberId) {
        self.members.insert(member);
    }

    /// A thing. Without its owner nobody knows whether it may be shown; where they are not known yet, see
    /// [`Sight::complete`].
    pub fn thing(&mut self, thing: Thing, owner: Option<MemberId>) {
        match thing.kind {
            Kind::Member => self.member(MemberId(thing.id)),
            _ => drop(self.items.insert(keys::thing(thing))),
        }
        self.members.extend(owner);
    }

    /// Any other item.
    pub fn item(&mut self, key: Key) {
        self.items.insert(key);
    }

    /// Reads all of it at once: one round trip.
    pub async fn read(self, table: &Table) -> Result<Sight> {
        let mut sight = Sight { viewer: self.viewer, ..Sight::default() };
        sight.read(table, self).await?;
        Ok(sight)
    }
}

/// What a viewer is shown.
#[derive(Clone, Default)]
pub struct Sight {
    viewer: Option<MemberId>,
    accounts: BTreeMap<MemberId, Account>,
    relations: BTreeMap<MemberId, Relation>,
    items: BTreeMap<Key, Value>,
}

impl Sight {
    async fn read(&mut self, table: &Table, wanted: Wanted) -> Result<()> {
        let known = |member: &MemberId| self.relations.contains_key(member);
        let members: Vec<MemberId> = wanted.members.into_iter().filter(|member| !known(member)).collect();
        let mut all = wanted.items;
        for member in &members {
            all.insert(keys::account(*member));
            all.extend(between(self.viewer, *member).into_iter().flatten());
        }
        let all: Vec<Key> = all.into_iter().collect();
        let batches = all.chunks(BATCH).map(|some| table.get_many::<Value>(some));
        let found = try_join_all(batches).await?.into_iter().flatten();
        let mut found: BTreeMap<Key, Value> =
            all.iter().zip(found).filter_map(|(key, item)| Some((key.clone(), item?))).collect();
        for member in members {
            let mut is_there = |key: &Key| found.remove(key).is_some();
            let relation = between(self.viewer, member).map_or(Relation::default(), |[follows, blocks, blocked]| {
                let (blocks, blocked) = (is_there(&blocks), is_there(&blocked));
                Relation { follows: is_there(&follows), blocked: blocks || blocked }
            });
            self.relations.insert(member, relation);
            if let Some(account) = found.remove(&keys::account(member)) {
                self.accounts.insert(member, read(account)?);
            }
        }
        self.items.extend(found);
        Ok(())
    }

    /// The same, with the owners of these things, and of what they hang on: a second round trip.
    pub async fn complete(mut self, table: &Table, things: &[Thing]) -> Result<Sight> {
        let mut wanted = Wanted::by(self.viewer);
        for head in things.iter().filter_map(|thing| self.head(*thing)) {
            wanted.members.extend(head.owner);
            if let Some(on) = head.on {
                wanted.thing(on, head.on_owner);
            }
        }
        self.read(table, wanted).await?;
        Ok(self)
    }

    /// A member's account, whether the viewer may see them or not.
    pub fn account(&self, member: MemberId) -> Option<&Account> {
        self.accounts.get(&member)
    }

    /// What stands between the viewer and a member.
    pub fn relation(&self, member: MemberId) -> Relation {
        self.relations.get(&member).copied().unwrap_or_default()
    }

    /// An item, whoever may see it.
    pub fn item<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        self.items.get(key).cloned().map(read).transpose()
    }

    /// Whether there is such an item.
    pub fn has(&self, key: &Key) -> bool {
        self.items.contains_key(key)
    }

    /// What a thing says of itself, whoever may see it; that of members is not read.
    pub fn head(&self, thing: Thing) -> Option<Head> {
        read(self.items.get(&keys::thing(thing))?.clone()).ok()
    }

    /// Whether the viewer may see a member's profile.
    pub fn shows_member(&self, member: MemberId) -> bool {
        let account = self.accounts.get(&member).filter(|account| account.active);
        account.is_some_and(|account| may_see(self.viewer, member, account.audience, self.relation(member)))
    }

    /// Whether a thing is there and the viewer may see it.
    pub fn shows(&self, thing: Thing) -> bool {
        match thing.kind {
            Kind::Member => self.shows_member(MemberId(thing.id)),
            kind => self.head(thing).is_some_and(|head| self.shows_head(kind, &head)),
        }
    }

    /// Whether the viewer may see a thing of this kind that says this of itself.
    pub fn shows_head(&self, kind: Kind, head: &Head) -> bool {
        // Whoever has left may leave things behind, which hide from nobody.
        let Some(owner) = head.owner else { return true };
        let relation = self.relation(owner);
        if let Some(on) = head.on {
            // Nothing that can be commented on hangs on anything itself.
            return !relation.blocked && on.kind != Kind::Comment && self.shows(on);
        }
        match (head.audience, kind) {
            (Some(audience), _) => may_see(self.viewer, owner, audience, relation),
            (None, Kind::Plan | Kind::Exercise) => may_see(self.viewer, owner, Audience::Everyone, relation),
            (None, _) => self.shows_member(owner),
        }
    }

    /// A thing in its own shape, if the viewer may see it.
    pub fn thing<T: DeserializeOwned>(&self, thing: Thing) -> Result<Option<T>> {
        if self.shows(thing) { self.item(&keys::thing(thing)) } else { Ok(None) }
    }
}

/// Where it says that the viewer follows a member, has blocked them, and is blocked by them.
fn between(viewer: Option<MemberId>, member: MemberId) -> Option<[Key; 3]> {
    let viewer = viewer.filter(|viewer| *viewer != member)?;
    Some([keys::follow(viewer, member), keys::block(viewer, member), keys::block(member, viewer)])
}

fn read<T: DeserializeOwned>(item: Value) -> Result<T> {
    serde_json::from_value(item).map_err(|cause| crate::Error::internal("An item could not be read.", cause))
}

/// Some things for a viewer, of which only the names are known. Two round trips.
pub async fn find(app: &App, viewer: Option<MemberId>, things: &[Thing]) -> Result<Sight> {
    let mut wanted = Wanted::by(viewer);
    for thing in things {
        wanted.thing(*thing, None);
    }
    wanted.read(&app.table).await?.complete(&app.table, things).await
}
