//! The game users API's words for accounts (its contract, section 3): inputs, views, and handlers that translate.

use axum::extract::{FromRequestParts, State};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::entry::{self, Entered, Refused};
use shared::auth::passwords;
use shared::auth::{Client, Member, Operator, Viewer, sessions};
use shared::dialect::Dialect;
use shared::error::Problems;
use shared::http::describe::{Describe, Operation};
use shared::http::{Body, Created, Json, Path, SetCookies, body, cookies};
use shared::ids::MemberId;
use shared::joining::{self, NewMember};
use shared::model::account::Account;
use shared::model::name::{Email, LONGEST_USERNAME, NotAUsername, Username};
use shared::model::score::Score;
use shared::profile::{self, Edit, LONGEST_NAME, Taken};
use shared::stats::{self, NewStats};
use shared::visibility::{Audience, Relation, may_see};
use shared::{App, Error, Result, leaving};

use crate::password::{self, Proof};

const REQUIRED: &str = "This field is required.";
const NAME_TAKEN: &str = "A user with that username already exists.";

/// What was done, and to whom.
#[derive(Serialize, JsonSchema)]
pub struct DoneView {
    id: MemberId,
    username: String,
    message: &'static str,
}

impl DoneView {
    fn of(account: &Account, message: &'static str) -> DoneView {
        DoneView { id: account.id, username: account.username.as_str().to_owned(), message }
    }
}

/// An account to be made.
#[derive(Deserialize, JsonSchema)]
pub struct NewUser {
    #[schemars(required, length(min = 1, max = 150))]
    username: Option<String>,
    #[schemars(required, length(min = 8, max = 1024))]
    password1: Option<String>,
    #[schemars(required, length(min = 8, max = 1024))]
    password2: Option<String>,
}

/// Makes an account. Does not sign in.
pub async fn register(client: Client, State(app): State<App>, Body(input): Body<NewUser>) -> Result<Created<DoneView>> {
    joining::admit(&app, &client).await?;
    let mut problems = Problems::default();
    let username = required(&mut problems, "username", input.username);
    let typed = username.as_deref().unwrap_or_default().to_owned();
    let username = username.and_then(|username| problems.check("username", parse_username(&username)));
    if let Some(username) = &username
        && !joining::is_free(&app, username).await?
    {
        problems.add("username", NAME_TAKEN);
    }
    let first = required(&mut problems, "password1", input.password1);
    let second = required(&mut problems, "password2", input.password2);
    if let (Some(first), Some(second)) = (&first, &second) {
        check_new_password(&mut problems, "password2", first, second, &[&typed]);
    }
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(username), Some(password)) = (username, first) else { return Err(Error::not_found()) };
    match joining::join(&app, NewMember::new(username, Some(password)), None).await? {
        Ok(joined) => Ok(Created(DoneView::of(&joined.account, "User created."))),
        Err(_) => Err(Error::invalid_field("username", NAME_TAKEN)),
    }
}

/// A name and a password.
#[derive(Deserialize, JsonSchema)]
pub struct Credentials {
    #[schemars(required, length(min = 1))]
    username: Option<String>,
    /// With a code directly behind it where the member's second factor is on.
    #[schemars(required, length(min = 1))]
    password: Option<String>,
}

/// Signs in.
pub async fn login(
    Viewer(viewer): Viewer,
    client: Client,
    State(app): State<App>,
    input: Result<Body<Credentials>>,
) -> Result<(SetCookies, Json<DoneView>)> {
    if viewer.is_some() {
        return Err(Error::invalid("already_authenticated", "User is already authenticated."));
    }
    let Body(Credentials { username, password }) = input?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (Some(username), Some(password)) = (filled(username), filled(password)) else {
        return Err(Error::unauthenticated("missing", "Username and password are required."));
    };
    match entry::sign_in(&app, &client, &username, password).await? {
        Ok(Entered { account, ticket, .. }) => {
            let cookies = vec![session_cookie(&app, ticket.expose()), client.remember(&app, account.id)];
            Ok((SetCookies(cookies), Json(DoneView::of(&account, "Login successful."))))
        }
        Err(Refused::UnknownName) if !app.config.uniform_login_errors => {
            Err(Error::unauthenticated("unknown_name", "Username does not exist."))
        }
        Err(Refused::Barred) => Err(Error::unauthenticated("deactivated", "Account is deactivated.")),
        Err(_) => Err(Error::unauthenticated("wrong_password", "Invalid password.")),
    }
}

