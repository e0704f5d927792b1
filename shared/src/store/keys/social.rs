//! Keys of what members do among each other: things that can be liked and commented on, what was done, who is told.
//!
//! | question | partition | sort key |
//! | --- | --- | --- |
//! | what is this thing, such as a post? | `<KIND>#<id>` | `<KIND>` |
//! | does a member like this thing? | `MEMBER#<id>` | `LIKES#<thing>` |
//! | what did a member do, as far as these may see it? | `MEMBER#<id>` | `ACTION#<audience>#<action>` |
//! | whom did a member ask whether they may follow? | `MEMBER#<id>` | `ASKS#<id>` |
//! | which of those whom a member follows have very many followers? | `MEMBER#<id>` | `FOLLOWS_MANY#<id>` |
//! | has a member too many followers to hand out to? | `MEMBER#<id>` | `WIDE` |
//! | what is in a member's stream? | `FEED#<id>` | `<action>#<actor>` |
//! | what is a member told of? | `MEMBER#<id>` | `NOTICE#<notice>` |
//! | up to where have they seen it? | `MEMBER#<id>` | `NOTICES` |
//! | has a member heard of what this one last wrote? | `MEMBER#<id>` | `TOLD#<id>` |
//! | how good is a member at this skill? | `MEMBER#<id>` | `SKILL#<skill>` |
//! | how many reports are there in each state? | `REPORTS` | `REPORTS` |
//! | does a member want a letter a day about it? | `MEMBER#<id>` | `DIGEST` |
//! | what was reported? | `REPORT#<id>` | `REPORT` |
//! | where does this page of a numbered list begin? | `ANCHOR#<list and reader, hashed>` | `<page>` |
//!
//! | question | index `gsi1` partition | sort key |
//! | --- | --- | --- |
//! | what has a member written that lies elsewhere? | `OWNED#<id>` | `<thing>` |
//! | what was done to this thing? | `TARGET#<thing>` | `<action>` |
//! | what was done that made this thing, or with it? | `OBJECT#<thing>` | `<action>` |
//! | who asks to follow this member? | `ASKED#<id>` | `<name, folded>` |
//! | who knows that this member has very many followers? | `MANY#<id>` | `<member>` |
//! | in whose streams is what this member did? | `FED#<id>` | `<action>#<reader>` |
//! | who is told of what this member did? | `CAUSED#<id>` | `<notice>#<reader>` |
//! | who has heard that this member wrote? | `TOLD_OF#<id>` | `<member>` |
//! | who wants a letter a day? | `DIGESTS` | `<member>` |
//! | what has a member reported? | `REPORTED_BY#<id>` | `<report>` |
//!
//! | question | index `gsi2` partition | sort key |
//! | --- | --- | --- |
//! | whom does a member follow, by name? | `FOLLOWING#<id>` | `<name, folded>` |
//! | whom has a member blocked, by name? | `BLOCKING#<id>` | `<name, folded>` |
//! | which posts, or comments, were written in this month? | `<KIND>S#<month>` | `<id>` |
//! | what was done in this month? | `ACTIONS#<month>#<shard>` | `<action>` |
//! | which reports are in this state? | `REPORTS#<state>` | `<report>` |

use chrono::{DateTime, Utc};

use super::{Index, IndexKey, Key, Range, digest, key, member_partition, month};
use crate::ids::{ActionId, MemberId, NoticeId, ReportId};
use crate::model::thing::{Kind, Thing};
use crate::visibility::Audience;

/// How many partitions the actions of a month are spread over, so that no single one takes all of them.
pub const ACTION_SHARDS: u64 = 4;

/// What is this thing? Members are their accounts.
pub fn thing(thing: Thing) -> Key {
    match thing.kind {
        Kind::Member => super::account(MemberId(thing.id)),
        kind => {
            let kind = kind_of_things(kind);
            key(format!("{kind}#{}", thing.id), kind)
        }
    }
}

/// The sort key of all things of this kind, but for members.
pub fn kind_of_things(kind: Kind) -> String {
    kind.name().to_uppercase()
}

