//! `cargo run`: the local cloud on one port, until Ctrl-C.

mod cli;
mod make_staff;
mod seed;

use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use local::{Cloud, Options, Pumps, Storage, gateway};
use shared::clock::Clock;
use shared::ids::Ids;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use cli::{Cli, Command, Serve};

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(cli.serve.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("No threads can be started: {error}.")),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Some(Command::Seed(seed)) => seed::run(&seed).await,
            Some(Command::MakeStaff(make)) => make_staff::run(&make).await,
            None => serve(&cli.serve).await,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(&reason),
    }
}

fn fail(reason: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{reason}");
    ExitCode::FAILURE
}

async fn serve(serve: &Serve) -> Result<(), String> {
    let template = serve.place.template()?;
    let storage = if serve.memory { Storage::Memory } else { Storage::Folder(serve.place.data(&template)) };
    let mut stops = Stops::watch()?;
    let listener = listen(serve).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let options = Options {
        overrides: serve.place.overrides(&template)?,
        template,
        storage,
        public_url: public_url(address),
        clock: Clock::system(),
        ids: Ids::random(),
        invoke: serve.invoke.clone(),
        pumps: Pumps::Running,
        wire: None,
    };
    let cloud = Cloud::start(options).await?;
    welcome(&cloud).map_err(|error| format!("The addresses could not be printed: {error}."))?;
    let stop = watch::Sender::new(false);
    let mut stopped = stop.subscribe();
    let served = tokio::spawn(gateway::serve(listener, cloud.clone(), async move {
        // An error means that the sender is gone, and that is as good.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }));
    stops.next().await;
    // Whoever is told twice means it.
    tokio::select! {
        () = shut_down(&cloud, &stop, served) => {}
        () = stops.next() => {}
    }
    Ok(())
}

async fn shut_down(cloud: &Cloud, stop: &watch::Sender<bool>, served: tokio::task::JoinHandle<io::Result<()>>) {
    stop.send_replace(true);
    cloud.sockets().close_all().await;
    match served.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!("The gateway stopped: {error}"),
        Err(error) => tracing::error!("The gateway stopped: {error}"),
    }
    cloud.shutdown().await;
}

async fn listen(serve: &Serve) -> Result<TcpListener, String> {
    let address = SocketAddr::new(serve.host, serve.port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!("Port {} is in use; choose another with --port.", serve.port),
        io::ErrorKind::PermissionDenied => format!("Port {} is not ours to use; choose one above 1023.", serve.port),
        _ => format!("{address} cannot be listened on: {error}."),
    })
}

/// The address that browsers are told: cookies and origins know this machine as `localhost`.
fn public_url(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => format!("http://localhost:{}", address.port()),
        IpAddr::V4(_) | IpAddr::V6(_) => format!("http://{address}"),
    }
}

/// Ctrl-C and SIGTERM. They are caught from the moment this is made, and not only once somebody waits for them.
struct Stops {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stops {
    fn watch() -> Result<Stops, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let catch = |kind| signal(kind).map_err(|error| format!("Signals cannot be caught: {error}."));
        Ok(Stops { interrupt: catch(SignalKind::interrupt())?, terminate: catch(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Stops {
    fn watch() -> Result<Stops, String> {
        Ok(Stops {})
    }

    async fn next(&mut self) {
        // An error means that it cannot be caught; then it ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn welcome(cloud: &Cloud) -> io::Result<()> {
    let url = &cloud.options().public_url;
    let (bold, dim, plain) = if io::stdout().is_terminal() { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    let kept = match &cloud.options().storage {
        Storage::Memory => "in memory, and gone when this stops".to_owned(),
        Storage::Folder(folder) => folder.display().to_string(),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "\n  {bold}Guildhall{plain} is open.\n")?;
    for (name, value) in [
        ("API", url.clone()),
        ("Docs", format!("{url}/docs")),
        ("Inside", format!("{url}/_local/")),
        ("WebSocket", url.replacen("http", "ws", 1)),
        ("Data", kept),
    ] {
        writeln!(out, "  {dim}{name:<10}{plain} {value}")?;
    }
    writeln!(out, "\n  {dim}Ctrl-C closes it.{plain}\n")?;
    out.flush()
}

/// Warnings of everything, errors only of what is chatty; with `verbose` also what the functions have to say.
fn start_logging(verbose: bool) {
    let ours = if verbose { LevelFilter::INFO } else { LevelFilter::WARN };
    let mut levels = Targets::new().with_default(LevelFilter::WARN).with_targets([
        ("dynoxide", LevelFilter::ERROR),
        ("hyper_util", LevelFilter::ERROR),
        ("s3s", LevelFilter::ERROR),
        ("s3s_fs", LevelFilter::ERROR),
    ]);
    for name in [
        "accounts",
        "admin",
        "chat",
        "docs",
        "exporter",
        "files",
        "jobs",
        "leaderboards",
        "local",
        "mailer",
        "projector",
        "shared",
        "tracker",
    ] {
        levels = levels.with_target(name, ours);
    }
    let lines = tracing_subscriber::fmt::layer().compact().with_target(false).with_writer(io::stderr);
    // A second subscriber can only mean that somebody else set one, which is as good.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(levels).with(lines));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_called_localhost() {
        let url = |address: &str| public_url(address.parse().unwrap());
        assert_eq!(url("127.0.0.1:8000"), "http://localhost:8000");
        assert_eq!(url("0.0.0.0:80"), "http://localhost:80");
        assert_eq!(url("192.168.1.7:8000"), "http://192.168.1.7:8000");
        assert_eq!(url("[fd00::1]:8000"), "http://[fd00::1]:8000");
    }
}
