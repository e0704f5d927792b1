//! What SkillTracker shows of subscribers and profiles (its contract, section 2).

use schemars::JsonSchema;
use serde::Serialize;
use shared::App;
use shared::auth::sessions::{self, Ticket};
use shared::coding::boards::Card;
use shared::dialect::Dialect;
use shared::http::cookies;
use shared::ids::{MemberId, ProfileId};
use shared::model::account::Account;
use shared::model::coding::CodingProfile;
use shared::model::name::Email;
use shared::model::subscription::Subscription;

/// A subscriber.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscriberView {
    id: MemberId,
    email: String,
    group: Option<String>,
}

impl SubscriberView {
    /// The subscriber that a member is.
    pub fn of(account: &Account, subscription: &Subscription) -> SubscriberView {
        let email = account.email.as_ref().map(Email::as_str).unwrap_or_default().to_owned();
        SubscriberView { id: account.id, email, group: subscription.group.clone() }
    }
}

/// A profile. A figure is -1 where the platform has none, and null where it has not told yet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileView {
    id: ProfileId,
    platform_name: &'static str,
    username: String,
    last_rating: Option<i64>,
    problems_solved: Option<i64>,
    contests_attended: Option<i64>,
    subscriber_id: MemberId,
}

impl From<Card> for ProfileView {
    fn from(Card { id, member, platform, username, figures }: Card) -> ProfileView {
        ProfileView {
            id,
            platform_name: platform.name(),
            username,
            last_rating: figures.rating,
            problems_solved: figures.solved,
            contests_attended: figures.contests,
            subscriber_id: member,
        }
    }
}

impl From<&CodingProfile> for ProfileView {
    fn from(profile: &CodingProfile) -> ProfileView {
        Card::from(profile).into()
    }
}

/// A subscriber, and nothing else.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscribedView {
    /// The subscriber.
    pub subscriber: SubscriberView,
}

/// A profile, and nothing else.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneProfileView {
    /// The profile.
    pub profile: ProfileView,
}

/// What was done, and the profile that it was done to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedProfileView {
    /// What was done.
    pub status: &'static str,
    /// The profile as it is now.
    pub profile: ProfileView,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusView {
    /// What was done.
    pub status: &'static str,
}

/// The cookie by which a browser holds a session.
pub fn session_cookie(app: &App, ticket: &Ticket) -> String {
    cookies::set(app, cookie_name(), ticket.expose(), sessions::LIFETIME)
}

/// The same, taken away.
pub fn no_session_cookie(app: &App) -> String {
    cookies::clear(app, cookie_name())
}

/// Its name.
pub fn cookie_name() -> &'static str {
    Dialect::Tracker.session_cookie().unwrap_or_default()
}
