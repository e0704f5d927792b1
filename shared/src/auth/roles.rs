//! Who is of the staff, and with which role.
//!
//! Nobody acts on themselves, and whoever takes somebody's role away is an administrator until it is done
//! ([`still_administrator`]): so one administrator always remains.

use crate::app::App;
use crate::audit::{self, Author};
use crate::error::{Error, Result};
use crate::model::account::{Account, NameHeld};
use crate::model::role::Role;
use crate::store::{Change, Condition, StoreError, Write, keys};

use super::extract::login_name;

/// Gives a member a role, in place of the one they have, or takes it away. `also` belongs in the same transaction.
pub async fn set(
    app: &App,
    account: &Account,
    role: Option<Role>,
    also: impl IntoIterator<Item = Write>,
) -> Result<()> {
    let change = Change::of(keys::account(account.id)).set("role", role).when(Condition::equals("role", account.role));
    let writes = [Write::change(change)].into_iter().chain(also).collect();
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

/// A write that changes nothing and is refused unless this member is an administrator at that moment, and was neither
/// banned nor deactivated since their request began: both raise the epoch. Two who depose each other at the same time
/// cannot both succeed.
pub fn still_administrator(by: &Account) -> Write {
    let administrator = Some(Role::Administrator);
    let seen = Condition::equals("role", administrator).and(Condition::equals("session_epoch", by.session_epoch));
    Write::change(Change::of(keys::account(by.id)).set("role", administrator).when(seen))
}

/// Makes whoever has this name an administrator, as the operator of the house may; `None` if nobody has it.
pub async fn make_administrator(app: &App, name: &str) -> Result<Option<Account>> {
    let Some(held) = app.table.get::<NameHeld>(keys::name(&login_name(name))).await? else { return Ok(None) };
    let Some(account) = app.table.get::<Account>(keys::account(held.member)).await? else { return Ok(None) };
    let role = Some(Role::Administrator);
    if account.role != role {
        let note =
            audit::note(app, Author::operator(), "role_set", Some(account.id), Some("administrator".to_owned()))?;
        set(app, &account, role, [note]).await?;
    }
    Ok(Some(Account { role, ..account }))
}
