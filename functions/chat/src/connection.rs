//! Connections: opened with an access token, forgotten when gone, closed when their session ends.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use chrono::Duration;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use serde::Serialize;
use serde_json::{Value, json};
use shared::auth::{Member, extract, sessions};
use shared::dialect::Dialect;
use shared::error::Kind;
use shared::events::{Event, happened};
use shared::http::origin;
use shared::ids::{MemberId, MessageId};
use shared::live::Reached;
use shared::model::socket::{Presence, Socket, Surface};
use shared::store::{Condition, Key, Mixed, Query, StoreError, Write, keys};
use shared::{App, Error, Result};

use crate::frames::ServerFrame;
use crate::place::Place;
use crate::{missed, skillnet};

/// Sockets looked at in one query.
const PAGE: usize = 100;
/// How often a socket is tried again that met something said in the same moment, or that is not open yet.
const TRIES: usize = 8;
/// How long it takes at most until a socket is open that was let in.
const OPENING: Duration = Duration::seconds(5);
/// How long one that is not is left alone.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// The code of a socket whose session has ended.
const SESSION_ENDED: u16 = 4401;
/// A subprotocol that carries the token: browsers can set no header on a socket, but they can ask for one of these.
const BEARER: &str = "bearer.";

/// Lets a socket in, or refuses the handshake with the status and body of an HTTP route.
pub async fn open(app: &App, connection: &str, request: &ApiGatewayWebsocketProxyRequest) -> Result<Value> {
    match admit(app, connection, request).await {
        Ok(Some(protocol)) => {
            Ok(json!({ "statusCode": 200, "headers": { SEC_WEBSOCKET_PROTOCOL.as_str(): protocol } }))
        }
        Ok(None) => Ok(json!({ "statusCode": 200 })),
        Err(error) if error.kind == Kind::Internal => Err(error),
        Err(error) => {
            let refusal = Dialect::Native.refuse(&error, "");
            let headers = json!({ "Content-Type": refusal.media });
            Ok(json!({ "statusCode": refusal.status.as_u16(), "headers": headers, "body": refusal.body.to_string() }))
        }
    }
}

/// Lets the socket in, and returns the subprotocol to agree on if the client asked for any.
async fn admit(app: &App, connection: &str, request: &ApiGatewayWebsocketProxyRequest) -> Result<Option<String>> {
    // Browsers do not keep other sites from opening sockets, so we do.
    origin::check(&app.config, &request.headers)?;
    let asked = request.headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let protocols: Vec<&str> = asked.split(',').map(str::trim).filter(|protocol| !protocol.is_empty()).collect();
    let by_protocol = protocols.iter().find_map(|protocol| protocol.strip_prefix(BEARER)).map(str::to_owned);
    let place = Place::of(request)?;
    let token = by_protocol.or_else(|| place.token(request));
    let token =
        token.ok_or_else(|| Error::unauthenticated("not_authenticated", "Open the socket with an access token."))?;
    let since = missed::since(request)?;
    let by = extract::by_token(app, &token).await?;
    let surface = place.admit(app, &by).await?;
    keep(app, connection, by, surface, since).await?;
    // Agree on a protocol that says nothing, where there is one; else the token's own must be echoed.
    let plain = protocols.iter().find(|protocol| !protocol.starts_with(BEARER));
    Ok(plain.or(protocols.first()).map(|protocol| (*protocol).to_owned()))
}

