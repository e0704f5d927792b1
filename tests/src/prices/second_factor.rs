//! The prices of the second factor, and of signing in with it.

use chrono::Duration;
use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, Story};
use crate::browser::Browser;
use crate::{code_from_letter, code_of_authenticator};

impl Story {
    /// A member who switches it on, signs in with it in every way, and switches it off.
    pub(super) async fn use_second_factor(&mut self) -> Result<(), String> {
        let mut joan = Browser::new(&self.cloud);
        let profile = self.join_again(&mut joan, "joan").await?;
        joan.ask(Method::PATCH, &profile, json!({ "email": "joan@example.org" })).await?;
        self.settle_unnoted().await;
        let code = code_from_letter(&self.cloud)?;
        joan.ask(Method::POST, "/v1/email/confirm", json!({ "code": code })).await?;
        self.settle_unnoted().await;

        let begun = joan.ask(Method::POST, "/v1/second-factor", json!({ "password": PASSWORD })).await?;
        self.note("")?;
        let confirmation = json!({ "code": self.next_code(&begun)? });
        joan.ask(Method::POST, "/v1/second-factor/confirm", confirmation).await?;
        self.note("")?;
        self.follow("a second factor").await?;
        joan.get("/v1/second-factor").await?;
        self.note("")?;
        let renewal = json!({ "code": self.next_code(&begun)? });
        let codes = joan.ask(Method::POST, "/v1/second-factor/recovery-codes", renewal).await?;
        self.note("")?;

        joan.forget();
        let credentials = json!({ "name": "joan@example.org", "password": PASSWORD, "code": self.next_code(&begun)? });
        joan.ask(Method::POST, "/v1/sessions", credentials).await?;
        self.note("with a code")?;
        let recovery = codes["recovery_codes"][0].as_str().unwrap_or_default();
        let credentials = json!({ "username": "joan", "password": format!("{PASSWORD}{recovery}") });
        joan.ask(Method::POST, "/users/login/", credentials).await?;
        self.note("with a recovery code")?;
        let mut other = Browser::new(&self.cloud);
        other.ask(Method::POST, "/v1/sign-in/letter", json!({ "email": "joan@example.org" })).await?;
        self.settle_unnoted().await;
        let both = json!({ "code": code_from_letter(&self.cloud)?, "second_factor": self.next_code(&begun)? });
        other.ask(Method::POST, "/v1/sign-in", both).await?;
        self.note("with a code")?;

        let removal = json!({ "password": PASSWORD, "code": self.next_code(&begun)? });
        joan.ask(Method::DELETE, "/v1/second-factor", removal).await?;
        self.note("")?;
        self.settle_unnoted().await;
        Ok(())
    }

    /// The authenticator's next code: each works once.
    pub(super) fn next_code(&self, begun: &Value) -> Result<String, String> {
        self.cloud.clock().advance(Duration::seconds(30));
        code_of_authenticator(begun["secret"].as_str().unwrap_or_default(), self.cloud.clock().now())
    }
}