/// The thing of this kind that lies in this partition.
pub fn thing_at(pk: &str, kind: Kind) -> Option<Thing> {
    let id = pk.strip_prefix(&kind_of_things(kind))?.strip_prefix('#')?;
    Some(Thing { kind, id: crate::ids::parse(id).ok()? })
}

/// Does this member like this thing?
pub fn like(member: MemberId, thing: Thing) -> Key {
    key(member_partition(member), format!("LIKES#{thing}"))
}

/// What does this member like?
pub fn likes_of(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "LIKES#".to_owned(), index: None }
}

/// One thing that a member did, for those who may see it.
pub fn action(actor: MemberId, audience: Audience, action: ActionId) -> Key {
    key(member_partition(actor), format!("ACTION#{}#{:016}", audience_mark(audience), action.0))
}

/// What did this member do that is meant for this audience? The first first.
pub fn actions_of(actor: MemberId, audience: Audience) -> Range {
    let prefix = format!("ACTION#{}#", audience_mark(audience));
    Range { pk: member_partition(actor), prefix, index: None }
}

fn audience_mark(audience: Audience) -> char {
    match audience {
        Audience::Everyone => 'e',
        Audience::Members => 'm',
        Audience::Followers => 'f',
        Audience::Owner => 'o',
    }
}

/// An action's place among those that were done to a thing.
pub fn by_target(thing: Thing, action: ActionId) -> IndexKey {
    IndexKey { pk: format!("TARGET#{thing}"), sk: format!("{:016}", action.0) }
}

/// What was done to this thing? The first first.
pub fn done_to(thing: Thing) -> Range {
    Range { pk: format!("TARGET#{thing}"), prefix: String::new(), index: Some(Index::First) }
}

/// An action's place among those that made a thing, or were done with it.
pub fn by_object(thing: Thing, action: ActionId) -> IndexKey {
    IndexKey { pk: format!("OBJECT#{thing}"), sk: format!("{:016}", action.0) }
}

/// What was done that made this thing, or with it? The first first.
pub fn done_with(thing: Thing) -> Range {
    Range { pk: format!("OBJECT#{thing}"), prefix: String::new(), index: Some(Index::First) }
}

/// An action's place among all of its month.
pub fn by_action(at: DateTime<Utc>, action: ActionId) -> IndexKey {
    let shard = action.0 % ACTION_SHARDS;
    IndexKey { pk: format!("ACTIONS#{}#{shard}", month(at)), sk: format!("{:016}", action.0) }
}

/// What was done in the month of this time, in one of its [`ACTION_SHARDS`]? The first first.
pub fn actions(at: DateTime<Utc>, shard: u64) -> Range {
    Range { pk: format!("ACTIONS#{}#{shard}", month(at)), prefix: String::new(), index: Some(Index::Second) }
}

/// A thing's place among what its owner has written.
pub fn by_owner(owner: MemberId, thing: Thing) -> IndexKey {
    IndexKey { pk: format!("OWNED#{owner}"), sk: place_of(thing) }
}

/// What has this member written that lies elsewhere? By kind, and the first first.
pub fn owned(owner: MemberId) -> Range {
    Range { pk: format!("OWNED#{owner}"), prefix: String::new(), index: Some(Index::First) }
}

/// Which of it is of this kind? The first first.
pub fn owned_of_kind(owner: MemberId, kind: Kind) -> Range {
    Range { pk: format!("OWNED#{owner}"), prefix: format!("{}-", kind.name()), index: Some(Index::First) }
}

/// A thing's place among all of its kind and month.
pub fn by_month(at: DateTime<Utc>, thing: Thing) -> IndexKey {
    let kind = thing.kind.name().to_uppercase();
    IndexKey { pk: format!("{kind}S#{}", month(at)), sk: format!("{:016}", thing.id) }
}

/// Which things of this kind are of the month of this time? The first first.
pub fn of_month(kind: Kind, at: DateTime<Utc>) -> Range {
    let kind = kind.name().to_uppercase();
    Range { pk: format!("{kind}S#{}", month(at)), prefix: String::new(), index: Some(Index::Second) }
}

