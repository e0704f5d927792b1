//! Connections: opened with an access token, forgotten when gone, closed when their session ends.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use serde_json::{Value, json};
use shared::auth::{Member, extract, sessions};
use shared::dialect::Dialect;
use shared::error::Kind;
use shared::http::origin;
use shared::ids::MemberId;
use shared::model::socket::{Presence, Socket};
use shared::store::{Condition, Query, Write, keys};
use shared::{App, Error, Result};

use crate::place::Place;

/// Sockets looked at in one query.
const PAGE: usize = 100;
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

/// Keeps the socket, and returns the subprotocol to agree on if the client asked for any.
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
    let by = extract::by_token(app, &token).await?;
    let surface = place.admit(app, &by).await?;
    let Member { account, session } = by;
    let opened_at = app.clock.now();
    let socket = Socket {
        connection: connection.to_owned(),
        member: account.id,
        session: session.id.clone(),
        surface,
        opened_at,
        boards: vec![],
    };
    let presence = Presence {
        connection: connection.to_owned(),
        member: account.id,
        username: account.username,
        session: session.id,
        surface,
        opened_at,
    };
    app.table.together(vec![Write::put(&socket)?, Write::put(&presence)?]).await?;
    // Agree on a protocol that says nothing, where there is one; else the token's own must be echoed.
    let plain = protocols.iter().find(|protocol| !protocol.starts_with(BEARER));
    Ok(plain.or(protocols.first()).map(|protocol| (*protocol).to_owned()))
}

/// The socket's owner, if its session still stands; else the socket is closed.
pub async fn owner(app: &App, connection: &str) -> Result<Option<Socket>> {
    let socket: Option<Socket> = app.table.get(keys::socket(connection)).await?;
    let Some(socket) = socket else {
        app.sockets.close(connection).await?;
        return Ok(None);
    };
    if sessions::find(app, socket.member, &socket.session).await?.is_some() {
        return Ok(Some(socket));
    }
    app.sockets.close(connection).await?;
    remove(app, &socket).await?;
    Ok(None)
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
                app.sockets.close(&open.connection).await?;
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
