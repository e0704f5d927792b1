//! Messages: conversations of two members, in the words of each product.
//!
//! What a conversation is, and what may be done in one, stands in `shared::talk`; a dialect's file only translates. What
//! is sent over sockets goes through `chat`, which does the same. [`people`] says who is shown to whom.

pub mod attachments;
pub mod client;
pub mod people;
pub mod skillnet;
pub mod sukuwatto;

use shared::App;
use shared::dialect::Dialect;
use shared::http::{Price, Purpose, Routes};
use shared::lambda::Function;

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["TABLE", "BUCKET", "PUBLIC_URL", "SIGNING_SECRET"];

/// Every route, one table per dialect.
pub fn routes<P: Purpose>() -> Routes<P> {
    sukuwatto().and(skillnet()).and(client())
}

fn sukuwatto<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Sukuwatto)
        .get("/api/messages/", sukuwatto::messages, "List what was said", Price::of(4, 50.0, 1.0))
        .get(
            "/api/last-messages/",
            sukuwatto::last_messages,
            "List one's conversations by their latest message",
            Price::of(3, 400.0, 0.0),
        )
        .post(
            "/api/update-last-message/",
            sukuwatto::update_last_message,
            "Note that a conversation was read",
            Price::of(3, 3.0, 8.0),
        )
        .get(
            "/api/unread-conversations/",
            sukuwatto::unread_conversations,
            "Count the conversations with something new",
            Price::of(3, 100.0, 0.0),
        )
        .get(
            "/api/last-unread-conversation/",
            sukuwatto::last_unread_conversation,
            "Show since when there is something new",
            Price::of(3, 100.0, 0.0),
        )
}

fn skillnet<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::Skillnet)
        .get("/api/v1/messages/", skillnet::threads, "List one's conversations", Price::of(3, 500.0, 1.0))
        .post("/api/v1/messages/", skillnet::write, "Write to a member", Price::of(5, 20.0, 40.0))
        .get("/api/v1/messages/{thread_id}/", skillnet::thread, "Read a conversation", Price::of(4, 60.0, 10.0))
        .post("/api/v1/messages/{thread_id}/", skillnet::write_in, "Write in a conversation", Price::of(5, 20.0, 40.0))
        .patch(
            "/api/v1/messages/{thread_id}/{message_id}/",
            skillnet::edit,
            "Change a message",
            Price::of(5, 20.0, 20.0),
        )
        .delete(
            "/api/v1/messages/{thread_id}/{message_id}/",
            skillnet::remove,
            "Take a message back",
            Price::of(5, 20.0, 20.0),
        )
        .post(
            "/api/v1/messages/{thread_id}/attachments/",
            attachments::begin,
            "Ask for a place for a file",
            Price::of(3, 5.0, 3.0),
        )
        .get(
            "/api/v1/messages/{thread_id}/attachments/{reference}/",
            attachments::fetch,
            "Get a file of a conversation",
            Price::of(2, 5.0, 0.0),
        )
        .get("/media/private/{code}/{filename}", attachments::follow, "Get a file by its link", Price::FREE)
}

fn client<P: Purpose>() -> Routes<P> {
    Routes::new(Dialect::SkillnetClient)
        .get("/api/chats/conversations/", client::conversations, "List one's conversations", Price::of(3, 300.0, 0.0))
        .get("/api/chats/chat-history/{user_id}/", client::history, "Read a conversation", Price::of(4, 200.0, 10.0))
}

/// The function.
pub fn function(app: App) -> Function {
    routes().serve(app)
}
