//! Posts, comments and actions as Sukuwatto shows them (its contract, section 2.2).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use shared::dialect::sukuwatto::people::UserMinView;
use shared::ids::{ActionId, CommentId, FileId, MemberId, PostId};
use shared::model::account::Account;
use shared::model::action::{Action, Verb};
use shared::model::post::{Comment, Post, PostImage};
use shared::model::thing::{Kind, Thing};
use shared::store::keys;
use shared::things::{Sight, Wanted};
use shared::{Result, media};

use crate::content_types;

/// A picture in a post.
#[derive(Serialize, JsonSchema)]
pub struct PostImageView {
    id: FileId,
    url: String,
}

/// A post.
#[derive(Serialize, JsonSchema)]
pub struct PostView {
    id: PostId,
    title: Option<String>,
    text: String,
    date: DateTime<Utc>,
    edited_date: Option<DateTime<Utc>>,
    user: UserMinView,
    likes: i64,
    comment_number: i64,
    post_images: Vec<PostImageView>,
}

impl PostView {
    /// The post, if its owner is known.
    pub fn of(post: &Post, sight: &Sight) -> Option<PostView> {
        Some(PostView::by(post, sight.account(post.owner)?))
    }

    /// The post by the owner of this account.
    pub fn by(post: &Post, owner: &Account) -> PostView {
        let image = |image: &PostImage| PostImageView { id: image.id, url: media::path(&image.file) };
        PostView {
            id: post.id,
            title: post.title.clone(),
            text: post.text.clone(),
            date: post.written_at,
            edited_date: post.edited_at,
            user: UserMinView::of(owner),
            likes: post.likes,
            comment_number: post.comments,
            post_images: post.images.iter().map(image).collect(),
        }
    }
}

/// A comment.
#[derive(Serialize, JsonSchema)]
pub struct CommentView {
    id: CommentId,
    date: DateTime<Utc>,
    edited_date: Option<DateTime<Utc>>,
    user: UserMinView,
    text: String,
    /// The number of the content type of what it is about.
    comment_target_content_type: i64,
    /// The id of what it is about.
    comment_target_object_id: String,
    target_plan: Option<u64>,
    target_workout: Option<u64>,
    target_post: Option<u64>,
    target_exercise: Option<u64>,
    target_user_bio_data: Option<u64>,
}

impl CommentView {
    /// The comment, if its owner is known.
    pub fn of(comment: &Comment, sight: &Sight) -> Option<CommentView> {
        Some(CommentView::by(comment, sight.account(comment.owner)?))
    }

    /// The comment by the owner of this account.
    pub fn by(comment: &Comment, owner: &Account) -> CommentView {
        let id = |kind: Kind| (comment.on.kind == kind).then_some(comment.on.id);
        CommentView {
            id: comment.id,
            date: comment.written_at,
            edited_date: comment.edited_at,
            user: UserMinView::of(owner),
            text: comment.text.clone(),
            comment_target_content_type: content_types::number(comment.on.kind),
            comment_target_object_id: comment.on.id.to_string(),
            target_plan: id(Kind::Plan),
            target_workout: id(Kind::Workout),
            target_post: id(Kind::Post),
            target_exercise: id(Kind::Exercise),
            target_user_bio_data: id(Kind::Measurement),
        }
    }
}

/// What a comment says.
#[derive(Serialize, JsonSchema)]
pub struct CommentMinView {
    id: CommentId,
    text: String,
    date: DateTime<Utc>,
    edited_date: Option<DateTime<Utc>>,
}

impl CommentMinView {
    fn of(comment: &Comment) -> CommentMinView {
        CommentMinView {
            id: comment.id,
            text: comment.text.clone(),
            date: comment.written_at,
            edited_date: comment.edited_at,
        }
    }
}

