//! The prices of posts, comments, likes and streams: pages as long as they get, about as many members as they can be.

use http::Method;
use serde_json::{Value, json};
use shared::App;
use shared::ids::{ActionId, CommentId, MemberId, PostId};
use shared::model::action::{Action, Verb};
use shared::model::feed::FeedEntry;
use shared::model::post::{Comment, Like, Post};
use shared::store::{Change, keys};
use shared::visibility::Audience;

use super::{PASSWORD, Story};
use crate::browser::Browser;
use crate::players;

/// Entries on the longest page, each of which is by somebody else about the post of somebody else.
const PAGE: u32 = 50;
/// Those who like the one thing that many like.
const FANS: u32 = 1_000;

impl Story {
    /// A member who writes and reads, among many who did before.
    pub(super) async fn write_posts(&mut self) -> Result<(), String> {
        players::give_accounts(&self.cloud, 1_100).await?;
        let mut pia = Browser::new(&self.cloud);
        let profile = self.join_again(&mut pia, "pia").await?;
        let member = profile.trim_matches('/').rsplit('/').next().and_then(|id| id.parse().ok());
        let member = member.map(MemberId).ok_or("The profile has no id.")?;
        pia.ask(Method::POST, "/api/token/", json!({ "username": "pia", "password": PASSWORD })).await?;
        pia.get("/api/content-types/").await?;
        self.note("")?;
        pia.get("/api/user-liked/?content_type_id=2&object_id=1").await?;
        // The first one after a cold start reads the key that verifies tokens besides.
        self.skip();
        self.publish(&mut pia).await?;
        self.read_streams(&mut pia, member).await
    }

    async fn publish(&mut self, pia: &mut Browser) -> Result<(), String> {
        let picture = {
            let mut bytes = std::io::Cursor::new(Vec::new());
            let image = image::RgbImage::new(8, 8);
            image.write_to(&mut bytes, image::ImageFormat::Png).map_err(|error| error.to_string())?;
            bytes.into_inner()
        };
        let mut images = Vec::new();
        for _ in 0..6 {
            let kept = pia.upload("/api/file-upload/", "file", "a.png", &picture).await?;
            images.push(json!({ "url": kept["file"] }));
        }
        self.settle_unnoted().await;
        let long = "x".repeat(2_000);
        let new = json!({ "text": long, "title": "A title", "post_images": images[..3] });
        let post = pia.ask(Method::POST, "/api/posts/", new).await?;
        self.note("2,000 characters, 3 pictures")?;
        let path = format!("/api/posts/{}/", post["id"]);
        pia.get(&path).await?;
        self.note("")?;
        let edit = json!({ "text": format!("{long}."), "post_images": images[3..] });
        pia.ask(Method::PUT, &path, edit).await?;
        self.note("2,000 characters, 3 other pictures")?;
        pia.ask(Method::PATCH, &path, json!({ "text": long })).await?;
        self.note("the text")?;
        let comment = json!({
            "text": "x".repeat(500), "comment_target_content_type": 2, "comment_target_object_id": post["id"],
        });
        let comment = pia.ask(Method::POST, "/api/comments/", comment).await?;
        self.note("500 characters")?;
        let said = format!("/api/comments/{}/", comment["id"]);
        pia.get(&said).await?;
        self.note("")?;
        for method in [Method::PUT, Method::PATCH] {
            pia.ask(method, &said, json!({ "text": "y".repeat(500) })).await?;
            self.note("500 characters")?;
        }
        let like = || json!({ "content_type_id": 2, "object_id": post["id"] });
        for case in ["on", "off"] {
            pia.ask(Method::POST, "/api/toggle-like/", like()).await?;
            self.note(case)?;
        }
        pia.get(&format!("/api/user-liked/?content_type_id=2&object_id={}", post["id"])).await?;
        self.note("")?;
        pia.ask(Method::DELETE, &said, Value::Null).await?;
        self.note("")?;
        self.settle_unnoted().await;
        pia.ask(Method::DELETE, &path, Value::Null).await?;
        self.note("with 3 pictures")?;
        self.follow("a post deleted").await
    }

