//! Members, as the staff sees them, and what it may do about them.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Member, Staff, limits};
use shared::http::{Cursor, Html, Path, Query, SeeOther};
use shared::ids::MemberId;
use shared::model::account::{Account, NameHeld};
use shared::model::name::{Email, LONGEST_USERNAME, fold};
use shared::model::score::Score;
use shared::stats::{self, NewStats};
use shared::store::{self, keys};
use shared::{App, Error, Result, leaving};

use crate::form::{self, Button, Form};

/// Members on one page of the list.
const PAGE: usize = 25;

/// Who signed in, and the token for the forms of a page: every page has one to sign out.
struct Frame<'a> {
    staff: &'a str,
    token: String,
}

impl Frame<'_> {
    fn of<'a>(app: &App, by: &'a Member) -> Frame<'a> {
        Frame { staff: by.account.username.as_str(), token: form::token(app, &by.session) }
    }
}

/// Which members.
#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// How their names begin; case makes no difference.
    #[serde(default)]
    name: String,
    /// Where the page begins.
    cursor: Option<Cursor>,
    /// What has just been done.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage<'a> {
    frame: Frame<'a>,
    done: &'a str,
    name: &'a str,
    rows: Vec<(Account, Score)>,
    is_first: bool,
    first: String,
    next: Option<String>,
}

/// Shows the staff the members in the order of their names, all of them or those whose names begin as asked.
pub async fn list(Staff(by): Staff, State(app): State<App>, Query(search): Query<Search>) -> Result<Html> {
    let name: String = search.name.trim().chars().take(LONGEST_USERNAME).collect();
    let prefix: String = fold(&name).chars().take(LONGEST_USERNAME).collect();
    let list = format!("admin/members/{prefix}");
    let query = store::Query::of(keys::names(&prefix), PAGE);
    let query = match &search.cursor {
        Some(cursor) => query.after(&cursor.open(&app, &list, Some(by.id()))?)?,
        None => query,
    };
    let page = app.table.query::<NameHeld>(query).await?;
    let keys: Vec<_> = page.items.iter().map(|held| (keys::account(held.member), keys::score(held.member))).collect();
    let found = app.table.get_pairs::<Account, Score>(&keys).await?;
    // The index is a moment behind: who was deleted just now may still stand in it.
    let rows = found.into_iter().filter_map(|(account, score)| Some((account?, score?))).collect();
    let next = page.next.map(|next| Cursor::new(&app, &list, Some(by.id()), &next));
    show_page(&MembersPage {
        frame: Frame::of(&app, &by),
        done: sentence(search.done.as_deref()),
        rows,
        is_first: search.cursor.is_none(),
        first: address(&name, None),
        next: next.map(|next| address(&name, Some(&next))),
        name: &name,
    })
}

/// What has just been done.
#[derive(Deserialize, JsonSchema)]
pub struct Done {
    /// In a word.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage<'a> {
    frame: Frame<'a>,
    done: &'a str,
    account: &'a Account,
    email: &'a str,
    score: &'a Score,
    locked_until: Option<DateTime<Utc>>,
    is_oneself: bool,
}

/// Shows the staff one member.
pub async fn show(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Query(Done { done }): Query<Done>,
) -> Result<Html> {
    let (account, score) = find(&app, member).await?;
    let locked_until = limits::locked_until(&app, &account.username.folded()).await?;
    show_page(&MemberPage {
        frame: Frame::of(&app, &by),
        done: sentence(done.as_deref()),
        account: &account,
        email: account.email.as_ref().map(Email::as_str).unwrap_or_default(),
        score: &score,
        locked_until: locked_until.and_then(|until| DateTime::from_timestamp(until, 0)),
        is_oneself: by.id() == member,
    })
}

/// Takes a deactivation back.
pub async fn activate(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, score) = find(&app, member).await?;
    // A button that is pressed twice does it once.
    if !account.active {
        leaving::reactivate(&app, &account, score, []).await?;
    }
    Ok(done(&by, member, "activated"))
}

