//! The wire between the functions and AWS: watched, and cut where somebody says so.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    Lost,
    /// It is done, and the answer never arrives.
    AnswerLost,
    /// AWS has a bad minute.
    Unavailable,
    /// Too much at once.
    Throttled,
    /// A transaction is at the same items. Only writes fail in this way; reads get through.
    Conflict,
}

impl Fault {
    /// Every way that any call may fail.
    pub const ALL: [Fault; 4] = [Fault::Lost, Fault::AnswerLost, Fault::Unavailable, Fault::Throttled];
}

/// Watches every call of every function of one cloud.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Watch>>);

#[derive(Default)]
struct Watch {
    /// What each function asked of AWS, in the words of its policies.
    used: BTreeSet<(String, String)>,
    calls: usize,
    /// What those were that failed since then.
    failed: BTreeSet<String>,
    /// From this call on, this many calls fail in this way.
    plan: Option<(usize, usize, Fault)>,
    /// Calls that fail by chance: how many in a thousand, and who draws.
    chance: Option<(u32, fastrand::Rng)>,
    items: Option<ItemCounts>,
}

/// What is written to each item.
struct ItemCounts {
    since: Instant,
    /// Writes, by the second and the item.
    writes: HashMap<(u64, String), usize>,
}

impl Wire {
    /// The HTTP client of one function's AWS clients.
    pub fn client(&self, function: &str) -> SharedHttpClient {
        let plain = aws_smithy_http_client::Builder::new().build_http();
        SharedHttpClient::new(Watched { wire: self.clone(), function: function.to_owned(), plain })
    }

    /// The clients of all functions, for the options of a cloud.
    pub fn for_functions(&self) -> local::cloud::Wire {
        let wire = self.clone();
        Arc::new(move |function| wire.client(function))
    }

    /// Which function used which action, such as `("files", "dynamodb:GetItem")`.
    pub fn used(&self) -> BTreeSet<(String, String)> {
        self.watch().used.clone()
    }

    /// How many calls there were since the last plan.
    pub fn calls(&self) -> usize {
        self.watch().calls
    }

    /// What the calls were that failed since the last plan, in the words of policies.
    pub fn failed(&self) -> BTreeSet<String> {
        self.watch().failed.clone()
    }

    /// Counts from now on, and lets `times` calls fail from the one with this number on.
    pub fn fail(&self, number: usize, times: usize, fault: Fault) {
        let mut watch = self.watch();
        watch.calls = 0;
        watch.failed.clear();
        watch.plan = Some((number, times, fault));
    }

    /// Lets so many of a thousand calls fail, each in any way; what is drawn follows from the seed.
    pub fn fail_by_chance(&self, per_mille: u32, seed: u64) {
        self.watch().chance = Some((per_mille, fastrand::Rng::with_seed(seed)));
    }

    /// Counts what is written to each item from now on.
    pub fn count_items(&self) {
        self.watch().items = Some(ItemCounts { since: Instant::now(), writes: HashMap::new() });
    }

    /// The most writes that one item took in one second, whole or not, since they are counted.
    pub fn most_writes(&self) -> usize {
        self.watch().items.iter().flat_map(|counts| counts.writes.values()).max().copied().unwrap_or_default()
    }

    /// Lets everything through again, and counts from now on.
    pub fn mend(&self) {
        let mut watch = self.watch();
        watch.calls = 0;
        watch.plan = None;
        watch.chance = None;
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, function: &str, request: &HttpRequest) -> Option<Fault> {
        let mut watch = self.watch();
        for action in actions(request) {
            watch.used.insert((function.to_owned(), action));
        }
        if let Some(ItemCounts { since, writes }) = &mut watch.items {
            for item in written(request) {
                *writes.entry((since.elapsed().as_secs(), item)).or_default() += 1;
            }
        }
        let number = watch.calls;
        watch.calls += 1;
        if let Some((per_mille, random)) = &mut watch.chance
            && random.u32(..1000) < *per_mille
        {
            let all = [&Fault::ALL[..], &[Fault::Conflict]].concat();
            return random.choice(all);
        }
        let (first, times, fault) = watch.plan?;
        let fails = (first..first + times).contains(&number);
        if fails {
            watch.failed.extend(actions(request));
        }
        fails.then_some(fault)
    }
}

