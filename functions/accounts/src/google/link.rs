//! The link between a member and their Google account: one each way.

use shared::auth::Member;
use shared::auth::openid::Identity;
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::google::{GoogleHeld, GoogleLink};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

use super::vault;

/// Why two are not linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// The Google account is another member's.
    OtherMember,
    /// The member has another Google account.
    OtherAccount,
}

impl From<Elsewhere> for Error {
    fn from(elsewhere: Elsewhere) -> Error {
        match elsewhere {
            Elsewhere::OtherMember => Error::conflict("google_taken", "This Google account belongs to another member."),
            Elsewhere::OtherAccount => {
                Error::conflict("google_linked", "Another Google account is linked. Unlink that one first.")
            }
        }
    }
}

/// The writes that link a member to a Google account that has no member; refused if it has one, or if the member has
/// another Google account that this one does not replace.
pub fn writes(app: &App, member: MemberId, identity: &Identity, replaces: bool) -> Result<Vec<Write>> {
    let held = GoogleHeld { subject: identity.subject.clone(), member };
    let link = link(app, member, identity)?;
    Ok(vec![Write::create(&held)?, if replaces { Write::put(&link)? } else { Write::create(&link)? }])
}

fn link(app: &App, member: MemberId, identity: &Identity) -> Result<GoogleLink> {
    let refresh_token = identity.refresh_token.as_deref().map(|token| vault::lock(app, member, token)).transpose()?;
    Ok(GoogleLink {
        member,
        subject: identity.subject.clone(),
        email: identity.email.as_str().to_owned(),
        scopes: identity.scopes.clone(),
        refresh_token,
        linked_at: app.clock.now(),
    })
}

/// Links a member who asked for it in this epoch, or adds what they allowed to the link that they have.
pub async fn add(app: &App, member: MemberId, epoch: i64, identity: &Identity) -> Result<()> {
    let found =
        app.table.get_two::<GoogleHeld, GoogleLink>(keys::google(&identity.subject), keys::google_link(member)).await?;
    let mut writes = match found {
        (_, Some(link)) if link.subject != identity.subject => return Err(Elsewhere::OtherAccount.into()),
        (Some(held), Some(old)) if held.member == member => {
            let mut new = link(app, member, identity)?;
            new.linked_at = old.linked_at;
            new.refresh_token = new.refresh_token.or(old.refresh_token);
            vec![Write::put(&new)?]
        }
        (Some(held), _) if app.table.get::<Account>(keys::account(held.member)).await?.is_some() => {
            return Err(Elsewhere::OtherMember.into());
        }
        (held, _) => {
            if let Some(held) = held {
                let_go(app, &identity.subject, held.member).await?;
            }
            writes(app, member, identity, false)?
        }
    };
    // The session that this was asked with must not have ended with all others in the meantime.
    let unchanged = Condition::equals("session_epoch", epoch).and(Condition::equals("active", true));
    let account = Change::of(keys::account(member)).set("updated_at", app.clock.now());
    writes.insert(0, Write::change(account.when(unchanged)));
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { write: 0, .. }) => {
            Err(Error::forbidden("session_ended", "You are no longer signed in. Sign in, and link it again."))
        }
        Err(StoreError::Refused { .. }) => Err(Elsewhere::OtherMember.into()),
        Err(error) => Err(error.into()),
    }
}

/// Lets go of a Google account whose member has left.
pub async fn let_go(app: &App, subject: &str, member: MemberId) -> Result<()> {
    match app.table.delete(keys::google(subject), Condition::equals("member", member)).await {
        Ok(()) | Err(StoreError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Gives up a member's link: at Google first, so that nothing of ours goes on there if that fails.
pub async fn remove(app: &App, by: &Member) -> Result<()> {
    let member = by.id();
    let none = || Error::conflict("google_not_linked", "No Google account is linked.");
    let link = app.table.get::<GoogleLink>(keys::google_link(member)).await?.ok_or_else(none)?;
    if by.account.password.is_none() {
        let message = "This is your only way in. Set a password first.";
        return Err(Error::conflict("only_way_in", message));
    }
    let token = link.refresh_token.as_deref().and_then(|locked| vault::open(app, member, locked));
    if let Some(token) = token {
        app.openid.revoke(app, &token).await?;
    }
    let writes = vec![
        Write::delete(keys::google_link(member), Condition::equals("subject", &link.subject)),
        Write::delete(keys::google(&link.subject), Condition::equals("member", member)),
        // Whoever lost their password in the meantime has no other way in.
        Write::change(
            Change::of(keys::account(member))
                .set("updated_at", app.clock.now())
                .when(Condition::equals("password", &by.account.password)),
        ),
    ];
    match app.table.together(writes).await {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}
