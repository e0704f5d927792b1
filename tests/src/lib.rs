//! What tests and harnesses share: a cloud at rest, the wire under it, a browser without a network, and the price list.

pub mod boards;
pub mod browser;
pub mod players;
pub mod prices;
pub mod weeks;
pub mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::Utc;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use local::gateway::websocket::Socket;
use local::{Cloud, Options, Pumps, Storage};
use shared::clock::Clock;
use shared::ids::Ids;

use self::wire::Wire;

/// The folder that `template.yaml` lies in.
pub fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// A cloud in memory, as the template deploys it, in which nothing moves by itself: neither the clock, which begins
/// now, nor records and messages.
pub async fn cloud_at_rest(overrides: &[(&str, &str)]) -> Result<Cloud, String> {
    cloud_over(&Wire::default(), overrides).await
}

/// The same, with a wire that is watched.
pub async fn cloud_over(wire: &Wire, overrides: &[(&str, &str)]) -> Result<Cloud, String> {
    // The platforms are played in this process, and need no rest between two calls.
    let overrides = [&[("PlatformWaitFactor", "0")], overrides].concat();
    let overrides: BTreeMap<_, _> =
        overrides.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let options = Options {
        template: repository().join("template.yaml"),
        overrides,
        storage: Storage::Memory,
        public_url: "http://localhost:8000".to_owned(),
        clock: Clock::fixed(Utc::now()),
        ids: Ids::random(),
        invoke: None,
        pumps: Pumps::ByHand,
        wire: Some(wire.for_functions()),
    };
    Cloud::start(options).await
}

/// The code in the link of the letter on top of the mailbox.
pub fn code_from_letter(cloud: &Cloud) -> Result<String, String> {
    let letters = cloud.state().letters(1)?;
    let text = letters.first().map(|letter| letter.text.as_str()).unwrap_or_default();
    let link = text.split_whitespace().find(|word| word.starts_with("http"));
    let code = link.and_then(|link| link.rsplit(['/', '=']).next());
    code.map(str::to_owned).ok_or_else(|| "The letter on top has no link.".to_owned())
}

/// The code that an authenticator shows at this time for a secret.
pub fn code_of_authenticator(secret: &str, now: chrono::DateTime<Utc>) -> Result<String, String> {
    let secret = totp_rs::Secret::try_from_base32(secret).map_err(|_| "The secret is not base32.".to_owned())?;
    let totp = totp_rs::Builder::new().with_secret(secret).build().map_err(|error| error.to_string())?;
    Ok(totp.generate(u64::try_from(now.timestamp()).map_err(|error| error.to_string())?).to_string())
}

/// Answers the page of the OpenID provider that stands in for Google, and returns the address that it leads to.
pub async fn answer_google(authorization_url: &str, answers: &[(&str, &str)]) -> Result<String, String> {
    let (endpoint, query) = authorization_url.split_once('?').ok_or("The address has no query.")?;
    let asked = form_urlencoded::parse(query.as_bytes());
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).extend_pairs(answers).finish();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| error.to_string())?;
    let request = client.post(endpoint).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    let reply = request.send().await.map_err(|error| error.to_string())?;
    let back = reply.headers().get(LOCATION).and_then(|address| address.to_str().ok());
    back.map(str::to_owned).ok_or_else(|| format!("The provider answered {}.", reply.status()))
}

/// A socket that was opened with an access token.
pub async fn open_socket(cloud: &Cloud, token: &str) -> Result<Socket, String> {
    let opened = cloud.sockets().connect(cloud, &format!("/?token={token}"), HeaderMap::new()).await;
    opened.map_err(|(status, body)| format!("$connect answered {status}: {}", String::from_utf8_lossy(&body)))
}
