//! `cargo run -- seed`: members of a game with believable scores, some of whom solve problems on platforms as well, made
//! through the API like everybody else.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use local::{Cloud, Delivery, gateway};
use serde_json::{Value, json};

use crate::cli::Seed;

/// What they all sign in with.
const PASSWORD: &str = "sunlit-harbour-42";
/// How many at once: hashing their passwords is what takes the time, and a laptop has a few processors.
const AT_ONCE: usize = 4;
/// The first few also have a name, an address and coding profiles, so that there is mail to look at.
const WITH_PROFILE: u32 = 8;
/// Letters that are counted at the end.
const MOST_LETTERS: usize = 10_000;

const NAMES: &[(&str, &str)] = &[
    ("Ada", "Okafor"),
    ("Bruno", "Keller"),
    ("Chiara", "Rossi"),
    ("Dmitri", "Volkov"),
    ("Elif", "Demir"),
    ("Farid", "Haddad"),
    ("Greta", "Lindqvist"),
    ("Hugo", "Marchand"),
    ("Ines", "Carvalho"),
    ("Jonas", "Bauer"),
    ("Kaia", "Nilsen"),
    ("Lin", "Wei"),
    ("Marta", "Nowak"),
    ("Noor", "Rahman"),
    ("Oskar", "Horvath"),
    ("Priya", "Menon"),
    ("Quentin", "Dubois"),
    ("Rosa", "Jimenez"),
    ("Sven", "Dahl"),
    ("Tomoko", "Sato"),
    ("Uma", "Pillai"),
    ("Viktor", "Petrov"),
    ("Wanja", "Mutua"),
    ("Xenia", "Markou"),
    ("Yusuf", "Aydin"),
];
const HANDLES: &[&str] = &["", ".plays", "_gg", ".fox", "-x", "_the_bold", ".moss", "_77", ".ember", "-quickstep"];

/// What became of one member.
enum Made {
    New { with_profile: bool },
    ThereAlready,
}

/// Fills the data folder, and says what it did.
pub async fn run(seed: &Seed) -> Result<(), String> {
    let (cloud, folder) = seed.place.open().await?;
    let made = members(&cloud, seed.members).await;
    // What follows from it, such as letters, is done before anybody looks.
    cloud.settle(Delivery::Once).await;
    let letters = cloud.state().letters(MOST_LETTERS).map(|letters| letters.len());
    cloud.shutdown().await;
    let made = made?;
    let new = made.iter().filter(|made| matches!(made, Made::New { .. })).count();
    let with_profile = made.iter().filter(|made| matches!(made, Made::New { with_profile: true })).count();
    let there = made.len() - new;
    let mut out = io::stdout().lock();
    let told = writeln!(
        out,
        "{new} members joined and played, {with_profile} of them with a name, an address and coding profiles."
    )
    .and_then(|()| if there > 0 { writeln!(out, "{there} were there already.") } else { Ok(()) })
    .and_then(|()| writeln!(out, "The mailbox holds {} letters.", letters.unwrap_or_default()))
    .and_then(|()| writeln!(out, "They sign in as {} and so on, with the password {PASSWORD}.", username(0)))
    .and_then(|()| writeln!(out, "All of it is in {}; `cargo run` shows it.", folder.display()));
    told.map_err(|error| format!("The outcome could not be printed: {error}."))
}

