//! Following, in Sukuwatto's words (its contract, part S, sections 3.4 and 4.4).

use axum::extract::State;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::auth::{Beside, Member, Viewer};
use shared::dialect::sukuwatto::people::{Named, UserMinView};
use shared::graph::{self, Standing};
use shared::http::scroll::Scroll;
use shared::http::{Body, Field, Json, NoContent, NumberedView};
use shared::ids::MemberId;
use shared::members;
use shared::model::relation::{Follow, FollowRequest};
use shared::store::{Query, Range, keys};
use shared::{App, Error, Result};

use crate::replies::{Done, Fresh};

/// Members on a page, at most: everyone costs four reads.
const LARGEST_PAGE: usize = 50;
/// How far a list without a counter of its own is counted.
const COUNTED: usize = 1_000;

/// Whom it is about.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["user_id"]))]
pub struct Whom {
    /// A number, or one written as text.
    #[serde(default)]
    #[schemars(with = "MemberId")]
    user_id: Field<String>,
}

impl Whom {
    /// The member; nobody has an id that is none.
    pub(crate) fn member(self) -> Result<MemberId> {
        self.user_id.value().and_then(|id| id.parse().ok()).ok_or_else(Error::not_found)
    }
}

/// What became of a wish to follow.
#[derive(Serialize, JsonSchema)]
pub struct FollowedView {
    /// Whether the other one was asked, and has not answered yet.
    requested: bool,
    followed: bool,
}

impl FollowedView {
    fn of(standing: Standing) -> FollowedView {
        FollowedView { requested: standing == Standing::Asks, followed: standing == Standing::Follows }
    }
}

/// How the caller stands to a member.
#[derive(Serialize, JsonSchema)]
pub struct FollowingView {
    following: bool,
    /// Whether the other one was asked, and has not answered yet.
    requested: bool,
}

/// Lets the caller follow a member, or ask whether they may. The second time nothing changes.
pub async fn follow(by: Member, State(app): State<App>, Body(whom): Body<Whom>) -> Result<Fresh<FollowedView>> {
    let followed = graph::follow(&app, &by.account, whom.member()?).await?;
    let view = FollowedView::of(followed.standing);
    Ok(if followed.is_new { Fresh::New(view) } else { Fresh::Known(view) })
}

/// Lets the caller follow a member no more, or takes back that they asked.
pub async fn unfollow(by: Member, State(app): State<App>, Body(whom): Body<Whom>) -> Result<Done> {
    graph::unfollow(&app, by.id(), whom.member()?).await.map(Done::of)
}

/// Lets a member follow the caller, who asked whether they may.
pub async fn approve(by: Member, State(app): State<App>, Body(whom): Body<Whom>) -> Result<Done<Json<FollowedView>>> {
    let is_done = graph::approve(&app, &by.account, whom.member()?).await?;
    Ok(if is_done { Done::With(Json(FollowedView::of(Standing::Follows))) } else { Done::Nothing })
}

/// Forgets that a member asked to follow the caller.
pub async fn reject(by: Member, State(app): State<App>, Body(whom): Body<Whom>) -> Result<NoContent> {
    graph::reject(&app, by.id(), whom.member()?).await.map(|()| NoContent)
}

/// Shows callers whether they follow a member, or have asked to.
pub async fn is_following(
    Beside(by, named): Beside<Member, Named>,
    State(app): State<App>,
) -> Result<Json<FollowingView>> {
    let (by, other) = (by.id(), named.holder.ok_or_else(Error::not_found)?);
    let (follow, request) = (keys::follow(by, other), keys::follow_request(by, other));
    let (follow, request) = app.table.get_two::<Follow, FollowRequest>(follow, request).await?;
    Ok(Json(FollowingView { following: follow.is_some(), requested: request.is_some() }))
}

/// Lists who follows a member, for whoever may see them.
pub async fn followers(
    Beside(Viewer(by), Beside(named, scroll)): Beside<Viewer, Beside<Named, Scroll>>,
    State(app): State<App>,
) -> Result<Json<NumberedView<UserMinView>>> {
    let viewer = by.map(|by| by.id());
    let range = keys::followers(named.holder.unwrap_or(MemberId(0)));
    let count = async { Ok(members::gate(&app, viewer, named.holder).await?.1.followers) };
    list(&app, viewer, &scroll, range, count, |follow: &Follow| follow.member, viewer).await
}

/// Lists whom a member follows, for whoever may see them.
pub async fn following(
    Beside(Viewer(by), Beside(named, scroll)): Beside<Viewer, Beside<Named, Scroll>>,
    State(app): State<App>,
) -> Result<Json<NumberedView<UserMinView>>> {
    let viewer = by.map(|by| by.id());
    let range = keys::following(named.holder.unwrap_or(MemberId(0)));
    let count = async { Ok(members::gate(&app, viewer, named.holder).await?.1.followings) };
    list(&app, viewer, &scroll, range, count, |follow: &Follow| follow.followed, viewer).await
}

/// Lists who asks to follow the caller.
pub async fn requests(
    Beside(by, scroll): Beside<Member, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<UserMinView>>> {
    let range = keys::asking(by.id());
    let count = counted(&app, range.clone());
    list(&app, Some(by.id()), &scroll, range, count, |request: &FollowRequest| request.member, Some(by.id())).await
}

/// Tells callers how many ask to follow them; a thousand are counted.
pub async fn request_number(by: Member, State(app): State<App>) -> Result<Json<i64>> {
    counted(&app, keys::asking(by.id())).await.map(Json)
}

/// How many entries a short list has.
pub(crate) async fn counted(app: &App, range: Range) -> Result<i64> {
    let page = app.table.keys(Query::of(range, COUNTED)).await?;
    Ok(i64::try_from(page.items.len()).unwrap_or(i64::MAX))
}

/// A page of members: where it lies and how long the list is are read at once, then who the members are. Whether the
/// caller may see the list at all is found out with its length. Those between whom and `shown_to` there is a block are
/// left out.
pub(crate) async fn list<T: DeserializeOwned>(
    app: &App,
    viewer: Option<MemberId>,
    scroll: &Scroll,
    range: Range,
    count: impl Future<Output = Result<i64>>,
    who: impl Fn(&T) -> MemberId,
    shown_to: Option<MemberId>,
) -> Result<Json<NumberedView<UserMinView>>> {
    let (count, page) = tokio::join!(count, scroll.read::<T>(app, viewer, range, LARGEST_PAGE, false));
    let (count, page) = (usize::try_from(count?).unwrap_or_default(), page?);
    let members: Vec<_> = page.items.iter().map(who).collect();
    let next = page.next.as_deref();
    let (listed, ()) = tokio::try_join!(members::listed(app, shown_to, &members), scroll.remember(app, next))?;
    Ok(Json(scroll.view(app, viewer, count, next, listed.iter().map(UserMinView::of).collect())))
}
