//! `measure cold-start`: every function's binary against a stub Runtime API, beside a bare `lambda_runtime` hello.
//!
//! The functions call a local cloud in this process, so what they ask of AWS is answered. This thread is the Runtime
//! API, the table and all other services; the other processor is the function's.

mod report;
mod runtime_api;
mod scenes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use local::Cloud;
use serde_json::Value;
use shared::config::Environment;
use tests::cloud_over;
use tests::wire::Wire;

use self::runtime_api::RuntimeApi;
use crate::figures::Samples;
use crate::process::Process;
use crate::say;

/// Where most systems keep all root certificates in one file.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How often, and which binaries.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Launches of every function that count.
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    launches: u16,
    /// Launches before them, which do not.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=100))]
    warm_ups: u16,
    /// Requests after the first one, in the last launch.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    requests: u16,
    /// Where the binaries are, as <DIR>/<name> or <DIR>/<name>/bootstrap [default: where this one is].
    #[arg(long, value_name = "DIR")]
    profile_dir: Option<PathBuf>,
}

/// What one function came to.
struct Measured {
    start: Samples,
    first: Samples,
    rest: Samples,
    processor: Samples,
    resident_at_start: u64,
    resident_at_end: u64,
    size: u64,
}

/// Measures every function.
pub async fn run(arguments: &Arguments) -> Result<String, String> {
    let beside_us = beside_us()?;
    let folder = arguments.profile_dir.as_ref().unwrap_or(&beside_us);
    let wire = Wire::default();
    let cloud = cloud_over(&wire, &[]).await?;
    let stage = scenes::set(&cloud).await?;
    let mut measured = Vec::new();
    for scene in &stage.scenes {
        say(&format!("{} ({})", scene.function, scene.event));
        // `hello` is no function of ours, and is built for this harness only.
        let in_folder = find(folder, scene.function);
        let binary = in_folder.or_else(|error| find(&beside_us, scene.function).map_err(|_| error))?;
        let environment = environment(&cloud, scene.function);
        let mut events = (1..).map(|number| scene.event(number));
        let explain = |reason: String| format!("{} ({}): {reason}.", scene.function, scene.event);
        let calls = count_calls(&cloud, &wire, scene.function, &mut events).await.map_err(explain)?;
        let figures = measure(arguments, &mut events, &binary, &environment).await.map_err(explain)?;
        measured.push(report::Line { scene, calls, figures });
    }
    cloud.shutdown().await;
    Ok(report::write(arguments, folder, &measured))
}

/// How many calls to AWS an event makes: of the same function in this process, where they can be watched. The first
/// event does not count, since a start has its own.
async fn count_calls(
    cloud: &Cloud,
    wire: &Wire,
    function: &str,
    events: &mut impl Iterator<Item = Value>,
) -> Result<usize, String> {
    // `hello` is not among the template's, and calls nobody.
    if cloud.functions().environment(function).is_none() {
        return Ok(0);
    }
    for event in events.take(2) {
        wire.mend();
        let answer = cloud.functions().invoke(function, event).await.outcome?;
        if !scenes::is_success(&answer) {
            return Err(format!("it answered {answer}"));
        }
    }
    Ok(wire.calls())
}

