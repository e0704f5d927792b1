//! Members as others find them: by id or by name, unless they are hidden from whoever looks.

use crate::app::App;
use crate::error::Result;
use crate::ids::MemberId;
use crate::model::account::{Account, NameHeld};
use crate::model::name::Username;
use crate::model::profile::Profile;
use crate::store::{Page, Query, keys};
use crate::visibility::{may_see, relations};

/// How many names are walked for a numbered list, in which a place is found by counting. Whoever looks for more
/// narrows the search down.
pub const DEEPEST: usize = 1_000;

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
        let query = Query::of(keys::names(prefix), DEEPEST + 1 - held.len());
        let query = match &next {
            Some(next) => query.after(next)?,
            None => query,
        };
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
