//! The prices of SkillTracker: subscribing, profiles, groups, the leaderboard, leaving.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use serde_json::{Value, json};
use shared::coding::boards::By;

use super::{OPERATIONS_TOKEN, Story};
use crate::browser::Browser;
use crate::{code_from_letter, players};

/// Profiles on the boards, of which a few hundred are equal.
const PROFILES: u32 = 1_100;

impl Story {
    /// A subscriber with a profile on every platform, in a group, who leaves by a letter; and one who leaves at once.
    pub(super) async fn track_skills(&mut self) -> Result<(), String> {
        let mut nan = Browser::new(&self.cloud);
        nan.get("/").await?;
        self.note("nobody")?;
        let subscription = json!({ "email": "nan@example.org", "platform_name": "LeetCode", "username": "nan" });
        nan.ask(Method::POST, "/subscribe", subscription).await?;
        self.note("with a profile")?;
        for platform in ["CodeChef", "Codeforces"] {
            nan.ask(Method::POST, "/add_platform_profile", json!({ "platform_name": platform, "username": "nan" }))
                .await?;
            self.note("")?;
        }
        self.follow("three profiles").await?;
        for path in ["/", "/my-profiles/", "/update-platform-username/LeetCode/nan/"] {
            nan.get(path).await?;
            self.note("three profiles")?;
        }
        nan.ask(Method::PUT, "/update-platform-username/LeetCode/nan/", json!({ "username": "nan2" })).await?;
        self.note("another name")?;
        nan.ask(Method::PATCH, "/update-platform-username/LeetCode/nan2/", json!({ "username": "nan" })).await?;
        self.note("another name")?;
        self.come_together(&mut nan).await?;
        self.look_things_up(&mut nan).await?;
        self.sign_in_by_code(&mut nan).await?;
        self.read_the_leaderboard(&mut nan).await?;
        nan.ask(Method::POST, "/logout", json!({})).await?;
        self.note("")?;
        self.unsubscribe(&mut nan).await
    }

    async fn come_together(&mut self, nan: &mut Browser) -> Result<(), String> {
        let found = json!({ "action": "create_group", "group_name": "Owls" });
        nan.ask(Method::POST, "/create_or_join_group/", found).await?;
        self.note("founding one, with three profiles")?;
        self.follow("a group founded, with three profiles").await?;
        nan.ask(Method::POST, "/create_or_join_group/", json!({ "action": "leave_group" })).await?;
        self.note("leaving one, with three profiles")?;
        let found = json!({ "action": "create_group", "group_name": "Owls" });
        nan.ask(Method::POST, "/create_or_join_group/", found).await?;
        self.settle_unnoted().await;
        Ok(())
    }

    async fn look_things_up(&mut self, nan: &mut Browser) -> Result<(), String> {
        let own = nan.get("/my-profiles/").await?;
        self.skip();
        nan.get("/api/fetch-data?leetcode=nan&codeforces=somebody&codechef=nobody").await?;
        self.note("three accounts")?;
        for profile in own["profiles"].as_array().into_iter().flatten() {
            nan.ask(Method::POST, &format!("/profiles/{}/refresh/", profile["id"]), json!({})).await?;
            self.note(profile["platform_name"].as_str().unwrap_or_default())?;
        }
        nan.ask(Method::POST, "/send_daily_report/", json!({})).await?;
        self.note("")?;
        nan.get("/v1/subscription/reports").await?;
        self.note("")?;
        nan.ask(Method::PUT, "/v1/subscription/reports", json!({ "on": true })).await?;
        self.note("")?;
        for path in ["/trigger-leaderboard/", "/api/weekly-update/"] {
            let token = format!("Bearer {OPERATIONS_TOKEN}");
            nan.send(Request::post(path).header(AUTHORIZATION, token), Bytes::new()).await?;
            self.note("")?;
        }
        self.settle_unnoted().await;
        Ok(())
    }

    async fn sign_in_by_code(&mut self, nan: &mut Browser) -> Result<(), String> {
        nan.forget();
        let address = json!({ "email": "nan@example.org" });
        nan.ask(Method::POST, "/", address.clone()).await?;
        self.note("asking for a code")?;
        self.follow("a sign-in code").await?;
        let digits = self.digits()?;
        let both = json!({ "email": "nan@example.org", "code": digits, "send_report": true });
        nan.ask(Method::POST, "/", both).await?;
        self.note("with a code, for the first time, and a report")?;
        self.settle_unnoted().await;
        nan.forget();
        nan.ask(Method::POST, "/", address).await?;
        self.settle_unnoted().await;
        let code = code_from_letter(&self.cloud)?;
        nan.get(&format!("/v1/subscription/sign-in?code={code}")).await?;
        self.note("")?;
        nan.fill("/v1/subscription/sign-in", &[("code", &code)]).await?;
        self.note("")
    }

    fn digits(&self) -> Result<String, String> {
        let letter = self.cloud.state().letters(1)?.into_iter().next().ok_or("There is no letter.")?;
        let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let digits = letter.text.split_whitespace().find(is_code);
        digits.map(str::to_owned).ok_or_else(|| "The letter has no code.".to_owned())
    }

    async fn read_the_leaderboard(&mut self, nan: &mut Browser) -> Result<(), String> {
        for board in By::ALL.map(|by| by.board(None, None)) {
            players::fill_coders(&self.cloud, &board, PROFILES).await?;
        }
        for (query, case) in [
            ("", "the first of 111 pages"),
            ("?page=40", "the fortieth of 111 pages"),
            ("?page=999", "the last of 111 pages"),
            ("?sort_by=problems_solved&page=100", "far among equals"),
            ("?group=owls&platform=LeetCode", "a group on a platform"),
        ] {
            nan.get(&format!("/leaderboard{query}")).await?;
            self.note(case)?;
        }
        Ok(())
    }

    async fn unsubscribe(&mut self, nan: &mut Browser) -> Result<(), String> {
        nan.forget();
        nan.ask(Method::POST, "/unsubscribe", json!({ "email": "nan@example.org" })).await?;
        self.note("without a session")?;
        self.follow("a letter to unsubscribe").await?;
        let code = code_from_letter(&self.cloud)?;
        nan.get(&format!("/v1/subscription/end?code={code}")).await?;
        self.note("")?;
        nan.fill("/v1/subscription/end", &[("code", &code)]).await?;
        self.note("with an account, three profiles and a group")?;
        self.follow("a subscriber gone, with three profiles and a group").await?;
        let subscription = json!({ "email": "nan@example.org", "platform_name": "LeetCode", "username": "nan" });
        nan.ask(Method::POST, "/subscribe", subscription).await?;
        self.skip();
        nan.ask(Method::POST, "/unsubscribe", Value::Object(Default::default())).await?;
        self.note("with an account and a profile")?;
        self.settle_unnoted().await;
        Ok(())
    }
}
