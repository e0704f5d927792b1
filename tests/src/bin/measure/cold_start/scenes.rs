//! What each function is asked in the measurement: the recorded events, with a member in them who exists.

use std::fs;

use http::Method;
use image::{ImageFormat, RgbImage};
use local::gateway::websocket::Socket;
use local::{Cloud, Delivery};
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::{code_from_letter, open_socket, players, repository};
use tokio::task::JoinHandle;

/// One function and one of its events.
pub struct Scene {
    /// The binary.
    pub function: &'static str,
    /// The event's name: the file in `events/<function>/`.
    pub event: &'static str,
    /// Work that is meant to take time, so that the budget for ordinary requests is not about it.
    pub heavy: Option<&'static str>,
    sample: Value,
    numbering: Numbering,
}

/// What makes every event another one than the last.
enum Numbering {
    /// Nothing: this event may be repeated.
    None,
    /// The ids of the happenings that the messages of a queue tell of; the mailer sends each letter once.
    Happenings,
}

impl Scene {
    /// The event number `number`.
    pub fn event(&self, number: u64) -> Value {
        let mut event = self.sample.clone();
        if let Numbering::Happenings = self.numbering {
            change_happenings(&mut event, |index, happened| {
                happened["id"] = json!(1_000_000 + number * 10 + index);
            });
        }
        event
    }
}

/// All scenes, over the cloud that they were set in.
pub struct Stage {
    /// The scenes.
    pub scenes: Vec<Scene>,
    /// Kept open, since `chat` answers to it.
    socket: JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.socket.abort();
    }
}

/// Makes a member who has signed in, with a confirmed address, a picture and an open socket, and puts them into the
/// events.
pub async fn set(cloud: &Cloud) -> Result<Stage, String> {
    let login = sample("accounts", "login")?;
    let credentials: Value = text(&login, "/body")
        .and_then(|body| serde_json::from_str(body).ok())
        .ok_or("events/accounts/login.json has no JSON in its body.")?;
    let mut ada = Browser::new(cloud);
    let (name, password) = (&credentials["username"], &credentials["password"]);
    let joined = json!({ "username": name, "password1": password, "password2": password });
    let member = ada.ask(Method::POST, "/users/register/", joined).await?["id"].clone();
    ada.ask(Method::POST, "/users/login/", credentials.clone()).await?;
    let profile = format!("/users/{member}/");
    confirm_address(cloud, &mut ada, &profile).await?;
    let mut picture = std::io::Cursor::new(Vec::new());
    RgbImage::new(256, 256).write_to(&mut picture, ImageFormat::Png).map_err(|error| error.to_string())?;
    let picture = ada.upload("/users/avatar/", "avatar", "ada.png", picture.get_ref()).await?["avatar_url"].clone();
    let token = ada.ask(Method::POST, "/v1/token", json!({})).await?["access_token"].clone();
    let socket = open_socket(cloud, token.as_str().unwrap_or_default()).await?;
    players::fill_leaderboard(cloud, 1_000).await?;
    players::give_accounts(cloud, 100).await?;
    let warden = member_of_staff(cloud).await?;
    cloud.settle(Delivery::Once).await;

    let plain = |function, event, sample| Scene { function, event, heavy: None, sample, numbering: Numbering::None };
    let signed_in = |browser: &Browser, function, event| -> Result<Scene, String> {
        let mut sample = sample(function, event)?;
        sample["cookies"] = json!(browser.cookies());
        Ok(plain(function, event, sample))
    };
    let mut read_profile = signed_in(&ada, "accounts", "read-profile")?;
    read_profile.sample = at_path(read_profile.sample, &profile);
    let mut list_members = signed_in(&warden, "admin", "list-members")?;
    // Every name of the crowd begins so, and a page of it is full.
    list_members.sample = with_query(list_members.sample, "name", "p");
    let mut upload = signed_in(&ada, "files", "upload-avatar")?;
    upload.heavy = Some("decodes and encodes a picture");
    let read_media = at_path(sample("files", "read-media")?, picture.as_str().unwrap_or_default());
    let mut ping = sample("chat", "ping")?;
    ping["requestContext"]["connectionId"] = json!(socket.id);
    let mut letter = sample("mailer", "name-locked")?;
    change_happenings(&mut letter, |index, happened| {
        if index == 0 {
            happened["member"] = member.clone();
        }
    });
    let login = Scene { heavy: Some("hashes a password"), ..plain("accounts", "login", login) };
    let scenes = vec![
        // The smallest program first, which every other is held against.
        plain("hello", "health", sample("docs", "health")?),
        plain("docs", "health", sample("docs", "health")?),
        plain("leaderboards", "read", sample("leaderboards", "read")?),
        plain("tracker", "sign in", sample("tracker", "sign-in")?),
        read_profile,
        login,
        list_members,
        plain("files", "read-media", read_media),
        upload,
        plain("chat", "ping", ping),
        plain("projector", "outbox", sample("projector", "outbox")?),
        Scene { numbering: Numbering::Happenings, ..plain("mailer", "name-locked", letter) },
        plain("exporter", "personal-data-asked", sample("exporter", "personal-data-asked")?),
        plain("jobs", "clean-up", sample("jobs", "clean-up")?),
    ];
    Ok(Stage { scenes, socket: tokio::spawn(listen(socket)) })
}

