//! Table → boards of coding profiles: what became of a profile, and of the standing of whose it is.
//!
//! A record says which profile it is and on which boards it was or is. Profile and account are read as they are now: the
//! profile stands on the boards where it belongs by that, and leaves the others that are named. So a record that comes
//! twice, or late, leads to the same boards.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::dynamodb::EventRecord;
use shared::boards::{self, Act, Board, ScoreChange};
use shared::coding::boards::{By, acts};
use shared::ids::{EventId, MemberId, ProfileId};
use shared::model::account::Account;
use shared::model::coding::CodingProfile;
use shared::platforms::Platform;
use shared::store::{Query, keys};
use shared::{App, Result};

use crate::boards::changes_standing;
use crate::{News, Place, sequence_number};

/// Accounts read at once.
const AT_ONCE: usize = 100;

/// What a batch of records says of coding profiles: whose may stand elsewhere now, with the boards on which records
/// show them.
pub struct ForCodingBoards(BTreeMap<MemberId, BTreeSet<(ProfileId, Board)>>);

impl News for ForCodingBoards {
    fn read(records: &[EventRecord]) -> Option<(String, ForCodingBoards)> {
        let mut members: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut first = None;
        for record in records {
            let Some(Place { pk, sk }) = Place::of(record) else { continue };
            let Some(member) = keys::member_of(pk) else { continue };
            let shown = match sk {
                sk if keys::is_coding_profile(sk) => {
                    let image =
                        |image: &serde_dynamo::Item| serde_dynamo::from_item::<_, CodingProfile>(image.clone()).ok();
                    let images = [image(&record.change.old_image), image(&record.change.new_image)];
                    if let [Some(old), Some(new)] = &images
                        && looks_the_same(old, new)
                    {
                        continue;
                    }
                    images.iter().flatten().flat_map(places).collect()
                }
                sk if keys::is_account(sk) && changes_standing(record) => BTreeSet::new(),
                _ => continue,
            };
            members.entry(member).or_default().extend(shown);
            first.get_or_insert_with(|| sequence_number(record));
        }
        first.map(|first| (first, ForCodingBoards(members)))
    }

    async fn apply(self, app: &App) -> Result<()> {
        let now = EventId::at(app.clock.now());
        let mut changes = Vec::new();
        let members: Vec<_> = self.0.into_iter().collect();
        for some in members.chunks(AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|(member, _)| keys::account(*member)).collect();
            let accounts = app.table.get_many::<Account>(&keys).await?;
            for ((member, shown), account) in some.iter().zip(accounts) {
                let query = Query::of(keys::coding_profiles(*member), Platform::ALL.len());
                let profiles = app.table.query::<CodingProfile>(query).await?.items;
                let usable = account.is_some_and(|account| account.is_usable());
                changes.extend(changes_of(now, shown, &profiles, usable)?);
            }
        }
        boards::apply(app, changes).await.map(drop)
    }
}

/// Whether boards show the same of two states of a profile: that it was fetched once more is no news.
fn looks_the_same(old: &CodingProfile, new: &CodingProfile) -> bool {
    let shown = |profile: &CodingProfile| CodingProfile {
        updated_at: old.updated_at,
        fetched_at: old.fetched_at,
        fetch: old.fetch,
        ..profile.clone()
    };
    shown(old) == shown(new)
}

/// Where a profile stands.
fn places(profile: &CodingProfile) -> BTreeSet<(ProfileId, Board)> {
    By::ALL.into_iter().flat_map(|by| by.boards_of(profile)).map(|board| (profile.id, board)).collect()
}

/// What puts a member's profiles where they belong.
fn changes_of(
    now: EventId,
    shown: &BTreeSet<(ProfileId, Board)>,
    profiles: &[CodingProfile],
    usable: bool,
) -> Result<Vec<ScoreChange>> {
    let change =
        |profile: ProfileId, board: Board, act| ScoreChange { board, member: MemberId(profile.0), event: now, act };
    let mut changes = Vec::new();
    let mut leaves = shown.clone();
    for profile in profiles {
        for by in By::ALL {
            for board in by.boards_of(profile) {
                let place = (profile.id, board.clone());
                if usable {
                    leaves.remove(&place);
                    changes.extend(acts(by, profile)?.map(|act| change(profile.id, board.clone(), act)));
                } else {
                    leaves.insert(place);
                }
            }
        }
    }
    changes.extend(leaves.into_iter().map(|(profile, board)| change(profile, board, Act::Leave)));
    Ok(changes)
}
