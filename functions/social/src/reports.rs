//! Reports, in Sukuwatto's words (its contract, part S, sections 2.2 and 3.8): everybody may make one, and the staff
//! sees to them.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use shared::auth::{Beside, Member, Staff, limits};
use shared::dialect::sukuwatto::people::UserMinView;
use shared::error::Problems;
use shared::http::scroll::{Scroll, Start};
use shared::http::{Body, Created, Field, Json, NoContent, NumberedView, Path, Query};
use shared::ids::{MemberId, ReportId};
use shared::model::account::Account;
use shared::model::post::Comment;
use shared::model::report::{Report, State as Stage};
use shared::model::thing::{Kind, Thing};
use shared::reports::{self, Edit, LONGEST, NewReport};
use shared::store::keys;
use shared::{App, Error, Result};

/// Reports on a page, at most: each with who made it and whom it is about, as many as one batch holds.
const LARGEST_PAGE: usize = 50;
/// Reports that are read at once on the way to a page that nobody read the one before of.
const STRIDE: usize = 200;
/// Reports per member and hour.
const PER_HOUR: u32 = 30;

/// How a report stands.
const STATES: [(&str, Stage); 3] = [("o", Stage::Open), ("c", Stage::Closed), ("r", Stage::Resolved)];

/// A report to be made.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["description"]))]
pub struct NewReportInput {
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 10_000))]
    description: Field<String>,
    #[serde(default)]
    target_workout: Field<String>,
    #[serde(default)]
    target_plan: Field<String>,
    #[serde(default)]
    target_exercise: Field<String>,
    #[serde(default)]
    target_post: Field<String>,
    #[serde(default)]
    target_comment: Field<String>,
    #[serde(default)]
    target_user: Field<String>,
    /// Counts from the staff only; so does `state`.
    #[serde(default)]
    #[schemars(with = "Option<String>", length(max = 10_000))]
    notes: Field<String>,
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^[ocr]$"))]
    state: Field<String>,
}

/// What the staff changes; everything else stays as it was.
#[derive(Deserialize, JsonSchema)]
pub struct EditReport {
    /// Checked, and else ignored.
    #[serde(default)]
    #[schemars(with = "String")]
    description: Field<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>", length(max = 10_000))]
    notes: Field<String>,
    /// `o` for open, `c` for closed, `r` for resolved.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^[ocr]$"))]
    state: Field<String>,
}

/// Which reports.
#[derive(Deserialize, JsonSchema)]
pub struct Filter {
    /// `o` for open, `c` for closed, `r` for resolved; all if left out.
    #[serde(default)]
    state: String,
}

/// A report.
#[derive(Serialize, JsonSchema)]
pub struct ReportView {
    id: ReportId,
    date: DateTime<Utc>,
    edited_date: Option<DateTime<Utc>>,
    /// Who made it; null once they have left.
    user: Option<UserMinView>,
    description: String,
    notes: Option<String>,
    /// `o` for open, `c` for closed, `r` for resolved.
    state: &'static str,
    target_workout: Option<u64>,
    target_plan: Option<u64>,
    target_exercise: Option<u64>,
    target_post: Option<u64>,
    target_comment: Option<u64>,
    target_user: Option<u64>,
    /// The name of `target_user`; null once they have left.
    target_username: Option<String>,
    /// What `target_comment` says, for the staff; null once it is gone.
    target_comment_text: Option<String>,
}

/// What reports mention, as it is now.
#[derive(Default)]
struct Mentioned {
    accounts: BTreeMap<MemberId, Account>,
    comments: BTreeMap<u64, String>,
}

impl Mentioned {
    /// Looks up what the staff sees beside these reports. One round trip.
    async fn by(app: &App, reports: &[Report]) -> Result<Mentioned> {
        let members = reports.iter().flat_map(|report| [report.reporter, report.about()]).flatten();
        let members: BTreeSet<MemberId> = members.collect();
        let comments: BTreeSet<u64> = reports.iter().filter_map(|report| report.target(Kind::Comment)).collect();
        let members: Vec<_> = members.into_iter().map(keys::account).collect();
        let comments: Vec<_> = comments.into_iter().map(|id| keys::thing(Thing { kind: Kind::Comment, id })).collect();
        let (accounts, comments) =
            tokio::try_join!(app.table.get_many::<Account>(&members), app.table.get_many::<Comment>(&comments))?;
        Ok(Mentioned {
            accounts: accounts.into_iter().flatten().map(|account| (account.id, account)).collect(),
            comments: comments.into_iter().flatten().map(|comment| (comment.id.0, comment.text)).collect(),
        })
    }
}

