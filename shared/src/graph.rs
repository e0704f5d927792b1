//! Who follows whom, who asks to, and who has blocked whom: one transaction each, in which every counter, every action
//! and every event of it stands.
//!
//! What a change is made of is read first; where that has changed by the time of the write, it is looked at again. So
//! counters are exact, however many do and undo the same at once.

use crate::app::App;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::Account;
use crate::model::action::{Action, Verb};
use crate::model::profile::Profile;
use crate::model::relation::{Block, Follow, FollowRequest};
use crate::store::{Change, Condition, StoreError, Stored, Write, keys, pause};
use crate::visibility::Audience;

/// How often a change that met another one is tried.
const TRIES: u32 = 10;

/// How one member stands to another whom they want to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They follow.
    Follows,
    /// They ask whether they may.
    Asks,
}

/// What became of a wish to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// How they stand to each other now.
    pub standing: Standing,
    /// Whether they did not stand so before.
    pub is_new: bool,
}

/// Lets a member follow another, or ask whether they may where the other wants to be asked. Who has asked and need not
/// any more follows.
pub async fn follow(app: &App, by: &Account, other: MemberId) -> Result<Followed> {
    not_oneself(by.id, other)?;
    for attempt in 1..=TRIES {
        let Between { account, profile, follow, request, blocked } = between(app, by.id, other).await?;
        let other = account.filter(Account::is_usable).ok_or_else(Error::not_found)?;
        if blocked {
            return Err(not_permitted());
        }
        if follow.is_some() {
            return Ok(Followed { standing: Standing::Follows, is_new: false });
        }
        let asks = profile.is_some_and(|profile| profile.follow_approval);
        if asks && request.is_some() {
            return Ok(Followed { standing: Standing::Asks, is_new: false });
        }
        let (standing, writes) = if asks {
            (Standing::Asks, ask(app, by, &other)?)
        } else {
            (Standing::Follows, take_hold(app, by, &other, Condition::default())?)
        };
        if is_kept(app, writes, attempt).await? {
            return Ok(Followed { standing, is_new: true });
        }
    }
    Err(busy())
}

/// Lets a member follow no more, or takes back that they asked. Tells whether there was anything to take back.
pub async fn unfollow(app: &App, by: MemberId, other: MemberId) -> Result<bool> {
    for attempt in 1..=TRIES {
        let (follow, request) = (keys::follow(by, other), keys::follow_request(by, other));
        let (account, follow, request) =
            app.table.get_three::<Account, Follow, FollowRequest>(keys::account(other), follow, request).await?;
        account.ok_or_else(Error::not_found)?;
        let writes = match (follow, request) {
            (Some(follow), _) => {
                let mut writes = vec![
                    here(by),
                    here(other),
                    Write::delete(keys::follow_request(by, other), Condition::default()),
                    count(other, -1, 0),
                    count(by, 0, -1),
                ];
                writes.extend(let_go(app, &follow)?);
                writes
            }
            (None, Some(_)) => vec![Write::delete(keys::follow_request(by, other), Condition::present())],
            (None, None) => return Ok(false),
        };
        if is_kept(app, writes, attempt).await? {
            return Ok(true);
        }
    }
    Err(busy())
}

/// Lets another follow who asked whether they may. Tells whether there was such a request.
pub async fn approve(app: &App, by: &Account, asker: MemberId) -> Result<bool> {
    for attempt in 1..=TRIES {
        let request = keys::follow_request(asker, by.id);
        let (account, request) = app.table.get_two::<Account, FollowRequest>(keys::account(asker), request).await?;
        let asker = account.filter(Account::is_usable).ok_or_else(Error::not_found)?;
        if request.is_none() {
            return Ok(false);
        }
        if is_kept(app, take_hold(app, &asker, by, Condition::present())?, attempt).await? {
            return Ok(true);
        }
    }
    Err(busy())
}

/// Forgets that another asked whether they may follow. They are not told, and may ask again.
pub async fn reject(app: &App, by: MemberId, asker: MemberId) -> Result<()> {
    app.table.get::<Account>(keys::account(asker)).await?.ok_or_else(Error::not_found)?;
    Ok(app.table.delete(keys::follow_request(asker, by), Condition::default()).await?)
}

