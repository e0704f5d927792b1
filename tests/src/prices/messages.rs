//! The prices of conversations: over HTTP in each dialect, and of frames with what follows from them.

use http::Method;
use serde_json::json;

use super::Story;
use crate::browser::Browser;
use crate::players;

/// Members with whom one talks, and messages of a conversation.
const OTHERS: u32 = 60;
const MESSAGES: u32 = 60;

impl Story {
    /// A member with many conversations, one of which is long.
    pub(super) async fn write_letters(&mut self) -> Result<(), String> {
        let (mut nia, mut otto) = (Browser::new(&self.cloud), Browser::new(&self.cloud));
        let of_nia = self.join_again(&mut nia, "nia").await?.trim_matches('/').replace("users/", "");
        let of_otto = self.join_again(&mut otto, "otto").await?.trim_matches('/').replace("users/", "");
        for (name, browser) in [("nia", &mut nia), ("otto", &mut otto)] {
            let tokens = browser.ask(Method::POST, "/v1/token", json!({})).await?;
            self.carry(browser, &tokens)?;
            self.skip();
            browser.get("/api/v1/messages/").await.map_err(|error| format!("{name}: {error}"))?;
            self.skip();
        }
        players::fill_talks(&self.cloud, of_nia.parse().map_err(|_| "The profile has no id.")?, OTHERS).await?;
        let hello = |text: &str| json!({ "recipient": of_otto.as_str(), "message_content": text });
        let said = nia.ask(Method::POST, "/api/v1/messages/", hello("Hello there, how are you?")).await?;
        self.note("the first one")?;
        self.follow("a message").await?;
        let path = format!("/api/v1/messages/{}/", said["thread_id"]);
        for number in 1..=MESSAGES {
            if number % 30 == 0 {
                self.cloud.clock().advance(chrono::Duration::minutes(1));
            }
            nia.ask(Method::POST, &path, json!({ "message_content": "x".repeat(200), "client_id": number })).await?;
            self.settle_unnoted().await;
        }
        nia.ask(Method::POST, "/api/v1/messages/", hello("Hello again")).await?;
        self.note("a later one")?;
        otto.ask(Method::POST, &path, json!({ "message_content": "Yes?", "client_id": "c-1" })).await?;
        self.note("with a name of the client's")?;
        for query in ["", "?page=2", "?page_size=100", "?since=1"] {
            nia.get(&format!("{path}{query}")).await?;
            self.note(query)?;
        }
        let said = nia.ask(Method::POST, &path, json!({ "message_content": "Helo" })).await?;
        self.skip();
        let message = format!("{path}{}/", said["id"]);
        nia.ask(Method::PATCH, &message, json!({ "message_content": "Hello" })).await?;
        self.note("")?;
        nia.ask(Method::DELETE, &message, json!({})).await?;
        self.note("")?;
        self.send_file(&mut nia, &path).await?;
        for query in ["", "?page=2", "?page_size=100"] {
            nia.get(&format!("/api/v1/messages/{query}")).await?;
            self.note(query)?;
        }
        nia.get("/api/chats/conversations/").await?;
        self.note("61")?;
        otto.get("/api/chats/chat-history/nia/").await?;
        self.note("60 messages")?;
        for query in [format!("?with_user={of_otto}"), format!("?with_user={of_otto}&page=2"), String::new()] {
            nia.get(&format!("/api/messages/{query}")).await?;
            self.note(if query.is_empty() { "of everybody" } else { "of one" })?;
        }
        for path in ["/api/last-messages/", "/api/unread-conversations/", "/api/last-unread-conversation/"] {
            nia.get(path).await?;
            self.note("61 conversations")?;
        }
        nia.ask(Method::POST, &path, json!({ "message_content": "Read this" })).await?;
        self.skip();
        otto.ask(Method::POST, "/api/update-last-message/", json!({ "correspondent": of_nia })).await?;
        self.note("")?;
        self.settle_unnoted().await;
        Ok(())
    }

    async fn send_file(&mut self, nia: &mut Browser, path: &str) -> Result<(), String> {
        let new = json!({ "file_name": "a.txt", "content_type": "text/plain", "size": 5 });
        nia.ask(Method::POST, &format!("{path}attachments/"), new).await?;
        self.note("")?;
        let said = nia.upload(path, "file", "a.txt", b"Notes").await?;
        self.note("with a file")?;
        let reference = said["attachment_reference"].as_str().unwrap_or_default();
        nia.follow(&format!("{path}attachments/{reference}/")).await?;
        self.note("")?;
        nia.follow(said["attachment"]["url"].as_str().unwrap_or_default()).await?;
        self.note("")
    }
}
