//! Joining: a new member with a name, perhaps an address, a password and a score of nothing.

use chrono::Duration;
use shared::auth::openid::Identity;
use shared::auth::sessions::{self, Ticket};
use shared::auth::{Client, limits, passwords};
use shared::events::{Event, happened};
use shared::model::account::{Account, EmailHeld, LeetcodeNameHeld, NameHeld};
use shared::model::name::{Email, Username, fold};
use shared::model::profile::Profile;
use shared::model::score::Score;
use shared::model::session::Session;
use shared::profile::Taken;
use shared::store::{StoreError, Write, keys};
use shared::visibility::Audience;
use shared::{App, Error, Result};

use crate::google::link;

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
    /// Their password; none for whoever comes by way of Google.
    pub password: Option<String>,
    /// Given name, may be empty.
    pub first_name: String,
    /// Family name, may be empty.
    pub last_name: String,
    /// Their name at LeetCode.
    pub leetcode_username: Option<String>,
    /// Who may see their profile.
    pub audience: Audience,
    /// What they tell of themselves; `member` in it is yet to come. The link to Google is shown in the profile, too, so
    /// whoever brings that tells nothing yet.
    pub profile: Option<Profile>,
    /// Who Google says that they are: their address is confirmed by it, and the two accounts are linked.
    pub google: Option<Identity>,
}

impl NewMember {
    /// Somebody with a name, perhaps a password, and nothing else.
    pub fn new(username: Username, password: Option<String>) -> NewMember {
        NewMember {
            username,
            email: None,
            password,
            first_name: String::new(),
            last_name: String::new(),
            leetcode_username: None,
            audience: Audience::default(),
            profile: None,
            google: None,
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

/// Makes the account, and signs its member in where `enters` says from which client; or says what somebody else has.
pub async fn join(app: &App, new: NewMember, enters: Option<&Client>) -> Result<Result<Joined, Taken>> {
    let NewMember { username, email, password, first_name, last_name, leetcode_username, audience, profile, google } =
        new;
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
            email_confirmed: google.is_some(),
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
            let confirmed = google.is_some();
            let event =
                if confirmed { Event::EmailConfirmed { member: id } } else { Event::EmailChanged { member: id } };
            writes.push(happened(app, event)?);
        }
        if let Some(name) = &leetcode_username {
            unique.push(Taken::LeetcodeUsername);
            holds.push(Write::create(&LeetcodeNameHeld { leetcode_username: fold(name), member: id })?);
        }
        if let Some(identity) = &google {
            // Whoever has the Google account by now stands for its address, too.
            unique.push(Taken::Email);
            holds.extend(link::writes(app, id, identity, false)?);
        }
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
