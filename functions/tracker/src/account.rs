//! Accounts on platforms: what a caller may give for one, and what becomes of it.

use std::time::Duration;

use shared::error::Problems;
use shared::events::{Event, happened};
use shared::http::Field;
use shared::ids::MemberId;
use shared::model::coding::{CoderHeld, CodingProfile, Fetch, Figures};
use shared::platforms::{self, Answer, Platform};
use shared::store::{Stored, Write};
use shared::{App, Error, Result};

/// How long a request waits for a platform: well under the 29 seconds that the API waits for us.
pub const PATIENCE: Duration = Duration::from_secs(12);

const REQUIRED: &str = "This field is required.";
/// The longest name on a platform, in characters.
const LONGEST: usize = 100;
/// How much of a wrong choice goes back to whoever made it.
const SHOWN: usize = 100;

/// An account on a platform, by its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// Where.
    pub platform: Platform,
    /// What it is called there.
    pub username: String,
}

/// Whether an account has to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Both its platform and its name.
    Always,
    /// Both or neither.
    Perhaps,
}

/// The account that two fields of a form name, or notes of what is wrong with them.
pub fn read(
    problems: &mut Problems,
    wanted: Wanted,
    platform_name: Field<String>,
    username: Field<String>,
) -> Option<Named> {
    let platform_name = filled(problems, "platform_name", platform_name);
    let username = filled(problems, "username", username);
    match (wanted, &platform_name, &username) {
        (Wanted::Perhaps, Some(_), None) | (Wanted::Perhaps, None, Some(_)) => {
            problems.add("__all__", "Both platform and username are required if either is provided.");
        }
        (Wanted::Perhaps, _, _) => {}
        (Wanted::Always, platform_name, username) => {
            for (field, missing) in [("platform_name", platform_name.is_none()), ("username", username.is_none())] {
                if missing {
                    problems.add(field, REQUIRED);
                }
            }
        }
    }
    let platform = platform_name.and_then(|name| problems.check("platform_name", find(&name)));
    let username = username.and_then(|name| problems.check("username", bounded(name)));
    Some(Named { platform: platform?, username: username? })
}

/// A new name for an account whose platform is known, or a note of what is wrong with it.
pub fn read_name(problems: &mut Problems, username: Field<String>) -> Option<String> {
    let username = filled(problems, "username", username);
    if username.is_none() {
        problems.add("username", REQUIRED);
    }
    problems.check("username", bounded(username?))
}

/// What a field says; blanks say nothing.
fn filled(problems: &mut Problems, name: &'static str, field: Field<String>) -> Option<String> {
    let text = field.nullable(problems, name).flatten()?.trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
}

fn find(name: &str) -> Result<Platform, String> {
    let shown: String = name.chars().take(SHOWN).collect();
    let no_choice = || format!("Select a valid choice. {shown} is not one of the available choices.");
    Platform::find(name).ok_or_else(no_choice)
}

fn bounded(name: String) -> Result<String, String> {
    let length = name.chars().count();
    if length > LONGEST {
        return Err(format!("Ensure this value has at most {LONGEST} characters (it has {length})."));
    }
    Ok(name)
}

impl Named {
    /// Whether any platform would have such a name. What cannot be is not asked for, nor kept a place for.
    pub fn is_possible(&self) -> bool {
        (1..=LONGEST).contains(&self.username.len()) && self.username.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// The hold on this account, if some member has it.
    pub async fn holder(&self, app: &App) -> Result<Option<CoderHeld>> {
        if !self.is_possible() {
            return Ok(None);
        }
        app.table.get(self.held_by(MemberId(0)).key()).await
    }

    /// The hold that a member has on this account.
    pub fn held_by(&self, member: MemberId) -> CoderHeld {
        CoderHeld::new(self.platform, &self.username, member)
    }

    /// Asks the platform about it, once. `None` if there is none of this name there.
    pub async fn look_up(self, app: &App) -> Result<Option<Known>> {
        if !self.is_possible() {
            return Ok(None);
        }
        let Named { platform, username } = &self;
        Ok(match platforms::ask(app, *platform, username, PATIENCE).await? {
            Answer::Unknown => None,
            Answer::Known(report) => {
                let fetch = if report.is_whole() { Fetch::Success } else { Fetch::Failed };
                Some(Known { account: self, figures: Figures::default().after(&report), fetch })
            }
            Answer::Failed(why) => {
                tracing::warn!(platform = platform.name(), %why, "A new profile waits for its platform.");
                Some(Known { account: self, figures: Figures::default(), fetch: Fetch::Pending })
            }
        })
    }

    /// That there is no such account, as each platform's callers hear it.
    pub fn does_not_exist(&self) -> String {
        does_not_exist(self.platform, &self.username)
    }

    /// That the account is another subscriber's.
    pub fn is_taken(&self) -> Error {
        let (platform, username) = (self.platform.name(), &self.username);
        Error::conflict("profile exists", format!("Profile already registered: {platform} ({username})"))
    }
}

/// That a platform has no account of this name.
pub fn does_not_exist(platform: Platform, username: &str) -> String {
    match platform {
        Platform::LeetCode | Platform::Codeforces => {
            format!("{} username '{username}' does not exist.", platform.name())
        }
        Platform::CodeChef => format!("CodeChef username {username} does not exist."),
    }
}

/// An account that there is, or may be while its platform does not answer.
#[derive(Clone, Debug)]
pub struct Known {
    /// The account.
    pub account: Named,
    /// What the platform told.
    pub figures: Figures,
    /// How asking it went.
    pub fetch: Fetch,
}

impl Known {
    /// The profile that a member, who is in this group, has by it from now on.
    pub fn profile(&self, app: &App, member: MemberId, group: Option<&str>) -> CodingProfile {
        let now = app.clock.now();
        CodingProfile {
            id: app.new_profile_id(),
            member,
            platform: self.account.platform,
            username: self.account.username.clone(),
            figures: self.figures,
            group: group.map(str::to_owned),
            updated_at: now,
            fetched_at: (self.fetch == Fetch::Success).then_some(now),
            fetch: self.fetch,
        }
    }
}

/// The write that has the rest fetched of a profile of which the platform has not told everything.
pub fn fetched_later(app: &App, profile: &CodingProfile) -> Result<Option<Write>> {
    let CodingProfile { id, member, platform, fetch, .. } = *profile;
    let due = || happened(app, Event::ProfileDue { member, platform, profile: id, run: None });
    (fetch != Fetch::Success).then(due).transpose()
}