/// Lets a member block another: neither follows the other any more, nor asks to. Tells whether they had not.
pub async fn block(app: &App, by: &Account, other: MemberId) -> Result<bool> {
    not_oneself(by.id, other)?;
    for attempt in 1..=TRIES {
        let (found, follows) = tokio::try_join!(
            app.table.get_two::<Account, Block>(keys::account(other), keys::block(by.id, other)),
            app.table.get_two::<Follow, Follow>(keys::follow(by.id, other), keys::follow(other, by.id)),
        )?;
        let (account, block) = found;
        let account = account.ok_or_else(Error::not_found)?;
        if block.is_some() {
            return Ok(false);
        }
        let blocked_name = account.username.folded();
        let block = Block { member: by.id, blocked: other, blocked_name, since: app.clock.now() };
        let mut writes = vec![
            Write::create(&block)?,
            here(by.id),
            here(other),
            Write::delete(keys::follow_request(by.id, other), Condition::default()),
            Write::delete(keys::follow_request(other, by.id), Condition::default()),
        ];
        let (own, theirs) = (i64::from(follows.0.is_some()), i64::from(follows.1.is_some()));
        for (follow, key) in [(follows.0, keys::follow(by.id, other)), (follows.1, keys::follow(other, by.id))] {
            match follow {
                Some(follow) => writes.extend(let_go(app, &follow)?),
                None => writes.push(Write::check(key, Condition::absent())),
            }
        }
        if own + theirs > 0 {
            writes.extend([count(by.id, -theirs, -own), count(other, -own, -theirs)]);
        }
        if is_kept(app, writes, attempt).await? {
            return Ok(true);
        }
    }
    Err(busy())
}

