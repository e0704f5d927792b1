//! Reports: what members reported of others, for the staff to look into.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State as Shared;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Member, Staff, roles};
use shared::error::Problems;
use shared::http::{Cursor, Page, Path, Query, SeeOther};
use shared::ids::{MemberId, ReportId};
use shared::model::account::Account;
use shared::model::post::{Comment, Post};
use shared::model::report::{Report, State};
use shared::model::thing::{Kind, Thing};
use shared::reports::{self, Edit, LONGEST};
use shared::store::{Write, keys};
use shared::{App, Error, Result, clearing};

use crate::acts::LONGEST_REASON;
use crate::form::Form;
use crate::page::{self, Done, Frame, Moment, REPORTS, Whom};

/// Reports on a page.
const PAGE: usize = 25;
/// Characters of a report that its row shows.
const GLIMPSE: usize = 120;

/// Which reports, and where in their list.
#[derive(Deserialize, JsonSchema)]
pub struct Pick {
    /// `open`, `closed` or `resolved`; what waits, if left out.
    #[serde(default)]
    state: String,
    /// Where the page begins.
    cursor: Option<Cursor>,
}

/// A state as a place to go.
struct Tab {
    name: &'static str,
    title: &'static str,
    count: i64,
    is_here: bool,
}

/// One report.
struct Row {
    id: ReportId,
    glimpse: String,
    about: String,
    by: Option<Whom>,
    at: Moment,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage<'a> {
    frame: Frame<'a>,
    tabs: Vec<Tab>,
    state: State,
    rows: Vec<Row>,
    is_first: bool,
    next: Option<Cursor>,
}

fn title(state: State) -> &'static str {
    match state {
        State::Open => "Open",
        State::Closed => "Closed",
        State::Resolved => "Resolved",
    }
}

fn state_of(name: &str) -> Option<State> {
    State::ALL.into_iter().find(|state| state.name() == name)
}

/// What sort of thing is reported.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Member => "Member",
        Kind::Post => "Post",
        Kind::Comment => "Comment",
        Kind::Workout => "Workout",
        Kind::Plan => "Plan",
        Kind::Exercise => "Exercise",
        Kind::Measurement => "Measurement",
    }
}

/// Shows the staff what is reported: what waits, the longest first, or what was seen to, the latest first.
pub async fn list(Staff(by): Staff, Shared(app): Shared<App>, Query(pick): Query<Pick>) -> Result<Page> {
    let state = if pick.state.is_empty() { Some(State::Open) } else { state_of(&pick.state) };
    let state = state.ok_or_else(Error::not_found)?;
    let list = format!("admin/reports/{}", state.name());
    let after = match &pick.cursor {
        Some(cursor) => Some(cursor.open(&app, &list, Some(by.id()))?.parse().map_err(|_| Error::not_found())?),
        None => None,
    };
    let (states, newest_first) = ([state], state != State::Open);
    let found = reports::page(&app, &states, after, PAGE, newest_first);
    let (counts, (found, next)) = tokio::try_join!(reports::counts(&app), found)?;
    let names = page::names(&app, found.iter().filter_map(|report| report.reporter)).await?;
    let tab = |other: State| Tab {
        name: other.name(),
        title: title(other),
        count: counts.of(Some(other)),
        is_here: other == state,
    };
    let row = |report: Report| Row {
        id: report.id,
        glimpse: glimpse(&report.description),
        about: report.targets.iter().map(|target| kind(target.kind)).collect::<Vec<_>>().join(", "),
        by: report.reporter.map(|reporter| Whom::among(&names, reporter)),
        at: Moment(report.made_at),
    };
    page::show(&ReportsPage {
        frame: Frame::of(&app, &by, REPORTS),
        tabs: State::ALL.map(tab).into(),
        state,
        rows: found.into_iter().map(row).collect(),
        is_first: pick.cursor.is_none(),
        next: next.map(|next| Cursor::new(&app, &list, Some(by.id()), &next.to_string())),
    })
}

/// How a text begins.
fn glimpse(text: &str) -> String {
    let mut glimpse: String = text.chars().take(GLIMPSE).collect();
    if glimpse.len() < text.len() {
        glimpse.push('…');
    }
    glimpse
}

/// Something that is reported, as it is now.
struct Target {
    kind: &'static str,
    id: u64,
    whom: Option<Whom>,
    /// What it says; nothing where it is gone, or no text.
    text: Option<String>,
    is_text: bool,
    /// What the button that deletes it says to delete; none where there is no button.
    removal: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    frame: Frame<'a>,
    report: &'a Report,
    state: &'static str,
    by: Option<Whom>,
    targets: Vec<Target>,
    /// Who may be banned from here.
    culprit: Option<Account>,
    /// Whether it is about whoever looks at it.
    is_own: bool,
}

