//! Joining: a new member with a name, a password and a score of nothing.

use chrono::Duration;
use shared::auth::{Client, limits, passwords};
use shared::events::{Event, happened};
use shared::model::account::{Account, NameHeld};
use shared::model::name::Username;
use shared::model::score::Score;
use shared::store::{StoreError, Write, keys};
use shared::{App, Error, Result};

/// New accounts per address and hour (contract of the game's users API, section 4.2).
const PER_HOUR: u32 = 20;

/// Whether a name is still free. It may be gone a moment later; [`join`] has the last word.
pub async fn is_free(app: &App, name: &Username) -> Result<bool> {
    Ok(app.table.get::<NameHeld>(keys::name(&name.folded())).await?.is_none())
}

/// Counts an attempt to join from this address.
pub async fn admit(app: &App, client: &Client) -> Result<()> {
    limits::take(app, "join", &client.address, PER_HOUR, Duration::hours(1)).await.map(drop)
}

/// Makes the account; `None` if somebody has the name.
pub async fn join(app: &App, username: Username, password: String) -> Result<Option<Account>> {
    let password = passwords::hash(password).await?;
    let now = app.clock.now();
    // Two functions may hit upon the same id in the same millisecond; the second takes another.
    for _ in 0..3 {
        let account = Account {
            id: app.new_member_id(),
            username: username.clone(),
            email: None,
            email_confirmed: false,
            first_name: String::new(),
            last_name: String::new(),
            avatar: None,
            password: password.clone(),
            session_epoch: 0,
            active: true,
            banned: false,
            role: None,
            joined_at: now,
            last_login: None,
        };
        let score = Score {
            member: account.id,
            username: username.clone(),
            avatar: None,
            score: 0,
            games_played: 0,
            games_won: 0,
            updated_at: now,
            shown: true,
        };
        let name = NameHeld { name: username.folded(), member: account.id };
        let writes = vec![
            Write::create(&name)?,
            Write::create(&account)?,
            Write::create(&score)?,
            happened(app, Event::MemberJoined { member: account.id })?,
        ];
        match app.table.together(writes).await {
            Ok(()) => return Ok(Some(account)),
            Err(StoreError::Refused { write: 0, .. }) => return Ok(None),
            Err(StoreError::Refused { .. }) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::internal("No free id was found.", "three collisions in a row"))
}
