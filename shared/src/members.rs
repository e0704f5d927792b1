//! Members as others find them: by id or by name, unless they are hidden from whoever looks.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::app::App;
use crate::error::{Error, Result};
use crate::http::Path;
use crate::http::describe::{Describe, Operation};
use crate::ids::MemberId;
use crate::model::account::{Account, NameHeld};
use crate::model::name::Username;
use crate::model::profile::Profile;
use crate::store::keys;
use crate::visibility::{may_see, relations};

/// A member as a path names them, by id or by name: who that may be. One round trip.
pub struct Named(Vec<MemberId>);

impl FromRequestParts<App> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Named> {
        let Path(named) = Path::<String>::from_request_parts(parts, app).await?;
        let held = match Username::parse(&named) {
            Ok(name) => app.table.get::<NameHeld>(keys::name(&name.folded())).await?,
            Err(_) => None,
        };
        // A name may consist of digits; whoever has them as an id comes first.
        let mut members: Vec<MemberId> = named.parse().into_iter().chain(held.map(|held| held.member)).collect();
        members.dedup();
        Ok(Named(members))
    }
}

impl Describe for Named {
    fn describe(operation: &mut Operation<'_>) {
        Path::<String>::describe(operation);
    }
}

/// The member who is named, if `viewer` may see them. Whoever is barred is seen by nobody. One round trip.
pub async fn find(app: &App, viewer: Option<MemberId>, Named(members): &Named) -> Result<Option<(Account, Profile)>> {
    let keys: Vec<_> = members.iter().map(|member| (keys::account(*member), keys::profile(*member))).collect();
    let (found, relations) =
        tokio::join!(app.table.get_pairs::<Account, Profile>(&keys), relations(app, viewer, members));
    let first = found?
        .into_iter()
        .zip(relations?)
        .find_map(|((account, profile), relation)| account.map(|account| (account, profile, relation)));
    Ok(first.and_then(|(account, profile, relation)| {
        let member = account.id;
        let visible = account.is_usable() && may_see(viewer, member, account.audience, relation);
        visible.then(|| (account, profile.unwrap_or_else(|| Profile::new(member))))
    }))
}
