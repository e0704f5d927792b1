//! The access sweep: every route, as every kind of caller. `access.txt` is the API on one page; a change of access
//! shows up in review as a changed line. `UPDATE=1 cargo test` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use bytes::Bytes;
use http::Method;
use serde_json::json;
use shared::http::describe::Access;
use shared::http::openapi::access;
use shared::model::role::Role;

use crate::world::{OPERATIONS_TOKEN, Person, World, repository, slices};

/// Who calls, in the columns of `access.txt`.
const CALLERS: [&str; 11] = [
    "nobody",
    "ended session",
    "deactivated",
    "banned",
    "unverified",
    "other member",
    "blocked",
    "moderator",
    "administrator",
    "operator",
    "owner",
];

/// One request per route and caller, on things that belong to the owner.
#[tokio::test]
async fn every_route_lets_in_whom_its_signature_says_and_nobody_else() {
    let world = World::new().await;
    let callers = Callers::new(&world).await;
    let mut page = format!("route | {}\n", CALLERS.join(" | "));
    for (slice, table) in slices() {
        for (number, row) in table.rows().iter().enumerate() {
            let mut owner = callers.owner(&world, &format!("owner-{slice}-{number}")).await;
            let mut path = path_of(&world, row.path, &owner).await;
            let mut line = format!("{} {}", row.method, row.path);
            let mut statuses = BTreeMap::new();
            for name in CALLERS {
                // Whoever may delete the owner leaves none for the next caller.
                if !world.has(&owner).await {
                    owner = callers.owner(&world, &format!("owner-{slice}-{number}-again")).await;
                    path = path_of(&world, row.path, &owner).await;
                }
                let (person, token) = callers.get(&world, name, &owner).await;
                // What an operator shows is a token of its own; it counts wherever a token does.
                let bears = name == "operator" || row.dialect.session_cookie().is_none();
                // Each is a fresh copy of the browser: a route that sets or clears cookies must not change the next.
                let status = ask(&person.copy(), &row.method, &path, token.as_deref().filter(|_| bears)).await;
                write!(line, " | {status}").unwrap();
                statuses.insert(name, status);
            }
            page += &line;
            page.push('\n');
            let of = |names: &[&str]| names.iter().map(|name| statuses[name]).collect::<Vec<_>>();
            let out = ["ended session", "deactivated", "banned"];
            let staff = ["moderator", "administrator"];
            let members = ["unverified", "other member", "blocked", "owner"];
            // Pages send whoever is not signed in to where they can.
            let unknown = if row.dialect.sign_in_page().is_some() { 302 } else { 401 };
            match access(row) {
                Access::Anyone => assert_eq!(of(&out), [statuses["nobody"]; 3], "{line}"),
                // A cookie of an ended session is as good as none; a token is not, its owner must learn of it.
                Access::Viewer if row.dialect.session_cookie().is_some() => {
                    assert_eq!(of(&out), [statuses["nobody"]; 3], "{line}");
                }
                Access::Viewer => assert_eq!(of(&out), [401; 3], "{line}"),
                Access::Member => {
                    assert_eq!(of(&["nobody", "operator"]), [unknown; 2], "{line}");
                    assert_eq!(of(&out), [unknown; 3], "{line}");
                    assert!(!of(&members).contains(&401) && !of(&staff).contains(&401), "{line}");
                }
                Access::Staff => {
                    assert_eq!(of(&["nobody", "operator"]), [unknown; 2], "{line}");
                    assert_eq!(of(&out), [unknown; 3], "{line}");
                    assert_eq!(of(&members), [403; 4], "{line}");
                    assert!(of(&staff).iter().all(|status| ![401, 403].contains(status)), "{line}");
                }
                Access::Administrator => {
                    assert_eq!(of(&["nobody", "operator"]), [unknown; 2], "{line}");
                    assert_eq!(of(&out), [unknown; 3], "{line}");
                    assert_eq!(of(&members), [403; 4], "{line}");
                    assert_eq!(statuses["moderator"], 403, "{line}");
                    assert!(![401, 403].contains(&statuses["administrator"]), "{line}");
                }
                Access::Operator => {
                    assert!(statuses.iter().all(|(name, status)| (*status == 401) == (*name != "operator")), "{line}");
                }
            }
            assert!(statuses.values().all(|status| *status < 500), "{line}");
        }
    }
    let file = repository().join("tests/it/access.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), page, "access.txt is not what the code does");
    world.settle().await;
}

struct Callers {
    nobody: Person,
    /// With the tokens that they had when they still could.
    out: BTreeMap<&'static str, (Person, String)>,
    unverified: Person,
    other: Person,
    blocked: Person,
    moderator: Person,
    administrator: Person,
}

impl Callers {
    async fn new(world: &World) -> Callers {
        let mut out = BTreeMap::new();
        for name in ["ended session", "deactivated", "banned"] {
            let person = world.member(&name.replace(' ', "-")).await;
            let token = world.enter(&person).await;
            let ticket = person.cookie("sessionid").unwrap();
            match name {
                "ended session" => drop(person.post("/users/logout/", json!({})).await.assert(200)),
                "deactivated" => {
                    drop(person.patch(&person.profile(), json!({ "deactivate": true })).await.assert(200));
                }
                _ => world.ban(&person).await,
            }
            person.keep("sessionid", &ticket);
            out.insert(name, (person, token));
        }
        let (moderator, administrator) = (world.member("moderator").await, world.member("administrator").await);
        world.give_role(&moderator, Role::Moderator).await;
        world.promote(&administrator).await;
        Callers {
            nobody: world.visitor(),
            out,
            unverified: world.member("unverified").await,
            other: world.reachable("other").await,
            blocked: world.reachable("blocked").await,
            moderator,
            administrator,
        }
    }

    /// Somebody who has a picture, and has blocked one of the others.
    async fn owner(&self, world: &World, name: &str) -> Person {
        let owner = world.member(name).await;
        world.block(&owner, &self.blocked).await;
        owner
    }

    /// The caller of a column, in a session of their own: a route that ends one must not change the next line.
    async fn get(&self, world: &World, name: &str, owner: &Person) -> (Person, Option<String>) {
        let person = match name {
            "nobody" => return (self.nobody.clone(), None),
            "operator" => return (self.nobody.clone(), Some(OPERATIONS_TOKEN.to_owned())),
            "unverified" => &self.unverified,
            "other member" => &self.other,
            "blocked" => &self.blocked,
            "moderator" => &self.moderator,
            "administrator" => &self.administrator,
            "owner" => owner,
            out => {
                let (person, token) = &self.out[out];
                return (person.clone(), Some(token.clone()));
            }
        };
        let token = world.enter(person).await;
        (person.clone(), Some(token))
    }
}

/// The row's path with the owner's own things in it.
async fn path_of(world: &World, pattern: &str, owner: &Person) -> String {
    if pattern.starts_with("/media/uploads/") {
        owner.keep("Authorization", &world.enter(owner).await);
        let kept = owner.upload("/api/file-upload/", "file", "me.png", &crate::files::png(4)).await.assert(201).json();
        return kept["file"].as_str().unwrap().to_owned();
    }
    if pattern.contains("{profile_id}") || pattern.contains("{platform}") {
        let profile = crate::tracker::a_profile_of(world, owner).await;
        let path = pattern.replace("{profile_id}", &profile).replace("{platform}", "LeetCode");
        return path.replace("{username}", &owner.name);
    }
    if ["/my-profiles/", "/leaderboard", "/unsubscribe"].contains(&pattern) {
        crate::tracker::make_subscriber(world, owner).await;
    }
    if pattern.starts_with("/v1/boards/") {
        crate::leaderboards::put_on_board(world, owner.id()).await;
    }
    if pattern == "/v1/boards/{board}/final" {
        return "/v1/boards/game/final?period=year-2025".to_owned();
    }
    if pattern.contains("{thread_id}") {
        let (thread, message, file) = crate::messages::a_conversation_of(world, owner).await;
        return pattern.replace("{thread_id}", &thread).replace("{message_id}", &message).replace("{reference}", &file);
    }
    let (mut post, mut comment) = (String::new(), String::new());
    if pattern.contains("{post}") || pattern.contains("{comment}") {
        owner.keep("Authorization", &world.enter(owner).await);
        let written = owner.post("/api/posts/", json!({ "text": "mine" })).await.assert(201).json();
        post = written["id"].to_string();
        let said = json!({ "text": "x", "comment_target_content_type": 2, "comment_target_object_id": post });
        comment = owner.post("/api/comments/", said).await.assert(201).json()["id"].to_string();
    }
    let mut avatar = String::new();
    if pattern.contains("{filename}") {
        let kept = owner.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200).json();
        avatar = kept["avatar_url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    }
    let mut report = String::new();
    if pattern.contains("{report_id}") {
        report = crate::social::reports::report_of(world, owner).await.to_string();
    }
    pattern
        .replace("{user_id}", &owner.id().to_string())
        .replace("{filename}", &avatar)
        .replace("{post}", &post)
        .replace("{comment}", &comment)
        .replace("{session}", "of-nobody")
        .replace("{code}", "of-nobody")
        .replace("{report_id}", &report)
        .replace("{job}", "clean-up")
        .replace("{board}", "game")
}

async fn ask(caller: &Person, method: &Method, path: &str, token: Option<&str>) -> u16 {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if *method == Method::GET { Bytes::new() } else { Bytes::from_static(b"{}") };
    caller.send(method.clone(), path, &headers, body).await.status.as_u16()
}
