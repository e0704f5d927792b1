//! `measure sockets`: the local cloud as a process of its own, with thousands of open sockets. Pairs of members write to
//! each other as Sukuwatto's client does; then one member is written to who has very many sockets open.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::figures::{MEBIBYTE, Samples, mebibytes, milliseconds, thousands};
use crate::load::client::Connection;
use crate::say;
use crate::server::Server;
use crate::table::Budgets;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Sink = SplitSink<Stream, Message>;

/// What is open at a time while members join and sockets open.
const AT_ONCE: usize = 8;
/// How long what was sent may take.
const PATIENCE: Duration = Duration::from_secs(10);
const LATE: Duration = Duration::from_millis(250);
const FAN_OUT: Duration = Duration::from_secs(1);
const RESIDENT: u64 = 200 * MEBIBYTE;
const PASSWORD: &str = "correct horse battery";

/// How much.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Open sockets, two for each pair of members.
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=20_000))]
    sockets: u32,
    /// Messages per second, across all of them.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Sockets of the one member whom a message reaches on all of them.
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    devices: u32,
    /// The server's binary [default: `local` beside this one].
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

/// Starts a server, opens the sockets, writes, and says what arrived.
pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let mut server = Server::start(arguments.server.as_deref(), true, &["RateLimitFactor=0"]).await?;
    let members = arguments.sockets - arguments.sockets % 2;
    say(&format!("{} members join.", thousands(members as usize)));
    let tokens = join(&server, members).await?;
    let told = Arc::new(Told::default());
    let mut readers = JoinSet::new();
    say("Their sockets open.");
    let mut sinks = Vec::new();
    for (own, token) in tokens.iter().enumerate() {
        let (own_name, other_name) = (name(own), name(own ^ 1));
        let path = format!("/ws/chat/{own_name}/{other_name}/");
        sinks.push(open(&server, &path, token, own, &told, &mut readers).await?);
    }
    let sent = (arguments.rate * arguments.seconds) as usize;
    say(&format!("{} messages.", thousands(sent)));
    let began = Instant::now();
    let mut random = fastrand::Rng::with_seed(3);
    for number in 0..sent {
        let due = began + Duration::from_secs_f64(number as f64 / f64::from(arguments.rate));
        tokio::time::sleep_until(due.into()).await;
        let from = random.usize(..sinks.len());
        write(&mut sinks[from], number, &told).await?;
    }
    let rate = sent as f64 / began.elapsed().as_secs_f64();
    told.wait(2 * sent).await;
    let resident = server.process.resident()?;
    let mut budgets = Budgets::new(&format!(
        "{} open sockets, {rate:.0} messages a second for {} s, data in memory",
        thousands(sinks.len()),
        arguments.seconds
    ));
    let arrived = told.take();
    let lost = 2 * sent - arrived.len();
    let doubled: usize = arrived.values().map(|times| times.len() - 1).sum();
    let latencies = Samples::of(arrived.values().filter_map(|times| times.first().copied()).collect());
    budgets.add("lost, to either side", "0", &lost.to_string(), lost == 0);
    budgets.add("doubled", "0", &doubled.to_string(), doubled == 0);
    let late = latencies.percentile(99);
    let measured = format!("{} ms, half within {} ms", milliseconds(late), milliseconds(latencies.median()));
    budgets.add("delivered, p99", &format!("{} ms", LATE.as_millis()), &measured, late < LATE);
    budgets.add("resident", "200 MiB", &format!("{} MiB", mebibytes(resident)), resident < RESIDENT);
    say(&format!("One member opens {} sockets.", thousands(arguments.devices as usize)));
    for device in 0..arguments.devices as usize {
        let path = format!("/ws/feed/{}/", name(1));
        sinks.push(open(&server, &path, &tokens[1], FEEDS + device, &told, &mut readers).await?);
    }
    write(&mut sinks[0], sent, &told).await?;
    told.wait(arguments.devices as usize + 2).await;
    let arrived = told.take();
    let last = arrived.values().flatten().max().copied().unwrap_or_default();
    let measured = format!("{} ms, {} reached", milliseconds(last), thousands(arrived.len()));
    let all = arrived.len() == arguments.devices as usize + 2 && arrived.values().all(|times| times.len() == 1);
    let what = format!("one message to {} sockets", thousands(arrived.len()));
    budgets.add(&what, "1000 ms", &measured, all && last < FAN_OUT);
    if server.process.has_ended() {
        return Err("The server ended under the load.".to_owned());
    }
    Ok(budgets.to_string())
}

