//! The callers: members, each with a connection, who all ask for the same kind of thing at once.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use http::Method;
use http::header::SET_COOKIE;
use serde_json::{Value, json};

use super::client::{Connection, Reply};
use crate::figures::Samples;

const PASSWORD: &str = "correct horse battery";
/// Requests in a block of a long series.
const BLOCK: usize = 10_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One's own profile.
    Read,
    /// A change of one's own first name.
    Write,
    /// A sign-in with name and password.
    Login,
}

impl Kind {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Read => "authenticated reads",
            Kind::Write => "writes",
            Kind::Login => "logins",
        }
    }

    /// How many per second there must be, on two processors with the generator on one of them.
    pub fn least_per_second(self) -> f64 {
        match self {
            Kind::Read => 2_000.0,
            Kind::Write => 400.0,
            Kind::Login => 60.0,
        }
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this long.
    Time(Duration),
    /// After this many requests, or at the latest after this long.
    Count(u64, Duration),
}

/// What came of one kind.
pub struct Outcome {
    pub kind: Kind,
    pub latencies: Samples,
    pub took: Duration,
    pub errors: u64,
    pub first_error: Option<String>,
    pub blocks: Vec<Block>,
}

impl Outcome {
    /// Answers per second; what failed does not count.
    pub fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.took.as_secs_f64()
    }
}

/// A part of a long series, in the order of the answers.
pub struct Block {
    pub latencies: Samples,
    pub took: Duration,
}

impl Block {
    /// Answers per second.
    pub fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.took.as_secs_f64()
    }
}

/// All callers.
pub struct Crowd {
    address: SocketAddr,
    members: Vec<Member>,
}

struct Member {
    name: String,
    profile: String,
    cookie: String,
}

/// What the callers of one kind count together; they share a thread.
struct Tally {
    begun: Instant,
    until: Until,
    asked: Cell<u64>,
    /// When an answer came, and how long it took.
    answers: RefCell<Vec<(Duration, Duration)>>,
    errors: Cell<u64>,
    first_error: RefCell<Option<String>>,
}

impl Crowd {
    /// Makes this many members and signs them in.
    pub async fn register(address: SocketAddr, members: u16) -> Result<Crowd, String> {
        let members = try_join_all((0..members).map(|number| Member::register(address, number))).await?;
        Ok(Crowd { address, members })
    }

    /// Has every caller ask again and again.
    pub async fn press(&self, kind: Kind, until: Until) -> Result<Outcome, String> {
        // Connected before the clock runs.
        let connections = try_join_all(self.members.iter().map(|_| Connection::open(self.address))).await?;
        let tally = Tally {
            begun: Instant::now(),
            until,
            asked: Cell::new(0),
            answers: RefCell::default(),
            errors: Cell::new(0),
            first_error: RefCell::default(),
        };
        let callers = self.members.iter().zip(connections);
        join_all(callers.map(|(member, connection)| tally.call(kind, member, connection, self.address))).await;
        Ok(tally.finish(kind))
    }
}

impl Tally {
    /// One caller, until it is over.
    async fn call(&self, kind: Kind, member: &Member, mut connection: Connection, address: SocketAddr) {
        while self.may_ask() {
            let number = self.asked.get() + 1;
            self.asked.set(number);
            let asked = Instant::now();
            match member.ask(kind, number, &mut connection).await {
                Ok(()) => self.answers.borrow_mut().push((self.begun.elapsed(), asked.elapsed())),
                Err(error) => {
                    self.errors.set(self.errors.get() + 1);
                    self.first_error.borrow_mut().get_or_insert(error);
                    // The connection may be the trouble; if there is no other, neither is there more to ask.
                    match Connection::open(address).await {
                        Ok(another) => connection = another,
                        Err(_) => return,
                    }
                }
            }
        }
    }

    fn may_ask(&self) -> bool {
        match self.until {
            Until::Time(time) => self.begun.elapsed() < time,
            Until::Count(count, longest) => self.asked.get() < count && self.begun.elapsed() < longest,
        }
    }

    fn finish(self, kind: Kind) -> Outcome {
        let answers = self.answers.into_inner();
        let mut blocks = Vec::new();
        let mut begun = Duration::ZERO;
        for block in answers.chunks(BLOCK) {
            let ended = block.last().map_or(begun, |(at, _)| *at);
            blocks.push(Block { latencies: latencies(block), took: ended - begun });
            begun = ended;
        }
        Outcome {
            kind,
            latencies: latencies(&answers),
            took: self.begun.elapsed(),
            errors: self.errors.get(),
            first_error: self.first_error.into_inner(),
            blocks,
        }
    }
}

fn latencies(answers: &[(Duration, Duration)]) -> Samples {
    Samples::of(answers.iter().map(|(_, took)| *took).collect())
}

impl Member {
    async fn register(address: SocketAddr, number: u16) -> Result<Member, String> {
        let name = format!("caller-{number}");
        let mut connection = Connection::open(address).await?;
        let body = json!({ "username": name, "password1": PASSWORD, "password2": PASSWORD });
        let reply = connection.send(Method::POST, "/users/register/", "", bytes_of(&body)).await?;
        let joined = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        success(reply)?;
        let mut member = Member { name, profile: format!("/users/{}/", joined["id"]), cookie: String::new() };
        let reply = member.log_in(&mut connection).await?;
        let cookies = reply.headers.get_all(SET_COOKIE).into_iter();
        let mut pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let session = pairs.find(|pair| pair.starts_with("sessionid="));
        member.cookie = session.ok_or("A login set no session cookie.")?.to_owned();
        success(reply)?;
        Ok(member)
    }

    async fn ask(&self, kind: Kind, number: u64, connection: &mut Connection) -> Result<(), String> {
        let reply = match kind {
            Kind::Read => connection.get(&self.profile, &self.cookie).await?,
            Kind::Write => {
                let body = bytes_of(&json!({ "first_name": format!("Ada {number}") }));
                connection.send(Method::PATCH, &self.profile, &self.cookie, body).await?
            }
            Kind::Login => self.log_in(connection).await?,
        };
        success(reply)
    }

    /// Without cookies: who is signed in already is refused.
    async fn log_in(&self, connection: &mut Connection) -> Result<Reply, String> {
        let body = bytes_of(&json!({ "username": self.name, "password": PASSWORD }));
        connection.send(Method::POST, "/users/login/", "", body).await
    }
}

fn bytes_of(json: &Value) -> Bytes {
    Bytes::from(json.to_string())
}

fn success(reply: Reply) -> Result<(), String> {
    if reply.status.is_success() {
        return Ok(());
    }
    Err(format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body)))
}
