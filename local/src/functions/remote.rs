//! Functions behind a Lambda Invoke endpoint: `cargo lambda watch` or `sam local start-lambda`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use shared::lambda::Answer;
use shared::meter::Cost;

use crate::template;

/// One function behind the endpoint. Cloning shares what was found out about it.
#[derive(Clone)]
pub(super) struct Remote {
    client: Client,
    endpoint: Url,
    binary: String,
    id: String,
    /// cargo lambda calls a function by its binary, SAM by its logical id: whether the second is right here.
    goes_by_id: Arc<AtomicBool>,
}

impl Remote {
    pub(super) fn new(url: &str, function: &template::Function) -> Result<Remote, String> {
        let endpoint: Url = url.parse().map_err(|error| format!("{url} is not a URL: {error}."))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(format!("{url} is not the URL of an Invoke endpoint, such as http://127.0.0.1:9000."));
        }
        Ok(Remote {
            client: Client::new(),
            endpoint,
            binary: function.binary.clone(),
            id: function.id.clone(),
            goes_by_id: Arc::default(),
        })
    }

    pub(super) async fn invoke(&self, event: Value) -> Answer {
        Answer { outcome: self.post(&event).await, cost: Cost::default(), route: None }
    }

    async fn post(&self, event: &Value) -> Result<Value, String> {
        let goes_by_id = self.goes_by_id.load(Ordering::Relaxed);
        let (name, other) = if goes_by_id { (&self.id, &self.binary) } else { (&self.binary, &self.id) };
        let mut response = self.post_to(name, event).await?;
        if response.status() == StatusCode::NOT_FOUND {
            response = self.post_to(other, event).await?;
            if response.status() != StatusCode::NOT_FOUND {
                self.goes_by_id.store(!goes_by_id, Ordering::Relaxed);
            }
        }
        let is_failure = !response.status().is_success() || response.headers().contains_key("x-amz-function-error");
        let status = response.status();
        let body = response.text().await.map_err(|error| self.explain(&error))?;
        if is_failure {
            let body = body.chars().take(1_000).collect::<String>();
            return Err(format!("{} answered {status} through {}: {body}", self.binary, self.endpoint));
        }
        // A function that answers nothing answers null.
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&body).map_err(|error| format!("{} did not answer in JSON: {error}.", self.binary))
    }

    async fn post_to(&self, name: &str, event: &Value) -> Result<reqwest::Response, String> {
        let mut url = self.endpoint.clone();
        url.set_path(&format!("/2015-03-31/functions/{name}/invocations"));
        self.client.post(url).json(event).send().await.map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &reqwest::Error) -> String {
        if error.is_connect() {
            return format!("Nothing answers at {}: is `cargo lambda watch` running there?", self.endpoint);
        }
        format!("{} could not be invoked through {}: {error}.", self.binary, self.endpoint)
    }
}
