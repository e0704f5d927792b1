//! Chat: sockets come and go, and frames are answered.
//!
//! A client opens a socket at a [`place`] of its own, and speaks and hears its own frames there: those of conversations in
//! [`sukuwatto`], [`skillnet`] and [`talks`], and our own that say who is there, and what moves on boards. A socket belongs
//! to the session that opened it, and ends with it. Whoever was away may ask for what they [`missed`].

pub mod boards;
pub mod connection;
pub mod delivery;
pub mod frames;
pub mod missed;
pub mod notices;
pub mod online;
pub mod place;
pub mod presence;
pub mod skillnet;
pub mod sukuwatto;
pub mod talks;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde_json::{Value, json};
use shared::events::{Event, Happened};
use shared::lambda::Function;
use shared::queue::{self, Batch};
use shared::{App, Error, Result};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["BOARDS_TABLE", "TABLE", "PUBLIC_URL", "SIGNING_SECRET", "SOCKETS_URL"];

/// The function.
pub fn function(app: App) -> Function {
    Function::event(app, handle)
}

/// A queue sends records; everything else comes from the gateway.
async fn handle(app: App, event: Value) -> Result<Value> {
    let unknown = |cause| Error::internal("This is neither a socket's event nor a batch of ours.", cause);
    if event.get("Records").is_some() {
        let batch: Batch = serde_json::from_value(event).map_err(unknown)?;
        let failures = queue::each(&app, batch, follow_up).await;
        return serde_json::to_value(failures).map_err(unknown);
    }
    let request: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event).map_err(unknown)?;
    let connection = request.request_context.connection_id.clone().unwrap_or_default();
    match request.request_context.route_key.as_deref() {
        Some("$connect") => connection::open(&app, &connection, &request).await,
        Some("$disconnect") => {
            connection::forget(&app, &connection).await?;
            Ok(json!({ "statusCode": 200 }))
        }
        _ => {
            frames::answer(&app, &connection, request.body.as_deref().unwrap_or_default()).await?;
            Ok(json!({ "statusCode": 200 }))
        }
    }
}

async fn follow_up(app: App, happened: Happened) -> Result<()> {
    match happened.event {
        Event::MessageSent { .. }
        | Event::MessageEdited { .. }
        | Event::MessageDeleted { .. }
        | Event::MessagesRead { .. } => delivery::deliver(&app, &happened).await,
        Event::MissedAsked { member, connection } => delivery::catch_up(&app, happened.id, member, &connection).await,
        Event::SessionEnded { member, session } => connection::close_all(&app, member, Some(&session)).await,
        Event::SessionsEnded { member } | Event::MemberDeleted { member } => {
            connection::close_all(&app, member, None).await
        }
        Event::Noticed { notice } => notices::show(&app, notice).await,
        Event::PresenceMoved { member } => presence::show(&app, member).await,
        Event::BoardMoved { board } => boards::show(&app, board).await,
        // Rules of the template send nothing else here; what they do send by mistake needs nothing done.
        _ => Ok(()),
    }
}