/// What a call needs to be allowed to do. A transaction needs the rights of its parts.
fn actions(request: &HttpRequest) -> Vec<String> {
    let body = request.body().bytes().unwrap_or_default();
    let Some(target) = request.headers().get("x-amz-target") else {
        let sockets = request.uri().contains("/@connections/");
        let raw = body.starts_with(b"Action=SendRawEmail&");
        let letter = if raw { "ses:SendRawEmail" } else { "ses:SendEmail" };
        return vec![if sockets { "execute-api:ManageConnections" } else { letter }.to_owned()];
    };
    match target.split_once('.').map_or("", |(_, action)| action) {
        "PutEvents" => vec!["events:PutEvents".to_owned()],
        "TransactWriteItems" => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let parts = body["TransactItems"].as_array().cloned().unwrap_or_default();
            let part = |part: Value| {
                let kind = part.as_object().and_then(|part| part.keys().next().cloned()).unwrap_or_default();
                format!(
                    "dynamodb:{}",
                    if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") }
                )
            };
            parts.into_iter().map(part).collect()
        }
        action => vec![format!("dynamodb:{action}")],
    }
}

/// The keys of the items that a call writes.
fn written(request: &HttpRequest) -> Vec<String> {
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
    let writes = match target(request) {
        "TransactWriteItems" => {
            let parts = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
            parts.flatten().filter(|(kind, _)| *kind != "ConditionCheck").map(|(_, write)| write.clone()).collect()
        }
        "PutItem" | "UpdateItem" | "DeleteItem" => vec![body],
        _ => Vec::new(),
    };
    let key = |write: &Value| {
        let key = if write["Key"].is_object() { &write["Key"] } else { &write["Item"] };
        format!("{} {} {}", write["TableName"], key["pk"]["S"], key["sk"]["S"])
    };
    writes.iter().map(key).collect()
}

struct Watched {
    wire: Wire,
    function: String,
    plain: SharedHttpClient,
}

impl fmt::Debug for Watched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Watched({})", self.function)
    }
}

impl HttpClient for Watched {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let plain = self.plain.http_connector(settings, components);
        SharedHttpConnector::new(WatchedConnector { wire: self.wire.clone(), function: self.function.clone(), plain })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.plain.connector_metadata()
    }
}

#[derive(Clone)]
struct WatchedConnector {
    wire: Wire,
    function: String,
    plain: SharedHttpConnector,
}

impl fmt::Debug for WatchedConnector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "WatchedConnector({})", self.function)
    }
}

impl HttpConnector for WatchedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let lost = || ConnectorError::io("the wire is cut".into());
        match self.wire.pass(&self.function, &request) {
            None => self.plain.call(request),
            Some(Fault::Lost) => HttpConnectorFuture::ready(Err(lost())),
            Some(Fault::AnswerLost) => {
                let answer = self.plain.call(request);
                HttpConnectorFuture::new(async move {
                    let _ = answer.await;
                    Err(lost())
                })
            }
            Some(Fault::Unavailable) => failure(500, "InternalServerError"),
            Some(Fault::Throttled) => failure(400, "ThrottlingException"),
            Some(Fault::Conflict) => match target(&request) {
                "TransactWriteItems" => conflict(),
                "PutItem" | "UpdateItem" | "DeleteItem" => failure(400, "TransactionConflictException"),
                _ => self.plain.call(request),
            },
        }
    }
}

fn target(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.split_once('.').map_or("", |(_, action)| action)
}

/// DynamoDB cancels a transaction because of another one.
fn conflict() -> HttpConnectorFuture {
    let error = "TransactionCanceledException";
    let reason = r#"{"Code":"TransactionConflict","Message":"for a test"}"#;
    refusal(400, error, format!(r#"{{"__type":"{error}","CancellationReasons":[{reason}]}}"#))
}

/// AWS refuses, in its own words.
fn failure(status: u16, error: &str) -> HttpConnectorFuture {
    refusal(status, error, format!(r#"{{"__type":"{error}","message":"for a test"}}"#))
}

fn refusal(status: u16, error: &str, body: String) -> HttpConnectorFuture {
    let body = SdkBody::from(body);
    let answer = StatusCode::try_from(status).map(|status| {
        let mut response = HttpResponse::new(status, body);
        response.headers_mut().insert("x-amzn-errortype", error.to_owned());
        response
    });
    HttpConnectorFuture::ready(answer.map_err(|error| ConnectorError::other(error.into(), None)))
}
