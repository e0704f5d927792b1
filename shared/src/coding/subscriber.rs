//! A subscriber with their profiles and their group, which change together: a group counts its members exactly, every
//! profile tells its group, and an account on a platform is held for one of them.
//!
//! What changes any of it names in its conditions whatever it was made from, and for a platform where there is no profile
//! that there is none. So of two such changes at the same time one is refused, and looks again.

use futures_util::future::try_join;

use crate::app::App;
use crate::error::Result;
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::coding::{CoderHeld, CodingProfile};
use crate::model::name::fold;
use crate::model::subscription::{CodingGroup, Subscription};
use crate::platforms::Platform;
use crate::store::{Change, Condition, Query, StoreError, Stored, Write, keys};

/// A subscription with the profiles of its member.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// That they subscribed.
    pub subscription: Subscription,
    /// Their profiles, one on a platform at most.
    pub profiles: Vec<CodingProfile>,
}

/// Sends a member a report a week from now on, or none. Says whether they are a subscriber, to whom that matters.
pub async fn switch_reports(app: &App, member: MemberId, on: bool) -> Result<bool> {
    match app.table.change::<Subscription>(Change::of(keys::subscription(member)).set("reports", on)).await {
        Ok(_) => Ok(true),
        Err(StoreError::Refused { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Subscriber {
    /// The subscriber that a member is, if they are one. One round trip.
    pub async fn of(app: &App, member: MemberId) -> Result<Option<Subscriber>> {
        let (subscription, profiles) = try_join(
            app.table.get::<Subscription>(keys::subscription(member)),
            app.table.query::<CodingProfile>(Query::of(keys::coding_profiles(member), Platform::ALL.len())),
        )
        .await?;
        Ok(subscription.map(|subscription| Subscriber { subscription, profiles: profiles.items }))
    }

    /// Their profile on a platform.
    pub fn on(&self, platform: Platform) -> Option<&CodingProfile> {
        self.profiles.iter().find(|profile| profile.platform == platform)
    }

    /// The writes by which they are in this group, or in none. What that group counts is another one.
    pub fn moved(&self, app: &App, group: Option<&str>) -> Vec<Write> {
        let was = Condition::equals("group", &self.subscription.group);
        let mut writes = vec![Write::change(Change::of(self.subscription.key()).set("group", group).when(was))];
        writes.extend(Platform::ALL.map(|platform| {
            match self.on(platform) {
                Some(profile) => Write::change(
                    Change::of(profile.key())
                        .set("group", group)
                        .set("updated_at", app.clock.now())
                        .when(Condition::equals("id", profile.id)),
                ),
                None => self.has_none_on(platform),
            }
        }));
        writes
    }

    /// The writes by which they are no subscriber any more: out of their group, their accounts on platforms free for
    /// others. What was noted of those week by week follows.
    pub async fn ended(&self, app: &App) -> Result<Vec<Write>> {
        let Subscriber { subscription, profiles } = self;
        let member = subscription.member;
        let was = Condition::present().and(Condition::equals("group", &subscription.group));
        let mut writes = vec![Write::delete(subscription.key(), was)];
        for platform in Platform::ALL {
            let Some(profile) = self.on(platform) else {
                writes.push(self.has_none_on(platform));
                continue;
            };
            let same = Condition::equals("id", profile.id).and(Condition::equals("username", &profile.username));
            writes.push(Write::delete(profile.key(), same));
        }
        for CodingProfile { platform, username, .. } in profiles {
            writes.push(let_go(*platform, username, member));
            let (platform, username) = (*platform, username.clone());
            writes.push(happened(app, Event::CoderLetGo { member, platform, username })?);
        }
        if let Some(group) = &subscription.group {
            let counted = app.table.get::<CodingGroup>(keys::coding_group(&fold(group))).await?;
            writes.extend(counted.as_ref().map(without_one));
        }
        Ok(writes)
    }

    fn has_none_on(&self, platform: Platform) -> Write {
        Write::check(keys::coding_profile(self.subscription.member, platform), Condition::absent())
    }
}

/// The write by which a group has one member fewer; the last one out takes it along.
pub fn without_one(group: &CodingGroup) -> Write {
    if group.members > 1 {
        Write::change(Change::of(group.key()).add("members", -1).when(Condition::greater("members", 1)))
    } else {
        Write::delete(group.key(), Condition::equals("members", group.members))
    }
}

/// The write by which an account on a platform is free for others.
pub fn let_go(platform: Platform, username: &str, member: MemberId) -> Write {
    let held = CoderHeld::new(platform, username, member);
    Write::delete(held.key(), Condition::equals("member", member))
}