/// Whether an answer is a success, whatever the trigger.
pub fn is_success(answer: &Value) -> bool {
    let status_is_good = answer.get("statusCode").and_then(Value::as_u64).is_none_or(|status| status < 400);
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    status_is_good && failures.is_none_or(Vec::is_empty)
}

/// A browser in which a member of the staff has signed in.
async fn member_of_staff(cloud: &Cloud) -> Result<Browser, String> {
    let mut warden = Browser::new(cloud);
    let (name, password) = ("warden", "correct horse battery");
    let joined = json!({ "username": name, "password1": password, "password2": password });
    warden.ask(Method::POST, "/users/register/", joined).await?;
    warden.ask(Method::POST, "/users/login/", json!({ "username": name, "password": password })).await?;
    players::make_staff(cloud, name).await?;
    Ok(warden)
}

async fn confirm_address(cloud: &Cloud, ada: &mut Browser, profile: &str) -> Result<(), String> {
    ada.ask(Method::PATCH, profile, json!({ "email": "ada@example.org" })).await?;
    cloud.settle(Delivery::Once).await;
    let code = code_from_letter(cloud)?;
    ada.ask(Method::POST, "/v1/email/confirm", json!({ "code": code })).await.map(drop)
}

/// Reads what is sent, because a socket that nobody reads is cut off.
async fn listen(mut socket: Socket) {
    while socket.recv().await.is_some() {}
}

fn sample(function: &str, event: &str) -> Result<Value, String> {
    let path = repository().join("events").join(function).join(format!("{event}.json"));
    let text = fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{} is not JSON: {error}.", path.display()))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// The same request to another path.
fn at_path(mut event: Value, path: &str) -> Value {
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event
}

/// The same request with this in its query.
fn with_query(mut event: Value, name: &str, value: &str) -> Value {
    event["rawQueryString"] = json!(format!("{name}={value}"));
    event["queryStringParameters"] = json!({ name: value });
    event
}

/// Changes what happened in every message of a queue: the `detail` of the event in the message's body.
fn change_happenings(event: &mut Value, change: impl Fn(u64, &mut Value)) {
    let messages = event["Records"].as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
    for (index, message) in (0..).zip(messages) {
        let envelope = text(message, "/body").and_then(|body| serde_json::from_str::<Value>(body).ok());
        if let Some(mut envelope) = envelope {
            change(index, &mut envelope["detail"]);
            message["body"] = json!(envelope.to_string());
        }
    }
}