/// Shows the staff one report, with what is reported.
pub async fn show(
    Staff(by): Staff,
    Shared(app): Shared<App>,
    Path(report): Path<ReportId>,
    Query(Done { done }): Query<Done>,
) -> Result<Page> {
    let report = reports::find(&app, report).await?;
    let key = |kind| keys::thing(Thing { kind, id: report.target(kind).unwrap_or_default() });
    let (post, comment) = app.table.get_two::<Post, Comment>(key(Kind::Post), key(Kind::Comment)).await?;
    let authors = [post.as_ref().map(|post| post.owner), comment.as_ref().map(|comment| comment.owner)];
    let mut people: Vec<MemberId> = [report.reporter, report.about()].into_iter().chain(authors).flatten().collect();
    people.sort();
    people.dedup();
    let accounts: Vec<_> = people.iter().map(|member| keys::account(*member)).collect();
    let accounts = if accounts.is_empty() { vec![] } else { app.table.get_many::<Account>(&accounts).await? };
    let accounts: BTreeMap<_, _> = accounts.into_iter().flatten().map(|account| (account.id, account)).collect();
    let names = accounts.iter().map(|(id, account)| (*id, account.username.as_str().to_owned())).collect();
    let target = |target: &Thing| {
        let (text, whom) = match target.kind {
            Kind::Member => (None, Some(MemberId(target.id))),
            Kind::Post => (post.as_ref().map(in_full), authors[0]),
            Kind::Comment => (comment.as_ref().map(|comment| comment.text.clone()), authors[1]),
            _ => (None, None),
        };
        Target {
            kind: kind(target.kind),
            id: target.id,
            whom: whom.map(|whom| Whom::among(&names, whom)),
            removal: text.as_ref().map(|_| target.kind.name()),
            text,
            is_text: matches!(target.kind, Kind::Post | Kind::Comment),
        }
    };
    let culprit = report.about().or(authors[1]).or(authors[0]).and_then(|culprit| accounts.get(&culprit));
    let culprit = culprit.filter(|culprit| !culprit.banned && roles::hands_off(&by, culprit).is_none());
    page::show(&ReportPage {
        frame: Frame::of(&app, &by, REPORTS).after(done.as_deref()),
        by: report.reporter.map(|reporter| Whom::among(&names, reporter)),
        targets: report.targets.iter().map(target).collect(),
        culprit: culprit.cloned(),
        is_own: report.about() == Some(by.id()),
        state: title(report.state),
        report: &report,
    })
}

fn in_full(post: &Post) -> String {
    let title = post.title.as_ref().map(|title| format!("{title}\n\n"));
    format!("{}{}", title.unwrap_or_default(), post.text)
}

/// What is to become of a report.
#[derive(Deserialize, JsonSchema)]
pub struct Settlement {
    /// `open`, `closed` or `resolved`; as it is, if left out.
    #[serde(default)]
    state: String,
    /// What the staff wants to remember of it.
    #[serde(default)]
    notes: String,
}

/// Sees to a report: notes what was done, and closes, resolves or opens it again.
pub async fn settle(
    Staff(by): Staff,
    Shared(app): Shared<App>,
    Path(report): Path<ReportId>,
    Form(input): Form<Settlement>,
) -> Result<SeeOther> {
    let mut problems = Problems::default();
    let state = Some(input.state.as_str()).filter(|state| !state.is_empty());
    let state = state.and_then(|state| problems.check("state", state_of(state).ok_or("Choose one of the states.")));
    // Forms write the ends of lines in their own way.
    let notes = input.notes.replace("\r\n", "\n").trim().to_owned();
    if notes.chars().count() > LONGEST || notes.chars().any(|char| char.is_control() && !"\n\t".contains(char)) {
        problems.add("notes", format!("Write at most {LONGEST} characters, none of them a control character."));
    }
    problems.finish()?;
    let notes = Some(Some(notes).filter(|notes| !notes.is_empty()));
    let what = done(&by, &app, report, Edit { notes, state }).await?;
    Ok(SeeOther(format!("{REPORTS}{report}/?done={what}")))
}

async fn done(by: &Member, app: &App, report: ReportId, edit: Edit) -> Result<&'static str> {
    let state = edit.state;
    let found = reports::find(app, report).await?;
    reports::edit(app, by, found, edit).await?;
    Ok(match state {
        None => "report_noted",
        Some(State::Open) => "report_reopened",
        Some(State::Closed) => "report_closed",
        Some(State::Resolved) => "report_resolved",
    })
}

/// What is to go.
#[derive(Deserialize, JsonSchema)]
pub struct Removal {
    /// `post` or `comment`.
    #[serde(default)]
    what: String,
}

/// Deletes the post or the comment that a report is about, and with it what others made of it. Whoever wrote it is of no
/// concern here, unless they are of the staff. What is gone already stays gone.
pub async fn remove(
    Staff(by): Staff,
    Shared(app): Shared<App>,
    Path(report): Path<ReportId>,
    Form(input): Form<Removal>,
) -> Result<SeeOther> {
    let found = reports::find(&app, report).await?;
    let kinds = [Kind::Post, Kind::Comment];
    let kind = kinds.into_iter().find(|kind| kind.name() == input.what);
    let kind = kind.ok_or_else(|| Error::invalid_field("what", "Choose the post or the comment."))?;
    let key = keys::thing(Thing { kind, id: found.target(kind).ok_or_else(Error::not_found)? });
    if kind == Kind::Post {
        if let Some(post) = app.table.get::<Post>(key).await? {
            clearing::unpost(&app, &post, noted(&app, &by, post.owner, "post_deleted").await?).await?;
        }
        return Ok(SeeOther(format!("{REPORTS}{report}/?done=post_deleted")));
    }
    if let Some(comment) = app.table.get::<Comment>(key).await? {
        clearing::uncomment(&app, &comment, noted(&app, &by, comment.owner, "comment_deleted").await?).await?;
    }
    Ok(SeeOther(format!("{REPORTS}{report}/?done=comment_deleted")))
}

/// What belongs in the transaction of an act on what this member wrote.
async fn noted(app: &App, by: &Member, owner: MemberId, what: &'static str) -> Result<Vec<Write>> {
    let account = app.table.get::<Account>(keys::account(owner)).await?.ok_or_else(Error::not_found)?;
    match roles::hands_off(by, &account) {
        Some((_, sentence)) => Err(Error::forbidden("hands_off", sentence)),
        None => roles::noted(app, by, &account, what, None),
    }
}
