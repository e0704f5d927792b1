//! Recovery: a new password, or a way in, for whoever reads the member's letters.
//!
//! Asking has the same answer and takes the same work whether anybody has the address or not.

use chrono::Duration;
use shared::auth::codes::{self, Void};
use shared::auth::entry::{self, Entered};
use shared::auth::passwords::{self, Weakness};
use shared::auth::{Client, limits, second_factor};
use shared::events::{Event, happened};
use shared::ids::MemberId;
use shared::model::account::{Account, EmailHeld};
use shared::model::code::{Code, Purpose};
use shared::model::name::Email;
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result, profile};

use crate::email::LETTERS_PER_HOUR;

/// What one may ask a letter for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A new password.
    Password,
    /// To sign in by a link.
    SignIn,
    /// To confirm that the address is the member's own.
    Confirmation,
}

/// Has a letter sent to an address, if somebody has it.
pub async fn ask(app: &App, client: &Client, email: &Email, wish: Wish) -> Result<()> {
    let hour = Duration::hours(1);
    let folded = email.folded();
    let (by_client, by_address, held) = tokio::join!(
        limits::take(app, "letters", &client.address, LETTERS_PER_HOUR * 4, hour),
        limits::take(app, "letter", &folded, LETTERS_PER_HOUR, hour),
        app.table.get::<EmailHeld>(keys::email(&folded)),
    );
    by_client?;
    by_address?;
    let member: Option<MemberId> = held?.map(|held| held.member);
    // Written for unknown addresses, too: the two must not differ in what they take.
    let asked = match wish {
        Wish::Password => Event::PasswordResetAsked { member },
        Wish::SignIn => Event::SignInLinkAsked { member },
        Wish::Confirmation => Event::ConfirmationAsked { member },
    };
    Ok(app.table.together(vec![happened(app, asked)?]).await?)
}

/// What a code for a new password stands for, if it is still good. Uses nothing up.
pub async fn look_up(app: &App, code: &str) -> Result<Result<(Code, Account), Void>> {
    codes::look_up(app, Purpose::ResetPassword, code).await
}

/// Why a password was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSet {
    /// The code is not good, or not any more.
    Void(Void),
    /// The password is easy to guess; the code stays good.
    Weak(Vec<Weakness>),
}

/// Sets a new password for whoever has a code: every session ends, every other code is void, and the address that the
/// code was sent to is confirmed by it.
pub async fn set_password(app: &App, code: &str, password: String) -> Result<Result<Account, NotSet>> {
    let (code, account) = match look_up(app, code).await? {
        Ok(found) => found,
        Err(void) => return Ok(Err(NotSet::Void(void))),
    };
    let weak = passwords::weaknesses(&password, &profile::known(&account));
    if !weak.is_empty() {
        return Ok(Err(NotSet::Weak(weak)));
    }
    let member = account.id;
    let hash = passwords::hash(password).await?;
    let unchanged = Condition::equals("session_epoch", account.session_epoch).and(Condition::equals("active", true));
    let change = Change::of(keys::account(member))
        .set("password", &hash)
        .set("email_confirmed", true)
        .add("session_epoch", 1)
        .when(unchanged.and(Condition::equals("email", &code.email)));
    let writes = vec![
        codes::use_up(&code),
        Write::change(change),
        happened(app, Event::PasswordChanged { member })?,
        happened(app, Event::SessionsEnded { member })?,
    ];
    match app.table.together(writes).await {
        Ok(()) => Ok(Ok(account)),
        Err(StoreError::Refused { .. }) => Ok(Err(NotSet::Void(Void::Unknown))),
        Err(error) => Err(error.into()),
    }
}

/// Signs in whoever has a code from a letter and, where the member has one, shows the second factor besides. While that
/// is missing the letter's code stays good.
pub async fn sign_in(app: &App, client: &Client, code: &str, second: Option<&str>) -> Result<Entered> {
    let void = || Error::invalid_field("code", "This link is no longer valid. Ask for a new one.");
    let (code, account) = codes::look_up(app, Purpose::SignIn, code).await?.map_err(|_| void())?;
    let (profile, proof) = tokio::join!(profile::of(app, account.id), second_factor::demand(app, &account, second));
    let proof = proof?.with(codes::use_up(&code));
    let entered = entry::enter(app, client, account, profile?, proof).await?;
    entered.ok_or_else(void)
}
