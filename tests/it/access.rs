//! The access sweep: every route, as every kind of caller. `access.txt` is the API on one page; a change of access
//! shows up in review as a changed line. `UPDATE=1 cargo test` writes it anew.

use std::fmt::Write;
use std::fs;

use bytes::Bytes;
use http::Method;
use shared::http::describe::Access;
use shared::http::openapi::access;

use crate::world::{OPERATIONS_TOKEN, Person, World, repository, slices};

/// One request per route and caller, on things that belong to the owner.
#[tokio::test]
async fn every_route_lets_in_whom_its_signature_says_and_nobody_else() {
    let world = World::new().await;
    let callers = Callers::new(&world).await;
    let mut page =
        String::from("route | nobody | ended session | deactivated | other member | staff | operator | owner\n");
    for (slice, table) in slices() {
        for (number, row) in table.rows().iter().enumerate() {
            let owner = world.member(&format!("owner-{slice}-{number}")).await;
            owner.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200);
            let path = path(row.path, &owner).await;
            let mut line = format!("{} {}", row.method, row.path);
            let mut statuses = Vec::new();
            // A route that signs out ends a session for every copy of the browser.
            let (other, staff) = (callers.other.elsewhere(), callers.staff.elsewhere());
            other.sign_in().await.assert(200);
            staff.sign_in().await.assert(200);
            // Where no cookie counts, the same session's access token does.
            let bearer = row.dialect.session_cookie().is_none();
            let tokens = match bearer {
                true => [Some(other.token().await), Some(staff.token().await), Some(owner.token().await)],
                false => [None, None, None],
            };
            let [others, staffs, owners] = tokens.each_ref().map(Option::as_deref);
            let [ended, deactivated] = callers.tokens.each_ref().map(|token| bearer.then_some(token.as_str()));
            for (caller, token) in [
                (&callers.nobody, None),
                (&callers.ended, ended),
                (&callers.deactivated, deactivated),
                (&other, others),
                (&staff, staffs),
            ] {
                // Each is a fresh copy of the browser: a route that sets or clears cookies must not change the next.
                statuses.push(ask(&caller.copy(), &row.method, &path, token).await);
            }
            statuses.push(ask(&callers.nobody.copy(), &row.method, &path, Some(OPERATIONS_TOKEN)).await);
            statuses.push(ask(&owner, &row.method, &path, owners).await);
            for status in &statuses {
                write!(line, " | {status}").unwrap();
            }
            page += &line;
            page.push('\n');
            let [nobody, ended, deactivated, other, staff, operator, owner] = statuses[..] else { unreachable!() };
            // Pages send whoever is not signed in to where they can.
            let unknown = if row.dialect.sign_in_page().is_some() { 302 } else { 401 };
            match access(row) {
                Access::Anyone | Access::Viewer => assert_eq!((nobody, nobody), (ended, deactivated), "{line}"),
                Access::Member => {
                    assert_eq!([nobody, ended, deactivated, operator], [unknown; 4], "{line}");
                    assert!(![other, staff, owner].contains(&401), "{line}");
                }
                Access::Staff => {
                    assert_eq!([nobody, ended, deactivated, operator], [unknown; 4], "{line}");
                    assert_eq!([other, owner], [403; 2], "{line}");
                    assert!(![401, 403].contains(&staff), "{line}");
                }
                Access::Operator => {
                    assert_eq!([nobody, ended, deactivated, other, staff, owner], [401; 6], "{line}");
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
    staff: Person,
    /// Access tokens of the sessions that have ended since.
    tokens: [String; 2],
}

impl Callers {
    async fn new(world: &World) -> Callers {
        let ended = world.member("ended").await;
        let ticket = ended.cookie("sessionid").unwrap();
        let ended_token = ended.token().await;
        ended.post("/users/logout/", serde_json::json!({})).await.assert(200);
        ended.keep("sessionid", &ticket);
        let deactivated = world.member("deactivated").await;
        let ticket = deactivated.cookie("sessionid").unwrap();
        let tokens = [ended_token, deactivated.token().await];
        let leave = serde_json::json!({ "deactivate": true });
        deactivated.patch(&deactivated.profile(), leave).await.assert(200);
        deactivated.keep("sessionid", &ticket);
        let staff = world.member("staff").await;
        world.promote(&staff).await;
        Callers { nobody: world.visitor(), ended, deactivated, other: world.member("other").await, staff, tokens }
    }
}

/// The row's path with the owner's own things in it.
async fn path(pattern: &str, owner: &Person) -> String {
    let profile = owner.get(&owner.profile()).await.assert(200).json();
    let avatar = profile["avatar"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    pattern.replace("{user_id}", &owner.id().to_string()).replace("{filename}", &avatar)
}

async fn ask(caller: &Person, method: &Method, path: &str, token: Option<&str>) -> u16 {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if *method == Method::GET { Bytes::new() } else { Bytes::from_static(b"{}") };
    caller.send(method.clone(), path, &headers, body).await.status.as_u16()
}
