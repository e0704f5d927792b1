//! The access sweep: every route, as every kind of caller. `access.txt` is the API on one page; a change of access
//! shows up in review as a changed line. `UPDATE=1 cargo test` writes it anew.

use std::fmt::Write;
use std::fs;

use bytes::Bytes;
use http::Method;
use shared::http::describe::Access;
use shared::http::openapi::access;
use shared::model::role::Role;

use crate::world::{OPERATIONS_TOKEN, Person, World, repository, slices};

/// One request per route and caller, on things that belong to the owner.
#[tokio::test]
async fn every_route_lets_in_whom_its_signature_says_and_nobody_else() {
    let world = World::new().await;
    let callers = Callers::new(&world).await;
    let mut page = String::from(
        "route | nobody | ended session | deactivated | other member | moderator | administrator | operator | owner\n",
    );
    for (slice, table) in slices() {
        for (number, row) in table.rows().iter().enumerate() {
            let owner = world.member(&format!("owner-{slice}-{number}")).await;
            owner.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200);
            let path = path(row.path, &owner).await;
            let mut line = format!("{} {}", row.method, row.path);
            let mut statuses = Vec::new();
            // A route that signs out ends a session for every copy of the browser.
            let [other, moderator, administrator] =
                [&callers.other, &callers.moderator, &callers.administrator].map(Person::elsewhere);
            for caller in [&other, &moderator, &administrator] {
                caller.sign_in().await.assert(200);
            }
            for caller in [&callers.nobody, &callers.ended, &callers.deactivated, &other, &moderator, &administrator] {
                // Each is a fresh copy of the browser: a route that sets or clears cookies must not change the next.
                statuses.push(ask(&caller.copy(), &row.method, &path, None).await);
            }
            statuses.push(ask(&callers.nobody.copy(), &row.method, &path, Some(OPERATIONS_TOKEN)).await);
            statuses.push(ask(&owner, &row.method, &path, None).await);
            for status in &statuses {
                write!(line, " | {status}").unwrap();
            }
            page += &line;
            page.push('\n');
            let [nobody, ended, deactivated, other, moderator, administrator, operator, owner] = statuses[..] else {
                unreachable!()
            };
            // Pages send whoever is not signed in to where they can.
            let unknown = if row.dialect.sign_in_page().is_some() { 302 } else { 401 };
            match access(row) {
                Access::Anyone | Access::Viewer => assert_eq!((nobody, nobody), (ended, deactivated), "{line}"),
                Access::Member => {
                    assert_eq!([nobody, ended, deactivated, operator], [unknown; 4], "{line}");
                    assert!(![other, moderator, administrator, owner].contains(&401), "{line}");
                }
                Access::Staff => {
                    assert_eq!([nobody, ended, deactivated, operator], [unknown; 4], "{line}");
                    assert_eq!([other, owner], [403; 2], "{line}");
                    assert!(![401, 403].contains(&moderator) && ![401, 403].contains(&administrator), "{line}");
                }
                Access::Administrator => {
                    assert_eq!([nobody, ended, deactivated, operator], [unknown; 4], "{line}");
                    assert_eq!([other, moderator, owner], [403; 3], "{line}");
                    assert!(![401, 403].contains(&administrator), "{line}");
                }
                Access::Operator => {
                    assert_eq!(
                        [nobody, ended, deactivated, other, moderator, administrator, owner],
                        [401; 7],
                        "{line}"
                    );
                    assert_ne!(operator, 401, "{line}");
                }
            }
            assert!(statuses.iter().all(|status| *status < 500), "{line}");
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
    ended: Person,
    deactivated: Person,
    other: Person,
    moderator: Person,
    administrator: Person,
}

impl Callers {
    async fn new(world: &World) -> Callers {
        let ended = world.member("ended").await;
        let ticket = ended.cookie("sessionid").unwrap();
        ended.post("/users/logout/", serde_json::json!({})).await.assert(200);
        ended.keep("sessionid", &ticket);
        let deactivated = world.member("deactivated").await;
        let ticket = deactivated.cookie("sessionid").unwrap();
        let leave = serde_json::json!({ "deactivate": true });
        deactivated.patch(&deactivated.profile(), leave).await.assert(200);
        deactivated.keep("sessionid", &ticket);
        let (moderator, administrator) = (world.member("moderator").await, world.member("administrator").await);
        world.give_role(&moderator, Role::Moderator).await;
        world.promote(&administrator).await;
        let (nobody, other) = (world.visitor(), world.member("other").await);
        Callers { nobody, ended, deactivated, other, moderator, administrator }
    }
}

/// The row's path with the owner's own things in it.
async fn path(pattern: &str, owner: &Person) -> String {
    let profile = owner.get(&owner.profile()).await.assert(200).json();
    let avatar = profile["avatar"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let pattern = pattern.replace("{session}", "none").replace("{job}", "clean-up");
    pattern.replace("{user_id}", &owner.id().to_string()).replace("{filename}", &avatar)
}

async fn ask(caller: &Person, method: &Method, path: &str, token: Option<&str>) -> u16 {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if *method == Method::GET { Bytes::new() } else { Bytes::from_static(b"{}") };
    caller.send(method.clone(), path, &headers, body).await.status.as_u16()
}
