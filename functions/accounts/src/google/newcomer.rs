//! Somebody new who comes by way of Google: an account without a password, whose address is confirmed.

use shared::auth::Client;
use shared::auth::openid::Identity;
use shared::events::{Event, happened};
use shared::model::account::{Account, EmailHeld, NameHeld};
use shared::model::name::Username;
use shared::model::score::Score;
use shared::store::{StoreError, Write};
use shared::{App, Error, Result};

use super::link;
use crate::joining;

/// How many names are tried.
const TRIES: u64 = 8;
/// Names of SkillNet have 3 to 30 letters; the end is kept for digits.
const LONGEST: usize = 20;
/// The longest name of a person.
const LONGEST_PERSON: usize = 150;

/// Makes the account; `None` if the address or the Google account has an owner by now.
pub(super) async fn make(app: &App, client: &Client, identity: &Identity) -> Result<Option<Account>> {
    joining::admit(app, client).await?;
    let now = app.clock.now();
    let wished = derive(identity.email.as_str());
    for attempt in 0..TRIES {
        let id = app.new_member_id();
        let name = if attempt == 0 { wished.clone() } else { format!("{wished}{}", suffix(id.0)) };
        let username = Username::parse(&name).map_err(|_| Error::internal("No name could be made.", "letters"))?;
        let account = Account {
            email: Some(identity.email.clone()),
            email_confirmed: true,
            first_name: person(&identity.first_name),
            last_name: person(&identity.last_name),
            ..Account::new(id, username.clone(), now)
        };
        let score = Score::new(id, username.clone(), now);
        let mut writes = vec![
            Write::create(&NameHeld { name: username.folded(), member: id })?,
            Write::create(&account)?,
            Write::create(&EmailHeld { email: identity.email.folded(), member: id })?,
            Write::create(&score)?,
            happened(app, Event::MemberJoined { member: id })?,
            happened(app, Event::EmailConfirmed { member: id })?,
        ];
        writes.extend(link::writes(app, id, identity, false)?);
        match app.table.together(writes).await {
            Ok(()) => return Ok(Some(account)),
            // The name, or even the id, is taken: another one may be free.
            Err(StoreError::Refused { write: 0 | 1, .. }) => continue,
            Err(StoreError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::internal("No free name was found.", "eight collisions in a row"))
}

/// A name after an address: its letters, digits and underscores.
fn derive(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let name: String =
        local.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '_').take(LONGEST).collect();
    if name.len() < 3 { format!("member{name}") } else { name }
}

/// Up to five digits that differ from try to try, and from function to function.
fn suffix(id: u64) -> u64 {
    id % 90_000 + 10_000
}

/// A name of a person as we keep it.
fn person(name: &str) -> String {
    name.trim().chars().filter(|char| !char.is_control()).take(LONGEST_PERSON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_from_an_address() {
        assert_eq!(derive("Ada.Lovelace+x@example.org"), "AdaLovelacex");
        assert_eq!(derive("a@example.org"), "membera");
        assert_eq!(derive("-@example.org"), "member");
        assert_eq!(derive(&format!("{}@example.org", "x".repeat(64))).len(), LONGEST);
        for email in ["ada@x.org", "1@x.org", "a_b@x.org"] {
            assert!(Username::parse(&format!("{}{}", derive(email), suffix(u64::MAX))).is_ok(), "{email}");
        }
    }
}
