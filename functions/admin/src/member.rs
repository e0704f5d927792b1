//! One member: everything that is stored about them, and the forms that change it.

use askama::Template;
use axum::extract::State;
use chrono::DateTime;
use shared::auth::{Staff, limits, roles, sessions};
use shared::http::{Page, Path, Query};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::name::{Email, LONGEST_EMAIL};
use shared::model::role::Role;
use shared::model::score::Score;
use shared::model::session::Session;
use shared::profile::LONGEST_NAME;
use shared::store::keys;
use shared::{App, Error, Result, media};

use crate::acts::LONGEST_REASON;
use crate::page::{self, Done, Frame, MEMBERS, Moment};

/// A role that may be given.
struct Choice {
    role: &'static str,
    text: &'static str,
    is_theirs: bool,
}

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage<'a> {
    frame: Frame<'a>,
    account: &'a Account,
    picture: Option<String>,
    email: &'a str,
    score: &'a Score,
    locked_until: Option<Moment>,
    sessions: Vec<Session>,
    own_session: &'a str,
    roles: Vec<Choice>,
    /// Why nothing can be changed here; empty where it can.
    hands_off: &'static str,
}

/// Shows the staff one member.
pub async fn show(
    Staff(by): Staff,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    Query(Done { done }): Query<Done>,
) -> Result<Page> {
    let (found, locked_until, sessions) =
        tokio::join!(find(&app, member), limits::locked_until(&app, member), sessions::kept(&app, member));
    let (account, score) = found?;
    let locked_until = locked_until?.and_then(|until| DateTime::from_timestamp(until, 0)).map(Moment);
    page::show(&MemberPage {
        frame: Frame::of(&app, &by, MEMBERS).after(done.as_deref()),
        picture: account.avatar.as_deref().map(media::path),
        email: account.email.as_ref().map(Email::as_str).unwrap_or_default(),
        score: &score,
        locked_until,
        sessions: sessions::of(&app, &account, sessions?),
        own_session: &by.session.id,
        roles: choices(account.role),
        hands_off: roles::hands_off(&by, &account).map_or("", |(_, reason)| reason),
        account: &account,
    })
}

fn choices(theirs: Option<Role>) -> Vec<Choice> {
    let all = [
        (None, "What members may"),
        (Some(Role::Moderator), "What moderators may"),
        (Some(Role::Administrator), "What administrators may"),
    ];
    let choice =
        |(role, text)| Choice { role: Option::map_or(role, "none", Role::as_str), text, is_theirs: role == theirs };
    all.map(choice).into()
}

/// A member with their score.
pub async fn find(app: &App, member: MemberId) -> Result<(Account, Score)> {
    let found = app.table.get_two::<Account, Score>(keys::account(member), keys::score(member)).await?;
    let (Some(account), Some(score)) = found else { return Err(Error::not_found()) };
    Ok((account, score))
}
