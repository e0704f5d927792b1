//! A socket over TCP: the handshake, then frames in both directions until either side has had enough.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite;

use super::connection::{Connection, Inbound};
use super::{Ending, Frame, LARGEST_FRAME, LARGEST_MESSAGE, Opened};
use crate::cloud::Cloud;

/// How long a client may take to read what is still on its way to it when its socket closes.
const GRACE: Duration = Duration::from_secs(5);
/// How long a socket stays open after a frame that was too large: closing it with the rest of the frame unread would
/// tear down the connection before the client has read why.
const LINGER: Duration = Duration::from_secs(1);
/// What a socket reads at once. It holds a buffer of this size for as long as it is open, of 128 KiB if nobody says
/// otherwise; a longer frame is read in several goes.
const READ_AT_ONCE: usize = 4 * 1024;

/// Answers an upgrade request: with a socket, or with what the function behind `$connect` has against it.
pub async fn accept(cloud: Cloud, request: Request, client: SocketAddr) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let query = parts.uri.query().unwrap_or_default();
    let opened = match cloud.sockets().open(&cloud, parts.uri.path(), query, &parts.headers, client).await {
        Ok(opened) => opened,
        Err((status, body)) => return refuse(status, body.into()),
    };
    let upgrade = upgrade.max_frame_size(LARGEST_FRAME).max_message_size(LARGEST_MESSAGE);
    let mut upgrade = upgrade.read_buffer_size(READ_AT_ONCE);
    if let Some(subprotocol) = &opened.subprotocol {
        upgrade.set_selected_protocol(subprotocol.clone());
    }
    let Opened { connection, inbound, outgoing, .. } = opened;
    upgrade.on_upgrade(move |socket| carry(socket, connection, inbound, outgoing))
}

fn refuse(status: StatusCode, body: Body) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Carries frames until both directions have ended, or the client has had its time to take leave. What is dropped
/// then closes the TCP connection, and the end of `inbound` tells the connection that the client is lost.
async fn carry(
    socket: WebSocket,
    connection: Arc<Connection>,
    inbound: mpsc::Sender<Inbound>,
    outgoing: mpsc::Receiver<Frame>,
) {
    let (sink, stream) = socket.split();
    let both = async { tokio::join!(read(stream, inbound), write(sink, outgoing)) };
    let overdue = async {
        connection.ended().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        _ = both => {}
        () = overdue => {}
    }
}

async fn read(mut stream: SplitStream<WebSocket>, inbound: mpsc::Sender<Inbound>) {
    while let Some(message) = stream.next().await {
        let arrived = match message {
            Ok(Message::Text(text)) => Inbound::Message { frame: Frame::Text(text.to_string()), done: None },
            Ok(Message::Binary(bytes)) => Inbound::Message { frame: Frame::Binary(bytes), done: None },
            Ok(Message::Ping(_) | Message::Pong(_)) => Inbound::SignOfLife,
            Ok(Message::Close(frame)) => Inbound::Closed(goodbye(frame)),
            Err(error) if is_too_large(&error) => Inbound::TooLarge,
            Err(_) => return,
        };
        let too_large = matches!(arrived, Inbound::TooLarge);
        // When the socket is closing nobody takes this any more, but reading on is what completes the closing.
        let _ = inbound.send(arrived).await;
        if too_large {
            tokio::time::sleep(LINGER).await;
            return;
        }
    }
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut outgoing: mpsc::Receiver<Frame>) {
    while let Some(frame) = outgoing.recv().await {
        let message = match frame {
            Frame::Text(text) => Message::Text(text.into()),
            Frame::Binary(bytes) => Message::Binary(bytes),
            // These two say that there was no code and no goodbye; they are never sent.
            Frame::Close(Ending { code: 1005 | 1006, .. }) => return,
            Frame::Close(ending) => {
                Message::Close(Some(CloseFrame { code: ending.code, reason: ending.reason.into() }))
            }
        };
        let last = matches!(message, Message::Close(_));
        if sink.send(message).await.is_err() || last {
            return;
        }
    }
}

/// A goodbye without a code counts as 1005, as RFC 6455 has it.
fn goodbye(frame: Option<CloseFrame>) -> Ending {
    frame.map_or_else(|| Ending::new(1005, ""), |frame| Ending::new(frame.code, &frame.reason))
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(tungstenite::Error::Capacity(_)) = error.downcast_ref() {
            return true;
        }
        cause = error.source();
    }
    false
}
