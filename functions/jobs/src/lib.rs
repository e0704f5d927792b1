//! Jobs: work that no request waits for, on a schedule, by hand, or because something happened.

pub mod check_accounts;
pub mod check_boards;
pub mod check_counts;
pub mod clean_up;
pub mod close_period;
pub mod forget_coder;
pub mod make_staff;
pub mod refresh;
pub mod remove_files;
pub mod remove_member;
pub mod runs;
pub mod send_digests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::boards::Span;
use shared::events::{Event, Happened};
use shared::lambda::Function;
use shared::model::job;
use shared::queue::{self, Batch};
use shared::{App, Error, Result};

/// The variables without which this function cannot work.
pub const NEEDS: &[&str] = &["BOARDS_TABLE", "BUCKET", "TABLE"];

/// A job that a schedule starts, or a person.
#[derive(Debug, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Removes files that nothing refers to.
    CleanUp,
    /// Holds accounts, names and scores against each other.
    CheckAccounts,
    /// Holds boards and their entries against each other.
    CheckBoards,
    /// See [`check_counts`].
    CheckCounts,
    /// Closes the boards of the week that is over.
    CloseWeek,
    /// Closes the boards of the month that is over.
    CloseMonth,
    /// Closes the boards of the year that is over.
    CloseYear,
    /// Has letters sent about what their readers have not seen.
    SendDigests,
    /// Begins to refresh every coding profile.
    RefreshProfiles,
    /// Begins the report of this week.
    WeeklyReport,
    /// Makes a member an administrator; only by hand.
    MakeStaff {
        /// The member's name.
        name: String,
    },
}

impl Job {
    /// Its name among the jobs that a schedule starts, if it is one of them.
    fn schedule(&self) -> Option<&'static str> {
        let name = match self {
            Job::CleanUp => "clean-up",
            Job::CheckAccounts => "check-accounts",
            Job::CheckBoards => "check-boards",
            Job::CheckCounts => "check-counts",
            Job::CloseWeek => "close-week",
            Job::CloseMonth => "close-month",
            Job::CloseYear => "close-year",
            Job::SendDigests => "send-digests",
            Job::RefreshProfiles => "refresh-profiles",
            Job::WeeklyReport => "weekly-report",
            Job::MakeStaff { .. } => return None,
        };
        job::find(name).map(|job| job.name)
    }

    async fn run(self, app: &App) -> Result<Done> {
        Ok(match self {
            Job::CleanUp => Done::CleanUp(clean_up::run(app).await?),
            Job::CheckAccounts => Done::CheckAccounts(check_accounts::run(app).await?),
            Job::CheckBoards => Done::CheckBoards(check_boards::run(app).await?),
            Job::CheckCounts => Done::CheckCounts(check_counts::run(app).await?),
            Job::CloseWeek => Done::CloseWeek(close_period::run(app, Span::Week, "close-week").await?),
            Job::CloseMonth => Done::CloseMonth(close_period::run(app, Span::Month, "close-month").await?),
            Job::CloseYear => Done::CloseYear(close_period::run(app, Span::Year, "close-year").await?),
            Job::SendDigests => Done::SendDigests(send_digests::run(app).await?),
            Job::RefreshProfiles => Done::RefreshProfiles(refresh::profiles(app).await?),
            Job::WeeklyReport => Done::WeeklyReport(refresh::report(app).await?),
            Job::MakeStaff { name } => Done::MakeStaff(make_staff::run(app, &name).await?),
        })
    }
}

/// What a job came to.
#[derive(Debug, Serialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Done {
    /// See [`clean_up`].
    CleanUp(clean_up::Report),
    /// See [`check_accounts`].
    CheckAccounts(check_accounts::Report),
    /// See [`check_boards`].
    CheckBoards(check_boards::Report),
    /// See [`check_counts`].
    CheckCounts(check_counts::Report),
    /// See [`close_period`].
    CloseWeek(close_period::Report),
    /// See [`close_period`].
    CloseMonth(close_period::Report),
    /// See [`close_period`].
    CloseYear(close_period::Report),
    /// See [`send_digests`].
    SendDigests(send_digests::Report),
    /// See [`refresh`].
    RefreshProfiles(refresh::Report),
    /// See [`refresh`].
    WeeklyReport(refresh::Report),
    /// See [`make_staff`].
    MakeStaff(make_staff::Report),
}

impl Done {
    /// The job's name; reports may hold members' names, which stay out of the log.
    fn name(&self) -> &'static str {
        match self {
            Done::CleanUp(_) => "clean-up",
            Done::CheckAccounts(_) => "check-accounts",
            Done::CheckBoards(_) => "check-boards",
            Done::CheckCounts(_) => "check-counts",
            Done::CloseWeek(_) => "close-week",
            Done::CloseMonth(_) => "close-month",
            Done::CloseYear(_) => "close-year",
            Done::SendDigests(_) => "send-digests",
            Done::RefreshProfiles(_) => "refresh-profiles",
            Done::WeeklyReport(_) => "weekly-report",
            Done::MakeStaff(_) => "make-staff",
        }
    }
}

/// The function.
pub fn function(app: App) -> Function {
    Function::event(app, handle)
}

/// A queue sends records; everything else names a job.
async fn handle(app: App, event: Value) -> Result<Value> {
    let unknown = |cause| Error::internal("This is neither a job nor a batch of events.", cause);
    let done = if event.get("Records").is_some() {
        let batch: Batch = serde_json::from_value(event).map_err(unknown)?;
        serde_json::to_value(queue::each(&app, batch, follow_up).await)
    } else {
        let done = runs::on_schedule(&app, serde_json::from_value(event).map_err(unknown)?).await?;
        tracing::info!(job = done.name(), "A job is done.");
        serde_json::to_value(done)
    };
    done.map_err(|cause| Error::internal("A report could not be written.", cause))
}

async fn follow_up(app: App, Happened { id, event, .. }: Happened) -> Result<()> {
    match event {
        Event::CoderLetGo { member, platform, username } => forget_coder::run(&app, member, platform, &username).await,
        Event::FilesOrphaned { files, .. } => remove_files::run(&app, &files).await,
        Event::JobAsked { job } => runs::as_asked(&app, &job, id).await,
        Event::MemberDeleted { member } => remove_member::run(&app, member).await,
        // Rules of the template send nothing else here; what they do send by mistake needs nothing done.
        _ => Ok(()),
    }
}
