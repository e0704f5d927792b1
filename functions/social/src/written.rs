//! What posts and comments have in common: who may change them, and the lists of them.

use axum::extract::FromRequestParts;
use futures_util::future::try_join;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Member, roles};
use shared::dialect::sukuwatto::text::Text;
use shared::http::describe::{Describe, Operation};
use shared::http::{Query, Scroll};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::post::{Comment, Post};
use shared::model::thing::{Head, Kind};
use shared::store::{Page, Write, keys};
use shared::things::{Sight, Wanted};
use shared::{App, Error, Result, members};

use crate::months::{self, Mark, Monthly};

/// Entries on a page, at most: each costs up to a dozen reads.
pub const LARGEST_PAGE: usize = 50;
/// How often something is tried that runs into others.
pub const TRIES: usize = 5;
/// The original has no bound; but every read pays for it.
pub const TEXT: Text = Text { longest: 10_000, blank: false };

/// Something that a member wrote.
pub trait Written: Monthly {
    /// What sort of thing it is.
    const KIND: Kind;

    /// What it says of itself, as every thing does.
    fn head(&self) -> Head;
}

impl Written for Post {
    const KIND: Kind = Kind::Post;

    fn head(&self) -> Head {
        self.into()
    }
}

impl Written for Comment {
    const KIND: Kind = Kind::Comment;

    fn head(&self) -> Head {
        self.into()
    }
}

/// Whose are wanted.
pub enum By {
    /// Everybody's.
    Everybody,
    /// A member's.
    Member(MemberId),
    /// Those of somebody whom there is not.
    Nobody,
}

/// Whose.
#[derive(Deserialize, JsonSchema)]
struct Filter {
    /// Only those of the member with this name.
    #[serde(default, rename = "user__username")]
    username: String,
}

impl FromRequestParts<App> for By {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<By> {
        let Query(filter) = Query::<Filter>::from_request_parts(parts, app).await?;
        if filter.username.is_empty() {
            return Ok(By::Everybody);
        }
        Ok(members::holder(app, &filter.username).await?.map_or(By::Nobody, By::Member))
    }
}

impl Describe for By {
    fn describe(operation: &mut Operation<'_>) {
        Query::<Filter>::describe(operation);
    }
}

/// Has read what tells whether something may be shown.
fn want(head: &Head, wanted: &mut Wanted) {
    head.owner.into_iter().for_each(|owner| wanted.member(owner));
    if let Some(on) = head.on {
        wanted.thing(on, head.on_owner);
    }
}

/// What a viewer sees of something, and of who wrote it; not found where they may not see it.
pub async fn look<T: Written>(app: &App, viewer: Option<MemberId>, written: &T) -> Result<Sight> {
    let (head, mut wanted) = (written.head(), Wanted::by(viewer));
    want(&head, &mut wanted);
    let sight = wanted.read(&app.table).await?;
    if sight.shows_head(T::KIND, &head) { Ok(sight) } else { Err(Error::not_found()) }
}

/// One page of a list: what the viewer may see of it, and where it goes on.
pub async fn page<T: Written>(
    app: &App,
    viewer: Option<MemberId>,
    by: By,
    scroll: &Scroll,
    latest_first: bool,
) -> Result<(Vec<T>, Sight, Option<String>)> {
    let page = match by {
        By::Nobody => Page { items: Vec::new(), next: None },
        By::Member(member) => {
            let range = keys::owned_of_kind(member, T::KIND);
            scroll.read(app, viewer, range, LARGEST_PAGE, latest_first).await?
        }
        By::Everybody => {
            let reach = scroll.reach(app, viewer, LARGEST_PAGE)?;
            let after = reach.after.as_deref().map(Mark::read).transpose()?;
            let forth = latest_first != reach.from_end;
            let found: Vec<T> = months::read(app, after.as_ref(), reach.entries(), forth).await?;
            reach.page(found, |last| last.mark().write())?
        }
    };
    let mut wanted = Wanted::by(viewer);
    page.items.iter().for_each(|item| want(&item.head(), &mut wanted));
    let (sight, ()) = try_join(wanted.read(&app.table), scroll.remember(app, page.next.as_deref())).await?;
    let shown = page.items.into_iter().filter(|item| sight.shows_head(T::KIND, &item.head()));
    Ok((shown.collect(), sight, page.next))
}

/// Whoever wrote something, for its author or one of the staff, and what belongs in the transaction of an act of theirs.
/// Whoever else asks hears that it is not theirs, if they may see it at all.
pub async fn author<T: Written>(
    app: &App,
    by: &Member,
    written: &T,
    what: &'static str,
) -> Result<(Account, Vec<Write>)> {
    let owner = written.head().owner.ok_or_else(Error::not_found)?;
    if owner == by.id() {
        return Ok((by.account.clone(), Vec::new()));
    }
    if by.account.role.is_none() {
        look(app, Some(by.id()), written).await?;
        return Err(not_permitted());
    }
    let account: Account = app.table.get(keys::account(owner)).await?.ok_or_else(Error::not_found)?;
    if roles::hands_off(by, &account).is_some() {
        return Err(not_permitted());
    }
    let noted = roles::noted(app, by, &account, what, None)?;
    Ok((account, noted))
}

/// As Sukuwatto words it, whatever the reason.
pub fn not_permitted() -> Error {
    Error::forbidden("not_permitted", "You do not have permission to perform this action.")
}