async fn members(cloud: &Cloud, count: u32) -> Result<Vec<Made>, String> {
    let bar = ProgressBar::new(u64::from(count));
    if let Ok(style) = ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len}  {eta}") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar.set_message("Members");
    let mut made = Vec::new();
    let mut under_way =
        futures_util::stream::iter(0..count).map(|number| member(cloud, number)).buffer_unordered(AT_ONCE);
    while let Some(one) = under_way.next().await {
        made.push(one?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(made)
}

async fn member(cloud: &Cloud, number: u32) -> Result<Made, String> {
    let username = username(number);
    let registration = json!({ "username": username, "password1": PASSWORD, "password2": PASSWORD });
    let (status, _, body) = ask(cloud, Method::POST, "/users/register/", &[], registration).await?;
    if status == StatusCode::BAD_REQUEST && body.to_string().contains("already exists") {
        return Ok(Made::ThereAlready);
    }
    let id = body["id"].as_u64().ok_or_else(|| format!("{username} could not join: {status}, {body}."))?;
    let environment = cloud.functions().environment("accounts");
    let token = environment.and_then(|environment| environment.get("OPERATIONS_TOKEN")).map_or("", String::as_str);
    let bearer = format!("Bearer {token}");
    let stats = format!("/users/{id}/stats/");
    let (status, _, body) = ask(cloud, Method::PUT, &stats, &[(AUTHORIZATION, &bearer)], played(number)).await?;
    if !status.is_success() {
        return Err(format!("The score of {username} was refused: {status}, {body}."));
    }
    let with_profile = number < WITH_PROFILE;
    if with_profile {
        profile(cloud, number, id).await?;
    }
    Ok(Made::New { with_profile })
}

async fn profile(cloud: &Cloud, number: u32, id: u64) -> Result<(), String> {
    let username = username(number);
    let login = json!({ "username": username, "password": PASSWORD });
    let (_, headers, _) = ask(cloud, Method::POST, "/users/login/", &[], login).await?;
    let cookies = headers.get_all(SET_COOKIE).into_iter().filter_map(|cookie| cookie.to_str().ok());
    let cookies = cookies.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ");
    let (first, last) = NAMES[number as usize % NAMES.len()];
    let email = format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase());
    let profile = json!({ "first_name": first, "last_name": last, "email": email });
    let subscription = json!({ "email": email, "platform_name": "LeetCode", "username": username });
    let another = json!({ "platform_name": "Codeforces", "username": username });
    for (method, path, body) in [
        (Method::PATCH, &format!("/users/{id}/")[..], profile),
        (Method::POST, "/subscribe", subscription),
        (Method::POST, "/add_platform_profile", another),
    ] {
        let (status, _, body) = ask(cloud, method, path, &[(COOKIE, &cookies)], body).await?;
        if !status.is_success() {
            return Err(format!("What {username} says at {path} was refused: {status}, {body}."));
        }
    }
    Ok(())
}

async fn ask(
    cloud: &Cloud,
    method: Method,
    path: &str,
    headers: &[(HeaderName, &str)],
    body: Value,
) -> Result<(StatusCode, HeaderMap, Value), String> {
    let mut request =
        Request::builder().method(method).uri(path).header(HOST, "localhost").header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Bytes::from(body.to_string())).map_err(|error| format!("{path}: {error}."))?;
    let response = gateway::http(cloud, request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
    let (parts, body) = response.into_parts();
    Ok((parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or_default()))
}

/// The same number is always the same member, so that seeding twice adds nobody twice.
fn username(number: u32) -> String {
    let (first, last) = NAMES[number as usize % NAMES.len()];
    let round = number as usize / NAMES.len();
    let (handle, again) = (HANDLES[round % HANDLES.len()], round / HANDLES.len());
    let name = format!("{}{handle}", first.to_lowercase());
    match again {
        0 => name,
        _ => format!("{name}.{}{again}", last.to_lowercase()),
    }
}

/// Some play a lot and most do not; who plays more wins a little more often.
fn played(number: u32) -> Value {
    let chance = |salt: u32| {
        let mixed = (number.wrapping_mul(2_654_435_761) ^ salt.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
        f64::from((mixed ^ (mixed >> 15)) % 10_000) / 10_000.0
    };
    let games = (4.0 + 420.0 * chance(1).powi(3)).round();
    let won = (games * (0.25 + 0.3 * chance(2) + games / 2_000.0)).round().min(games);
    let score = (won * 25.0 + (games - won) * 5.0 + 40.0 * chance(3)).round();
    json!({ "score": score as u64, "games_played": games as u64, "games_won": won as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ten_thousand_members_have_names_of_their_own() {
        let names: BTreeSet<String> = (0..10_000).map(username).collect();
        assert_eq!(names.len(), 10_000);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "@.+-_".contains(c);
        assert!(names.iter().all(|name| name.chars().all(allowed)));
    }

    #[test]
    fn nobody_wins_more_than_they_play() {
        for number in 0..1_000 {
            let stats = played(number);
            let count = |name: &str| stats[name].as_u64().unwrap();
            assert!(count("games_won") <= count("games_played") && count("score") > 0, "{stats}");
        }
    }
}
