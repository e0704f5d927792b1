//! Joining: a new member with a name, perhaps an address, a password and a score of nothing.

use chrono::Duration;

use crate::app::App;
use crate::auth::sessions::{self, Ticket};
use crate::auth::{Client, limits, passwords};
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::account::{Account, EmailHeld, LeetcodeNameHeld, NameHeld};
use crate::model::name::{Email, Username, fold};
use crate::model::profile::Profile;
use crate::model::score::Score;
use crate::model::session::Session;
use crate::profile::Taken;
use crate::store::{StoreError, Write, keys};
use crate::visibility::Audience;

/// New accounts per address and hour (contract of the game's users API, section 4.2).
const PER_HOUR: u32 = 20;
/// How many ids are tried.
const TRIES: usize = 3;

/// What a new member brings.
pub struct NewMember {
    /// The name to be known by.
    pub username: Username,
    /// Their address, to be confirmed.
    pub email: Option<Email>,
    /// Whether it is proved already that the address is theirs.
    pub email_confirmed: bool,
    /// Their password; none for whoever comes in another way.
    pub password: Option<String>,
    /// Given name, may be empty.
    pub first_name: String,
    /// Family name, may be empty.
    pub last_name: String,
    /// Their name at LeetCode.
    pub leetcode_username: Option<String>,
    /// Who may see their profile.
    pub audience: Audience,
    /// What they tell of themselves; `member` in it is yet to come.
    pub profile: Option<Profile>,
}

impl NewMember {
    /// Somebody with a name, perhaps a password, and nothing else.
    pub fn new(username: Username, password: Option<String>) -> NewMember {
        NewMember {
            username,
            email: None,
            email_confirmed: false,
            password,
            first_name: String::new(),
            last_name: String::new(),
            leetcode_username: None,
            audience: Audience::default(),
            profile: None,
        }
    }
}

/// A member who has just joined.
pub struct Joined {
    /// Their account.
    pub account: Account,
    /// Their profile.
    pub profile: Profile,
    /// Their first session, and what a cookie carries of it.
    pub entered: Option<(Session, Ticket)>,
}

/// Whether a name is still free. It may be gone a moment later; [`join`] has the last word.
pub async fn is_free(app: &App, name: &Username) -> Result<bool> {
    Ok(app.table.get::<NameHeld>(keys::name(&name.folded())).await?.is_none())
}

/// Whether an address is still nobody's. As with a name, [`join`] has the last word.
pub async fn is_unheld(app: &App, email: &Email) -> Result<bool> {
    Ok(app.table.get::<EmailHeld>(keys::email(&email.folded())).await?.is_none())
}

/// What is taken already of a name and an address. They may be gone a moment later; [`join`] has the last word.
pub async fn taken(app: &App, name: &Username, email: &Email) -> Result<Vec<Taken>> {
    let found = app.table.get_two::<NameHeld, EmailHeld>(keys::name(&name.folded()), keys::email(&email.folded()));
    let (name, email) = found.await?;
    Ok([name.map(|_| Taken::Username), email.map(|_| Taken::Email)].into_iter().flatten().collect())
}

/// Counts an attempt to join from this address.
pub async fn admit(app: &App, client: &Client) -> Result<()> {
    admit_up_to(app, client, PER_HOUR).await
}

/// Counts an attempt to join from this address, where not so many are let in.
pub async fn admit_up_to(app: &App, client: &Client, per_hour: u32) -> Result<()> {
    limits::take(app, "join", &client.address, per_hour, Duration::hours(1)).await.map(drop)
}

/// A name for somebody who chose none: it tells nothing of them, and nobody was given it before.
pub fn nameless(app: &App) -> Result<Username> {
    let name = format!("member_{:x}", app.ids.next(app.clock.now()));
    Username::parse(&name).map_err(|_| Error::internal("No name could be made.", name))
}

/// Makes the account, and signs its member in where `enters` says from which client; or says what somebody else has.
pub async fn join(app: &App, new: NewMember, enters: Option<&Client>) -> Result<Result<Joined, Taken>> {
    join_with(app, new, enters, |_| Ok(Vec::new())).await
}

/// The same, with writes for whoever the new member turns out to be, in the same transaction. Where one of them is
/// refused, the address counts as taken: another look tells what it was. One that writes to the profile leaves no room
/// for [`NewMember::profile`].
pub async fn join_with(
    app: &App,
    new: NewMember,
    enters: Option<&Client>,
    also: impl Fn(MemberId) -> Result<Vec<Write>>,
) -> Result<Result<Joined, Taken>> {
    let NewMember { username, email, email_confirmed, password, first_name, last_name, .. } = new;
    let NewMember { leetcode_username, audience, profile, .. } = new;
    let password = match password {
        Some(password) => Some(passwords::hash(password).await?),
        None => None,
    };
    let now = app.clock.now();
    // Two functions may hit upon the same id in the same millisecond; the second takes another.
    for _ in 0..TRIES {
        let id = app.new_member_id();
        let account = Account {
            email: email.clone(),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            password: password.clone(),
            email_confirmed,
            last_login: enters.map(|_| now),
            audience,
            leetcode_username: leetcode_username.clone(),
            ..Account::new(id, username.clone(), now)
        };
        let score = Score::new(id, username.clone(), now);
        let entered = enters.map(|client| sessions::begin(app, &account, &client.user_agent)).transpose()?;
        let mut writes = vec![Write::create(&account)?, Write::create(&score)?];
        // In the order of these, so that a refusal tells what is taken.
        let mut unique = vec![Taken::Username];
        let mut holds = vec![Write::create(&NameHeld { name: username.folded(), member: id })?];
        if let Some(email) = &email {
            unique.push(Taken::Email);
            holds.push(Write::create(&EmailHeld { email: email.folded(), member: id })?);
            let event =
                if email_confirmed { Event::EmailConfirmed { member: id } } else { Event::EmailChanged { member: id } };
            writes.push(happened(app, event)?);
        }
        if let Some(name) = &leetcode_username {
            unique.push(Taken::LeetcodeUsername);
            holds.push(Write::create(&LeetcodeNameHeld { leetcode_username: fold(name), member: id })?);
        }
        let also = also(id)?;
        unique.extend(also.iter().map(|_| Taken::Email));
        holds.extend(also);
        if let Some(profile) = &profile {
            writes.push(Write::create(&Profile { member: id, ..profile.clone() })?);
        }
        if let Some((session, _)) = &entered {
            writes.push(Write::create(session)?);
        }
        writes.push(happened(app, Event::MemberJoined { member: id })?);
        holds.extend(writes);
        match app.table.together(holds).await {
            Ok(()) => {
                let profile = Profile { member: id, ..profile.unwrap_or_else(|| Profile::new(id)) };
                return Ok(Ok(Joined { account, profile, entered }));
            }
            Err(StoreError::Refused { write, .. }) => match unique.get(write) {
                Some(taken) => return Ok(Err(*taken)),
                None => continue,
            },
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::internal("No free id was found.", "three collisions in a row"))
}
