//! The gateway's management API: post to a socket, close it, or ask about it, by its connection id.

use axum::response::Response;
use bytes::Bytes;
use chrono::SecondsFormat;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{json_error, reply};
use crate::cloud::Cloud;
use crate::gateway::websocket::{Gone, LARGEST_MESSAGE, Status};

/// The connection id of a path such as `/@connections/abc%3D`, which may stand below a stage.
pub fn connection(path: &str) -> Option<String> {
    let (stage, id) = path.strip_prefix('/')?.split_once("@connections/")?;
    if stage.trim_end_matches('/').contains('/') || !(stage.is_empty() || stage.ends_with('/')) {
        return None;
    }
    percent_decode_str(id).decode_utf8().ok().map(Into::into)
}

/// Answers a request to `/@connections/…`.
pub fn answer(cloud: &Cloud, method: &Method, path: &str, body: Bytes) -> Response {
    let id = connection(path).unwrap_or_default();
    let sockets = cloud.sockets();
    let empty = |status| move |()| reply(status, "application/json", Bytes::new());
    let answered = match *method {
        Method::POST if body.len() > LARGEST_MESSAGE => {
            return json_error(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", "Message too long");
        }
        Method::POST => sockets.post(&id, body).map(empty(StatusCode::OK)),
        Method::DELETE => sockets.delete(&id).map(empty(StatusCode::NO_CONTENT)),
        Method::GET => sockets.get(&id).map(|status| show(&status)),
        _ => return json_error(StatusCode::METHOD_NOT_ALLOWED, "UnknownOperationException", "Unknown method."),
    };
    answered.unwrap_or_else(|Gone| json_error(StatusCode::GONE, "GoneException", "The socket is gone."))
}

fn show(status: &Status) -> Response {
    let body = json!({
        "connectedAt": status.connected_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "identity": { "sourceIp": status.source_ip, "userAgent": status.user_agent },
        "lastActiveAt": status.last_active_at.to_rfc3339_opts(SecondsFormat::Millis, true),
    });
    reply(StatusCode::OK, "application/json", Bytes::from(body.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_decoded_and_may_stand_below_a_stage() {
        assert_eq!(connection("/@connections/abc%3D").as_deref(), Some("abc="));
        assert_eq!(connection("/live/@connections/abc=").as_deref(), Some("abc="));
        assert_eq!(connection("/bucket/key/@connections/abc="), None);
        assert_eq!(connection("/x@connections/abc="), None);
        assert_eq!(connection("/connections/abc="), None);
    }
}