/// Signs out: the session ends at once, everywhere.
pub async fn logout(by: Member, State(app): State<App>) -> Result<(SetCookies, Json<DoneView>)> {
    entry::sign_out(&app, &by).await?;
    let cookies = SetCookies(vec![cookies::clear(&app, session_cookie_name())]);
    Ok((cookies, Json(DoneView::of(&by.account, "Logout successful."))))
}

/// A password to be changed.
#[derive(Deserialize, JsonSchema)]
pub struct NewPassword {
    #[schemars(required, length(min = 1))]
    old_password: Option<String>,
    #[schemars(required, length(min = 8, max = 1024))]
    new_password1: Option<String>,
    #[schemars(required, length(min = 8, max = 1024))]
    new_password2: Option<String>,
}

/// Changes the password of whoever is signed in. Every other session ends; this one gets a new cookie.
pub async fn change_password(
    by: Member,
    client: Client,
    State(app): State<App>,
    Body(input): Body<NewPassword>,
) -> Result<(SetCookies, Json<DoneView>)> {
    let mut problems = Problems::default();
    let old = required(&mut problems, "old_password", input.old_password);
    let first = required(&mut problems, "new_password1", input.new_password1);
    let second = required(&mut problems, "new_password2", input.new_password2);
    if let (Some(first), Some(second)) = (&first, &second) {
        check_new_password(&mut problems, "new_password2", first, second, &profile::known(&by.account));
    }
    problems.finish()?;
    // Nothing is missing, or `finish` would have said so.
    let (Some(old), Some(new)) = (old, first) else { return Err(Error::not_found()) };
    let proof = prove(&app, &by, "old_password", Some(old)).await?;
    let ticket = password::change(&app, &by, &client, proof, new).await?;
    let cookies = SetCookies(vec![session_cookie(&app, ticket.expose())]);
    Ok((cookies, Json(DoneView::of(&by.account, "Password changed."))))
}

/// The member whose own profile the path names: nobody else may look at it.
pub struct Owner(Member);

impl FromRequestParts<App> for Owner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Owner> {
        let member = Member::from_request_parts(parts, app).await?;
        let Path(owner) = Path::<MemberId>::from_request_parts(parts, app).await?;
        // A profile that does not exist is simply not the caller's.
        if may_see(Some(member.id()), owner, Audience::Owner, Relation::default()) {
            return Ok(Owner(member));
        }
        Err(Error::forbidden("not_yours", "You do not have permission to access this user's profile."))
    }
}

impl Describe for Owner {
    fn describe(operation: &mut Operation<'_>) {
        Member::describe(operation);
        Path::<MemberId>::describe(operation);
    }
}

/// A profile, as its owner sees it.
#[derive(Serialize, JsonSchema)]
pub struct ProfileView {
    id: MemberId,
    username: String,
    avatar: Option<String>,
    email: String,
    first_name: String,
    last_name: String,
    date_joined: DateTime<Utc>,
    last_login: Option<DateTime<Utc>>,
    score: i64,
    games_played: i64,
    games_won: i64,
}

/// Shows the caller their own profile.
pub async fn show(Owner(by): Owner, State(app): State<App>) -> Result<Json<ProfileView>> {
    let score = profile::score(&app, &by.account).await?;
    let account = by.account;
    Ok(Json(ProfileView {
        id: account.id,
        username: account.username.as_str().to_owned(),
        avatar: account.avatar.as_deref().map(shared::media::path),
        email: account.email.as_ref().map(Email::as_str).unwrap_or_default().to_owned(),
        first_name: account.first_name,
        last_name: account.last_name,
        date_joined: account.joined_at,
        last_login: account.last_login,
        score: score.score,
        games_played: score.games_played,
        games_won: score.games_won,
    }))
}

