//! The local cloud as a process of its own, with data of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tests::repository;

use crate::load::client::Connection;
use crate::process::Process;

/// How long the server may take to answer its first request.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server, and the folder of its data. Both are gone when it is dropped.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub start: Duration,
    _data: TempDir,
}

impl Server {
    /// Starts this binary, or `local` beside the one that runs; with these template parameters, as `Name=Value`.
    pub async fn start(binary: Option<&Path>, in_memory: bool, parameters: &[&str]) -> Result<Server, String> {
        let binary = match binary {
            Some(binary) => binary.to_owned(),
            None => std::env::current_exe().map_err(|error| error.to_string())?.with_file_name("local"),
        };
        if !binary.is_file() {
            let binary = binary.display();
            return Err(format!("There is no {binary}; build it with `cargo build --release --workspace`."));
        }
        let data = TempDir::new().map_err(|error| format!("No folder for the data can be made: {error}."))?;
        let address = free_address()?;
        let mut command = Command::new(binary);
        command.arg("--template").arg(repository().join("template.yaml")).args(["--port", &address.port().to_string()]);
        if in_memory {
            command.arg("--memory");
        } else {
            command.arg("--data").arg(data.path().join("data"));
        }
        if !parameters.is_empty() {
            command.arg("--parameter-overrides").args(parameters);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = Process::start(&mut command)?;
        while !answers(address).await {
            if process.has_ended() {
                return Err("The server ended before it answered.".to_owned());
            }
            if process.started().elapsed() > PATIENCE {
                return Err(format!("The server did not answer within {} seconds.", PATIENCE.as_secs()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let start = process.started().elapsed();
        Ok(Server { process, address, start, _data: data })
    }
}

/// A port that nobody listens on at this moment.
fn free_address() -> Result<SocketAddr, String> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|error| format!("No port is free: {error}."))
}

async fn answers(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    connection.get("/health/", "").await.is_ok_and(|reply| reply.status.is_success())
}
