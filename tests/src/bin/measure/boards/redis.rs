//! The same questions to a real Redis, where there is one: Debian's `redis-server`, on loopback and in memory.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::figures::Samples;
use crate::process::Process;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);
/// Members sent at once.
const AT_ONCE: usize = 10_000;

/// A running Redis. It ends when it is dropped.
pub struct Redis {
    process: Process,
    connection: redis::Connection,
}

impl Redis {
    /// Starts one; `None` where it is not installed.
    pub fn start() -> Result<Option<Redis>, String> {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.map_err(|error| error.to_string())?.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let Ok(process) = Process::start(command.stdin(Stdio::null()).stdout(Stdio::null())) else { return Ok(None) };
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).map_err(|error| error.to_string())?;
        let began = Instant::now();
        loop {
            match client.get_connection() {
                Ok(connection) => return Ok(Some(Redis { process, connection })),
                Err(error) if began.elapsed() > PATIENCE => return Err(format!("Redis does not answer: {error}.")),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Makes a sorted set of these scores, in place of the one before.
    pub fn fill(&mut self, scores: &[i64]) -> Result<(), String> {
        let failed = |error: redis::RedisError| error.to_string();
        redis::cmd("FLUSHALL").exec(&mut self.connection).map_err(failed)?;
        for (some, first) in scores.chunks(AT_ONCE).zip((1_usize..).step_by(AT_ONCE)) {
            let mut add = redis::cmd("ZADD");
            add.arg("board");
            for (score, member) in some.iter().zip(first..) {
                add.arg(*score).arg(member);
            }
            add.exec(&mut self.connection).map_err(failed)?;
        }
        Ok(())
    }

    /// How long it takes to say a member's rank: the members with a higher score are counted.
    pub fn ranks(&mut self, members: &[(u64, i64)]) -> Result<Samples, String> {
        let mut samples = Vec::new();
        for (member, _) in members {
            let began = Instant::now();
            let score: f64 = redis::cmd("ZSCORE").arg("board").arg(member).query(&mut self.connection).map_err(text)?;
            let _: i64 = redis::cmd("ZCOUNT")
                .arg("board")
                .arg(format!("({score}"))
                .arg("+inf")
                .query(&mut self.connection)
                .map_err(text)?;
            samples.push(began.elapsed());
        }
        Ok(Samples::of(samples))
    }

    /// The memory it holds.
    pub fn resident(&self) -> Result<u64, String> {
        self.process.resident()
    }
}

fn text(error: redis::RedisError) -> String {
    error.to_string()
}
