//! EventBridge: `PutEvents`, in JSON 1.1.

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{json_error, reply};
use crate::bus::{self, Entry};
use crate::cloud::Cloud;

const MOST_ENTRIES: usize = 10;
const LARGEST_REQUEST: usize = 262_144;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

/// Answers a request to EventBridge.
pub fn answer(cloud: &Cloud, headers: &HeaderMap, body: &Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if target != "AWSEvents.PutEvents" {
        let message = format!("The local cloud does not know {target}.");
        return json_error(StatusCode::BAD_REQUEST, "UnknownOperationException", &message);
    }
    let entries = match read(body) {
        Ok(entries) => entries,
        Err(message) => return json_error(StatusCode::BAD_REQUEST, "ValidationException", &message),
    };
    let faults: Vec<Option<Value>> = entries.iter().map(fault).collect();
    let sound = entries.into_iter().zip(&faults).filter(|(_, fault)| fault.is_none()).map(|(entry, _)| entry).collect();
    let mut ids = match bus::put_events(cloud, sound) {
        Ok(ids) => ids.into_iter(),
        Err(message) => return json_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalException", &message),
    };
    let failed = faults.iter().flatten().count();
    let results: Vec<Value> =
        faults.into_iter().map(|fault| fault.unwrap_or_else(|| json!({ "EventId": ids.next() }))).collect();
    let body = json!({ "FailedEntryCount": failed, "Entries": results }).to_string();
    reply(StatusCode::OK, "application/x-amz-json-1.1", Bytes::from(body))
}

fn read(body: &Bytes) -> Result<Vec<Entry>, String> {
    let PutEvents { entries } = serde_json::from_slice(body).map_err(|error| format!("Not a request: {error}."))?;
    if !(1..=MOST_ENTRIES).contains(&entries.len()) {
        return Err(format!("A request has 1 to {MOST_ENTRIES} entries, not {}.", entries.len()));
    }
    let size = |entry: &Entry| entry.source.len() + entry.detail_type.len() + entry.detail.len();
    if entries.iter().map(size).sum::<usize>() > LARGEST_REQUEST {
        return Err("Total size of the entries in the request is over the limit.".into());
    }
    Ok(entries)
}

/// What is wrong with an entry; the others go through.
fn fault(entry: &Entry) -> Option<Value> {
    let missing = [("Source", &entry.source), ("DetailType", &entry.detail_type), ("Detail", &entry.detail)];
    if let Some((name, _)) = missing.into_iter().find(|(_, value)| value.is_empty()) {
        let message = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
        return Some(json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": message }));
    }
    match serde_json::from_str(&entry.detail) {
        Ok(Value::Object(_)) => None,
        _ => Some(json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_limited() {
        let entry = r#"{"Source":"guildhall","DetailType":"MemberJoined","Detail":"{}"}"#;
        let request = |count: usize| Bytes::from(format!(r#"{{"Entries":[{}]}}"#, vec![entry; count].join(",")));
        assert_eq!(read(&request(10)).unwrap()[0].detail_type, "MemberJoined");
        assert!(read(&request(0)).is_err());
        assert!(read(&request(11)).is_err());
        assert!(read(&Bytes::from_static(b"{}")).is_err());
    }

    #[test]
    fn an_entry_is_faulty_by_itself() {
        let entry = |source: &str, detail: &str| Entry {
            source: source.into(),
            detail_type: "MemberJoined".into(),
            detail: detail.into(),
            ..Entry::default()
        };
        assert_eq!(fault(&entry("guildhall", "{}")), None);
        assert_eq!(fault(&entry("", "{}")).unwrap()["ErrorCode"], "InvalidArgument");
        assert_eq!(fault(&entry("guildhall", "[]")).unwrap()["ErrorCode"], "MalformedDetail");
    }
}