fn place_of(thing: Thing) -> String {
    format!("{}-{:016}", thing.kind.name(), thing.id)
}

/// Did `member` ask whether they may follow `other`?
pub fn follow_request(member: MemberId, other: MemberId) -> Key {
    key(member_partition(member), format!("ASKS#{:016}", other.0))
}

/// A request's place among those to one member: by the name of who asks.
pub fn by_asked(asked: MemberId, name: &str) -> IndexKey {
    IndexKey { pk: format!("ASKED#{asked}"), sk: name.to_owned() }
}

/// Who asks to follow this member? By their names.
pub fn asking(asked: MemberId) -> Range {
    Range { pk: format!("ASKED#{asked}"), prefix: String::new(), index: Some(Index::First) }
}

/// The place of somebody followed among all whom a member follows: by their name.
pub fn by_following(member: MemberId, name: &str) -> IndexKey {
    IndexKey { pk: format!("FOLLOWING#{member}"), sk: name.to_owned() }
}

/// Whom does this member follow? By their names.
pub fn following(member: MemberId) -> Range {
    Range { pk: format!("FOLLOWING#{member}"), prefix: String::new(), index: Some(Index::Second) }
}

/// The place of somebody blocked among all whom a member has blocked: by their name.
pub fn by_blocking(member: MemberId, name: &str) -> IndexKey {
    IndexKey { pk: format!("BLOCKING#{member}"), sk: name.to_owned() }
}

/// Whom has this member blocked? By their names.
pub fn blocking(member: MemberId) -> Range {
    Range { pk: format!("BLOCKING#{member}"), prefix: String::new(), index: Some(Index::Second) }
}

/// Does a member follow somebody who has very many followers?
pub fn follow_of_many(member: MemberId, followed: MemberId) -> Key {
    key(member_partition(member), format!("FOLLOWS_MANY#{:016}", followed.0))
}

/// A follower's place among those of a member who has very many.
pub fn by_many(followed: MemberId, member: MemberId) -> IndexKey {
    IndexKey { pk: format!("MANY#{followed}"), sk: format!("{:016}", member.0) }
}

/// Who follows this member and knows that they have very many followers? In the order of their ids.
pub fn many(followed: MemberId) -> Range {
    Range { pk: format!("MANY#{followed}"), prefix: String::new(), index: Some(Index::First) }
}

/// Has this member so many followers that what they do is handed out no more?
pub fn wide(member: MemberId) -> Key {
    key(member_partition(member), "WIDE")
}

/// Which of those whom a member follows have very many followers?
pub fn followed_by_many(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "FOLLOWS_MANY#".to_owned(), index: None }
}

/// One entry of a member's stream.
pub fn feed_entry(reader: MemberId, action: ActionId, actor: MemberId) -> Key {
    key(format!("FEED#{reader}"), format!("{:016}#{:016}", action.0, actor.0))
}

/// What is in this member's stream? The first first.
pub fn feed(reader: MemberId) -> Range {
    Range { pk: format!("FEED#{reader}"), prefix: String::new(), index: None }
}

/// An entry's place among all that tell of what one member did.
pub fn by_fed(actor: MemberId, action: ActionId, reader: MemberId) -> IndexKey {
    IndexKey { pk: format!("FED#{actor}"), sk: format!("{:016}#{:016}", action.0, reader.0) }
}

/// In whose streams is what this member did?
pub fn fed(actor: MemberId) -> Range {
    Range { pk: format!("FED#{actor}"), prefix: String::new(), index: Some(Index::First) }
}

/// In whose streams is this action?
pub fn fed_with(actor: MemberId, action: ActionId) -> Range {
    Range { pk: format!("FED#{actor}"), prefix: format!("{:016}#", action.0), index: Some(Index::First) }
}

/// One thing that a member is told of.
pub fn notice(member: MemberId, notice: NoticeId) -> Key {
    key(member_partition(member), format!("NOTICE#{:016}", notice.0))
}

