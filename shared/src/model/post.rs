//! Posts, comments and likes (Sukuwatto's contract, part S, sections 2.2, 3.6 and 4.7).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::thing::{Head, Thing};
use crate::ids::{ActionId, CommentId, FileId, MemberId, PostId};
use crate::store::{IndexKey, Key, Stored, keys};

/// Something that a member wrote for whoever may see their profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Post {
    /// Which.
    pub id: PostId,
    /// Whose.
    pub owner: MemberId,
    /// What it is called.
    #[serde(default)]
    pub title: Option<String>,
    /// What it says.
    pub text: String,
    /// The pictures in it.
    #[serde(default)]
    pub images: Vec<PostImage>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(default)]
    pub edited_at: Option<DateTime<Utc>>,
    /// How many like it.
    #[serde(default)]
    pub likes: i64,
    /// How many comments hang on it.
    #[serde(default)]
    pub comments: i64,
}

impl From<&Post> for Head {
    fn from(post: &Post) -> Head {
        Head { owner: Some(post.owner), likes: post.likes, comments: post.comments, ..Head::default() }
    }
}

/// A picture in a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostImage {
    /// Which.
    pub id: FileId,
    /// Its name in the bucket.
    pub file: String,
}

impl Stored for Post {
    fn key(&self) -> Key {
        keys::thing(self.id.into())
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_owner(self.owner, self.id.into()))
    }

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_month(self.written_at, self.id.into()))
    }
}

/// What a member said about a thing, for whoever may see that.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comment {
    /// Which.
    pub id: CommentId,
    /// Whose.
    pub owner: MemberId,
    /// About what.
    pub on: Thing,
    /// Whose that is; nobody's where it was already without an owner.
    #[serde(default)]
    pub on_owner: Option<MemberId>,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(default)]
    pub edited_at: Option<DateTime<Utc>>,
}

impl Stored for Comment {
    fn key(&self) -> Key {
        keys::thing(self.id.into())
    }

    fn index(&self) -> Option<IndexKey> {
        Some(keys::by_owner(self.owner, self.id.into()))
    }

    fn second_index(&self) -> Option<IndexKey> {
        Some(keys::by_month(self.written_at, self.id.into()))
    }
}

impl From<&Comment> for Head {
    fn from(comment: &Comment) -> Head {
        Head { owner: Some(comment.owner), on: Some(comment.on), on_owner: comment.on_owner, ..Head::default() }
    }
}

/// That a member likes a thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Like {
    /// Who.
    pub member: MemberId,
    /// What.
    pub on: Thing,
    /// The action that tells of it.
    pub action: ActionId,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Stored for Like {
    fn key(&self) -> Key {
        keys::like(self.member, self.on)
    }
}
