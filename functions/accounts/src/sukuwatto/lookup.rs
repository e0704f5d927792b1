//! Looking up members: by name, by what their names have in them, and oneself.

use axum::extract::{FromRequestParts, State};
use http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Beside, Member, Viewer};
use shared::dialect::sukuwatto::people::{self, UserMinView};
use shared::http::describe::{Describe, Operation};
use shared::http::{Json, Numbered, NumberedView, Query};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::name::Email;
use shared::model::profile::Profile;
use shared::store::keys;
use shared::visibility::{self, may_see};
use shared::{App, Error, Result, media};

use super::joining::Name;
use super::users::place;
use super::views::{UserFullView, UserHiddenView, UserView};
use crate::members;

/// Members on a page, at most: everyone costs four reads.
const LARGEST_PAGE: usize = 50;

/// The name that somebody asks for, and who has it.
pub struct Named {
    name: Name,
    holder: Option<MemberId>,
}

impl FromRequestParts<App> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Named> {
        let Query(name) = Query::<Name>::from_request_parts(parts, app).await?;
        let holder = match &name.username {
            Some(name) => members::holder(app, name).await?,
            None => None,
        };
        Ok(Named { name, holder })
    }
}

impl Describe for Named {
    fn describe(operation: &mut Operation<'_>) {
        Query::<Name>::describe(operation);
    }
}

/// Shows anyone a member, as far as they may see them.
pub async fn get_user(
    Beside(Viewer(viewer), named): Beside<Viewer, Named>,
    State(app): State<App>,
) -> Result<Json<UserView>> {
    named.name.required()?;
    let member = named.holder.ok_or_else(Error::not_found)?;
    let (viewer, owners) = (viewer.map(|viewer| viewer.id()), [member]);
    let (found, relations) = tokio::join!(
        app.table.get_two::<Account, Profile>(keys::account(member), keys::profile(member)),
        visibility::relations(&app, viewer, &owners),
    );
    let ((account, profile), relations) = (found?, relations?);
    let account = account.filter(|account| account.active).ok_or_else(Error::not_found)?;
    let profile = profile.unwrap_or_else(|| Profile::new(member));
    let relation = relations.first().copied().unwrap_or_default();
    Ok(Json(if may_see(viewer, member, account.audience, relation) {
        UserView::Full(Box::new(UserFullView::of(&account, &profile)))
    } else {
        UserView::Hidden(UserHiddenView::of(&account, &profile))
    }))
}

/// Shows anyone the path of a member's picture.
pub async fn profile_filename(
    Beside(_, named): Beside<Viewer, Named>,
    State(app): State<App>,
) -> Result<Json<Option<String>>> {
    if named.name.username.is_none() {
        return Ok(Json(None));
    }
    let member = named.holder.ok_or_else(Error::not_found)?;
    let account: Option<Account> = app.table.get(keys::account(member)).await?;
    let account = account.filter(|account| account.active).ok_or_else(Error::not_found)?;
    Ok(Json(account.avatar.as_deref().map(media::path)))
}

/// Shows the caller their own address.
pub async fn own_email(by: Member) -> Json<Option<String>> {
    Json(by.account.email.as_ref().map(|email| Email::as_str(email).to_owned()))
}

/// What names must have in them.
#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// Parts of a name, separated by blanks and commas.
    #[serde(default)]
    search: String,
    /// The same under another name; counts where `search` is empty.
    #[serde(default)]
    username: String,
}

impl Search {
    fn terms(&self) -> Vec<String> {
        people::terms(if self.search.trim().is_empty() { &self.username } else { &self.search })
    }
}

/// Lists the members whose names have every term in them and whom the caller may see.
pub async fn search(
    by: Member,
    State(app): State<App>,
    numbered: Numbered,
    Query(search): Query<Search>,
) -> Result<Json<NumberedView<UserMinView>>> {
    let terms = search.terms();
    let (admitted, names) = tokio::join!(members::admit_page(&app, &by), members::search(&app, &terms));
    admitted?;
    let names = names?;
    let place = place(&numbered, &names, LARGEST_PAGE)?;
    let on_page: Vec<_> = names.held[place.rows.clone()].iter().map(|held| held.member).collect();
    let seen = members::visible(&app, Some(by.id()), &on_page).await?;
    Ok(Json(numbered.view(&app, &place, seen.iter().map(UserMinView::of).collect())))
}
