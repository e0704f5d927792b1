//! Starting a function, and what a function is: JSON in, JSON out, whatever triggers it.
//!
//! In Lambda [`run`] feeds it from the Runtime API; locally the gateway and the pumps of the `local` crate call
//! [`Function::invoke`]. Both take the same path below that line.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::to_bytes;
use axum::response::Response;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, IntoResponse, Request, Service};
use lambda_runtime::{Context, LambdaEvent, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt;
use tracing::Instrument;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::app::App;
use crate::config::Environment;
use crate::error::Result;
use crate::meter::{Cost, Meter};

type Handler = dyn Fn(String) -> Pin<Box<dyn Future<Output = Result<Value, String>> + Send>> + Send + Sync;

/// One Lambda function.
#[derive(Clone)]
pub struct Function(Kind);

#[derive(Clone)]
enum Kind {
    Http(Router),
    Event(Arc<Handler>),
}

/// What an invocation came to.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The function's result, or the error that Lambda would report.
    pub outcome: Result<Value, String>,
    /// What it cost at the table.
    pub cost: Cost,
    /// The route that answered, for functions behind the HTTP API.
    pub route: Option<String>,
}

impl Function {
    /// A function behind the HTTP API.
    pub fn http(router: Router) -> Function {
        Function(Kind::Http(router))
    }

    /// A function that takes events of type `E`, as `handle` does with the app.
    pub fn event<E, R, F, H>(app: App, handle: H) -> Function
    where
        E: DeserializeOwned + Send + 'static,
        R: Serialize,
        F: Future<Output = Result<R>> + Send + 'static,
        H: Fn(App, E) -> F + Clone + Send + Sync + 'static,
    {
        Function(Kind::Event(Arc::new(move |event| {
            let (app, handle) = (app.clone(), handle.clone());
            Box::pin(async move {
                let event = serde_json::from_str(&event).map_err(|error| format!("The event is not ours: {error}"))?;
                let result = handle(app, event).await.map_err(|error| error.to_string())?;
                serde_json::to_value(result).map_err(|error| error.to_string())
            })
        })))
    }

    /// Runs the function once.
    pub async fn invoke(&self, event: Value, context: Context) -> Answer {
        self.call(event.to_string(), context).await
    }

    async fn call(&self, event: String, context: Context) -> Answer {
        let meter = Meter::default();
        let span = tracing::info_span!("invocation", request.id = %context.request_id);
        let work = async {
            match &self.0 {
                Kind::Http(router) => answer_http(router.clone(), &event, context).await,
                Kind::Event(handle) => handle(event).await,
            }
        };
        let outcome = meter.measure(work.instrument(span)).await;
        if let Err(error) = &outcome {
            tracing::error!(error, "The invocation failed.");
        }
        Answer { outcome, cost: meter.cost(), route: meter.route() }
    }
}

/// Takes an API Gateway event through `lambda_http`, just as its own `run` does. `Adapter` is public but hidden in
/// its documentation, so this is the only place that knows it.
async fn answer_http(router: Router, event: &str, context: Context) -> Result<Value, String> {
    // Straight into the one kind of event that an HTTP API sends: `LambdaRequest` would first copy the event, and then
    // try every kind that it knows.
    let mut request: ApiGatewayV2httpRequest = serde_json::from_str(event).map_err(|error| error.to_string())?;
    request.raw_path = request.raw_path.as_deref().map(|path| escape(with_one_slash(path)));
    let request = LambdaRequest::ApiGatewayV2(request);
    // A router is always ready, so nobody needs to wait for it before the call. The adapter itself cannot go from one
    // thread to another, so it is gone before the answer is awaited.
    let router = ServiceExt::<Request>::map_response(router, Answered);
    let answer = Adapter::from(router).call(LambdaEvent::new(request, context));
    let response = answer.await.map_err(|error| error.to_string())?;
    serde_json::to_value(response).map_err(|error| error.to_string())
}

/// An answer on its way to the gateway: as text where it is text, and else as base64. Left to `lambda_http` it would be
/// looked at in every encoding of the web, whose tables are a fiftieth of a function.
struct Answered(Response);

impl IntoResponse for Answered {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(async move {
            let (parts, body) = self.0.into_parts();
            // It lies in memory as a whole, so reading it cannot fail.
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let body = match String::from_utf8(bytes.into()) {
                Ok(text) => Body::Text(text),
                Err(other) => Body::Binary(other.into_bytes()),
            };
            http::Response::from_parts(parts, body)
        })
    }
}

/// A path without the slashes that a client put in front of it by joining a host that ends with one and a path that
/// begins with one (contract of SkillNet, section 1, "Slash").
pub fn with_one_slash(path: &str) -> &str {
    let doubled = path.bytes().take_while(|byte| *byte == b'/').count().saturating_sub(1);
    &path[doubled..]
}

/// What a path must not hold as it is when it is read as part of a URL: what has a meaning there or is left out, and
/// what would be decoded once more.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'#').add(b'?').add(b'%').add(b'\\');

