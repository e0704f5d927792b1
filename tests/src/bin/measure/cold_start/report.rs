//! The tables of the cold starts: all figures, and the budgets with what comes nearest to them.

use std::path::Path;
use std::time::Duration;

use super::scenes::Scene;
use super::{Arguments, Measured};
use crate::figures::{MEBIBYTE, mebibytes, milliseconds};
use crate::table::{Budgets, Table};

const START: Duration = Duration::from_millis(4);
const RESIDENT: u64 = 24 * MEBIBYTE;
const SIZE: u64 = 8 * MEBIBYTE;
const MEDIAN_SIZE: u64 = 7 * MEBIBYTE;
const PROCESSOR_TIME: Duration = Duration::from_micros(200);

/// What one event of a function came to.
pub(super) struct Line<'a> {
    pub(super) scene: &'a Scene,
    /// How many calls to AWS it makes, once the function has started.
    pub(super) calls: usize,
    pub(super) figures: Measured,
}

/// Both tables.
pub(super) fn write(arguments: &Arguments, folder: &Path, measured: &[Line]) -> String {
    let heading = format!(
        "Cold starts of {}: {} launches, then {} requests in the last one; milliseconds and MiB",
        folder.display(),
        arguments.launches,
        arguments.requests,
    );
    let names =
        ["function", "event", "start", "p95", "first", "then", "p99", "own CPU", "calls", "RSS", "at end", "size"];
    let mut table = Table::new(heading, names);
    for Line { scene, calls, figures } in measured {
        table.row([
            scene.function.to_owned(),
            scene.event.to_owned(),
            milliseconds(figures.start.median()),
            milliseconds(figures.start.percentile(95)),
            milliseconds(figures.first.median()),
            milliseconds(figures.rest.median()),
            milliseconds(figures.rest.percentile(99)),
            milliseconds(figures.processor.median()),
            calls.to_string(),
            mebibytes(figures.resident_at_start),
            mebibytes(figures.resident_at_end),
            mebibytes(figures.size),
        ]);
    }
    format!(
        "{table}\nstart: from exec to asking for the first event, median and 95th percentile; first: until it was \
         answered, median;\nthen: later events, median and 99th percentile; own CPU: what a later event took of the \
         function itself, median;\ncalls: how many calls to AWS that event makes, each of which takes its part of \
         own CPU in the AWS client\n(what goes to the files' signed addresses is not among them);\nRSS: resident at the start and after the last event; size: the binary as it \
         stands there.\n{}",
        budgets(measured)
    )
}

fn budgets(measured: &[Line]) -> Budgets {
    let ours: Vec<&Line> = measured.iter().filter(|line| line.scene.function != "hello").collect();
    let ordinary: Vec<&Line> = ours.iter().filter(|line| line.scene.heavy.is_none()).copied().collect();
    let mut budgets = Budgets::new("Budgets, each with the function that comes nearest to it or beyond");

    let time = |(time, function): (Duration, &str)| format!("{} ms ({function})", milliseconds(time));
    let memory = |(bytes, function): (u64, &str)| format!("{} MiB ({function})", mebibytes(bytes));
    let start = most(&ours, |figures| figures.start.median());
    budgets.add("exec to the first request for work, median", "4 ms", &time(start), start.0 <= START);
    let resident = most(&ours, |figures| figures.resident_at_end);
    budgets.add("resident after the requests", "24 MiB", &memory(resident), resident.0 <= RESIDENT);
    let largest = most(&ours, |figures| figures.size);
    budgets.add("binary, the largest", "8 MiB", &memory(largest), largest.0 <= SIZE);
    let median = median_size(&ours);
    budgets.add("binary, the median", "7 MiB", &memory(median), median.0 <= MEDIAN_SIZE);
    let processor = most(&ordinary, |figures| figures.processor.median());
    budgets.add("own CPU time per request, median", "0.2 ms", &time(processor), processor.0 <= PROCESSOR_TIME);
    for Line { scene, figures, .. } in ours {
        if let Some(work) = scene.heavy {
            let what = format!("  {} ({}) {work}", scene.function, scene.event);
            budgets.note(&what, &time((figures.processor.median(), scene.function)));
        }
    }
    budgets
}

/// The most of something, and the function that has it.
fn most<'a, T: Ord + Default>(lines: &[&Line<'a>], of: impl Fn(&Measured) -> T) -> (T, &'a str) {
    lines.iter().map(|line| (of(&line.figures), line.scene.function)).max().unwrap_or_default()
}

/// The size in the middle; a function with several events counts once.
fn median_size<'a>(lines: &[&Line<'a>]) -> (u64, &'a str) {
    let mut sizes: Vec<_> = lines.iter().map(|line| (line.figures.size, line.scene.function)).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
}