/// What may change about oneself; or `deactivate`, and then nothing else does.
#[derive(Deserialize, JsonSchema)]
pub struct EditProfile {
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(min = 1, max = 150))]
    username: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 254))]
    email: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String", length(max = 150))]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "bool", extend("example" = false))]
    deactivate: Option<bool>,
    /// Checked where it is sent along with `deactivate`.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String")]
    password: Option<String>,
}

/// Edits the caller's own profile, or deactivates their account.
pub async fn edit(
    Owner(by): Owner,
    State(app): State<App>,
    Body(input): Body<EditProfile>,
) -> Result<(SetCookies, Json<DoneView>)> {
    if input.deactivate == Some(true) {
        let proof = prove(&app, &by, "password", input.password).await?;
        leaving::deactivate(&app, by.id(), proof.write()).await?;
        let cookies = SetCookies(vec![cookies::clear(&app, session_cookie_name())]);
        return Ok((cookies, Json(DoneView::of(&by.account, "Account deactivated."))));
    }
    let mut problems = Problems::default();
    let edit = Edit {
        username: input.username.and_then(|text| problems.check("username", parse_username(&text))),
        email: input.email.and_then(|text| problems.check("email", parse_email(&text))),
        first_name: input
            .first_name
            .and_then(|text| profile::person_name(&mut problems, "first_name", text, LONGEST_NAME)),
        last_name: input
            .last_name
            .and_then(|text| profile::person_name(&mut problems, "last_name", text, LONGEST_NAME)),
        ..Edit::default()
    };
    problems.finish()?;
    let Edit { username: None, email: None, first_name: None, last_name: None, .. } = edit else {
        return match profile::edit(&app, &by.account, edit, []).await? {
            Ok(account) => Ok((SetCookies(vec![]), Json(DoneView::of(&account, "User Profile updated.")))),
            Err(Taken::Username) => Err(Error::invalid_field("username", NAME_TAKEN)),
            Err(Taken::Email | Taken::LeetcodeUsername) => {
                Err(Error::invalid_field("email", "A user with that email already exists."))
            }
        };
    };
    Err(Error::invalid("no_data", "No data provided."))
}

/// What may come with a deletion.
#[derive(Deserialize, JsonSchema)]
pub struct Farewell {
    /// Checked where it is sent.
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "String")]
    password: Option<String>,
}

/// Deletes the caller's own account, for good.
pub async fn delete(
    Owner(by): Owner,
    State(app): State<App>,
    Body(Farewell { password }): Body<Farewell>,
) -> Result<(SetCookies, Json<DoneView>)> {
    let proof = prove(&app, &by, "password", password).await?;
    leaving::delete(&app, &by.account, proof.write()).await?;
    let cookies = SetCookies(vec![cookies::clear(&app, session_cookie_name())]);
    Ok((cookies, Json(DoneView::of(&by.account, "Account deleted."))))
}

/// A score: `score` as it is to be, or `add_score` to what it is.
#[derive(Deserialize, JsonSchema)]
pub struct WriteStats {
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "i64", range(min = -9_007_199_254_740_991_i64, max = 9_007_199_254_740_991_i64))]
    score: Option<i64>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "i64", range(min = -9_007_199_254_740_991_i64, max = 9_007_199_254_740_991_i64))]
    add_score: Option<i64>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "i64", range(min = 0, max = 9_007_199_254_740_991_i64))]
    games_played: Option<i64>,
    #[serde(default, deserialize_with = "body::given")]
    #[schemars(with = "i64", range(min = 0, max = 9_007_199_254_740_991_i64))]
    games_won: Option<i64>,
}