/// Something that a member did. Of what it was done to, or with, at most one of each seven is there.
#[derive(Serialize, JsonSchema)]
pub struct ActionView {
    id: ActionId,
    verb: &'static str,
    /// Always null.
    description: Option<String>,
    timestamp: DateTime<Utc>,
    user: UserMinView,
    target_user: Option<UserMinView>,
    target_post: Option<PostView>,
    target_comment: Option<CommentMinView>,
    target_workout: Option<Value>,
    target_plan: Option<Value>,
    target_exercise: Option<Value>,
    target_user_bio_data: Option<Value>,
    action_object_user: Option<UserMinView>,
    action_object_post: Option<PostView>,
    action_object_comment: Option<CommentMinView>,
    action_object_workout: Option<Value>,
    action_object_plan: Option<Value>,
    action_object_exercise: Option<Value>,
    action_object_user_bio_data: Option<Value>,
}

/// One thing of those that an action is about, in the place of its kind.
#[derive(Default)]
struct Reference {
    user: Option<UserMinView>,
    post: Option<PostView>,
    comment: Option<CommentMinView>,
    workout: Option<Value>,
    plan: Option<Value>,
    exercise: Option<Value>,
    measurement: Option<Value>,
}

impl Reference {
    /// The thing, if there is one. Kinds that no slice keeps yet show nothing.
    fn of(thing: Option<Thing>, sight: &Sight) -> Result<Reference> {
        let mut reference = Reference::default();
        let Some(thing) = thing else { return Ok(reference) };
        match thing.kind {
            Kind::Member => reference.user = sight.account(MemberId(thing.id)).map(UserMinView::of),
            Kind::Post => {
                reference.post = sight.thing(thing)?.and_then(|post: Post| PostView::of(&post, sight));
            }
            Kind::Comment => {
                reference.comment = sight.thing(thing)?.map(|comment: Comment| CommentMinView::of(&comment));
            }
            Kind::Workout | Kind::Plan | Kind::Exercise | Kind::Measurement => {}
        }
        Ok(reference)
    }
}

/// How Sukuwatto calls what was done.
fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Joined => "joined",
        Verb::Followed => "started following",
        Verb::Posted => "posted",
        Verb::Commented => "commented",
        Verb::Liked => "liked",
        Verb::Trained => "trained",
        Verb::Created => "created",
        Verb::Adopted => "adopted",
        Verb::Measured => "measured",
    }
}

/// What is done under this name.
pub fn verb_named(name: &str) -> Option<Verb> {
    let all = [
        Verb::Joined,
        Verb::Followed,
        Verb::Posted,
        Verb::Commented,
        Verb::Liked,
        Verb::Trained,
        Verb::Created,
        Verb::Adopted,
        Verb::Measured,
    ];
    all.into_iter().find(|known| verb(*known) == name)
}

impl ActionView {
    /// Has read what an action shows.
    pub fn want(action: &Action, wanted: &mut Wanted) {
        wanted.member(action.actor);
        if let Some(target) = action.target {
            wanted.thing(target, action.target_owner);
        }
        if let Some(object) = action.object {
            wanted.thing(object, Some(action.object_owner.unwrap_or(action.actor)));
        }
    }

    /// The action, if everything that it is about is there and visible. Whether its actor is visible is up to the
    /// stream that it stands in.
    pub fn of(action: &Action, sight: &Sight) -> Result<Option<ActionView>> {
        let Some(actor) = sight.account(action.actor) else { return Ok(None) };
        if !action.things().all(|thing| sight.shows(thing)) {
            return Ok(None);
        }
        let (target, object) = (Reference::of(action.target, sight)?, Reference::of(action.object, sight)?);
        Ok(Some(ActionView {
            id: action.id,
            verb: verb(action.verb),
            description: None,
            timestamp: action.at,
            user: UserMinView::of(actor),
            target_user: target.user,
            target_post: target.post,
            target_comment: target.comment,
            target_workout: target.workout,
            target_plan: target.plan,
            target_exercise: target.exercise,
            target_user_bio_data: target.measurement,
            action_object_user: object.user,
            action_object_post: object.post,
            action_object_comment: object.comment,
            action_object_workout: object.workout,
            action_object_plan: object.plan,
            action_object_exercise: object.exercise,
            action_object_user_bio_data: object.measurement,
        }))
    }

    /// Whether the action itself is still there, for streams that only keep a copy.
    pub fn stands(action: &Action, sight: &Sight) -> bool {
        sight.has(&keys::action(action.actor, action.audience, action.id))
    }
}