impl ReportView {
    fn of(report: &Report, mentioned: &Mentioned) -> ReportView {
        let account = |member: Option<MemberId>| mentioned.accounts.get(&member?);
        let state = STATES.iter().find(|(_, state)| *state == report.state).map_or("", |(code, _)| code);
        let comment = report.target(Kind::Comment);
        ReportView {
            id: report.id,
            date: report.made_at,
            edited_date: report.edited_at,
            user: account(report.reporter).map(UserMinView::of),
            description: report.description.clone(),
            notes: report.notes.clone(),
            state,
            target_workout: report.target(Kind::Workout),
            target_plan: report.target(Kind::Plan),
            target_exercise: report.target(Kind::Exercise),
            target_post: report.target(Kind::Post),
            target_comment: comment,
            target_user: report.target(Kind::Member),
            target_username: account(report.about()).map(|account| account.username.as_str().to_owned()),
            target_comment_text: comment.and_then(|comment| mentioned.comments.get(&comment).cloned()),
        }
    }
}

async fn shown(app: &App, report: Report) -> Result<Json<ReportView>> {
    let reports = [report];
    let mentioned = Mentioned::by(app, &reports).await?;
    let [report] = reports;
    Ok(Json(ReportView::of(&report, &mentioned)))
}

/// Lets members tell the staff of something.
pub async fn make(
    by: Member,
    State(app): State<App>,
    Body(input): Body<NewReportInput>,
) -> Result<Created<ReportView>> {
    let mut problems = Problems::default();
    let description = input.description.required(&mut problems, "description");
    let description = description.and_then(|text| long_text(&mut problems, "description", &text, false));
    let mut targets = Vec::new();
    for (name, kind, field) in [
        ("target_workout", Kind::Workout, input.target_workout),
        ("target_plan", Kind::Plan, input.target_plan),
        ("target_exercise", Kind::Exercise, input.target_exercise),
        ("target_post", Kind::Post, input.target_post),
        ("target_comment", Kind::Comment, input.target_comment),
        ("target_user", Kind::Member, input.target_user),
    ] {
        if let Some(text) = field.nullable(&mut problems, name).flatten().filter(|text| !text.is_empty()) {
            let thing = text.parse::<ReportId>().map(|id| Thing { kind, id: id.0 });
            targets.extend(problems.check(name, thing.map_err(|_| no_such(&text))).map(|thing| (name, thing)));
        }
    }
    let keys: Vec<_> = targets.iter().map(|(_, thing)| keys::thing(*thing)).collect();
    let looked_up = async { if keys.is_empty() { Ok(vec![]) } else { app.table.get_many::<IgnoredAny>(&keys).await } };
    let member = by.id().to_string();
    let (found, _) = tokio::try_join!(looked_up, limits::take(&app, "reports", &member, PER_HOUR, Duration::hours(1)))?;
    for ((name, thing), _) in targets.iter().zip(found).filter(|(_, found)| found.is_none()) {
        problems.add(*name, no_such(&thing.id.to_string()));
    }
    let is_staff = by.account.role.is_some();
    let (notes, state) = if is_staff { staffs_part(&mut problems, input.notes, input.state) } else { (None, None) };
    problems.finish()?;
    let new = NewReport {
        description: description.unwrap_or_default(),
        targets: targets.into_iter().map(|(_, thing)| thing).collect(),
        notes: notes.flatten(),
        state: state.unwrap_or_default(),
    };
    let report = reports::make(&app, &by.account, new).await?;
    // A comment may hang on what its reporter may not see.
    let mentioned = if is_staff {
        Mentioned::by(&app, std::slice::from_ref(&report)).await?
    } else {
        let members: Vec<_> = report.about().into_iter().map(keys::account).collect();
        let about = if members.is_empty() { vec![] } else { app.table.get_many::<Account>(&members).await? };
        let accounts = about.into_iter().flatten().chain([by.account]);
        Mentioned { accounts: accounts.map(|account| (account.id, account)).collect(), ..Mentioned::default() }
    };
    Ok(Created(ReportView::of(&report, &mentioned)))
}

