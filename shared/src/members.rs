//! Members as others find them: by id or by name, unless they are hidden from whoever looks.

use crate::app::App;
use crate::error::Result;
use crate::ids::MemberId;
use crate::model::account::{Account, NameHeld};
use crate::model::name::Username;
use crate::model::profile::Profile;
use crate::store::keys;
use crate::visibility::{may_see, relations};

/// Somebody who was looked for.
struct Found {
    account: Account,
    profile: Profile,
    visible: bool,
}

/// The member of this id or name, if `viewer` may see them. Whoever is barred is seen by nobody.
pub async fn find(app: &App, viewer: Option<MemberId>, named: &str) -> Result<Option<(Account, Profile)>> {
    let mut found = None;
    if let Ok(id) = named.parse() {
        found = look_up(app, viewer, id).await?;
    }
    // A name may consist of digits; whoever has them as an id comes first.
    if let (None, Ok(name)) = (&found, Username::parse(named))
        && let Some(held) = app.table.get::<NameHeld>(keys::name(&name.folded())).await?
    {
        found = look_up(app, viewer, held.member).await?;
    }
    Ok(found.filter(|found| found.visible).map(|found| (found.account, found.profile)))
}

/// One round trip.
async fn look_up(app: &App, viewer: Option<MemberId>, member: MemberId) -> Result<Option<Found>> {
    let members = [member];
    let (found, relations) = tokio::join!(
        app.table.get_two::<Account, Profile>(keys::account(member), keys::profile(member)),
        relations(app, viewer, &members),
    );
    let ((account, profile), relation) = (found?, relations?.first().copied().unwrap_or_default());
    let Some(account) = account else { return Ok(None) };
    let visible = account.is_usable() && may_see(viewer, member, account.audience, relation);
    Ok(Some(Found { account, profile: profile.unwrap_or_else(|| Profile::new(member)), visible }))
}
