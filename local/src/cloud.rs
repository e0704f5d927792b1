//! `Cloud`: one local cloud, from its template to its shutdown.

mod environment;
mod folder;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::Value;
use shared::clock::Clock;
use shared::ids::Ids;
use shared::lambda::Answer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::folder::DataFolder;
use crate::delivery::Delivery;
use crate::dynamo::Dynamo;
use crate::endpoints::{self, openid, platforms};
use crate::functions::{self, Functions};
use crate::gateway::websocket::Sockets;
use crate::queues::QueueConsumer;
use crate::schedules;
use crate::state::State;
use crate::stream::{Pass, StreamConsumer};
use crate::template::Template;
use crate::uuids::Uuids;

/// How often expired items are deleted. AWS takes its time as well.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// How often a batch that cannot succeed is tried while things settle.
const TRIES_WHILE_SETTLING: u32 = 50;

/// Where things are kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In this folder, from one start to the next.
    Folder(PathBuf),
    /// Nowhere for longer than the process: in memory, and in a temporary folder what needs files.
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
    /// The HTTP clients under the functions' AWS clients, by the function's binary; plain ones where none are given.
    /// A test watches them, and lets calls fail.
    pub wire: Option<Wire>,
}

/// Makes the HTTP client of one function, given the name of its binary.
pub type Wire = Arc<dyn Fn(&str) -> SharedHttpClient + Send + Sync>;

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
    openid: openid::Provider,
    platforms: platforms::Platforms,
    /// Where the services answer.
    services_url: String,
    uuids: Uuids,
    folder: DataFolder,
    streams: Vec<Arc<StreamConsumer>>,
    queues: Vec<Arc<QueueConsumer>>,
    /// Tells the background tasks when to stop.
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Cloud {
    /// Starts everything; on failure says why in one sentence.
    pub async fn start(options: Options) -> Result<Cloud, String> {
        let template = Template::read(&options.template, &options.overrides, &options.public_url)?;
        let folder = DataFolder::open(&options.storage, &template.buckets)?;
        let uuids = match options.pumps {
            Pumps::Running => Uuids::random(),
            Pumps::ByHand => Uuids::counting(),
        };
        let state = State::open(folder.state_file(), options.clock.clone(), uuids.clone(), template.queues.clone())?;
        let stop = watch::Sender::new(false);
        let dynamo = {
            // Longer than a test takes that counts calls.
            let turn = Duration::from_secs(if options.pumps == Pumps::Running { 10 } else { 300 });
            Dynamo::start(folder.tables_file(), &template.tables, listen().await?, turn, stopped(&stop))?
        };
        let services = listen().await?;
        let services_address = services.local_addr().map_err(|error| error.to_string())?;
        let services_url = format!("http://{services_address}");
        let mut environments = environment::all(&template, &state, &services_url, &dynamo.url())?;
        environment::stand_in(&mut environments, &options.overrides, &services_url);
        if options.invoke.is_some() {
            folder.keep_environment(&environments)?;
        }
        let functions = Functions::start(functions::Start {
            functions: &template.functions,
            environments,
            invoke: options.invoke.as_deref(),
            clock: options.clock.clone(),
            ids: options.ids.clone(),
            uuids: uuids.clone(),
            wire: options.wire.clone().unwrap_or_else(plain_wire),
        })?;
        let streams = StreamConsumer::all(&template).into_iter().map(Arc::new).collect();
        let queues = QueueConsumer::all(&template).into_iter().map(Arc::new).collect();
        let cloud = Cloud(Arc::new(Parts {
            options,
            template,
            functions,
            state,
            dynamo,
            sockets: Sockets::default(),
            openid: openid::Provider::new(openid::issuer(&services_url)),
            platforms: platforms::Platforms::default(),
            services_url,
            uuids,
            folder,
            streams,
            queues,
            stop,
            tasks: Mutex::default(),
        }));
        let serve = endpoints::serve(services, cloud.clone(), stopped(&cloud.0.stop));
        cloud.in_background(serve);
        if cloud.0.options.pumps == Pumps::Running {
            cloud.start_pumps();
        }
        Ok(cloud)
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

    /// The OpenID provider in Google's place.
    pub fn openid(&self) -> &openid::Provider {
        &self.0.openid
    }

    /// The platforms where members solve problems.
    pub fn platforms(&self) -> &platforms::Platforms {
        &self.0.platforms
    }

    /// Where AWS is, and everything that this machine stands in for.
    pub fn services_url(&self) -> &str {
        &self.0.services_url
    }

    /// The folder that holds a folder per bucket.
    pub fn files(&self) -> &Path {
        self.0.folder.files()
    }

    /// The time, as functions see it.
    pub fn clock(&self) -> &Clock {
        &self.0.options.clock
    }

    /// Ids for requests, messages and events.
    pub(crate) fn uuids(&self) -> &Uuids {
        &self.0.uuids
    }

    /// Feeds the stream to its function, the bus to the queues and the queues to their workers, until nothing moves.
    /// What failed in a queue moves again only when its time out of sight is over.
    pub async fn settle(&self, delivery: Delivery) {
        while self.move_along(delivery).await {}
    }

    /// The changes of tables that no function has been given yet, as it will be.
    pub fn unread_changes(&self) -> Result<Vec<Value>, String> {
        let unread = self.0.streams.iter().map(|stream| stream.unread(self));
        Ok(unread.collect::<Result<Vec<_>, _>>()?.concat())
    }

    async fn move_along(&self, delivery: Delivery) -> bool {
        let mut moved = false;
        for stream in &self.0.streams {
            moved |= match stream.pass(self, delivery).await {
                Ok(Pass::Moved) => true,
                Ok(Pass::Failed(times)) => times < TRIES_WHILE_SETTLING,
                Ok(Pass::Idle) => false,
                Err(error) => {
                    tracing::error!("{error}");
                    false
                }
            };
        }
        for queue in &self.0.queues {
            moved |= queue.pass(self, delivery).await.unwrap_or_else(|error| {
                tracing::error!("{error}");
                false
            });
        }
        moved
    }

    /// Runs a schedule now.
    pub async fn run_schedule(&self, name: &str) -> Result<Answer, String> {
        let (function, schedule) = self
            .template()
            .schedules()
            .find(|(_, schedule)| schedule.name == name)
            .ok_or_else(|| format!("The template has no schedule {name}."))?;
        schedules::run(self, function, schedule, true).await
    }

    /// Stops the background tasks and waits until they have stopped. What was under way is done again at the next
    /// start.
    pub async fn shutdown(&self) {
        self.0.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.tasks());
        while tasks.join_next().await.is_some() {}
    }

    fn start_pumps(&self) {
        for stream in &self.0.streams {
            self.until_stopped(stream.clone().keep_running(self.clone()));
        }
        for queue in &self.0.queues {
            self.until_stopped(queue.clone().keep_running(self.clone()));
        }
        for (function, schedule) in self.template().schedules() {
            self.until_stopped(schedules::keep_running(self.clone(), function.to_owned(), schedule.clone()));
        }
        self.until_stopped(sweep(self.clone()));
    }

    /// Runs work in the background and cuts it short at shutdown.
    fn until_stopped(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopped = stopped(&self.0.stop);
        self.in_background(async move {
            tokio::select! {
                () = work => {}
                () = stopped => {}
            }
        });
    }

    /// Runs work in the background that ends by itself at shutdown.
    fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks().spawn(work);
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client for all: everything it reaches is on this machine, so it needs no TLS, and no function its own pool.
fn plain_wire() -> Wire {
    let client = aws_smithy_http_client::Builder::new().build_http();
    Arc::new(move |_| client.clone())
}

/// Any free port of this machine, for this machine alone.
async fn listen() -> Result<TcpListener, String> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    bound.map_err(|error| format!("No port of 127.0.0.1 can be listened on: {error}."))
}

/// Ends when the cloud is told to stop, or is gone.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move {
        // An error means that the sender is gone, and that is as good.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

async fn sweep(cloud: Cloud) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let (dynamo, now) = (cloud.dynamo().clone(), cloud.clock().now());
        match tokio::task::spawn_blocking(move || dynamo.sweep(now)).await {
            Ok(Ok(deleted)) => tracing::debug!(deleted, "Expired items were deleted."),
            Ok(Err(error)) => tracing::error!("Expired items could not be deleted: {error}"),
            Err(error) => tracing::error!("Deleting expired items failed: {error}"),
        }
    }
}

#[cfg(test)]
mod tests;
