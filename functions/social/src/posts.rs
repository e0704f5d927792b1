//! Posts: what members write for whoever may see their profiles (Sukuwatto's contract, section 3.6).

use std::collections::BTreeSet;

use axum::extract::{FromRequestParts, State};
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Beside, Member, Viewer};
use shared::clearing::{busy, unpost};
use shared::dialect::sukuwatto::text::Text;
use shared::error::Problems;
use shared::events::{Event, happened};
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Created, Field, Json, NoContent, NumberedView, Path, Scroll};
use shared::ids::{ActionId, FileId, MemberId, PostId};
use shared::model::action::{Action, Verb};
use shared::model::post::{Post, PostImage};
use shared::model::upload::{Purpose, Upload};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::visibility::Audience;
use shared::{App, Error, Result, media};

use crate::views::PostView;
use crate::written::{self, By, LARGEST_PAGE, TEXT, TRIES};

const TITLE: Text = Text { longest: 200, blank: false };
/// Pictures in a post, which are let go of in one transaction.
const MOST_IMAGES: usize = 20;
const NOT_AN_UPLOAD: &str = "This is none of your uploads, or serves something else.";

/// The post that a path names, if there is one.
pub struct Named(Option<Post>);

impl FromRequestParts<App> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Named> {
        let Path(post) = Path::<PostId>::from_request_parts(parts, app).await?;
        Ok(Named(app.table.get(keys::thing(post.into())).await?))
    }
}

impl Describe for Named {
    fn describe(operation: &mut Operation<'_>) {
        Path::<PostId>::describe(operation);
    }
}

/// Lists the posts that the caller may see, the latest first.
pub async fn list(
    Beside(Beside(Viewer(viewer), by), scroll): Beside<Beside<Viewer, By>, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<PostView>>> {
    let viewer = viewer.map(|viewer| viewer.id());
    let (posts, sight, next) = written::page::<Post>(&app, viewer, by, &scroll, true).await?;
    let views: Vec<_> = posts.iter().filter_map(|post| PostView::of(post, &sight)).collect();
    let count = scroll.at_least(LARGEST_PAGE, views.len(), next.is_some());
    Ok(Json(scroll.view(&app, viewer, count, next.as_deref(), views)))
}

/// Shows a post to whoever may see it.
pub async fn read(
    Beside(Viewer(viewer), Named(post)): Beside<Viewer, Named>,
    State(app): State<App>,
) -> Result<Json<PostView>> {
    let post = post.ok_or_else(Error::not_found)?;
    let sight = written::look(&app, viewer.map(|viewer| viewer.id()), &post).await?;
    PostView::of(&post, &sight).map(Json).ok_or_else(Error::not_found)
}

/// A post, as its author writes it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["text"]))]
pub struct PostFields {
    #[schemars(with = "Option<String>", length(min = 1, max = 200))]
    title: Field<String>,
    #[schemars(with = "String", length(min = 1, max = 10_000))]
    text: Field<String>,
    #[schemars(length(max = 20))]
    post_images: Option<Vec<ImageFields>>,
}

/// Some of a post.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PostEdit {
    #[serde(flatten)]
    fields: PostFields,
}

/// A picture in a post.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ImageFields {
    /// Its id where it is in the post already; none, or 0, of a new one.
    id: Field<i64>,
    /// The path of one of the author's own uploads, which serves nothing else.
    #[schemars(with = "String", length(max = 1024))]
    url: Field<String>,
}

/// What becomes of the pictures of a post.
struct Images {
    /// Those that are in it from now on.
    all: Vec<PostImage>,
    /// Uploads that serve it from now on.
    claims: Vec<Write>,
    /// Files that are in it no more.
    left_out: Vec<String>,
}

