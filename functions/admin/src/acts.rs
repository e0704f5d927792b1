//! What the staff may do about a member. Every act is one transaction with its entry in the audit trail; a button that
//! is pressed twice does it once.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::roles::{self, hands_off, noted};
use shared::auth::{Administrator, Member, Staff, limits, second_factor, sessions};
use shared::error::{Kind, Problems};
use shared::events::{Event, happened};
use shared::http::{Path, SeeOther};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::name::Email;
use shared::model::role::Role;
use shared::model::score::Score;
use shared::profile::{self, Edit, LONGEST_NAME, Taken};
use shared::stats::{self, NewStats};
use shared::store::StoreError;
use shared::{App, Error, Result, leaving};

use crate::form::{Button, Form};
use crate::member::find;
use crate::page::MEMBERS;

/// The longest reason for a ban, in characters.
pub const LONGEST_REASON: usize = 200;

/// Takes a deactivation back.
pub async fn activate(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    if !account.active {
        leaving::reactivate(&app, &account, noted(&app, &by, &account, "activated", None)?).await?;
    }
    Ok(back(member, "activated"))
}

/// Deactivates an account, and ends its sessions.
pub async fn deactivate(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    if account.active {
        leaving::deactivate(&app, member, noted(&app, &by, &account, "deactivated", None)?).await?;
    }
    Ok(back(member, "deactivated"))
}

/// Why somebody is banned.
#[derive(Deserialize, JsonSchema)]
pub struct Reason {
    /// For the audit trail.
    #[serde(default)]
    reason: String,
}

/// Bans a member, and ends their sessions.
pub async fn ban(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Reason { reason }): Form<Reason>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    let mut problems = Problems::default();
    let reason = profile::person_name(&mut problems, "reason", reason, LONGEST_REASON);
    let reason = reason.and_then(|reason| {
        problems.check("reason", Some(reason).filter(|reason| !reason.is_empty()).ok_or("Say why."))
    });
    problems.finish()?;
    if !account.banned {
        leaving::ban(&app, &account, noted(&app, &by, &account, "banned", reason)?).await?;
    }
    Ok(back(member, "banned"))
}

/// Takes a ban back.
pub async fn reinstate(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    if account.banned {
        leaving::reinstate(&app, &account, noted(&app, &by, &account, "reinstated", None)?).await?;
    }
    Ok(back(member, "reinstated"))
}

/// Forgets the failed logins of a member's name, so that it is not locked any more.
pub async fn unlock(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    let also = noted(&app, &by, &account, "unlocked", None)?;
    limits::unlock(&app, member, also).await?;
    Ok(back(member, "unlocked"))
}