/// Where the numbers of the one member's sockets begin.
const FEEDS: usize = 1_000_000;

fn name(number: usize) -> String {
    format!("member{number:05}")
}

/// Everybody's access token, in the order of their numbers.
async fn join(server: &Server, members: u32) -> Result<Vec<String>, String> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut joining = JoinSet::new();
    for number in 0..members as usize {
        let (room, address) = (room.clone(), server.address);
        joining.spawn(async move {
            let _room = room.acquire_owned().await.map_err(|error| error.to_string())?;
            let name = name(number);
            let email = format!("{name}@example.org");
            let body = json!({ "username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD });
            let mut connection = Connection::open(address).await?;
            let body = Bytes::from(body.to_string());
            let reply = connection.send(Method::POST, "/api/auth/registration/", "", body).await?;
            let answer: Value = serde_json::from_slice(&reply.body).map_err(|error| error.to_string())?;
            let token = answer["access"].as_str().ok_or_else(|| format!("{name} did not join: {answer}"))?;
            Ok::<_, String>((number, token.to_owned()))
        });
    }
    let mut tokens = Vec::new();
    while let Some(joined) = joining.join_next().await {
        tokens.push(joined.map_err(|error| error.to_string())??);
    }
    tokens.sort();
    Ok(tokens.into_iter().map(|(_, token)| token).collect())
}

/// Opens a socket, and notes what comes over it.
async fn open(
    server: &Server,
    path: &str,
    token: &str,
    number: usize,
    told: &Arc<Told>,
    readers: &mut JoinSet<()>,
) -> Result<Sink, String> {
    let url = format!("ws://{}{path}?token={token}", server.address);
    let (stream, _) = connect_async(url).await.map_err(|error| format!("{path} does not open: {error}"))?;
    let (sink, stream) = stream.split();
    readers.spawn(read(stream, number, told.clone()));
    Ok(sink)
}

async fn read(mut stream: SplitStream<Stream>, socket: usize, told: Arc<Told>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(number) = frame["uuid"].as_str().and_then(|uuid| uuid.parse().ok()) {
            told.heard(socket, number);
        }
    }
}

async fn write(sink: &mut Sink, number: usize, told: &Told) -> Result<(), String> {
    let text = format!("Message {number}: did you train today?");
    let frame = json!({ "type": "chat_message", "uuid": number.to_string(), "message": text });
    told.lock().sent.insert(number, Instant::now());
    sink.send(Message::Text(frame.to_string().into())).await.map_err(|error| error.to_string())
}

/// What was sent, and what arrived.
#[derive(Default)]
struct Told(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    sent: HashMap<usize, Instant>,
    /// After how long, by socket and message.
    arrived: HashMap<(usize, usize), Vec<Duration>>,
}

impl Told {
    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self, socket: usize, number: usize) {
        let mut notes = self.lock();
        if let Some(sent) = notes.sent.get(&number) {
            let after = sent.elapsed();
            notes.arrived.entry((socket, number)).or_default().push(after);
        }
    }

    /// Waits until so many have arrived, and a while longer for what comes twice.
    async fn wait(&self, expected: usize) {
        let began = Instant::now();
        while self.lock().arrived.len() < expected && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    fn take(&self) -> HashMap<(usize, usize), Vec<Duration>> {
        std::mem::take(&mut *self.lock()).arrived
    }
}
