//! Comments: what members say about things, for whoever may see those (Sukuwatto's contract, section 3.6).

use axum::extract::{FromRequestParts, State};
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Beside, Member, Viewer};
use shared::clearing::{busy, counter, uncomment};
use shared::error::Problems;
use shared::events::{Event, happened};
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Created, Field, Json, NoContent, NumberedView, Path, Scroll};
use shared::ids::{self, ActionId, CommentId};
use shared::model::action::{Action, Verb};
use shared::model::post::Comment;
use shared::model::thing::{Kind, Thing};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::visibility::Audience;
use shared::{App, Error, Result};

use crate::content_types;
use crate::likes::{Reached, reach};
use crate::views::CommentView;
use crate::written::{self, By, LARGEST_PAGE, TEXT, TRIES, not_permitted};

/// The comment that a path names, if there is one.
pub struct Named(Option<Comment>);

impl FromRequestParts<App> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Named> {
        let Path(comment) = Path::<CommentId>::from_request_parts(parts, app).await?;
        Ok(Named(app.table.get(keys::thing(comment.into())).await?))
    }
}

impl Describe for Named {
    fn describe(operation: &mut Operation<'_>) {
        Path::<CommentId>::describe(operation);
    }
}

/// Lists the comments that the caller may see, the first first.
pub async fn list(
    Beside(Beside(Viewer(viewer), by), scroll): Beside<Beside<Viewer, By>, Scroll>,
    State(app): State<App>,
) -> Result<Json<NumberedView<CommentView>>> {
    let viewer = viewer.map(|viewer| viewer.id());
    let (comments, sight, next) = written::page::<Comment>(&app, viewer, by, &scroll, false).await?;
    let views: Vec<_> = comments.iter().filter_map(|comment| CommentView::of(comment, &sight)).collect();
    let count = scroll.at_least(LARGEST_PAGE, views.len(), next.is_some());
    Ok(Json(scroll.view(&app, viewer, count, next.as_deref(), views)))
}

/// Shows a comment to whoever may see what it is about.
pub async fn read(
    Beside(Viewer(viewer), Named(comment)): Beside<Viewer, Named>,
    State(app): State<App>,
) -> Result<Json<CommentView>> {
    let comment = comment.ok_or_else(Error::not_found)?;
    let sight = written::look(&app, viewer.map(|viewer| viewer.id()), &comment).await?;
    CommentView::of(&comment, &sight).map(Json).ok_or_else(Error::not_found)
}

/// A comment, as its author writes it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["text", "comment_target_content_type", "comment_target_object_id"]))]
pub struct NewComment {
    #[schemars(with = "String", length(min = 1, max = 10_000))]
    text: Field<String>,
    /// The number of the content type of what it is about.
    #[schemars(with = "i64")]
    comment_target_content_type: Field<i64>,
    /// The id of what it is about.
    #[schemars(with = "String", length(max = 255))]
    comment_target_object_id: Field<String>,
    /// The same id once more, or nothing; so with the others.
    target_plan: Field<String>,
    target_workout: Field<String>,
    target_post: Field<String>,
    target_exercise: Field<String>,
    target_user_bio_data: Field<String>,
}

/// The text of a comment.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["text"]))]
pub struct CommentText {
    #[schemars(with = "String", length(min = 1, max = 10_000))]
    text: Field<String>,
}

/// The text of a comment, which may stay as it is.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CommentEdit {
    #[schemars(with = "Option<String>", length(min = 1, max = 10_000))]
    text: Field<String>,
}

/// The field that the id of something commented on stands in.
const OBJECT: &str = "comment_target_object_id";

fn no_such(id: impl std::fmt::Display) -> String {
    let shown: String = id.to_string().chars().take(100).collect();
    format!("Invalid pk \"{shown}\" - object does not exist.")
}

impl NewComment {
    /// What it is to be about, or a note of what is wrong with that.
    fn target(&mut self, problems: &mut Problems) -> Option<Thing> {
        let number = std::mem::take(&mut self.comment_target_content_type);
        let number = number.required(problems, "comment_target_content_type");
        let kind = number.and_then(|number| {
            // Comments themselves are not commented on.
            let kind = content_types::kind(number).filter(|kind| *kind != Kind::Comment);
            problems.check("comment_target_content_type", kind.ok_or_else(|| no_such(number)))
        });
        let id = std::mem::take(&mut self.comment_target_object_id).required(problems, OBJECT);
        let id = id.and_then(|text| problems.check(OBJECT, ids::parse(text.trim()).map_err(|_| no_such(text))));
        let thing = Thing { kind: kind?, id: id? };
        for (name, field, kind) in [
            ("target_plan", &mut self.target_plan, Kind::Plan),
            ("target_workout", &mut self.target_workout, Kind::Workout),
            ("target_post", &mut self.target_post, Kind::Post),
            ("target_exercise", &mut self.target_exercise, Kind::Exercise),
            ("target_user_bio_data", &mut self.target_user_bio_data, Kind::Measurement),
        ] {
            let given = std::mem::take(field).nullable(problems, name).flatten();
            let agrees = |id: &str| ids::parse(id.trim()).is_ok_and(|id| Thing { kind, id } == thing);
            if given.is_some_and(|id| !agrees(&id)) {
                problems.add(name, "This is not what the comment is about.");
            }
        }
        Some(thing)
    }
}

