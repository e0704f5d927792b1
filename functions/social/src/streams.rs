//! Streams: what was done, by whom and to what (Sukuwatto's contract, sections 3.7 and 4.5).
//!
//! Whatever is read, it is shown only if the viewer may see who did it and everything that it is about, as of now: an
//! unfollowing, a block, a ban, a smaller audience or a deletion holds from the next page on.

use axum::extract::{FromRequestParts, State};
use futures_util::future::{try_join, try_join_all};
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Beside, Member, Viewer};
use shared::dialect::sukuwatto::people;
use shared::http::describe::{Describe, Operation};
use shared::http::scroll::Reach;
use shared::http::{Field, Json, NumberedView, Query, Scroll};
use shared::ids::{ActionId, MemberId};
use shared::model::account::Account;
use shared::model::action::Action;
use shared::model::thing::{Head, Kind, Thing};
use shared::store::{Page, Range, keys};
use shared::things::{Sight, Wanted};
use shared::visibility::{Audience, may_see};
use shared::{App, Error, Result, members};

use crate::content_types::{Meaning, Named};
use crate::feed::{self, Stretch};
use crate::months::{self, Mark, Monthly};
use crate::views::{ActionView, verb_named};
use crate::written::LARGEST_PAGE;

/// Actions in the stream of a thing, at most: its client shows all who like a thing, and all comments.
const MOST_OF_A_THING: usize = 1_000;
/// How often more of them are read where only those of one verb are wanted.
const MOST_READS: usize = 3;

/// Shows callers what they did and what those did whom they follow, and the staff what everybody did.
pub async fn own(
    Beside(by, scroll): Beside<Member, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<ActionView>>> {
    let (reader, is_staff) = (by.id(), by.account.role.is_some());
    let reach = scroll.reach(&app, Some(reader), LARGEST_PAGE)?;
    let page = if is_staff {
        let after = reach.after.as_deref().map(Mark::read).transpose()?;
        let found: Vec<Action> = months::read(&app, after.as_ref(), reach.entries(), !reach.from_end).await?;
        reach.page(found, |last| last.mark().write())?
    } else {
        let found = feed::read(&app, reader, stretch(&reach)?).await?;
        reach.page(found, |last| last.id.to_string())?
    };
    let keep = |action: &Action, sight: &Sight| {
        let actor = action.actor;
        let is_near = actor == reader || is_staff || sight.relation(actor).follows;
        is_near && ActionView::stands(action, sight) && shows_actor(actor, sight)
    };
    show(&app, Some(reader), &scroll, page, true, keep).await
}

fn stretch(reach: &Reach) -> Result<Stretch> {
    let after = reach.after.as_deref().map(str::parse::<ActionId>).transpose();
    let after = after.map_err(|cause| Error::internal("A place in a stream could not be read.", cause))?;
    Ok(Stretch { after, entries: reach.entries(), latest_first: !reach.from_end })
}

/// Whether the viewer may see who did something. Of those who are barred nothing new is told.
fn shows_actor(actor: MemberId, sight: &Sight) -> bool {
    sight.account(actor).is_some_and(Account::is_usable) && sight.shows_member(actor)
}

/// One page of a stream, as far as the viewer may see it and `keep` says so. Of actions that `are_copies` it is read as
/// well whether they are still there.
async fn show(
    app: &App,
    viewer: Option<MemberId>,
    scroll: &Scroll,
    page: Page<Action>,
    are_copies: bool,
    keep: impl Fn(&Action, &Sight) -> bool,
) -> Result<Json<NumberedView<ActionView>>> {
    let mut wanted = Wanted::by(viewer);
    for action in &page.items {
        ActionView::want(action, &mut wanted);
        if are_copies {
            wanted.item(keys::action(action.actor, action.audience, action.id));
        }
    }
    let (sight, ()) = try_join(wanted.read(&app.table), scroll.remember(app, page.next.as_deref())).await?;
    let mut views = Vec::with_capacity(page.items.len());
    for action in page.items.iter().filter(|action| keep(action, &sight)) {
        views.extend(ActionView::of(action, &sight)?);
    }
    let count = scroll.at_least(LARGEST_PAGE, views.len(), page.next.is_some());
    Ok(Json(scroll.view(app, viewer, count, page.next.as_deref(), views)))
}

/// Shows what a member did, to whoever may see their profile.
pub async fn of_actor(
    Beside(Beside(Viewer(viewer), named), scroll): Beside<Beside<Viewer, people::Named>, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<ActionView>>> {
    let viewer = viewer.map(|viewer| viewer.id());
    let actor = named.holder.ok_or_else(Error::not_found)?;
    let reach = scroll.reach(&app, viewer, LARGEST_PAGE)?;
    let stretch = stretch(&reach)?;
    let mut wanted = Wanted::by(viewer);
    wanted.member(actor);
    // Which of it the viewer may see is known together with whether they may see the member at all.
    let reads = feed::ALL.map(|audience| {
        let app = &app;
        async move {
            let sees_some = viewer.is_some() || audience == Audience::Everyone;
            if sees_some { feed::by(app, actor, &[audience], stretch).await } else { Ok(Vec::new()) }
        }
    });
    let (sight, lists) = try_join(wanted.read(&app.table), try_join_all(reads)).await?;
    if sight.account(actor).is_none_or(|account| !account.active) {
        return Err(Error::not_found());
    }
    if !sight.shows_member(actor) {
        return Err(members::hidden_from(viewer));
    }
    let relation = sight.relation(actor);
    let sees = |audience: Audience| may_see(viewer, actor, audience, relation);
    let lists = feed::ALL.into_iter().zip(lists).filter(|(audience, _)| sees(*audience)).map(|(_, list)| list);
    let found = feed::merge(lists, stretch);
    let page = reach.page(found, |last| last.id.to_string())?;
    show(&app, viewer, &scroll, page, false, |_, _| true).await
}

/// A thing, what it says of itself, and what was done to it or with it.
struct Done {
    thing: Thing,
    head: Head,
    actions: Vec<Action>,
}

/// What was done to a thing.
pub struct DoneTo(Option<Done>);

/// What was done that made a thing, or with it.
pub struct DoneWith(Option<Done>);

/// Which of what was done to a thing.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Doings {
    /// Only this, such as `liked`.
    #[schemars(with = "Option<String>")]
    verb: Field<String>,
}

impl FromRequestParts<App> for DoneTo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<DoneTo> {
        let Query(named) = Query::<Named>::from_request_parts(parts, app).await?;
        let Query(doings) = Query::<Doings>::from_request_parts(parts, app).await?;
        let verb = doings.verb.value().filter(|verb| !verb.is_empty());
        let known = verb.as_deref().map(verb_named);
        // Nothing is done under a name that nobody knows.
        let keep = |action: &Action| known.is_none_or(|known| known == Some(action.verb));
        done(app, named, keys::done_to, keep).await.map(DoneTo)
    }
}

