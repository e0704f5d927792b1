//! The functions: built in, or behind a Lambda Invoke endpoint; and what they were asked lately.

mod built_in;
mod recent;
mod remote;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::Context;
use serde_json::Value;
use shared::clock::Clock;
use shared::config::Environment;
use shared::ids::Ids;
use shared::lambda::Answer;
use shared::meter::Cost;
use tokio::sync::Notify;

use self::recent::Recent;
pub use self::recent::{Invocation, Trigger};
use self::remote::Remote;
use crate::cloud::Wire;
use crate::template;
use crate::uuids::Uuids;

/// The credentials that functions sign their requests with here.
pub(crate) const ACCESS_KEY_ID: &str = "local";
pub(crate) const SECRET_ACCESS_KEY: &str = "local";

/// Every function of the template.
pub struct Functions {
    all: Vec<Function>,
    clock: Clock,
    uuids: Uuids,
    recent: Recent,
    finished: Notify,
}

struct Function {
    template: template::Function,
    environment: Environment,
    code: Code,
}

enum Code {
    BuiltIn(shared::lambda::Function),
    Remote(Remote),
}

/// What the functions are started with.
pub(crate) struct Start<'a> {
    /// The functions as the template has them.
    pub(crate) functions: &'a [template::Function],
    /// The environment of each, by its logical id.
    pub(crate) environments: BTreeMap<String, Environment>,
    /// The Invoke endpoint that takes the place of the built-in functions.
    pub(crate) invoke: Option<&'a str>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) uuids: Uuids,
    pub(crate) wire: Wire,
}

impl Functions {
    /// Starts every function once, as a cold start does.
    pub(crate) fn start(start: Start) -> Result<Functions, String> {
        let mut all = Vec::new();
        for template in start.functions {
            let environment = start.environments.get(&template.id).cloned().unwrap_or_default();
            let code = match start.invoke {
                Some(url) => Code::Remote(Remote::new(url, template)?),
                None => Code::BuiltIn(built_in::start(&template.binary, &environment, &start)?),
            };
            all.push(Function { template: template.clone(), environment, code });
        }
        let Start { clock, uuids, .. } = start;
        Ok(Functions { all, clock, uuids, recent: Recent::default(), finished: Notify::new() })
    }

    /// Invokes the function with this logical id or binary, with a request id of its own and the template's timeout.
    pub async fn invoke(&self, function: &str, event: Value) -> Answer {
        let Some(function) = self.find(function) else {
            return failed(format!("The template has no function {function}."));
        };
        let request_id = self.uuids.next();
        let begun = Invocation::begin(&function.template.binary, &request_id, &event, self.clock.now());
        let started = Instant::now();
        let answer = function.call(&self.clock, event, request_id).await;
        self.recent.keep(begun.end(started.elapsed(), &answer));
        self.finished.notify_waiters();
        answer
    }

    /// The latest invocations, newest first: at most 500.
    pub fn recent(&self) -> Vec<Invocation> {
        self.recent.list()
    }

    /// The environment variables of the function with this logical id or binary.
    pub fn environment(&self, function: &str) -> Option<&Environment> {
        self.find(function).map(|function| &function.environment)
    }

    /// Wakes whenever an invocation has finished: most writes to the tables come from one.
    pub(crate) fn finished(&self) -> &Notify {
        &self.finished
    }

    fn find(&self, name: &str) -> Option<&Function> {
        self.all.iter().find(|function| function.template.id == name || function.template.binary == name)
    }
}

impl Function {
    /// Calls the function beside the caller: what panics there costs one answer, and a caller who goes away does not
    /// stop it half-way, which the cloud does not do either.
    async fn call(&self, clock: &Clock, event: Value, request_id: String) -> Answer {
        let timeout = Duration::from_secs(u64::from(self.template.timeout));
        let mut context = Context::default();
        context.request_id = request_id;
        context.invoked_function_arn.clone_from(&self.template.arn);
        context.deadline = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |now| u64::try_from((now + timeout).as_millis()).unwrap_or(u64::MAX));
        let mut task = match &self.code {
            Code::BuiltIn(function) => {
                let function = function.clone();
                tokio::spawn(async move { function.invoke(event, context).await })
            }
            Code::Remote(remote) => {
                let remote = remote.clone();
                tokio::spawn(async move { remote.invoke(event).await })
            }
        };
        // By the clock that everything here goes by: where it stands still, a slow machine fails no test. An endpoint
        // keeps the time of its functions itself.
        let is_remote = matches!(self.code, Code::Remote(_));
        let called = tokio::select! {
            called = &mut task => called,
            () = clock.reached(clock.now() + timeout), if !is_remote => {
                task.abort();
                return failed(format!("Task timed out after {}.00 seconds", timeout.as_secs()));
            }
        };
        match called {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => {
                let panic = error.into_panic();
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                failed(format!("{} panicked: {}.", self.template.binary, text.unwrap_or("without a word")))
            }
            Err(error) => failed(format!("{} was stopped: {error}.", self.template.binary)),
        }
    }
}

fn failed(error: String) -> Answer {
    tracing::error!("{error}");
    Answer { outcome: Err(error), cost: Cost::default(), route: None }
}

#[cfg(test)]
mod tests;