/// Keeps a comment of the caller's on a thing that they may see.
pub async fn create(
    by: Member,
    State(app): State<App>,
    Body(mut input): Body<NewComment>,
) -> Result<Created<CommentView>> {
    let mut problems = Problems::default();
    let text = std::mem::take(&mut input.text).required(&mut problems, "text");
    let text = text.and_then(|text| TEXT.check(&mut problems, "text", &text, None));
    let on = input.target(&mut problems);
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(text), Some(on)) = (text, on) else { return Err(Error::not_found()) };
    let gone = || Error::invalid_field(OBJECT, no_such(on.id));
    let on_owner = match reach(&app, by.id(), on).await? {
        Reached::Open(owner) => owner,
        Reached::Blocked => return Err(not_permitted()),
        Reached::Hidden => return Err(gone()),
    };
    let written_at = app.clock.now();
    for _ in 0..TRIES {
        let (id, owner) = (CommentId(app.ids.next(written_at)), by.id());
        let comment = Comment { id, owner, on, on_owner, text: text.clone(), written_at, edited_at: None };
        let action = Action {
            id: ActionId(id.0),
            actor: owner,
            verb: Verb::Commented,
            target: Some(on),
            target_owner: on_owner,
            object: Some(id.into()),
            object_owner: None,
            audience: Audience::Everyone,
            at: written_at,
        };
        let there = || Write::check(keys::thing(on), Condition::present());
        let writes = vec![
            Write::create(&comment)?,
            Write::create(&action)?,
            counter(on, "comments", 1).unwrap_or_else(there),
            happened(&app, Event::Acted { action })?,
        ];
        match app.table.together(writes).await {
            Ok(()) => return Ok(Created(CommentView::by(&comment, &by.account))),
            Err(StoreError::Refused { write: 2, .. }) => return Err(gone()),
            // Somebody made the same id in the same millisecond, or many comment on the same thing.
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// Writes a comment anew, for its author or the staff.
pub async fn replace(
    Beside(by, Named(comment)): Beside<Member, Named>,
    State(app): State<App>,
    Body(input): Body<CommentText>,
) -> Result<Json<CommentView>> {
    change(&app, by, comment, input.text, true).await
}

/// Changes a comment, for its author or the staff.
pub async fn edit(
    Beside(by, Named(comment)): Beside<Member, Named>,
    State(app): State<App>,
    Body(input): Body<CommentEdit>,
) -> Result<Json<CommentView>> {
    change(&app, by, comment, input.text, false).await
}

async fn change(
    app: &App,
    by: Member,
    comment: Option<Comment>,
    text: Field<String>,
    whole: bool,
) -> Result<Json<CommentView>> {
    let old = comment.ok_or_else(Error::not_found)?;
    let (owner, noted) = written::author(app, &by, &old, "comment_edited").await?;
    let mut problems = Problems::default();
    let text = match whole {
        true => text.required(&mut problems, "text"),
        false => text.optional(&mut problems, "text"),
    };
    let text = text.and_then(|text| TEXT.check(&mut problems, "text", &text, Some(&old.text)));
    problems.finish()?;
    let text = text.unwrap_or_else(|| old.text.clone());
    let new = Comment { text, edited_at: Some(app.clock.now()), ..old };
    let change = Change::of(keys::thing(new.id.into())).set("text", &new.text).set("edited_at", new.edited_at);
    let writes = [Write::change(change)].into_iter().chain(noted).collect();
    match app.table.together(writes).await {
        Ok(()) => Ok(Json(CommentView::by(&new, &owner))),
        Err(StoreError::Refused { write: 0, .. }) => Err(Error::not_found()),
        Err(StoreError::Refused { .. } | StoreError::Busy(_)) => Err(busy()),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a comment, for its author or the staff.
pub async fn delete(Beside(by, Named(comment)): Beside<Member, Named>, State(app): State<App>) -> Result<NoContent> {
    let comment = comment.ok_or_else(Error::not_found)?;
    let (_, noted) = written::author(&app, &by, &comment, "comment_deleted").await?;
    if uncomment(&app, &comment, noted).await? { Ok(NoContent) } else { Err(Error::not_found()) }
}
