//! A process that we started: looked at through `/proc`, and ended with its guard, whatever becomes of the harness.

use std::fs;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A running process.
pub struct Process {
    child: Child,
    started: Instant,
}

impl Process {
    /// Starts one.
    pub fn start(command: &mut Command) -> Result<Process, String> {
        let started = Instant::now();
        let child =
            command.spawn().map_err(|error| format!("{:?} cannot be started: {error}.", command.get_program()))?;
        Ok(Process { child, started })
    }

    /// The moment before it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The memory that it holds at this moment, in bytes.
    pub fn resident(&self) -> Result<u64, String> {
        self.memory("VmRSS:")
    }

    /// The most memory that it ever held, in bytes.
    pub fn peak_resident(&self) -> Result<u64, String> {
        self.memory("VmHWM:")
    }

    /// The processor time that its threads took so far. The kernel keeps it in nanoseconds beside the scheduler's
    /// statistics; what `stat` shows is rounded to hundredths of a second.
    pub fn processor_time(&self) -> Result<Duration, String> {
        let threads = format!("/proc/{}/task", self.child.id());
        let unreadable = |error| format!("{threads} cannot be read: {error}.");
        let mut time = Duration::ZERO;
        for thread in fs::read_dir(&threads).map_err(unreadable)? {
            let path = thread.map_err(unreadable)?.path().join("schedstat");
            // A thread may end between the list and the look.
            let Ok(statistics) = fs::read_to_string(path) else { continue };
            let on_processor = statistics.split(' ').next().and_then(|figure| figure.parse().ok());
            time += Duration::from_nanos(on_processor.unwrap_or(0));
        }
        Ok(time)
    }

    fn memory(&self, name: &str) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path} cannot be read: {error}."))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kibibytes.map(|kibibytes| kibibytes * 1024).ok_or_else(|| format!("{path} has no {name}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed any more, and that is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
