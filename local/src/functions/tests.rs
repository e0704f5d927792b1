//! Functions that panic, dawdle or live elsewhere cost one answer and nothing more.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use serde_json::json;
use shared::App;
use tokio::net::TcpListener;

use super::*;

fn template() -> template::Function {
    template::Function {
        id: "JobsFunction".to_owned(),
        binary: "jobs".to_owned(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:guildhall-JobsFunction".to_owned(),
        environment: Environment::new(),
        timeout: 1,
        sources: Vec::new(),
    }
}

fn functions(code: Code) -> Functions {
    Functions {
        all: vec![Function { template: template(), environment: Environment::new(), code }],
        clock: Clock::system(),
        uuids: Uuids::counting(),
        recent: Recent::default(),
        finished: Notify::new(),
    }
}

fn built_in<F>(handle: fn(App, Value) -> F) -> Functions
where
    F: Future<Output = shared::Result<Value>> + Send + 'static,
{
    let app = App::new(&Environment::new()).unwrap();
    functions(Code::BuiltIn(shared::lambda::Function::event(app, handle)))
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let functions = built_in(|_, event| async move {
        assert!(event["job"] != "panic", "no such job");
        Ok(event)
    });
    let failed = functions.invoke("jobs", json!({ "job": "panic" })).await.outcome.unwrap_err();
    assert!(failed.starts_with("jobs panicked: no such job"), "{failed}");
    assert_eq!(
        functions.invoke("JobsFunction", json!({ "job": "other" })).await.outcome,
        Ok(json!({ "job": "other" }))
    );
    let recent = functions.recent();
    assert_eq!((recent.len(), recent[0].error.is_none(), recent[1].error.is_some()), (2, true, true));
    assert_eq!(recent[0].request_id, "00000000-0000-4000-8000-000000000002");
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let functions = built_in(|_, event| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(event)
    });
    let answer = functions.invoke("jobs", Value::Null).await;
    assert_eq!(answer.outcome.unwrap_err(), "Task timed out after 1.00 seconds");
}

#[tokio::test]
async fn an_unknown_function_is_an_answer_too() {
    let functions = built_in(|_, event| async { Ok(event) });
    assert!(functions.invoke("nobody", Value::Null).await.outcome.unwrap_err().contains("no function nobody"));
}

/// Answers like SAM, which knows functions by their logical ids.
async fn invoke_like_sam(Path(name): Path<String>, event: String) -> Response {
    match name.as_str() {
        "JobsFunction" if event.contains("fail") => {
            ([("x-amz-function-error", "Unhandled")], r#"{"errorMessage":"no"}"#).into_response()
        }
        "JobsFunction" => event.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test]
async fn a_function_elsewhere_is_called_by_the_name_it_has_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke_like_sam));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let functions = functions(Code::Remote(Remote::new(&url, &template()).unwrap()));
    for _ in 0..2 {
        assert_eq!(functions.invoke("jobs", json!({ "job": "x" })).await.outcome, Ok(json!({ "job": "x" })));
    }
    let failed = functions.invoke("jobs", json!({ "job": "fail" })).await.outcome.unwrap_err();
    assert!(failed.contains(r#"{"errorMessage":"no"}"#), "{failed}");
    server.abort();
    let _ = server.await;
    let gone = functions.invoke("jobs", Value::Null).await.outcome.unwrap_err();
    assert!(gone.starts_with("Nothing answers at"), "{gone}");
}
