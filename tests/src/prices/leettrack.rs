//! The prices of LeetTrack's accounts.

use http::Method;
use serde_json::json;

use super::{PASSWORD, Story};
use crate::browser::Browser;

impl Story {
    /// A member who joins with everything, looks at themselves, and is called otherwise at LeetCode afterwards.
    pub(super) async fn use_leettrack(&mut self) -> Result<(), String> {
        let mut hedy = Browser::new(&self.cloud);
        let registration = json!({
            "username": "hedy",
            "email": "hedy@example.org",
            "password": PASSWORD,
            "leetcode_username": "hedy-at-leetcode",
        });
        let joined = hedy.ask(Method::POST, "/api/v1/auth/register", registration).await?;
        self.note("with a name at LeetCode")?;
        let second = json!({ "email": "hedy@example.com", "password": PASSWORD });
        Browser::new(&self.cloud).ask(Method::POST, "/api/v1/auth/register", second).await?;
        self.note("without a name, where the one from the address is taken")?;
        self.carry(&mut hedy, &joined)?;
        hedy.get("/api/v1/auth/me").await?;
        self.note("")?;
        let settings = json!({ "leetcode_username": "hedy-otherwise" });
        hedy.ask(Method::PUT, "/api/v1/auth/user/settings", settings).await?;
        self.note("another name")?;
        self.settle_unnoted().await;
        Ok(())
    }
}
