//! The prices of what members do among each other: following, blocking, reports and notices.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};
use shared::App;
use shared::ids::MemberId;
use shared::model::subscription::Subscription;
use shared::stopping::{self, Letters, Sort};

use super::{PASSWORD, Story, token_of};
use crate::browser::Browser;
use crate::players;

impl Story {
    /// Two members who follow each other and fall out, and one of the staff who hears of it.
    pub(super) async fn meet(&mut self) -> Result<(), String> {
        // From one address only so many join within an hour.
        self.cloud.clock().advance(Duration::hours(1));
        let (mut una, mut vic) = (Browser::new(&self.cloud), Browser::new(&self.cloud));
        let una_id = self.arrive_at_sukuwatto(&mut una, "una").await?;
        let vic_id = self.arrive_at_sukuwatto(&mut vic, "vic").await?;
        let (to_una, to_vic) = (json!({ "user_id": una_id }), json!({ "user_id": vic_id }));
        una.ask(Method::POST, "/api/follow/", to_vic.clone()).await?;
        self.note("at once")?;
        self.follow("a follow, and its notice").await?;
        una.get("/api/is-following/?username=vic").await?;
        self.note("")?;
        vic.ask(Method::PATCH, &format!("/api/users/{vic_id}/"), json!({ "follow_approval_required": true })).await?;
        self.skip();
        una.ask(Method::POST, "/api/unfollow/", to_vic.clone()).await?;
        self.note("")?;
        for turn in ["the first time", "again"] {
            una.ask(Method::POST, "/api/follow/", to_vic.clone()).await?;
            self.note(&format!("with consent, {turn}"))?;
        }
        vic.ask(Method::POST, "/api/reject-follow-request/", to_una.clone()).await?;
        self.note("")?;
        una.ask(Method::POST, "/api/follow/", to_vic.clone()).await?;
        self.skip();
        for path in ["/api/follow-requests/", "/api/follow-request-number/"] {
            vic.get(path).await?;
            self.note("one")?;
        }
        vic.ask(Method::POST, "/api/approve-follow-request/", to_una.clone()).await?;
        self.note("")?;
        vic.ask(Method::POST, "/api/follow/", to_una.clone()).await?;
        self.skip();
        players::follow(&self.cloud, MemberId(una_id), 120).await?;
        for path in [
            "/api/followers/?username=vic",
            "/api/following/?username=una&page_size=50",
            "/api/following/?username=una&page_size=50&page=2",
            "/api/user-skills/?username=una",
        ] {
            vic.get(path).await?;
            self.note(path.split_once('?').map_or("", |(_, query)| query))?;
        }
        vic.ask(Method::POST, "/api/block/", to_una.clone()).await?;
        self.note("each follows the other")?;
        vic.get("/api/is-blocked/?username=una").await?;
        self.note("")?;
        vic.get("/api/blocked-users/").await?;
        self.note("one")?;
        vic.ask(Method::POST, "/api/unblock/", to_una).await?;
        self.note("")?;
        self.follow("a block").await?;
        una.ask(Method::POST, "/api/follow/", to_vic).await?;
        vic.ask(Method::PATCH, &format!("/api/users/{vic_id}/"), json!({ "follow_approval_required": false })).await?;
        self.settle_unnoted().await;
        self.tell_the_staff(&mut una, vic_id).await?;
        let first = vic.get("/v1/notices?limit=50").await?;
        self.note("")?;
        vic.get("/v1/notices/unseen").await?;
        self.note("")?;
        let newest = first["items"][0]["id"].clone();
        vic.ask(Method::POST, "/v1/notices/seen", json!({ "up_to": newest })).await?;
        self.note("")?;
        self.ask_for_letters(&mut vic, MemberId(vic_id)).await
    }

    async fn ask_for_letters(&mut self, vic: &mut Browser, member: MemberId) -> Result<(), String> {
        vic.ask(Method::PUT, "/v1/notices/digest", json!({ "on": true })).await?;
        self.note("on")?;
        vic.get("/v1/notices/digest").await?;
        self.note("")?;
        let environment = self.cloud.functions().environment("social").ok_or("There is no such function.")?;
        let app = App::new(environment).map_err(|error| error.to_string())?;
        let subscription = Subscription { member, group: None, since: self.cloud.clock().now(), reports: true };
        app.table.put(&subscription).await.map_err(|error| format!("No room for a subscription: {error:?}"))?;
        let link = stopping::link(&app, Letters { member, sort: Sort::Reports });
        let path = &link[link.find("/v1/").ok_or("The link has no path.")?..];
        vic.page(path).await?;
        self.note("")?;
        vic.fill(path, &[("List-Unsubscribe", "One-Click")]).await?;
        self.note("")
    }

    async fn tell_the_staff(&mut self, una: &mut Browser, about: u64) -> Result<(), String> {
        let mut made = Value::Null;
        let post = una.ask(Method::POST, "/api/posts/", json!({ "text": "x".repeat(200) })).await?["id"].clone();
        let said = json!({
            "text": "x".repeat(200), "comment_target_content_type": 2, "comment_target_object_id": post.to_string(),
        });
        let comment = una.ask(Method::POST, "/api/comments/", said).await?["id"].clone();
        self.skip();
        for _ in 0..11 {
            let report = json!({
                "description": "x".repeat(200), "target_user": about, "target_post": post, "target_comment": comment,
            });
            made = una.ask(Method::POST, "/api/reports/", report).await?;
            self.note("about a member")?;
        }
        let mut staff = Browser::new(&self.cloud);
        self.arrive_at_sukuwatto(&mut staff, "vera").await?;
        players::make_staff(&self.cloud, "vera").await?;
        for (query, case) in [("", "10 of 11"), ("?state=o&page=2", "the second page")] {
            staff.get(&format!("/api/reports/{query}")).await?;
            self.note(case)?;
        }
        let path = format!("/api/reports/{}/", made["id"]);
        staff.get(&path).await?;
        self.note("")?;
        let page = staff.page("/admin/reports/").await?;
        self.note("11 of 11")?;
        let token = token_of(&page)?.to_owned();
        staff.page(&format!("/admin{}", &path[4..])).await?;
        self.note("")?;
        let remove = format!("/admin{}remove/", &path[4..]);
        for what in ["comment", "post"] {
            staff.fill(&remove, &[("token", token.as_str()), ("what", what)]).await?;
            self.note(&format!("a {what}"))?;
        }
        let form = [("token", token.as_str()), ("state", "closed"), ("notes", "Seen.")];
        staff.fill(&format!("/admin{}see-to/", &path[4..]), &form).await?;
        self.note("closed")?;
        staff.ask(Method::PATCH, &path, json!({ "state": "o" })).await?;
        self.note("opened again")?;
        staff.ask(Method::PUT, &path, json!({ "description": "x", "state": "r", "notes": "Done." })).await?;
        self.note("resolved")?;
        staff.ask(Method::DELETE, &path, Value::Null).await?;
        self.note("")
    }

    /// Somebody new with a session and a token, whose first request is over: it reads the key that verifies tokens.
    async fn arrive_at_sukuwatto(&mut self, browser: &mut Browser, name: &str) -> Result<u64, String> {
        let profile = self.join_again(browser, name).await?;
        browser.ask(Method::POST, "/api/token/", json!({ "username": name, "password": PASSWORD })).await?;
        browser.get("/api/is-blocked/").await?;
        self.settle_unnoted().await;
        let id = profile.trim_matches('/').rsplit('/').next().and_then(|id| id.parse().ok());
        id.ok_or_else(|| "The profile has no id.".to_owned())
    }
}
