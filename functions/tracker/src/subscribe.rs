//! Subscribing: somebody new becomes a member without a password; a member, by their own address, a subscriber.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Client, Member};
use shared::error::Problems;
use shared::http::{Body, Field, Json, SetCookies};
use shared::ids::MemberId;
use shared::joining::{self, NewMember};
use shared::model::account::{Account, EmailHeld};
use shared::model::name::Email;
use shared::model::subscription::Subscription;
use shared::profile::Taken;
use shared::store::{StoreError, Write, keys};
use shared::{App, Error, Result};

use crate::account::{self, Known, Named, Wanted};
use crate::caller::Visitor;
use crate::views::{SubscribedView, SubscriberView, session_cookie};

/// New subscribers per address and hour (contract of SkillTracker, section 4.6).
const PER_HOUR: u32 = 10;
/// Others may take the address or the account at the same moment; each time another look tells.
const TRIES: usize = 4;
const EMAIL_TAKEN: &str = "Subscriber with this Email already exists.";

/// Who subscribes, and perhaps a first account on a platform.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewSubscriber {
    #[schemars(required, length(min = 3, max = 254))]
    email: Field<String>,
    /// LeetCode, CodeChef or Codeforces.
    platform_name: Field<String>,
    username: Field<String>,
}

/// Makes a subscriber, and signs in whoever is new.
pub async fn subscribe(
    Visitor { member, subscriber }: Visitor,
    client: Client,
    State(app): State<App>,
    Body(input): Body<NewSubscriber>,
) -> Result<(SetCookies, Json<SubscribedView>)> {
    joining::admit_up_to(&app, &client, PER_HOUR).await?;
    let mut form = Form::read(input);
    // Whoever gives the address that they have here is not somebody new.
    let own =
        |member: &Member| member.account.email.as_ref().map(Email::folded) == form.email.as_ref().map(Email::folded);
    let joins = member.filter(|member| form.email.is_some() && subscriber.is_none() && own(member));
    form.check(&app, joins.as_ref().map(Member::id)).await?;
    let Form { email: Some(email), account, .. } = form else { return Err(Error::not_found()) };
    let known = match account {
        Some(account) => {
            let told = account.does_not_exist();
            Some(account.look_up(&app).await?.ok_or_else(|| Error::invalid_field("__all__", told))?)
        }
        None => None,
    };
    for _ in 0..TRIES {
        let made = match &joins {
            Some(member) => add(&app, &member.account, known.as_ref()).await?.map(|view| (vec![], view)),
            None => join(&app, &client, &email, known.as_ref()).await?,
        };
        if let Some((cookies, subscriber)) = made {
            return Ok((SetCookies(cookies), Json(SubscribedView { subscriber })));
        }
        // Somebody else was quicker, with what this look tells.
        let account = known.as_ref().map(|known| known.account.clone());
        let mut again = Form { email: Some(email.clone()), account, problems: Problems::default() };
        again.check(&app, joins.as_ref().map(Member::id)).await?;
    }
    Err(Error::conflict("busy", "Too many are at this at the same time. Try again."))
}

/// What was filled in, as far as it can be what it should.
struct Form {
    email: Option<Email>,
    account: Option<Named>,
    problems: Problems,
}

impl Form {
    fn read(input: NewSubscriber) -> Form {
        let mut problems = Problems::default();
        let email = input.email.required(&mut problems, "email").and_then(|email| {
            let required = (!email.trim().is_empty()).then_some(email).ok_or("This field is required.");
            let email = problems.check("email", required)?;
            problems.check("email", Email::parse(email.trim()).map_err(|_| "Enter a valid email address."))
        });
        let account = account::read(&mut problems, Wanted::Perhaps, input.platform_name, input.username);
        Form { email, account, problems }
    }

    /// Fails with what is wrong with it: an account that somebody has comes before everything else. `own` is the member
    /// whose address it is.
    async fn check(&mut self, app: &App, own: Option<MemberId>) -> Result<()> {
        let (held, taken) = futures_util::future::try_join(
            async {
                match &self.account {
                    Some(account) => account.holder(app).await,
                    None => Ok(None),
                }
            },
            async {
                match &self.email {
                    Some(email) => app.table.get::<EmailHeld>(keys::email(&email.folded())).await,
                    None => Ok(None),
                }
            },
        )
        .await?;
        if let (Some(account), Some(_)) = (&self.account, held) {
            return Err(account.is_taken());
        }
        if taken.is_some_and(|held| Some(held.member) != own) {
            self.problems.add("email", EMAIL_TAKEN);
        }
        std::mem::take(&mut self.problems).finish()
    }
}

/// Makes a member of somebody new, who comes by their letters, and signs them in; `None` if somebody else was quicker.
async fn join(
    app: &App,
    client: &Client,
    email: &Email,
    known: Option<&Known>,
) -> Result<Option<(Vec<String>, SubscriberView)>> {
    let new = NewMember { email: Some(email.clone()), ..NewMember::new(joining::nameless(app)?, None) };
    let joined = joining::join_with(app, new, Some(client), |member| writes(app, member, known)).await?;
    match joined {
        Ok(joined) => {
            let Some((_, ticket)) = joined.entered else { return Ok(None) };
            let account = joined.account;
            let subscription = Subscription::new(account.id, app.clock.now());
            let cookies = vec![session_cookie(app, &ticket), client.remember(app, account.id)];
            Ok(Some((cookies, SubscriberView::of(&account, &subscription))))
        }
        Err(Taken::Username | Taken::Email | Taken::LeetcodeUsername) => Ok(None),
    }
}

/// Makes a member a subscriber; `None` if somebody else was quicker.
async fn add(app: &App, account: &Account, known: Option<&Known>) -> Result<Option<SubscriberView>> {
    let subscription = Subscription::new(account.id, app.clock.now());
    match app.table.together(writes(app, account.id, known)?).await {
        Ok(()) => Ok(Some(SubscriberView::of(account, &subscription))),
        Err(StoreError::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The writes that make a member a subscriber, perhaps with a profile.
fn writes(app: &App, member: MemberId, known: Option<&Known>) -> Result<Vec<Write>> {
    let mut writes = Vec::new();
    if let Some(known) = known {
        let profile = known.profile(app, member, None);
        writes.push(Write::create(&known.account.held_by(member))?);
        writes.push(Write::create(&profile)?);
        writes.extend(account::fetched_later(app, &profile)?);
    }
    writes.push(Write::create(&Subscription::new(member, app.clock.now()))?);
    Ok(writes)
}