    async fn read_streams(&mut self, pia: &mut Browser, member: MemberId) -> Result<(), String> {
        players::follow(&self.cloud, member, PAGE * 2).await?;
        let app = App::new(self.cloud.functions().environment("social").ok_or("There is no such function.")?)
            .map_err(|error| error.to_string())?;
        let busy = fill(&app, member, self.cloud.clock().now()).await.map_err(|error| error.to_string())?;
        self.skip();
        let whole = format!("page_size={PAGE}");
        for (path, case) in [
            (format!("/api/posts/?{whole}"), "50 by as many members"),
            (format!("/api/posts/?{whole}&page=2"), "50 more"),
            (format!("/api/comments/?{whole}"), "50 by as many members"),
            (format!("/api/user-stream/?{whole}"), "50 by as many members, about posts of as many others"),
            (format!("/api/user-stream/?{whole}&page=2"), "50 more"),
            ("/api/user-stream/".to_owned(), "10"),
            (format!("/api/actor-stream/?username=player-000001&{whole}"), "50 about posts of as many members"),
            (format!("/api/target-stream/?content_type_id=2&object_id={busy}"), "1,000 likes"),
            (format!("/api/action-object-stream/?content_type_id=2&object_id={busy}"), "a post"),
        ] {
            pia.get(&path).await?;
            self.note(case)?;
        }
        // The staff reads everybody's, out of a few partitions.
        players::make_staff(&self.cloud, "pia").await?;
        pia.get(&format!("/api/user-stream/?{whole}")).await?;
        self.note("50 of everybody's")?;
        self.settle_unnoted().await;
        Ok(())
    }
}

/// Posts, comments and likes of many members, some of them in one member's feed. Returns the post that everybody likes.
async fn fill(app: &App, reader: MemberId, at: chrono::DateTime<chrono::Utc>) -> shared::Result<u64> {
    let id = || app.ids.next(at);
    let action = |actor: MemberId, verb: Verb, post: &Post, object: Option<CommentId>| Action {
        id: ActionId(object.map_or_else(id, |object| object.0)),
        actor,
        verb,
        target: Some(post.id.into()),
        target_owner: Some(post.owner),
        object: object.map(Into::into),
        object_owner: None,
        audience: Audience::Everyone,
        at,
    };
    let (mut posts, mut comments, mut actions, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 1..=u64::from(PAGE) * 2 {
        posts.push(Post {
            id: PostId(id()),
            owner: MemberId(u64::from(PAGE) * 2 + number),
            title: None,
            text: "x".repeat(500),
            images: Vec::new(),
            written_at: at,
            edited_at: None,
            likes: 0,
            comments: 0,
        });
    }
    for (number, post) in (1..).zip(&posts) {
        let (actor, comment) = (MemberId(number), CommentId(id()));
        let (on, text) = (post.id.into(), "x".repeat(200));
        let on_owner = Some(post.owner);
        comments.push(Comment { id: comment, owner: actor, on, on_owner, text, written_at: at, edited_at: None });
        let commented = action(actor, Verb::Commented, post, Some(comment));
        entries.push(FeedEntry { reader, action: commented.clone() });
        actions.push(commented);
        actions.push(action(MemberId(1), Verb::Liked, post, None));
    }
    let busy = posts[0].clone();
    let mut likes = Vec::new();
    for number in 1..=u64::from(FANS) {
        let liked = action(MemberId(number), Verb::Liked, &busy, None);
        likes.push(Like { member: MemberId(number), on: busy.id.into(), action: liked.id, since: at });
        actions.push(liked);
    }
    app.table.put_all(&posts).await?;
    app.table.put_all(&comments).await?;
    app.table.put_all(&actions).await?;
    app.table.put_all(&entries).await?;
    app.table.put_all(&likes).await?;
    let counted = Change::of(keys::thing(busy.id.into())).set("likes", FANS);
    app.table.change::<Value>(counted).await?;
    Ok(busy.id.0)
}
