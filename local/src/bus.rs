//! The bus: which events go to which queues.

mod pattern;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::pattern::Pattern;
use crate::cloud::Cloud;
use crate::template::{ACCOUNT, REGION};

/// An entry of `PutEvents`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Entry {
    /// The name or ARN of the bus; none means the account's own, which no rule here listens to.
    pub event_bus_name: Option<String>,
    /// Who says so.
    pub source: String,
    /// What happened.
    pub detail_type: String,
    /// The details: a JSON object, as text.
    pub detail: String,
    /// What it is about.
    pub resources: Vec<String>,
    /// When it happened, in seconds since the Unix epoch; none means now.
    pub time: Option<f64>,
}

/// Puts events on the bus: they are durably in every matching queue when this answers with their ids.
pub fn put_events(cloud: &Cloud, entries: Vec<Entry>) -> Result<Vec<String>, String> {
    let mut ids = Vec::with_capacity(entries.len());
    let mut messages = Vec::new();
    for entry in entries {
        let id = cloud.uuids().next();
        let event = envelope(&entry, &id, cloud.clock().now())?;
        let bus = entry.event_bus_name.as_deref().unwrap_or("default");
        // An ARN ends with the name.
        let bus = bus.rsplit('/').next().unwrap_or(bus);
        for rule in cloud.template().rules.iter().filter(|rule| rule.bus == bus && rule.pattern.matches(&event)) {
            for target in &rule.targets {
                let input = target.input_path.as_deref().map_or(Some(&event), |path| part(&event, path));
                messages.push((target.queue.clone(), input.unwrap_or(&Value::Null).to_string()));
            }
        }
        ids.push(id);
    }
    cloud.state().enqueue_all(&messages)?;
    Ok(ids)
}

/// The event as EventBridge hands it on.
fn envelope(entry: &Entry, id: &str, now: DateTime<Utc>) -> Result<Value, String> {
    let detail: Value =
        serde_json::from_str(&entry.detail).map_err(|error| format!("Detail is malformed: {error}."))?;
    if !detail.is_object() {
        return Err("Detail is malformed: it is not an object.".to_owned());
    }
    let time = entry.time.and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64)).unwrap_or(now);
    Ok(json!({
        "version": "0",
        "id": id,
        "detail-type": entry.detail_type,
        "source": entry.source,
        "account": ACCOUNT,
        "time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": REGION,
        "resources": entry.resources,
        "detail": detail,
    }))
}

/// The part of an event that a path such as `$.detail.id` names.
fn part<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    path.strip_prefix('$')?.split('.').skip(1).try_fold(event, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_eventbridges() {
        let entry = Entry {
            source: "guildhall".to_owned(),
            detail_type: "MemberJoined".to_owned(),
            detail: r#"{"member":7}"#.to_owned(),
            time: Some(1_795_167_000.0),
            ..Entry::default()
        };
        let event = envelope(&entry, "an-id", Utc::now()).unwrap();
        let expected = json!({
            "version": "0", "id": "an-id", "detail-type": "MemberJoined", "source": "guildhall",
            "account": "000000000000", "time": "2026-11-20T09:30:00Z", "region": "us-east-1", "resources": [],
            "detail": { "member": 7 },
        });
        assert_eq!(event, expected);
        assert_eq!(part(&event, "$.detail.member"), Some(&json!(7)));
        assert_eq!(part(&event, "$"), Some(&event));
        assert_eq!(part(&event, "$.no"), None);
        assert!(envelope(&Entry { detail: "[]".to_owned(), ..entry }, "", Utc::now()).is_err());
    }
}