/// Takes a block back; nothing else comes back with it. Tells whether there was one.
pub async fn unblock(app: &App, by: MemberId, other: MemberId) -> Result<bool> {
    app.table.get::<Account>(keys::account(other)).await?.ok_or_else(Error::not_found)?;
    match app.table.delete(keys::block(by, other), Condition::present()).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What one change undoes of a member who leaves: that they followed this one. Both follow no more, and the counter of
/// the one who stays says so.
pub async fn forget_followed(app: &App, gone: MemberId, followed: MemberId) -> Result<()> {
    forget(app, keys::follow(gone, followed), count_kept(followed, -1, 0)).await
}

/// What one change undoes of a member who leaves: that this one followed them.
pub async fn forget_follower(app: &App, gone: MemberId, follower: MemberId) -> Result<()> {
    let follow = keys::follow(follower, gone);
    if let Some(Follow { action: Some(action), .. }) = app.table.get(follow.clone()).await? {
        let writes = vec![
            Write::delete(keys::action(follower, Audience::Everyone, action), Condition::present()),
            happened(app, Event::Unacted { member: follower, action })?,
        ];
        match app.table.together(writes).await {
            Ok(()) | Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    forget(app, follow, count_kept(follower, 0, -1)).await
}

async fn forget(app: &App, follow: crate::store::Key, count: Write) -> Result<()> {
    let removal = || Write::delete(follow.clone(), Condition::present());
    match app.table.together(vec![removal(), count]).await {
        // It was forgotten already.
        Ok(()) | Err(StoreError::Refused { write: 0, .. }) => Ok(()),
        // The other one has no profile to count in: they left, too.
        Err(StoreError::Refused { .. }) => Ok(app.table.delete(follow, Condition::default()).await?),
        Err(error) => Err(error.into()),
    }
}

/// What stands between two, and who the other one is.
struct Between {
    account: Option<Account>,
    profile: Option<Profile>,
    follow: Option<Follow>,
    request: Option<FollowRequest>,
    blocked: bool,
}

async fn between(app: &App, by: MemberId, other: MemberId) -> Result<Between> {
    let (them, us) = tokio::try_join!(
        app.table.get_three::<Account, Profile, Block>(
            keys::account(other),
            keys::profile(other),
            keys::block(other, by)
        ),
        app.table.get_three::<Follow, FollowRequest, Block>(
            keys::follow(by, other),
            keys::follow_request(by, other),
            keys::block(by, other)
        ),
    )?;
    let blocked = them.2.is_some() || us.2.is_some();
    Ok(Between { account: them.0, profile: them.1, follow: us.0, request: us.1, blocked })
}

/// The writes by which `fan` follows `other`, if what is asked of the request for it holds.
fn take_hold(app: &App, fan: &Account, other: &Account, request: Condition) -> Result<Vec<Write>> {
    let (id, now) = (app.new_action_id(), app.clock.now());
    let action = Action {
        id,
        actor: fan.id,
        verb: Verb::Followed,
        target: Some(other.id.into()),
        target_owner: Some(other.id),
        object: None,
        object_owner: None,
        audience: Audience::Everyone,
        at: now,
    };
    let follow = Follow {
        member: fan.id,
        followed: other.id,
        name: fan.username.folded(),
        followed_name: other.username.folded(),
        action: Some(id),
        since: now,
    };
    let mut writes = vec![
        Write::create(&follow)?,
        Write::delete(keys::follow_request(fan.id, other.id), request),
        count(other.id, 1, 0),
        count(fan.id, 0, 1),
        Write::create(&action)?,
        happened(app, Event::Acted { action })?,
    ];
    writes.extend(may_meet(fan.id, other.id));
    Ok(writes)
}

/// The writes by which one asks whether they may follow another.
fn ask(app: &App, by: &Account, other: &Account) -> Result<Vec<Write>> {
    let request = FollowRequest {
        member: by.id,
        asked: other.id,
        name: by.username.folded(),
        asked_name: other.username.folded(),
        since: app.clock.now(),
    };
    let mut writes = vec![
        Write::create(&request)?,
        Write::check(keys::follow(by.id, other.id), Condition::absent()),
        happened(app, Event::FollowAsked { member: by.id, asked: other.id })?,
    ];
    writes.extend(may_meet(by.id, other.id));
    Ok(writes)
}

/// Both are there, and neither has blocked the other.
fn may_meet(one: MemberId, other: MemberId) -> [Write; 4] {
    let no_block = |by, other| Write::check(keys::block(by, other), Condition::absent());
    [here(one), here(other), no_block(one, other), no_block(other, one)]
}

fn here(member: MemberId) -> Write {
    Write::check(keys::account(member), Condition::present())
}

/// The writes that end this very follow, but for the counters.
fn let_go(app: &App, follow: &Follow) -> Result<Vec<Write>> {
    let same = Condition::present().and(Condition::equals("action", follow.action));
    let many = Write::delete(keys::follow_of_many(follow.member, follow.followed), Condition::default());
    let mut writes = vec![Write::delete(follow.key(), same), many];
    if let Some(action) = follow.action {
        let member = follow.member;
        writes.push(Write::delete(keys::action(member, Audience::Everyone, action), Condition::default()));
        writes.push(happened(app, Event::Unacted { member, action })?);
    }
    Ok(writes)
}

/// Counts so many followers more or fewer, and so many followed. A member who has told nothing has no item yet.
fn count(member: MemberId, followers: i64, followings: i64) -> Write {
    Write::change(counted(member, followers, followings).or_create().set("member", member))
}

/// The same of a member who may have left, and must not get an item again.
fn count_kept(member: MemberId, followers: i64, followings: i64) -> Write {
    Write::change(counted(member, followers, followings))
}

fn counted(member: MemberId, followers: i64, followings: i64) -> Change {
    let amounts = [("followers", followers), ("followings", followings)];
    let amounts = amounts.into_iter().filter(|(_, amount)| *amount != 0);
    amounts.fold(Change::of(keys::profile(member)), |change, (name, amount)| change.add(name, amount))
}

/// Whether all of it was kept; if not, something has changed since it was looked at.
async fn is_kept(app: &App, writes: Vec<Write>, attempt: u32) -> Result<bool> {
    match app.table.together(writes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {
            pause(attempt).await;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn not_oneself(by: MemberId, other: MemberId) -> Result<()> {
    if by == other { Err(Error::invalid("oneself", "This is yourself.")) } else { Ok(()) }
}

fn not_permitted() -> Error {
    Error::forbidden("not_permitted", "You do not have permission to perform this action.")
}

fn busy() -> Error {
    Error::conflict("changed_meanwhile", "This is being changed by others. Try again.")
}