/// Checks the pictures that somebody wants in a post of `owner`, which has some `now`.
async fn images(
    app: &App,
    problems: &mut Problems,
    owner: MemberId,
    now: &[PostImage],
    given: Vec<ImageFields>,
) -> Result<Images> {
    if given.len() > MOST_IMAGES {
        problems.add("post_images", format!("Ensure this field has no more than {MOST_IMAGES} elements."));
        return Ok(Images { all: Vec::new(), claims: Vec::new(), left_out: Vec::new() });
    }
    let (mut all, mut new): (Vec<PostImage>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for ImageFields { id, url } in given {
        let Some(url) = url.required(problems, "post_images") else { continue };
        let (id, is_free) = (id.value(), |image: &&PostImage| !all.iter().any(|taken| taken.id == image.id));
        let same = now.iter().filter(is_free).find(|image| media::path(&image.file) == url);
        let replaced = now.iter().filter(is_free).find(|image| i64::try_from(image.id.0).ok() == id);
        let own = media::file_at(&url).and_then(Upload::of_file).filter(|(member, _)| *member == owner);
        match (same, own) {
            (Some(image), _) => all.push(image.clone()),
            (None, Some((_, filename))) if new.insert(filename.to_owned()) => {
                let id = replaced.map_or_else(|| FileId(app.ids.next(app.clock.now())), |image| image.id);
                all.push(PostImage { id, file: media::file_at(&url).unwrap_or_default().to_owned() });
            }
            (None, _) => problems.add("post_images", NOT_AN_UPLOAD),
        }
    }
    let uploads: Vec<_> = new.iter().map(|filename| keys::upload(owner, filename)).collect();
    if !uploads.is_empty() {
        let found = app.table.get_all::<Upload>(&uploads).await?;
        if !found.iter().all(|upload| upload.as_ref().is_some_and(|upload| upload.serves.is_none())) {
            problems.add("post_images", NOT_AN_UPLOAD);
        }
    }
    let stays = |file: &String| all.iter().any(|image| image.file == *file);
    let left_out = now.iter().map(|image| image.file.clone()).filter(|file| !stays(file)).collect();
    let claims = new.iter().map(|filename| Upload::claim(owner, filename, Purpose::Post)).collect();
    Ok(Images { all, claims, left_out })
}

/// Publishes a post of the caller's.
pub async fn create(by: Member, State(app): State<App>, Body(input): Body<PostFields>) -> Result<Created<PostView>> {
    let mut problems = Problems::default();
    let title = input.title.nullable(&mut problems, "title").flatten();
    let title = title.and_then(|title| TITLE.check(&mut problems, "title", &title, None));
    let text = input.text.required(&mut problems, "text");
    let text = text.and_then(|text| TEXT.check(&mut problems, "text", &text, None));
    let given = input.post_images.unwrap_or_default();
    let Images { all: images, claims, .. } = images(&app, &mut problems, by.id(), &[], given).await?;
    problems.finish()?;
    // It is there, or `finish` would have said so.
    let text = text.unwrap_or_default();
    let written_at = app.clock.now();
    for _ in 0..TRIES {
        let id = PostId(app.ids.next(written_at));
        let (owner, images) = (by.id(), images.clone());
        let (title, text) = (title.clone(), text.clone());
        let post = Post { id, owner, title, text, images, written_at, edited_at: None, likes: 0, comments: 0 };
        let action = Action {
            id: ActionId(id.0),
            actor: owner,
            verb: Verb::Posted,
            target: None,
            target_owner: None,
            object: Some(id.into()),
            object_owner: None,
            audience: Audience::Everyone,
            at: written_at,
        };
        let mut writes = vec![Write::create(&post)?, Write::create(&action)?];
        writes.extend(claims.iter().cloned());
        writes.push(happened(&app, Event::Acted { action })?);
        match app.table.together(writes).await {
            Ok(()) => return Ok(Created(PostView::by(&post, &by.account))),
            // Somebody made the same id in the same millisecond.
            Err(StoreError::Refused { write: 0 | 1, .. }) => {}
            Err(StoreError::Refused { .. }) => return Err(Error::invalid_field("post_images", NOT_AN_UPLOAD)),
            Err(StoreError::Busy(_)) => return Err(busy()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// Writes a post anew, for its author or the staff. It has no pictures afterwards but those that are sent.
pub async fn replace(
    Beside(by, Named(post)): Beside<Member, Named>,
    State(app): State<App>,
    Body(input): Body<PostFields>,
) -> Result<Json<PostView>> {
    change(&app, by, post, input, true).await
}

/// Changes a post, for its author or the staff.
pub async fn edit(
    Beside(by, Named(post)): Beside<Member, Named>,
    State(app): State<App>,
    Body(input): Body<PostEdit>,
) -> Result<Json<PostView>> {
    change(&app, by, post, input.fields, false).await
}

async fn change(app: &App, by: Member, post: Option<Post>, input: PostFields, whole: bool) -> Result<Json<PostView>> {
    let old = post.ok_or_else(Error::not_found)?;
    let (owner, noted) = written::author(app, &by, &old, "post_edited").await?;
    let mut problems = Problems::default();
    let mut new = Post { edited_at: Some(app.clock.now()), ..old.clone() };
    if let Some(title) = input.title.nullable(&mut problems, "title") {
        let check = |title: String| TITLE.check(&mut problems, "title", &title, old.title.as_deref());
        new.title = title.and_then(check);
    }
    let text = match whole {
        true => input.text.required(&mut problems, "text"),
        false => input.text.optional(&mut problems, "text"),
    };
    if let Some(text) = text.and_then(|text| TEXT.check(&mut problems, "text", &text, Some(&old.text))) {
        new.text = text;
    }
    let given = input.post_images.or_else(|| whole.then(Vec::new));
    let changed = match given {
        Some(given) => Some(images(app, &mut problems, old.owner, &old.images, given).await?),
        None => None,
    };
    problems.finish()?;
    let (claims, left_out) = match changed {
        Some(Images { all, claims, left_out }) => {
            new.images = all;
            (claims, left_out)
        }
        None => (Vec::new(), Vec::new()),
    };
    // What is let go of, and what is claimed, follows from the pictures that there were.
    let as_it_was = Condition::equals("images", &old.images);
    let mut change = Change::between(keys::thing(old.id.into()), &old, &new);
    if change.is_empty() {
        change = change.set("edited_at", new.edited_at);
    }
    let claimed = 1..=claims.len();
    let mut writes = vec![Write::change(change.when(as_it_was))];
    writes.extend(claims);
    writes.extend(media::let_go_of_all(app, old.owner, left_out)?);
    writes.extend(noted);
    match app.table.together(writes).await {
        Ok(()) => Ok(Json(PostView::by(&new, &owner))),
        Err(StoreError::Refused { write: 0, found: None }) => Err(Error::not_found()),
        Err(StoreError::Refused { write, .. }) if claimed.contains(&write) => {
            Err(Error::invalid_field("post_images", NOT_AN_UPLOAD))
        }
        Err(StoreError::Refused { .. } | StoreError::Busy(_)) => Err(busy()),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a post, for its author or the staff. Its comments, its likes and its pictures go with it.
pub async fn delete(Beside(by, Named(post)): Beside<Member, Named>, State(app): State<App>) -> Result<NoContent> {
    let post = post.ok_or_else(Error::not_found)?;
    let (_, noted) = written::author(&app, &by, &post, "post_deleted").await?;
    if unpost(&app, &post, noted).await? { Ok(NoContent) } else { Err(Error::not_found()) }
}