/// What is this member told of? The first first.
pub fn notices(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "NOTICE#".to_owned(), index: None }
}

/// Up to where has a member seen what they are told of?
pub fn notices_seen(member: MemberId) -> Key {
    key(member_partition(member), "NOTICES")
}

/// A notice's place among those that tell of what one member did.
pub fn by_cause(actor: MemberId, notice: NoticeId, reader: MemberId) -> IndexKey {
    IndexKey { pk: format!("CAUSED#{actor}"), sk: format!("{:016}#{:016}", notice.0, reader.0) }
}

/// Who is told of what this member did?
pub fn caused(actor: MemberId) -> Range {
    Range { pk: format!("CAUSED#{actor}"), prefix: String::new(), index: Some(Index::First) }
}

/// Who is told of this action, or whatever has this id, of a member's?
pub fn caused_with(actor: MemberId, notice: NoticeId) -> Range {
    Range { pk: format!("CAUSED#{actor}"), prefix: format!("{:016}#", notice.0), index: Some(Index::First) }
}

/// Has this member heard of what `other` last wrote to them?
pub fn told(member: MemberId, other: MemberId) -> Key {
    key(member_partition(member), format!("TOLD#{:016}", other.0))
}

/// A member's place among those who have heard that `other` wrote to them.
pub fn by_told(other: MemberId, member: MemberId) -> IndexKey {
    IndexKey { pk: format!("TOLD_OF#{other}"), sk: format!("{:016}", member.0) }
}

/// Who has heard that this member wrote to them?
pub fn told_of(other: MemberId) -> Range {
    Range { pk: format!("TOLD_OF#{other}"), prefix: String::new(), index: Some(Index::First) }
}

/// Does this member want a letter a day about what they have not seen?
pub fn wants_digest(member: MemberId) -> Key {
    key(member_partition(member), "DIGEST")
}

/// A member's place among those who want that letter.
pub fn by_digest(member: MemberId) -> IndexKey {
    IndexKey { pk: "DIGESTS".to_owned(), sk: format!("{:016}", member.0) }
}

/// Who wants a letter a day? In the order of their ids.
pub fn digests() -> Range {
    Range { pk: "DIGESTS".to_owned(), prefix: String::new(), index: Some(Index::First) }
}

/// What was reported?
pub fn report(report: ReportId) -> Key {
    key(format!("REPORT#{report}"), "REPORT")
}

/// A report's place among those of one member.
pub fn by_reporter(member: MemberId, report: ReportId) -> IndexKey {
    IndexKey { pk: format!("REPORTED_BY#{member}"), sk: format!("{:016}", report.0) }
}

/// What has this member reported? The first first.
pub fn reported_by(member: MemberId) -> Range {
    Range { pk: format!("REPORTED_BY#{member}"), prefix: String::new(), index: Some(Index::First) }
}

/// A report's place among those in the same state.
pub fn by_report(state: &str, report: ReportId) -> IndexKey {
    IndexKey { pk: format!("REPORTS#{state}"), sk: format!("{:016}", report.0) }
}

/// Which reports are in this state? The first first.
pub fn reports(state: &str) -> Range {
    Range { pk: format!("REPORTS#{state}"), prefix: String::new(), index: Some(Index::Second) }
}

/// How many reports are there in each state?
pub fn report_counts() -> Key {
    key("REPORTS".to_owned(), "REPORTS")
}

/// How good is this member at this skill?
pub fn trained_skill(member: MemberId, skill: u64) -> Key {
    key(member_partition(member), format!("SKILL#{skill:016}"))
}

/// At what is this member how good?
pub fn trained_skills(member: MemberId) -> Range {
    Range { pk: member_partition(member), prefix: "SKILL#".to_owned(), index: None }
}

/// Where does this page of a numbered list begin? Takes what names the list, its size and its reader, which is hashed.
pub fn anchor(list: &str, page: usize) -> Key {
    key(format!("ANCHOR#{}", digest(list)), page.to_string())
}