/// Has a letter sent to the member with a link to set a new password; the staff never sees one.
pub async fn reset_password(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    if account.email.is_none() {
        return Err(Error::conflict("no_address", "This member has no address that a letter could go to."));
    }
    let mut writes = noted(&app, &by, &account, "password_reset", None)?;
    writes.push(happened(&app, Event::PasswordResetAsked { member: Some(member) })?);
    match app.table.together(writes).await {
        Ok(()) => Ok(back(member, "password_reset")),
        // Somebody has just taken away the role that this was done by.
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// A score to be set.
#[derive(Deserialize, JsonSchema)]
pub struct NewScore {
    /// A whole number, as a form sends it.
    #[serde(default)]
    score: String,
}

/// Sets a member's score; the games that they played stay as they are.
pub async fn set_score(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(NewScore { score }): Form<NewScore>,
) -> Result<SeeOther> {
    let (account, old) = reach(&app, &by, member).await?;
    let score = score.trim().parse().ok().filter(|score| (-stats::LARGEST..=stats::LARGEST).contains(score));
    let score = score.ok_or_else(|| Error::invalid_field("score", "Enter a whole number of at most 15 digits."))?;
    if score != old.score {
        let also = noted(&app, &by, &account, "score_set", Some(format!("to {score}")))?;
        stats::write(&app, member, NewStats::Set { score, games_played: None, games_won: None }, None, &also).await?;
    }
    Ok(back(member, "score_set"))
}

/// A profile as it is to be.
#[derive(Deserialize, JsonSchema)]
pub struct NewProfile {
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    /// Empty for none.
    #[serde(default)]
    email: String,
}

/// Edits a member's names and address, by the rules of their own edit: a new address has to be confirmed.
pub async fn edit(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(NewProfile { first_name, last_name, email }): Form<NewProfile>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    let mut problems = Problems::default();
    let first_name = profile::person_name(&mut problems, "first_name", first_name, LONGEST_NAME);
    let last_name = profile::person_name(&mut problems, "last_name", last_name, LONGEST_NAME);
    let email = match email.trim() {
        "" => Some(None),
        text => problems.check("email", Email::parse(text).map_err(|_| "Enter a valid e-mail address.")).map(Some),
    };
    problems.finish()?;
    // What was left as it is does not change, and is not noted.
    let edit = Edit {
        username: None,
        first_name: first_name.filter(|name| *name != account.first_name),
        last_name: last_name.filter(|name| *name != account.last_name),
        email: email.filter(|email| *email != account.email),
        ..Edit::default()
    };
    let changed = [
        edit.first_name.as_ref().map(|_| "first name"),
        edit.last_name.as_ref().map(|_| "last name"),
        edit.email.as_ref().map(|_| "address"),
    ];
    let changed = changed.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !changed.is_empty() {
        let also = noted(&app, &by, &account, "edited", Some(changed))?;
        match profile::edit(&app, &account, edit, also).await? {
            Ok(_) => {}
            Err(Taken::Username | Taken::LeetcodeUsername) => return Err(Error::changed_meanwhile()),
            Err(Taken::Email) => return Err(Error::invalid_field("email", "Another member has this address.")),
        }
    }
    Ok(back(member, "edited"))
}

/// Ends one session of a member.
pub async fn end_session(
    Staff(by): Staff,
    State(app): State<App>,
    Path((member, session)): Path<(MemberId, String)>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    // One that is gone already has ended.
    sessions::end(&app, member, &session, noted(&app, &by, &account, "session_ended", None)?).await?;
    Ok(back(member, "session_ended"))
}

/// Ends every session of a member.
pub async fn end_sessions(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    sessions::end_all(&app, member, noted(&app, &by, &account, "sessions_ended", None)?).await?;
    Ok(back(member, "sessions_ended"))
}

/// Switches off a second factor that a member has lost, and ends their sessions. Only administrators do: whoever can do
/// this and have a letter sent is half of the way into any account.
pub async fn remove_second_factor(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Button {}): Form<Button>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    if account.second_factor {
        let also = noted(&app, &by, &account, "second_factor_removed", None)?;
        second_factor::take_away(&app, &account, also).await?;
    }
    Ok(back(member, "second_factor_removed"))
}

/// A role to be set.
#[derive(Deserialize, JsonSchema)]
pub struct NewRole {
    /// `moderator`, `administrator`, or `none`.
    #[serde(default)]
    role: String,
}

/// Gives a member a role, or takes it away. Only administrators do.
pub async fn set_role(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(NewRole { role }): Form<NewRole>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    let role: Option<Role> = match role.as_str() {
        "none" => None,
        role => Some(role.parse().map_err(|_| Error::invalid_field("role", "Choose one of the roles."))?),
    };
    if role != account.role {
        let detail = role.map_or("none", Role::as_str).to_owned();
        let also = noted(&app, &by, &account, "role_set", Some(detail))?;
        roles::set(&app, &account, role, also).await?;
    }
    Ok(back(member, "role_set"))
}

/// A deletion, with a box that was ticked.
#[derive(Deserialize, JsonSchema)]
pub struct Deletion {
    /// `yes` where the box was ticked.
    #[serde(default)]
    sure: String,
}

/// Deletes an account, for good. Only administrators do.
pub async fn delete(
    Administrator(by): Administrator,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Form(Deletion { sure }): Form<Deletion>,
) -> Result<SeeOther> {
    let (account, _) = reach(&app, &by, member).await?;
    if sure != "yes" {
        return Err(Error::invalid_field("sure", "Tick the box: a deletion is final."));
    }
    leaving::delete(&app, &account, noted(&app, &by, &account, "deleted", None)?).await?;
    Ok(SeeOther(format!("{MEMBERS}?done=deleted")))
}

/// The member to act on, unless it is not this one's to do.
async fn reach(app: &App, by: &Member, member: MemberId) -> Result<(Account, Score)> {
    let (account, score) = find(app, member).await?;
    match hands_off(by, &account) {
        None => Ok((account, score)),
        Some((Kind::Conflict, reason)) => Err(Error::conflict("oneself", reason)),
        Some((_, reason)) => Err(Error::forbidden("staff", reason)),
    }
}

/// Leads back to the member's page, which says what was done.
fn back(member: MemberId, what: &'static str) -> SeeOther {
    SeeOther(format!("{MEMBERS}{member}/?done={what}"))
}