/// Deactivates an account, and ends its sessions.
pub async fn deactivate(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    refuse_oneself(&by, member)?;
    let (account, _) = find(&app, member).await?;
    if account.active {
        leaving::deactivate(&app, member, []).await?;
    }
    Ok(done(&by, member, "deactivated"))
}

/// Forgets the failed logins of a member's name, so that it is not locked any more.
pub async fn unlock(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = find(&app, member).await?;
    limits::unlock(&app, &account.username.folded(), []).await?;
    Ok(done(&by, member, "unlocked"))
}

/// A score to be set.
#[derive(Deserialize, JsonSchema)]
pub struct NewScore {
    /// A whole number, as a form sends it.
    score: String,
}

/// Sets a member's score; the games that they played stay as they are.
pub async fn set_score(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(NewScore { score }): Form<NewScore>,
) -> Result<SeeOther> {
    let score = score.trim().parse().ok().filter(|score| (-stats::LARGEST..=stats::LARGEST).contains(score));
    let score = score.ok_or_else(|| Error::invalid_field("score", "Enter a whole number of at most 15 digits."))?;
    stats::write(&app, member, NewStats::Set { score, games_played: None, games_won: None }, None, &[]).await?;
    Ok(done(&by, member, "scored"))
}

/// A deletion, with a box that was ticked.
#[derive(Deserialize, JsonSchema)]
pub struct Deletion {
    /// `yes` where the box was ticked.
    #[serde(default)]
    sure: String,
}

/// Deletes an account, for good.
pub async fn delete(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Deletion { sure }): Form<Deletion>,
) -> Result<SeeOther> {
    refuse_oneself(&by, member)?;
    if sure != "yes" {
        return Err(Error::invalid_field("sure", "Tick the box: a deletion is final."));
    }
    let (account, _) = find(&app, member).await?;
    leaving::delete(&app, &account, []).await?;
    log(&by, member, "deleted");
    Ok(SeeOther("/admin/?done=deleted".to_owned()))
}

async fn find(app: &App, member: MemberId) -> Result<(Account, Score)> {
    let found = app.table.get_two::<Account, Score>(keys::account(member), keys::score(member)).await?;
    let (Some(account), Some(score)) = found else { return Err(Error::not_found()) };
    Ok((account, score))
}

/// Nobody locks themselves out by a wrong click; one's own profile has buttons for it.
fn refuse_oneself(by: &Member, member: MemberId) -> Result<()> {
    if by.id() == member {
        return Err(Error::conflict("oneself", "This is your own account. Somebody else of the staff has to do this."));
    }
    Ok(())
}

/// Notes who did what to whom, and leads back to the member's page, which says so.
fn done(by: &Member, member: MemberId, what: &'static str) -> SeeOther {
    log(by, member, what);
    SeeOther(format!("/admin/users/{member}/?done={what}"))
}

fn log(by: &Member, member: MemberId, what: &'static str) {
    tracing::info!(staff.id = by.id().0, member.id = member.0, what, "The staff changed an account.");
}

/// What has been done, from the word in the address: a link cannot make a page say anything else.
fn sentence(done: Option<&str>) -> &'static str {
    match done {
        Some("activated") => "The account is active.",
        Some("deactivated") => "The account is deactivated, and its sessions have ended.",
        Some("unlocked") => "Failed logins are forgotten.",
        Some("scored") => "The score is set.",
        Some("deleted") => "The account is deleted.",
        _ => "",
    }
}

fn address(name: &str, cursor: Option<&Cursor>) -> String {
    let mut query = form_urlencoded::Serializer::new("/admin/?".to_owned());
    query.append_pair("name", name);
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor.as_str());
    }
    query.finish()
}

fn show_page(page: &impl Template) -> Result<Html> {
    page.render().map(Html).map_err(|cause| Error::internal("A page could not be written.", cause))
}