/// A score as it is.
#[derive(Serialize, JsonSchema)]
pub struct StatsView {
    score: i64,
    games_played: i64,
    games_won: i64,
    updated_at: DateTime<Utc>,
}

/// Writes a member's score, for a game's server. Repeating an `Idempotency-Key` repeats the answer and nothing else.
pub async fn write_stats(
    _by: Operator,
    State(app): State<App>,
    Path(member): Path<MemberId>,
    headers: HeaderMap,
    Body(input): Body<WriteStats>,
) -> Result<Json<StatsView>> {
    let mut problems = Problems::default();
    let bounds = [
        ("score", input.score, -stats::LARGEST),
        ("add_score", input.add_score, -stats::LARGEST),
        ("games_played", input.games_played, 0),
        ("games_won", input.games_won, 0),
    ];
    for (field, number, least) in bounds {
        if number.is_some_and(|number| number < least) {
            problems.add(field, format!("Ensure this value is greater than or equal to {least}."));
        } else if number.is_some_and(|number| number > stats::LARGEST) {
            problems.add(field, format!("Ensure this value is less than or equal to {}.", stats::LARGEST));
        }
    }
    problems.finish()?;
    let new = match (input.score, input.add_score) {
        (Some(score), None) => NewStats::Set { score, games_played: input.games_played, games_won: input.games_won },
        (None, Some(points)) => NewStats::Add(points),
        (None, None) => return Err(Error::invalid_field("score", REQUIRED)),
        (Some(_), Some(_)) => return Err(Error::invalid("both", "Send either score or add_score, not both.")),
    };
    let key = match headers.get("idempotency-key").map(|key| key.to_str()) {
        None => None,
        Some(Ok(key)) if (1..=255).contains(&key.len()) => Some(key),
        Some(_) => {
            return Err(Error::invalid("idempotency_key", "An Idempotency-Key has 1 to 255 printable characters."));
        }
    };
    let Score { score, games_played, games_won, updated_at, .. } = stats::write(&app, member, new, key, &[]).await?;
    Ok(Json(StatsView { score, games_played, games_won, updated_at }))
}

fn session_cookie_name() -> &'static str {
    Dialect::Game.session_cookie().unwrap_or_default()
}

fn session_cookie(app: &App, ticket: &str) -> String {
    cookies::set(app, session_cookie_name(), ticket, sessions::LIFETIME)
}

/// Checks a password where one was sent; without one the session is proof enough.
async fn prove(app: &App, by: &Member, field: &'static str, password: Option<String>) -> Result<Proof> {
    match password {
        Some(password) => {
            let proof = Proof::by_password(app, by, password).await?;
            proof.ok_or_else(|| Error::invalid_field(field, "Invalid password."))
        }
        None => Ok(Proof::Session),
    }
}

fn required(problems: &mut Problems, field: &'static str, value: Option<String>) -> Option<String> {
    problems.check(field, value.filter(|value| !value.is_empty()).ok_or(REQUIRED))
}

fn parse_username(text: &str) -> Result<Username, String> {
    Username::parse(text).map_err(|problem| match problem {
        NotAUsername::Empty => REQUIRED.to_owned(),
        NotAUsername::TooLong(length) => {
            format!("Ensure this value has at most {LONGEST_USERNAME} characters (it has {length}).")
        }
        NotAUsername::Characters => "Enter a valid username. This value may contain only letters, numbers, and \
            @/./+/-/_ characters."
            .to_owned(),
    })
}

fn parse_email(text: &str) -> Result<Option<Email>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text => Email::parse(text).map(Some).map_err(|_| "Enter a valid email address."),
    }
}

/// Notes everything that is wrong with a new password, in the words that its clients know.
fn check_new_password(problems: &mut Problems, field: &'static str, first: &str, second: &str, known: &[&str]) {
    if first != second {
        problems.add(field, "The two password fields didn’t match.");
    }
    for weakness in passwords::weaknesses(second, known) {
        problems.add(field, password::sentence(weakness));
    }
}
