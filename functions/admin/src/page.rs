//! What every page has: its place among the sections, who signed in, and the token for its forms.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::Member;
use shared::http::{Cursor, Page};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::role::Role;
use shared::store::keys;
use shared::{App, Error, Result};

use crate::{assets, form};

/// A section of the pages: what the staff looks after.
pub struct Section {
    /// What the navigation calls it.
    pub title: &'static str,
    /// Its first page.
    pub path: &'static str,
}

/// The first page of all.
pub const OVERVIEW: &str = "/admin/";
/// Members.
pub const MEMBERS: &str = "/admin/users/";
/// What members reported.
pub const REPORTS: &str = "/admin/reports/";
/// Letters sent and failed.
pub const LETTERS: &str = "/admin/letters/";
/// Scheduled jobs and their runs.
pub const JOBS: &str = "/admin/jobs/";
/// What is fetched from platforms.
pub const REFRESHES: &str = "/admin/refreshes/";
/// What the staff did.
pub const AUDIT: &str = "/admin/audit/";

/// Every section, in the order of the navigation. A slice that has something to look after adds its own.
pub fn sections() -> &'static [Section] {
    &[
        Section { title: "Overview", path: OVERVIEW },
        Section { title: "Members", path: MEMBERS },
        Section { title: "Reports", path: REPORTS },
        Section { title: "Letters", path: LETTERS },
        Section { title: "Jobs", path: JOBS },
        Section { title: "Refreshes", path: REFRESHES },
        Section { title: "Audit trail", path: AUDIT },
    ]
}

/// What stands around the content of a page.
pub struct Frame<'a> {
    /// Who signed in.
    pub staff: &'a str,
    /// Their id.
    pub id: MemberId,
    /// What they may do.
    pub role: Role,
    /// The token for the page's forms: every page has one to sign out.
    pub token: String,
    /// The path of the section that the page belongs to.
    pub section: &'static str,
    /// What has just been done; empty for nothing.
    pub done: &'static str,
}

impl<'a> Frame<'a> {
    /// The frame of a page in a section.
    pub fn of(app: &App, by: &'a Member, section: &'static str) -> Frame<'a> {
        Frame {
            staff: by.account.username.as_str(),
            id: by.id(),
            // Nobody else gets here.
            role: by.account.role.unwrap_or(Role::Moderator),
            token: form::token(app, &by.session),
            section,
            done: "",
        }
    }

    /// The same frame, saying what has just been done.
    pub fn after(self, done: Option<&str>) -> Frame<'a> {
        Frame { done: sentence(done), ..self }
    }

    /// Whether they may do everything.
    pub fn is_administrator(&self) -> bool {
        self.role == Role::Administrator
    }
}

/// What has just been done.
#[derive(Deserialize, JsonSchema)]
pub struct Done {
    /// In a word.
    pub done: Option<String>,
}

/// Where in a list, and what has just been done.
#[derive(Deserialize, JsonSchema)]
pub struct Place {
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// What has been done, from the word in the address: a link cannot make a page say anything else.
fn sentence(done: Option<&str>) -> &'static str {
    match done {
        Some("activated") => "The account is active.",
        Some("deactivated") => "The account is deactivated, and its sessions have ended.",
        Some("banned") => "The member is banned, and their sessions have ended.",
        Some("reinstated") => "The ban is lifted.",
        Some("unlocked") => "Failed logins are forgotten.",
        Some("password_reset") => "A letter with a link to set a new password is on its way.",
        Some("score_set") => "The score is set.",
        Some("role_set") => "The role is set.",
        Some("edited") => "The profile is saved.",
        Some("session_ended") => "The session has ended.",
        Some("sessions_ended") => "All sessions have ended.",
        Some("second_factor_removed") => "The second factor is off, and all sessions have ended.",
        Some("deleted") => "The account is deleted.",
        Some("post_deleted") => "The post is deleted.",
        Some("comment_deleted") => "The comment is deleted.",
        Some("report_resolved") => "The report is resolved.",
        Some("report_closed") => "The report is closed.",
        Some("report_reopened") => "The report is open again.",
        Some("report_noted") => "The notes are saved.",
        Some("job_asked") => "The job will run in a moment. Load this page again to see how it went.",
        _ => "",
    }
}

/// A template as a page.
pub fn show(page: &impl Template) -> Result<Page> {
    page.render().map(Page).map_err(|cause| Error::internal("A page could not be written.", cause))
}

/// The address of the stylesheet, another one with every change of it.
pub fn style() -> String {
    assets::STYLE.address()
}

/// The address of the script.
pub fn script() -> String {
    assets::SCRIPT.address()
}

/// A time, as people read it and as a script can.
pub struct Moment(pub DateTime<Utc>);

/// The time in a template, which hands on references.
pub fn moment(at: &DateTime<Utc>) -> Moment {
    Moment(*at)
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment(at) = self;
        let (exact, shown) = (at.format("%Y-%m-%dT%H:%M:%SZ"), at.format("%-d %b %Y, %H:%M UTC"));
        write!(out, "<time datetime=\"{exact}\">{shown}</time>")
    }
}

impl HtmlSafe for Moment {}

/// The names of members, as far as they are still there.
pub async fn names(app: &App, members: impl Iterator<Item = MemberId>) -> Result<BTreeMap<MemberId, String>> {
    let members: BTreeSet<MemberId> = members.collect();
    let keys: Vec<_> = members.into_iter().map(keys::account).collect();
    let accounts = app.table.get_many::<Account>(&keys).await?.into_iter().flatten();
    Ok(accounts.map(|account| (account.id, account.username.as_str().to_owned())).collect())
}

/// Who somebody is: their name, or their number once they are gone.
pub struct Whom {
    /// Which member.
    pub id: MemberId,
    /// Their name, if they are still there.
    pub name: Option<String>,
}

impl Whom {
    /// A member among the names that were looked up.
    pub fn among(names: &BTreeMap<MemberId, String>, id: MemberId) -> Whom {
        Whom { id, name: names.get(&id).cloned() }
    }
}