/// Lists reports for the staff, the first first.
pub async fn list(
    Beside(Staff(by), scroll): Beside<Staff, Scroll>,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<NumberedView<ReportView>>> {
    let mut problems = Problems::default();
    let state = Some(filter.state.as_str()).filter(|state| !state.is_empty());
    let state = state.and_then(|code| choice(&mut problems, "state", code));
    problems.finish()?;
    let states = state.map_or(Stage::ALL.to_vec(), |state| vec![state]);
    let viewer = Some(by.id());
    let size = scroll.size(LARGEST_PAGE);
    let page = async {
        let after = match scroll.start(&app, viewer, LARGEST_PAGE)? {
            Start::Last => {
                let (mut last, _) = reports::page(&app, &states, None, size, true).await?;
                last.reverse();
                return Ok((last, None));
            }
            Start::First => None,
            Start::At(position) => Some(position.parse().map_err(|_| Error::no_such_page())?),
            Start::Skip(entries) => Some(skip(&app, &states, entries).await?),
        };
        reports::page(&app, &states, after, size, false).await
    };
    let (counts, (page, next)) = tokio::try_join!(reports::counts(&app), page)?;
    let next = next.map(|next| next.to_string());
    let next = next.as_deref();
    let (mentioned, ()) = tokio::try_join!(Mentioned::by(&app, &page), scroll.remember(&app, next))?;
    let count = usize::try_from(counts.of(state)).unwrap_or_default();
    let views = page.iter().map(|report| ReportView::of(report, &mentioned)).collect();
    Ok(Json(scroll.view(&app, viewer, count, next, views)))
}

/// The report after which a page begins, so many after the first.
async fn skip(app: &App, states: &[Stage], entries: usize) -> Result<ReportId> {
    let (mut left, mut after) = (entries, None);
    loop {
        let (page, next) = reports::page(app, states, after, left.min(STRIDE), false).await?;
        left = left.saturating_sub(page.len());
        after = Some(next.ok_or_else(Error::no_such_page)?);
        if let (0, Some(after)) = (left, after) {
            return Ok(after);
        }
    }
}

/// Shows the staff a report.
pub async fn read(_: Staff, State(app): State<App>, Path(report): Path<ReportId>) -> Result<Json<ReportView>> {
    shown(&app, reports::find(&app, report).await?).await
}

/// Changes how a report stands and what the staff says to it, for the staff. The whole is sent, and the rest ignored.
pub async fn replace(
    Staff(by): Staff,
    State(app): State<App>,
    Path(report): Path<ReportId>,
    Body(input): Body<EditReport>,
) -> Result<Json<ReportView>> {
    change(&app, &by, report, input, true).await
}

/// Changes how a report stands and what the staff says to it, for the staff.
pub async fn edit(
    Staff(by): Staff,
    State(app): State<App>,
    Path(report): Path<ReportId>,
    Body(input): Body<EditReport>,
) -> Result<Json<ReportView>> {
    change(&app, &by, report, input, false).await
}

async fn change(app: &App, by: &Member, report: ReportId, input: EditReport, whole: bool) -> Result<Json<ReportView>> {
    // Of one that is not there nothing is checked.
    let known = reports::find(app, report).await?;
    let mut problems = Problems::default();
    if whole {
        let description = input.description.required(&mut problems, "description");
        // What is there already is good enough.
        let description = description.filter(|text| text.trim() != known.description);
        description.and_then(|text| long_text(&mut problems, "description", &text, false));
    }
    let (notes, state) = staffs_part(&mut problems, input.notes, input.state);
    problems.finish()?;
    shown(app, reports::edit(app, by, known, Edit { notes, state }).await?).await
}

/// Removes a report, for the staff.
pub async fn remove(Staff(by): Staff, State(app): State<App>, Path(report): Path<ReportId>) -> Result<NoContent> {
    reports::remove(&app, &by, report).await.map(|()| NoContent)
}

/// What only the staff may give.
fn staffs_part(
    problems: &mut Problems,
    notes: Field<String>,
    state: Field<String>,
) -> (Option<Option<String>>, Option<Stage>) {
    let notes = match notes.nullable(problems, "notes") {
        Some(Some(text)) => long_text(problems, "notes", &text, true).map(Some),
        given => given,
    };
    let state = state.optional(problems, "state").and_then(|code| choice(problems, "state", &code));
    (notes, state)
}

fn choice(problems: &mut Problems, name: &'static str, code: &str) -> Option<Stage> {
    let chosen = STATES.iter().find(|(known, _)| *known == code).map(|(_, state)| *state);
    let shown: String = code.chars().take(100).collect();
    problems.check(name, chosen.ok_or_else(|| format!("\"{shown}\" is not a valid choice.")))
}

fn no_such(id: &str) -> String {
    format!("Invalid pk \"{}\" - object does not exist.", id.chars().take(20).collect::<String>())
}

/// A text of several lines without the blanks around it, or a note of what is wrong with it.
fn long_text(problems: &mut Problems, name: &'static str, text: &str, blank: bool) -> Option<String> {
    let text = text.trim();
    let unprintable = |char: char| char.is_control() && !"\n\r\t".contains(char);
    let checked = if text.is_empty() && !blank {
        Err("This field may not be blank.".to_owned())
    } else if text.chars().any(unprintable) {
        Err("Null and control characters are not allowed.".to_owned())
    } else if text.chars().count() > LONGEST {
        Err(format!("Ensure this field has no more than {LONGEST} characters."))
    } else {
        Ok(text.to_owned())
    };
    problems.check(name, checked)
}