/// Keeps the socket, and what its client missed if it says which message it had last.
async fn keep(app: &App, connection: &str, by: Member, surface: Surface, since: Option<MessageId>) -> Result<()> {
    let Member { account, session } = by;
    let (connection, member, opened_at) = (connection.to_owned(), account.id, app.clock.now());
    let (session, boards) = (session.id, vec![]);
    let socket =
        Socket { connection: connection.clone(), member, session: session.clone(), surface, opened_at, boards };
    let username = account.username;
    let mut presence =
        Presence { connection: connection.clone(), member, username, session, surface, opened_at, missed: vec![] };
    for _ in 0..TRIES {
        let mut writes = vec![Write::put(&socket)?];
        if let Some(since) = since {
            let (missed, unmoved) = missed::look_up(app, member, surface, since).await?;
            presence.missed = missed;
            writes.extend(unmoved);
        }
        writes.push(Write::put(&presence)?);
        if !presence.missed.is_empty() {
            writes.push(happened(app, Event::MissedAsked { member, connection: connection.clone() })?);
        }
        match app.table.together(writes).await {
            Ok(()) => return Ok(()),
            // Something was said in the same moment.
            Err(StoreError::Refused { .. } | StoreError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::changed_meanwhile())
}

/// The socket, if the session that opened it still stands, with what else `needed` says is to be read; else the socket is
/// closed.
pub async fn owner(
    app: &App,
    connection: &str,
    needed: impl FnOnce(&Socket) -> Vec<Key>,
) -> Result<Option<(Socket, Mixed)>> {
    let socket: Option<Socket> = app.table.get(keys::socket(connection)).await?;
    let Some(socket) = socket else {
        app.sockets.close(connection).await?;
        return Ok(None);
    };
    let mut keys = needed(&socket);
    keys.extend(sessions::keys_of(socket.member, &socket.session));
    let found = app.table.get_mixed(&keys).await?;
    if sessions::stands(app, &found, socket.member, &socket.session)? {
        return Ok(Some((socket, found)));
    }
    dismiss(app, connection, socket.surface).await?;
    remove(app, &socket).await?;
    Ok(None)
}

/// Closes a socket whose session has ended. The contract of SkillNet has it closed with 4401, but API Gateway closes
/// sockets with a code of its own and takes none from us: so the last frame says it, and a client that tries again with
/// the same token is refused with 401.
async fn dismiss(app: &App, connection: &str, surface: Surface) -> Result<()> {
    let reason = "The session of this socket has ended.";
    let told = match surface {
        Surface::SkillnetRoom { .. } => {
            let frame = skillnet::ServerFrame::Error { error: reason.to_owned() };
            app.sockets.send(connection, &frame).await
        }
        _ => app.sockets.send(connection, &ServerFrame::Closing { code: SESSION_ENDED, reason }).await,
    };
    // Whether or not it is heard, the socket closes.
    if let Err(error) = told {
        tracing::warn!("{error}");
    }
    app.sockets.close(connection).await
}

/// Sends a frame to a socket, and forgets the socket if it is gone. One that was let in a moment ago may not be open yet,
/// of which the gateway says the same; so it gets another moment.
pub async fn send(app: &App, open: &Presence, frame: &impl Serialize) -> Result<()> {
    let is_new = app.clock.now() < open.opened_at + OPENING;
    let mut left = if is_new { TRIES } else { 0 };
    while app.sockets.send(&open.connection, frame).await? == Reached::Gone {
        if left == 0 {
            return forget(app, &open.connection).await;
        }
        left -= 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Forgets a socket that is gone.
pub async fn forget(app: &App, connection: &str) -> Result<()> {
    let socket: Option<Socket> = app.table.get(keys::socket(connection)).await?;
    match socket {
        Some(socket) => remove(app, &socket).await,
        None => Ok(()),
    }
}

/// Closes the sockets of a member: those of one session, or all of them.
pub async fn close_all(app: &App, member: MemberId, session: Option<&str>) -> Result<()> {
    let mut next: Option<String> = None;
    loop {
        let query = Query::of(keys::sockets_of(member), PAGE).on_from(next.as_deref())?;
        let page = app.table.query::<Presence>(query).await?;
        for open in page.items.iter().filter(|open| session.is_none_or(|session| open.session == session)) {
            // The event may be late: a session that began after it has sockets of its own.
            if sessions::find(app, member, &open.session).await?.is_none() {
                dismiss(app, &open.connection, open.surface).await?;
                forget(app, &open.connection).await?;
            }
        }
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

async fn remove(app: &App, Socket { connection, member, boards, .. }: &Socket) -> Result<()> {
    let own = [keys::socket(connection), keys::socket_of(*member, connection)];
    let watched = boards.iter().map(|board| keys::watcher(board, connection));
    let writes = own.into_iter().chain(watched).map(|key| Write::delete(key, Condition::default())).collect();
    Ok(app.table.together(writes).await?)
}