/// An HTTP API hands paths on decoded, and `lambda_http` reads them as the part of a URL that they no longer are.
fn escape(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_PATHS).to_string()
}

/// The `main` of every function: reads the environment, builds the function once, and serves the Runtime API.
/// `needs` are the variables without which it cannot work.
pub fn run(name: &'static str, needs: &[&str], function: fn(App) -> Function) -> ExitCode {
    start_logging();
    let environment: Environment = std::env::vars().collect();
    let app = match App::with_needs(&environment, needs) {
        Ok(app) => app,
        Err(error) => {
            tracing::error!(function = name, "{error}");
            return ExitCode::FAILURE;
        }
    };
    if !app.config.table.is_empty() {
        // Lambda gives start-up a whole processor; the first request should not pay for it.
        app.table.warm();
    }
    let function = function(app);
    let serve = async move {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
            let function = function.clone();
            async move {
                let started = Instant::now();
                let request_id = event.context.request_id.clone();
                let answer = function.call(Box::<str>::from(event.payload).into(), event.context).await;
                report(name, &request_id, started, &answer);
                answer.outcome.map_err(lambda_runtime::Error::from)
            }
        }))
        .await
    };
    // One request at a time needs one thread; a second one only costs start-up time.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(function = name, "The runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function = name, "The Runtime API was lost: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Structured logs on standard output, where Lambda collects them.
fn start_logging() {
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    let subscriber = tracing_subscriber::registry().with(LevelFilter::INFO).with(lines);
    // A second subscriber can only mean that somebody else set one, which is as good.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// One line per invocation in CloudWatch's embedded metric format: CloudWatch makes metrics of it per function, and
/// the route and the request id can be searched for.
fn report(function: &str, request_id: &str, started: Instant, answer: &Answer) {
    let Cost { round_trips, calls, read_units, write_units, hashes } = answer.cost;
    let status = answer.outcome.as_ref().ok().and_then(|response| response.get("statusCode")).and_then(Value::as_u64);
    let failed = answer.outcome.is_err() || status.is_some_and(|status| status >= 500);
    let line = serde_json::json!({
        "_aws": {
            "Timestamp": chrono::Utc::now().timestamp_millis(),
            "CloudWatchMetrics": [{
                "Namespace": "Guildhall",
                "Dimensions": [["Function"]],
                "Metrics": [
                    { "Name": "Duration", "Unit": "Milliseconds" },
                    { "Name": "RoundTrips", "Unit": "Count" },
                    { "Name": "ReadUnits", "Unit": "Count" },
                    { "Name": "WriteUnits", "Unit": "Count" },
                    { "Name": "Failures", "Unit": "Count" },
                ],
            }],
        },
        "Function": function,
        "Route": answer.route,
        "RequestId": request_id,
        "Status": status,
        "Duration": started.elapsed().as_secs_f64() * 1000.0,
        "RoundTrips": round_trips,
        "Calls": calls,
        "ReadUnits": read_units,
        "WriteUnits": write_units,
        "Hashes": hashes,
        "Failures": u8::from(failed),
    });
    // A log that cannot be written must not fail the request.
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use axum::extract::{Path, RawQuery};
    use axum::routing::get;
    use serde_json::json;

    use super::*;

    /// A function that answers what its path says, and its query.
    fn echo() -> Function {
        let answer = async |Path(name): Path<String>, RawQuery(query): RawQuery| format!("{name} {query:?}");
        Function::http(Router::new().route("/names/{name}", get(answer)))
    }

    async fn ask(path: &str, query: &str) -> Value {
        let event = json!({
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": { "host": "localhost" },
            "requestContext": { "http": { "method": "GET", "path": path }, "stage": "$default" },
            "isBase64Encoded": false,
        });
        echo().invoke(event, Context::default()).await.outcome.unwrap()
    }

    #[tokio::test]
    async fn a_path_that_arrives_decoded_is_taken_as_it_is() {
        let names =
            ["ada", "#x", "a#b", "a?b=c", "100%", "%2F", "%25", "%zz", "a b", " ", "\t", "\n", "a\\b", "ä\u{7f}", "+"];
        for name in names {
            let answer = ask(&format!("/names/{name}"), "q=%2F").await;
            assert_eq!(answer["body"], format!("{name} Some(\"q=%2F\")"), "{name:?}");
        }
        assert_eq!(ask("/names/a/b", "").await["statusCode"], 404);
    }

    #[tokio::test]
    async fn what_is_no_request_is_not_answered() {
        let answer = echo().invoke(json!({ "Records": [] }), Context::default()).await;
        assert!(answer.outcome.is_err(), "{:?}", answer.outcome);
    }

    #[test]
    fn slashes_in_front_are_one() {
        for (sent, meant) in [
            ("/users/", "/users/"),
            ("//media/a.png", "/media/a.png"),
            ("////x//y/", "/x//y/"),
            ("/", "/"),
            ("//", "/"),
            ("", ""),
            ("x", "x"),
        ] {
            assert_eq!(with_one_slash(sent), meant, "{sent:?}");
        }
    }
}
