//! `Cloud`: one local cloud, from its template to its shutdown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shared::clock::Clock;
use shared::ids::Ids;
use shared::lambda::Answer;

use crate::dynamo::Dynamo;
use crate::functions::Functions;
use crate::gateway::websocket::Sockets;
use crate::state::State;
use crate::template::Template;

/// Where things are kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In this folder, from one start to the next.
    Folder(PathBuf),
    /// In memory, until the process ends.
    Memory,
}

/// Who moves records and messages along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumps {
    /// Tasks in the background, as in the cloud.
    Running,
    /// Nobody but [`Cloud::settle`]: for tests.
    ByHand,
}

/// How [`Cloud::settle`] delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Everything once, in order.
    Once,
    /// Every batch twice.
    Twice,
    /// Every record twice and out of order.
    Shuffled,
}

/// What a local cloud is started with.
#[derive(Clone)]
pub struct Options {
    /// The `template.yaml`.
    pub template: PathBuf,
    /// Template parameters that take another value than their default.
    pub overrides: BTreeMap<String, String>,
    /// Where things are kept.
    pub storage: Storage,
    /// Where the gateway listens, such as `http://localhost:8000`: the address of both APIs.
    pub public_url: String,
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: Ids,
    /// A Lambda Invoke endpoint that takes every event instead of the built-in functions.
    pub invoke: Option<String>,
    /// Who moves things along.
    pub pumps: Pumps,
}

/// A running local cloud. Cloning shares it.
#[derive(Clone)]
pub struct Cloud(Arc<Parts>);

struct Parts {
    options: Options,
    template: Template,
    functions: Functions,
    state: State,
    dynamo: Dynamo,
    sockets: Sockets,
    files: PathBuf,
}

impl Cloud {
    /// Starts everything; on failure says why in one sentence.
    pub async fn start(options: Options) -> Result<Cloud, String> {
        todo!()
    }

    /// What it was started with.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What `template.yaml` says, with every parameter and reference resolved.
    pub fn template(&self) -> &Template {
        &self.0.template
    }

    /// The functions and their latest invocations.
    pub fn functions(&self) -> &Functions {
        &self.0.functions
    }

    /// Queues, letters and schedule runs.
    pub fn state(&self) -> &State {
        &self.0.state
    }

    /// The tables.
    pub fn dynamo(&self) -> &Dynamo {
        &self.0.dynamo
    }

    /// The open sockets.
    pub fn sockets(&self) -> &Sockets {
        &self.0.sockets
    }

    /// The folder that holds a folder per bucket.
    pub fn files(&self) -> &Path {
        &self.0.files
    }

    /// The time, as functions see it.
    pub fn clock(&self) -> &Clock {
        &self.0.options.clock
    }

    /// Feeds the stream to its function, the bus to the queues and the queues to their workers, until nothing moves.
    pub async fn settle(&self, delivery: Delivery) {
        todo!()
    }

    /// Runs a schedule now.
    pub async fn run_schedule(&self, name: &str) -> Result<Answer, String> {
        todo!()
    }

    /// Stops the background tasks, lets what is under way finish, and closes the databases.
    pub async fn shutdown(&self) {
        todo!()
    }
}