async fn measure(
    arguments: &Arguments,
    events: &mut impl Iterator<Item = Value>,
    binary: &Path,
    environment: &Environment,
) -> Result<Measured, String> {
    let size = fs::metadata(binary).map_err(|error| error.to_string())?.len();
    let (mut starts, mut firsts) = (Vec::new(), Vec::new());
    let mut next_event = || events.next().unwrap_or_default();
    let mut last = None;
    for launch in 0..arguments.warm_ups + arguments.launches {
        // The one before is still there until now; it must not take time from this one.
        drop(last.take());
        let mut launched = Launched::start(binary, environment).await?;
        let (start, first) = launched.first(&next_event()).await?;
        if launch >= arguments.warm_ups {
            starts.push(start);
            firsts.push(first);
        }
        last = Some(launched);
    }
    let mut launched = last.ok_or("it was never launched")?;
    let (mut rest, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..arguments.requests {
        let (took, on_processor) = launched.another(&next_event()).await?;
        rest.push(took);
        processor.push(on_processor);
    }
    Ok(Measured {
        start: Samples::of(starts),
        first: Samples::of(firsts),
        rest: Samples::of(rest),
        processor: Samples::of(processor),
        resident_at_start: launched.resident_at_start,
        resident_at_end: launched.process.resident()?,
        size,
    })
}

/// One launch of a function.
struct Launched {
    // Fields are dropped in their order: the function ends before its Runtime API does.
    process: Process,
    api: RuntimeApi,
    request: Option<runtime_api::Request>,
    output: tempfile::NamedTempFile,
    start: Duration,
    resident_at_start: u64,
}

impl Launched {
    /// Starts the binary, and waits until it asks for work.
    async fn start(binary: &Path, environment: &Environment) -> Result<Launched, String> {
        let mut api = RuntimeApi::start().await?;
        let output = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        let file = || output.reopen().map(Stdio::from).map_err(|error| error.to_string());
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .stdin(Stdio::null())
            .stdout(file()?)
            .stderr(file()?);
        let process = Process::start(&mut command)?;
        let request = match api.request().await {
            Ok(request) => request,
            Err(reason) => return Err(with_output(reason, &output)),
        };
        let start = request.at - process.started();
        let resident_at_start = process.resident()?;
        Ok(Launched { process, api, request: Some(request), output, start, resident_at_start })
    }

    /// The time to the first request for work, and the first event's time.
    async fn first(&mut self, event: &Value) -> Result<(Duration, Duration), String> {
        let (took, _) = self.another(event).await?;
        Ok((self.start, took))
    }

    /// One event's time, and the processor time that it took of the function.
    async fn another(&mut self, event: &Value) -> Result<(Duration, Duration), String> {
        let before = self.process.processor_time()?;
        let request = self.request.take().ok_or("it did not ask for another event")?;
        let invoked = self.api.invoke(request, event).await;
        let (answer, took) = invoked.map_err(|reason| with_output(reason, &self.output))?;
        if !scenes::is_success(&answer) {
            return Err(with_output(format!("it answered {answer}"), &self.output));
        }
        self.request = Some(self.api.request().await?);
        Ok((took, self.process.processor_time()?.saturating_sub(before)))
    }
}

/// A reason with the last line that the function wrote.
fn with_output(reason: String, output: &tempfile::NamedTempFile) -> String {
    let text = fs::read_to_string(output.path()).unwrap_or_default();
    match text.lines().next_back() {
        Some(line) => format!("{reason}; its last words: {line}"),
        None => reason,
    }
}

/// The environment that Lambda gives a function; its own variables are those that the template names, with the local
/// cloud's addresses. `hello` has none.
fn environment(cloud: &Cloud, function: &str) -> Environment {
    let mut environment = cloud.functions().environment(function).cloned().unwrap_or_default();
    let of_lambda = [
        ("_HANDLER", "bootstrap"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_NAME", function),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/measured"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "measured"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ];
    environment.extend(of_lambda.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if Path::new(CERTIFICATES).exists() {
        environment.insert("SSL_CERT_FILE".to_owned(), CERTIFICATES.to_owned());
    }
    environment
}

/// The folder that this binary lies in.
fn beside_us() -> Result<PathBuf, String> {
    let ours = std::env::current_exe().map_err(|error| format!("This binary does not know where it is: {error}."))?;
    Ok(ours.parent().unwrap_or(Path::new(".")).to_owned())
}

fn find(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let candidates = [folder.join(name).join("bootstrap"), folder.join(name)];
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        format!("There is no {name} in {}; build it with `cargo build --release --workspace`.", folder.display())
    })
}