impl Describe for DoneTo {
    fn describe(operation: &mut Operation<'_>) {
        Query::<Named>::describe(operation);
        Query::<Doings>::describe(operation);
    }
}

impl FromRequestParts<App> for DoneWith {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<DoneWith> {
        let Query(named) = Query::<Named>::from_request_parts(parts, app).await?;
        done(app, named, keys::done_with, |_| true).await.map(DoneWith)
    }
}

impl Describe for DoneWith {
    fn describe(operation: &mut Operation<'_>) {
        Query::<Named>::describe(operation);
    }
}

async fn done(
    app: &App,
    named: Named,
    range: fn(Thing) -> Range,
    keep: impl Fn(&Action) -> bool,
) -> Result<Option<Done>> {
    let Meaning::Thing(thing) = named.meaning() else { return Ok(None) };
    let head = async {
        match thing.kind {
            Kind::Member => Ok(Some(Head { owner: Some(MemberId(thing.id)), ..Head::default() })),
            _ => app.table.get::<Head>(keys::thing(thing)).await,
        }
    };
    let actions = async {
        let (mut actions, mut next): (Vec<Action>, Option<String>) = (Vec::new(), None);
        for _ in 0..MOST_READS {
            let query = shared::store::Query::of(range(thing), MOST_OF_A_THING).backwards();
            let page = app.table.lately().query::<Action>(query.on_from(next.as_deref())?).await?;
            actions.extend(page.items.into_iter().filter(&keep));
            next = page.next;
            if next.is_none() || actions.len() >= MOST_OF_A_THING {
                break;
            }
        }
        actions.truncate(MOST_OF_A_THING);
        Ok(actions)
    };
    let (head, actions) = try_join(head, actions).await?;
    Ok(head.map(|head| Done { thing, head, actions }))
}

/// Lists what was done to a thing that the caller may see, the latest first.
pub async fn to_thing(
    Beside(Viewer(viewer), DoneTo(done)): Beside<Viewer, DoneTo>,
    State(app): State<App>,
) -> Result<Json<Vec<ActionView>>> {
    let done = done.ok_or_else(Error::not_found)?;
    show_all(&app, viewer.map(|viewer| viewer.id()), done, None).await
}

/// Lists what was done that made a thing which the caller may see, or with it, the latest first.
pub async fn with_thing(
    Beside(Viewer(viewer), DoneWith(done)): Beside<Viewer, DoneWith>,
    State(app): State<App>,
) -> Result<Json<Vec<ActionView>>> {
    let done = done.ok_or_else(Error::not_found)?;
    // What made these has their id, and lies with whoever did it.
    let made = match (done.thing.kind, done.head.owner) {
        (Kind::Member | Kind::Comment, Some(owner)) => {
            Some(keys::action(owner, Audience::Everyone, ActionId(done.thing.id)))
        }
        _ => None,
    };
    show_all(&app, viewer.map(|viewer| viewer.id()), done, made).await
}

async fn show_all(
    app: &App,
    viewer: Option<MemberId>,
    Done { thing, head, mut actions }: Done,
    made: Option<shared::store::Key>,
) -> Result<Json<Vec<ActionView>>> {
    let mut wanted = Wanted::by(viewer);
    wanted.thing(thing, head.owner);
    if let Some(on) = head.on {
        wanted.thing(on, head.on_owner);
    }
    made.iter().for_each(|made| wanted.item(made.clone()));
    actions.iter().for_each(|action| ActionView::want(action, &mut wanted));
    // There may be hundreds of members, and what changed a moment ago is seen with the next look.
    let sight = wanted.read(&app.table.lately()).await?;
    if !sight.shows(thing) {
        return Err(Error::not_found());
    }
    if let Some(made) = made {
        actions.extend(sight.item::<Action>(&made)?);
    }
    let mut views = Vec::with_capacity(actions.len());
    for action in actions.iter().filter(|action| shows_actor(action.actor, &sight)) {
        views.extend(ActionView::of(action, &sight)?);
    }
    Ok(Json(views))
}
