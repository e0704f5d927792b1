//! The JSON API behind the local page. Whoever gets here has passed the guard.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use http::{HeaderValue, Method, Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use super::respond;
use crate::cloud::{Cloud, Storage};
use crate::schedules;
use crate::state::{Attachment, Letter, ScheduleRun};

/// Letters in the mailbox's list.
const LETTERS: usize = 100;
/// Messages shown of one queue.
const MESSAGES: usize = 100;
/// Items on a page of a table.
const ITEMS: usize = 25;
/// Runs shown of one schedule, and of all schedules those among which they are looked for.
const RUNS: usize = 5;
const RUNS_OF_ALL: usize = 500;

/// A letter may carry its own styles and pictures, and run or fetch nothing. Its links open in a tab of their own.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'; \
    form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

type Outcome = Result<Value, (StatusCode, String)>;

/// Answers a request to `/_local/api/…`; `path` is what follows.
pub async fn answer(cloud: &Cloud, method: &Method, path: &str, query: &str) -> Response<Bytes> {
    let decoded: Vec<String> =
        path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let outcome = match (method.as_str(), parts.as_slice()) {
        ("GET", ["now"]) => now(cloud),
        ("GET", ["letters", id]) => letter(cloud, id).map(|letter| json!(letter)),
        ("GET", ["letters", id, "html"]) => match letter(cloud, id) {
            Ok(letter) => match with_pictures(cloud, &letter) {
                Ok(html) => return rendered(&html),
                Err(refusal) => Err(refusal),
            },
            Err(refusal) => Err(refusal),
        },
        ("GET", ["letters", id, "attachments", number]) => match attachment(cloud, id, number) {
            Ok(attachment) => return download(attachment),
            Err(refusal) => Err(refusal),
        },
        ("POST", ["letters", "clear"]) => {
            cloud.state().clear_letters().map_err(broken).map(|()| json!({ "message": "The mailbox is empty." }))
        }
        ("GET", ["queues", queue, "messages"]) => {
            cloud.state().messages(queue, MESSAGES).map_err(broken).map(|messages| json!({ "messages": messages }))
        }
        ("POST", ["queues", queue, "redrive"]) => redrive(cloud, queue),
        ("POST", ["schedules", name, "run"]) => run(cloud, name).await,
        ("GET", ["tables", table, "items"]) => items(cloud, table, query),
        _ => Err((StatusCode::NOT_FOUND, "There is no such thing.".to_owned())),
    };
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err((status, message)) => (status, json!({ "message": message })),
    };
    respond(status, "application/json", body.to_string())
}

/// Everything that the page keeps up to date, in one answer.
fn now(cloud: &Cloud) -> Outcome {
    let letters = cloud.state().letters(LETTERS).map_err(broken)?;
    let letters: Vec<Value> = letters
        .iter()
        .map(|Letter { id, at, to, subject, .. }| json!({ "id": id, "at": at, "to": to, "subject": subject }))
        .collect();
    let public_url = &cloud.options().public_url;
    Ok(json!({
        "at": cloud.clock().now(),
        "api": public_url,
        "socket": public_url.replacen("http", "ws", 1),
        "sockets": cloud.sockets().count(),
        "storage": match &cloud.options().storage {
            Storage::Memory => Value::Null,
            Storage::Folder(folder) => json!(folder),
        },
        "letters": letters,
        "invocations": cloud.functions().recent(),
        "queues": cloud.state().queues().map_err(broken)?,
        "schedules": all_schedules(cloud)?,
        "tables": cloud.dynamo().tables(),
    }))
}

fn all_schedules(cloud: &Cloud) -> Result<Vec<Value>, (StatusCode, String)> {
    let runs = cloud.state().schedule_runs(RUNS_OF_ALL).map_err(broken)?;
    let show = |run: &ScheduleRun| {
        let (ok, outcome) = match &run.outcome {
            Ok(answer) => (true, answer.clone()),
            Err(reason) => (false, json!(reason)),
        };
        json!({ "at": run.at, "by_hand": run.by_hand, "duration_ms": run.duration_ms, "ok": ok, "outcome": outcome })
    };
    let schedules = cloud.template().schedules().map(|(function, schedule)| {
        let latest: Vec<Value> = runs.iter().filter(|run| run.schedule == schedule.name).take(RUNS).map(show).collect();
        Ok(json!({
            "name": schedule.name,
            "function": function,
            "expression": schedule.expression,
            "input": schedule.input,
            "next": schedules::next(cloud, schedule).map_err(broken)?,
            "runs": latest,
        }))
    });
    schedules.collect()
}

