//! The price list's part about signing in with Google.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use serde_json::{Value, json};

use super::{PASSWORD, Story};
use crate::browser::Browser;
use crate::{answer_google, code_from_letter};

impl Story {
    /// Google's side answers at once, and costs nothing at the table.
    pub(super) async fn come_by_google(&mut self) -> Result<(), String> {
        let answers = |email| [("decision", "allow"), ("email", email), ("verified", "true"), ("name", "Ada King")];
        let home = self.cloud.options().public_url.clone();
        let mut login = Value::Null;
        // Whoever wrote in a foreign address loses the account that its owner gets.
        let mut eve = Browser::new(&self.cloud);
        let profile = self.join_again(&mut eve, "mistaken").await?;
        eve.ask(Method::PATCH, &profile, json!({ "email": "mistaken@example.org" })).await?;
        self.settle_unnoted().await;
        for (case, email) in [
            ("somebody new", "new@example.org"),
            ("somebody known", "new@example.org"),
            ("the owner of an address that somebody wrote in", "mistaken@example.org"),
        ] {
            let mut browser = Browser::new(&self.cloud);
            let there = browser.follow("/api/v1/auth/google/login").await?;
            self.note("")?;
            let back = answer_google(&there, &answers(email)).await?;
            let next = browser.follow(back.strip_prefix(&home).unwrap_or(&back)).await?;
            self.note(case)?;
            let code = next.split("one_time_code=").nth(1).unwrap_or_default();
            login = browser.ask(Method::POST, "/api/v1/auth/google", json!({ "one_time_code": code })).await?;
            self.note("with a one-time code")?;
        }
        let mut browser = Browser::new(&self.cloud);
        let there = browser.get("/api/v1/auth/google/login?format=json").await?;
        self.skip();
        let there = there["authorization_url"].as_str().unwrap_or_default();
        let back = answer_google(there, &answers("newer@example.org")).await?;
        let back: BTreeMap<String, String> =
            form_urlencoded::parse(back.split('?').nth(1).unwrap_or_default().as_bytes()).into_owned().collect();
        let proof = json!({ "code": back.get("code"), "state": back.get("state") });
        browser.ask(Method::POST, "/api/v1/auth/google", proof).await?;
        self.note("somebody new, with Google's code")?;
        self.settle_unnoted().await;

        // A password, without which the link is the only way in; it ends the sessions.
        let mut browser = Browser::new(&self.cloud);
        browser.ask(Method::POST, "/v1/password/reset", json!({ "email": "mistaken@example.org" })).await?;
        self.settle_unnoted().await;
        let reset = json!({ "code": code_from_letter(&self.cloud)?, "password": PASSWORD });
        browser.ask(Method::POST, "/v1/password/reset/confirm", reset).await?;
        let name = login["user"]["username"].as_str().unwrap_or_default().to_owned();
        let tokens = browser.ask(Method::POST, "/v1/sessions", json!({ "name": name, "password": PASSWORD })).await?;
        self.skip();
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap_or_default());
        let calendar = Request::post("/api/v1/auth/google/calendar").header(AUTHORIZATION, &bearer);
        let there = browser.send(calendar, Bytes::new()).await?;
        self.note("")?;
        let there = there["authorization_url"].as_str().unwrap_or_default();
        let back = answer_google(there, &answers("mistaken@example.org")).await?;
        browser.follow(back.strip_prefix(&home).unwrap_or(&back)).await?;
        self.note("a member who allows entries in their calendar")?;
        browser.send(Request::delete("/api/v1/auth/google").header(AUTHORIZATION, &bearer), Bytes::new()).await?;
        self.note("")
    }
}
