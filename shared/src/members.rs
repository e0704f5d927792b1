//! Members as others find them: by id or by name, unless they are hidden from whoever looks.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::app::App;
use crate::auth::extract::{not_authenticated, not_permitted};
use crate::error::{Error, Result};
use crate::http::Path;
use crate::http::describe::{Describe, Operation};
use crate::ids::MemberId;
use crate::model::account::{Account, NameHeld};
use crate::model::name::Username;
use crate::model::profile::Profile;
use crate::store::{Page, Query, keys};
use crate::visibility::{may_see, relations};

/// How many names are walked for a numbered list, in which a place is found by counting. Whoever looks for more
/// narrows the search down.
pub const DEEPEST: usize = 1_000;

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

impl Named {
    /// Who that may be, the likeliest first; whether they are there, and who may see them, is not looked at.
    pub fn candidates(&self) -> &[MemberId] {
        &self.0
    }

    /// The same of a name that does not stand in a path. One round trip.
    pub async fn of(app: &App, named: &str) -> Result<Named> {
        let holder = holder(app, named).await?;
        let mut members: Vec<MemberId> = named.parse().into_iter().chain(holder).collect();
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

/// The member whose things are asked for, if `viewer` may see their profile; else whoever asks hears why not. One round
/// trip.
pub async fn gate(app: &App, viewer: Option<MemberId>, holder: Option<MemberId>) -> Result<(Account, Profile)> {
    let member = holder.ok_or_else(Error::not_found)?;
    let owners = [member];
    let (found, relations) = tokio::join!(
        app.table.get_two::<Account, Profile>(keys::account(member), keys::profile(member)),
        relations(app, viewer, &owners),
    );
    let ((account, profile), relations) = (found?, relations?);
    let account = account.filter(|account| account.active).ok_or_else(Error::not_found)?;
    let relation = relations.first().copied().unwrap_or_default();
    if !may_see(viewer, member, account.audience, relation) {
        return Err(hidden_from(viewer));
    }
    Ok((account, profile.unwrap_or_else(|| Profile::new(member))))
}

/// What a viewer hears of a member who hides from them: whoever is not signed in may be somebody who sees them.
pub fn hidden_from(viewer: Option<MemberId>) -> Error {
    if viewer.is_some() { not_permitted() } else { not_authenticated() }
}

/// Those of some members whom lists show to a viewer, in their order and whether they hide or not: none who are out, or
/// with whom there is a block. One round trip.
pub async fn listed(app: &App, viewer: Option<MemberId>, members: &[MemberId]) -> Result<Vec<Account>> {
    let keys: Vec<_> = members.iter().map(|member| keys::account(*member)).collect();
    let batches = keys.chunks(100).map(|keys| app.table.get_all::<Account>(keys));
    let (accounts, relations) =
        tokio::join!(futures_util::future::try_join_all(batches), relations(app, viewer, members));
    let listed = accounts?.into_iter().flatten().zip(relations?);
    Ok(listed
        .filter_map(|(account, relation)| account.filter(|account| account.is_usable() && !relation.blocked))
        .collect())
}

/// Names in their order.
pub struct Names {
    /// Who holds them.
    pub held: Vec<NameHeld>,
    /// Whether these are all, and not only the first [`DEEPEST`].
    pub are_all: bool,
}

/// Who has this name; nobody, if it cannot be one.
pub async fn holder(app: &App, name: &str) -> Result<Option<MemberId>> {
    let Ok(name) = Username::parse(name) else { return Ok(None) };
    Ok(app.table.get::<NameHeld>(keys::name(&name.folded())).await?.map(|held| held.member))
}

/// The names that have every one of these terms in them, which are folded. As long as there are few members, terms are
/// found anywhere in a name; among many, names are those that begin with the first one.
pub async fn search(app: &App, terms: &[String]) -> Result<Names> {
    let mut names = walk(app, "").await?;
    if let (false, Some(first)) = (names.are_all, terms.first()) {
        names = walk(app, first).await?;
    }
    names.held.retain(|held| terms.iter().all(|term| held.name.contains(term)));
    Ok(names)
}

async fn walk(app: &App, prefix: &str) -> Result<Names> {
    let mut held: Vec<NameHeld> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        // One more than is wanted tells whether there are more.
        let query = Query::of(keys::names(prefix), DEEPEST + 1 - held.len()).on_from(next.as_deref())?;
        let page: Page<NameHeld> = app.table.query(query).await?;
        held.extend(page.items);
        next = page.next;
        if next.is_none() || held.len() > DEEPEST {
            break;
        }
    }
    let are_all = held.len() <= DEEPEST;
    held.truncate(DEEPEST);
    Ok(Names { held, are_all })
}