fn letter(cloud: &Cloud, id: &str) -> Result<Letter, (StatusCode, String)> {
    let id = id.parse().map_err(|_| (StatusCode::NOT_FOUND, "A letter has a number.".to_owned()))?;
    let letter = cloud.state().letter(id).map_err(broken)?;
    letter.ok_or((StatusCode::NOT_FOUND, "There is no such letter.".to_owned()))
}

fn attachment(cloud: &Cloud, id: &str, number: &str) -> Result<Attachment, (StatusCode, String)> {
    let absent = || (StatusCode::NOT_FOUND, "There is no such attachment.".to_owned());
    let (Ok(id), Ok(number)) = (id.parse(), number.parse()) else { return Err(absent()) };
    cloud.state().attachment(id, number).map_err(broken)?.ok_or_else(absent)
}

/// A file to be saved and never shown here, whatever it is.
fn download(attachment: Attachment) -> Response<Bytes> {
    let name = utf8_percent_encode(&attachment.name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let mut response = respond(StatusCode::OK, "application/octet-stream", attachment.bytes);
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A letter's HTML with the pictures in it that came along.
fn with_pictures(cloud: &Cloud, letter: &Letter) -> Result<String, (StatusCode, String)> {
    let mut html = letter.html.clone();
    for (number, Attachment { content_id, content_type, .. }) in letter.attachments.iter().enumerate() {
        let Some(content_id) = content_id else { continue };
        let picture = cloud.state().attachment(letter.id, number).map_err(broken)?.unwrap_or_default();
        let data = format!("\"data:{content_type};base64,{}\"", STANDARD.encode(picture.bytes));
        html = html.replace(&format!("\"cid:{content_id}\""), &data);
    }
    Ok(html)
}

fn rendered(html: &str) -> Response<Bytes> {
    let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", with_links_outside(html));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(LETTER_POLICY));
    response
}

/// Makes links open outside the frame, which is too small a window for what they lead to.
fn with_links_outside(html: &str) -> String {
    const BASE: &str = r#"<base target="_blank">"#;
    match html.to_ascii_lowercase().find("<head>").map(|start| start + "<head>".len()) {
        Some(at) => format!("{}{BASE}{}", &html[..at], &html[at..]),
        None => format!("<!doctype html>{BASE}{html}"),
    }
}

fn redrive(cloud: &Cloud, queue: &str) -> Outcome {
    let moved = cloud.state().redrive(queue).map_err(broken)?;
    let message = match moved {
        0 => "Nothing was there to send back.".to_owned(),
        1 => "One message goes back to its queue.".to_owned(),
        many => format!("{many} messages go back to their queues."),
    };
    Ok(json!({ "message": message }))
}

async fn run(cloud: &Cloud, name: &str) -> Outcome {
    let answer = cloud.run_schedule(name).await.map_err(|reason| (StatusCode::NOT_FOUND, reason))?;
    match answer.outcome {
        Ok(answer) => Ok(json!({ "message": format!("{name} has run."), "outcome": answer })),
        Err(reason) => Err((StatusCode::BAD_GATEWAY, reason)),
    }
}

fn items(cloud: &Cloud, table: &str, query: &str) -> Outcome {
    let query: HashMap<String, String> = serde_urlencoded::from_str(query).unwrap_or_default();
    let given = |name: &str| query.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let page = cloud.dynamo().items(table, given("partition"), ITEMS, given("cursor"));
    let page = page.map_err(|reason| (StatusCode::BAD_REQUEST, reason))?;
    let keys = cloud.template().tables.iter().find(|known| known.name == table);
    let keys = keys.map_or(Value::Null, |table| table.definition["KeySchema"].clone());
    Ok(json!({ "keys": keys, "items": page.items, "next": page.next }))
}

fn broken(reason: String) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_letter_open_outside_its_frame() {
        let whole = "<!doctype html><html><HEAD><title>Hi</title></HEAD><body>…</body></html>";
        let framed = with_links_outside(whole);
        assert!(framed.starts_with(r#"<!doctype html><html><HEAD><base target="_blank"><title>"#), "{framed}");
        assert!(with_links_outside("<p>Hi</p>").ends_with("<p>Hi</p>"));
    }
}
