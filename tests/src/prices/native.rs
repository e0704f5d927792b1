//! The prices of Guildhall's own routes: sessions, tokens, and what letters lead to.

use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, Story};
use crate::browser::Browser;
use crate::code_from_letter;

impl Story {
    /// A member who keeps no cookies, forgets the password, and reads their letters.
    pub(super) async fn use_tokens(&mut self) -> Result<(), String> {
        let mut grace = Browser::new(&self.cloud);
        let profile = self.join_again(&mut grace, "grace").await?;
        grace.ask(Method::PATCH, &profile, json!({ "email": "grace@example.org" })).await?;
        self.settle_unnoted().await;
        grace.ask(Method::POST, "/v1/email/letter", json!({})).await?;
        self.note("")?;
        self.settle_unnoted().await;
        grace.forget();
        let credentials = json!({ "name": "grace@example.org", "password": PASSWORD });
        let tokens = grace.ask(Method::POST, "/v1/sessions", credentials.clone()).await?;
        self.note("by address")?;
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        let tokens = grace.ask(Method::POST, "/v1/sessions/refresh", refresh.clone()).await?;
        self.note("")?;
        grace.ask(Method::POST, "/v1/sessions/refresh", refresh).await?;
        self.note("again, because the answer was lost")?;
        self.carry(&mut grace, &tokens)?;
        // The first one after a cold start reads the key that verifies tokens besides.
        grace.get("/v1/sessions").await?;
        self.skip();
        grace.get("/v1/sessions").await?;
        self.note("")?;
        let other = Browser::new(&self.cloud).ask(Method::POST, "/v1/sessions", credentials).await?;
        self.skip();
        let path = format!("/v1/sessions/{}", other["session"].as_str().unwrap_or_default());
        grace.ask(Method::DELETE, &path, json!(null)).await?;
        self.note("")?;
        grace.ask(Method::DELETE, "/v1/sessions", json!(null)).await?;
        self.note("")?;
        grace.forget();

        let address = json!({ "email": "grace@example.org" });
        grace.ask(Method::POST, "/v1/sign-in/letter", address.clone()).await?;
        self.note("")?;
        self.follow("a link to sign in").await?;
        let code = code_from_letter(&self.cloud)?;
        grace.get(&format!("/v1/sign-in?code={code}")).await?;
        self.note("")?;
        grace.ask(Method::POST, "/v1/sign-in", json!({ "code": code })).await?;
        self.note("")?;

        for by_page in [false, true] {
            grace.ask(Method::POST, "/v1/password/reset", address.clone()).await?;
            self.note("")?;
            self.follow("a new password").await?;
            let code = code_from_letter(&self.cloud)?;
            let page = format!("/reset-password/{code}");
            if by_page {
                grace.get(&page).await?;
                self.note("")?;
                grace.fill(&page, &[("password", PASSWORD)]).await?;
            } else {
                let reset = json!({ "code": code, "password": PASSWORD });
                grace.ask(Method::POST, "/v1/password/reset/confirm", reset).await?;
            }
            self.note("")?;
            self.settle_unnoted().await;
        }
        Ok(())
    }

    /// Lets a browser show the access token of an answer.
    pub(super) fn carry(&self, browser: &mut Browser, tokens: &Value) -> Result<(), String> {
        let token = tokens["access_token"].as_str().or(tokens["access"].as_str());
        browser.carry(token.ok_or("The answer has no access token.")?);
        Ok(())
    }
}
