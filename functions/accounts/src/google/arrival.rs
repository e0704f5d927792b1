//! Who arrives from Google: the member who has that Google account, the member who has its address, or somebody new.
//!
//! An address joins only where both sides have verified it. Whoever wrote an address into an account without proving it
//! is not its owner: they lose the account's password and second factor, every session and their own Google account
//! before the owner gets in.
//!
//! Google stands for the password alone: whose second factor is on shows it besides.

use shared::auth::entry::{self, Entered};
use shared::auth::openid::Identity;
use shared::auth::{Client, second_factor, secrets};
use shared::events::{Event, happened};
use shared::ids::MemberId;
use shared::joining::{self, NewMember};
use shared::model::account::{Account, EmailHeld};
use shared::model::google::{Arrival, CODE_WORKS, GoogleHeld, GoogleLink};
use shared::profile::{self, Taken};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

use super::link::{self, Elsewhere};
use crate::naming;

/// Others may join, link or leave at the same moment; each time it is another case.
const TRIES: usize = 4;
/// How many names are tried for somebody new.
const NAMES: usize = 8;
/// The longest name of a person.
const LONGEST_PERSON: usize = 150;

/// The account of whoever Google says this is; linked, and made where there is none.
pub async fn welcome(app: &App, client: &Client, identity: &Identity) -> Result<Account> {
    for _ in 0..TRIES {
        let known = app
            .table
            .get_two::<GoogleHeld, EmailHeld>(keys::google(&identity.subject), keys::email(&identity.email.folded()));
        let (linked, addressed) = known.await?;
        if let Some(GoogleHeld { member, .. }) = linked {
            match account(app, member).await? {
                Some(account) => return usable(account),
                // Its member has left.
                None => {
                    link::let_go(app, &identity.subject, member).await?;
                    continue;
                }
            }
        }
        let joined = match addressed {
            Some(EmailHeld { member, .. }) => match account(app, member).await? {
                Some(account) => join(app, usable(account)?, identity).await?,
                None => None,
            },
            None => make(app, client, identity).await?,
        };
        if let Some(account) = joined {
            return Ok(account);
        }
    }
    Err(Error::changed_meanwhile())
}

/// Makes an account for somebody new, who has no password; `None` if the address or the Google account has an owner by
/// now.
async fn make(app: &App, client: &Client, identity: &Identity) -> Result<Option<Account>> {
    joining::admit(app, client).await?;
    for attempt in 0..NAMES {
        // Most names are free, so the first is looked up by taking it.
        let username = match attempt {
            0 => naming::wish("", &identity.email),
            _ => naming::find_free(app, "", &identity.email, attempt > 1).await?,
        };
        let Some(username) = username else { continue };
        let new = NewMember {
            email: Some(identity.email.clone()),
            email_confirmed: true,
            first_name: person(&identity.first_name),
            last_name: person(&identity.last_name),
            ..NewMember::new(username, None)
        };
        let linked = |member| link::writes(app, member, identity, false);
        match joining::join_with(app, new, None, linked).await? {
            Ok(joined) => return Ok(Some(joined.account)),
            Err(Taken::Username) => {}
            Err(_) => return Ok(None),
        }
    }
    Err(Error::internal("No free name was found.", "eight collisions in a row"))
}

/// A name of a person as we keep it.
fn person(name: &str) -> String {
    name.trim().chars().filter(|char| !char.is_control()).take(LONGEST_PERSON).collect()
}

/// Links the account that has the verified address; `None` if it has changed since it was read.
async fn join(app: &App, account: Account, identity: &Identity) -> Result<Option<Account>> {
    let member = account.id;
    let old = app.table.get::<GoogleLink>(keys::google_link(member)).await?;
    if !account.email_confirmed && account.role.is_some() {
        // Nobody becomes one of the staff by owning an address that one of them mistyped.
        return Err(Error::conflict("email_taken", "This address belongs to another account."));
    }
    if account.email_confirmed && old.is_some() {
        return Err(Elsewhere::OtherAccount.into());
    }
    let unchanged = Condition::equals("email", &account.email)
        .and(Condition::equals("email_confirmed", account.email_confirmed))
        .and(Condition::equals("session_epoch", account.session_epoch))
        // Whoever links another Google account at the same moment changes this.
        .and(Condition::equals("updated_at", account.updated_at))
        .and(Condition::equals("active", true));
    let takes_over = !account.email_confirmed;
    let (change, account) = if !takes_over {
        (Change::of(keys::account(member)).set("email_confirmed", true), account)
    } else {
        let change = Change::of(keys::account(member))
            .set("email_confirmed", true)
            .remove("password")
            .remove("second_factor")
            .add("session_epoch", 1);
        let session_epoch = account.session_epoch + 1;
        (change, Account { email_confirmed: true, password: None, second_factor: false, session_epoch, ..account })
    };
    let mut writes = link::writes(app, member, identity, old.is_some())?;
    writes.push(Write::change(change.when(unchanged)));
    if let Some(old) = old.filter(|old| old.subject != identity.subject) {
        // Theirs who wrote the address in. Its item is replaced by the new one.
        writes.push(Write::delete(keys::google(&old.subject), Condition::equals("member", member)));
    }
    if takes_over {
        writes.push(Write::delete(keys::second_factor(member), Condition::default()));
        writes.push(happened(app, Event::SessionsEnded { member })?);
    }
    match app.table.together(writes).await {
        Ok(()) => Ok(Some(account)),
        Err(StoreError::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A one-time code for a client of somebody who has arrived.
pub async fn code(app: &App, account: &Account) -> Result<String> {
    let (code, id) = secrets::new(account.id)?;
    let expires_at = app.clock.now() + CODE_WORKS;
    app.table.create(&Arrival { member: account.id, id, epoch: account.session_epoch, expires_at }).await?;
    Ok(code)
}

/// Signs in whoever has a one-time code and, where it is on, shows the second factor; until then the code stays good.
pub async fn enter_by_code(app: &App, client: &Client, code: &str, second: Option<&str>) -> Result<Entered> {
    let void = || Error::invalid_field("one_time_code", "This code is not valid, or not any more.");
    let (member, id) = secrets::read(code).ok_or_else(void)?;
    let key = keys::code(member, "google", &id);
    let (arrival, account) = app.table.get_two::<Arrival, Account>(key.clone(), keys::account(member)).await?;
    let (Some(arrival), Some(account)) = (arrival, account) else { return Err(void()) };
    if arrival.expires_at <= app.clock.now() || arrival.epoch != account.session_epoch {
        return Err(void());
    }
    let account = usable(account)?;
    let (profile, proof) = tokio::join!(profile::of(app, member), second_factor::demand(app, &account, second));
    let proof = proof?.with(Write::delete(key, Condition::present()));
    entry::enter(app, client, account, profile?, proof).await?.ok_or_else(void)
}

/// Signs in somebody who has arrived and, where it is on, shows the second factor.
pub async fn enter(app: &App, client: &Client, account: Account, second: Option<&str>) -> Result<Entered> {
    let (profile, proof) = tokio::join!(profile::of(app, account.id), second_factor::demand(app, &account, second));
    let entered = entry::enter(app, client, account, profile?, proof?).await?;
    entered.ok_or_else(Error::changed_meanwhile)
}

async fn account(app: &App, member: MemberId) -> Result<Option<Account>> {
    app.table.get::<Account>(keys::account(member)).await
}

fn usable(account: Account) -> Result<Account> {
    if account.is_usable() {
        return Ok(account);
    }
    Err(Error::forbidden("user_inactive", "This account cannot be used at the moment."))
}
