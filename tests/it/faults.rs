//! The fault sweep: every call to AWS, failing in every way, at every step of every route's ordinary case.
//!
//! Whatever fails, the caller gets an answer in the route's own words, nothing is half-written, and the same request
//! goes through once AWS is well again.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tests::browser::{FORM, filled_in};

use crate::admin::{self, page_of};
use crate::world::{Fault, PASSWORD, Person, Reply, World};

/// Who makes a request about a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The member, who has signed in.
    Themselves,
    /// The member, in a browser where they have not.
    Signing,
    /// The staff, with a form on their pages.
    Staff,
}

/// One ordinary request about one member; each gets a member of its own.
#[derive(Clone)]
struct Step {
    name: &'static str,
    by: By,
    method: Method,
    /// Its path and its body: JSON, or the fields of a form.
    request: fn(&Person) -> (String, Value),
}

fn steps() -> Vec<Step> {
    let step = |by, name, method, request| Step { name, by, method, request };
    let of_member = |name, method, request| step(By::Themselves, name, method, request);
    let of_staff = |name, method, request| step(By::Staff, name, method, request);
    vec![
        of_member("show", Method::GET, |member| (member.profile(), json!(null))),
        of_member("edit", Method::PATCH, |member| {
            let name = format!("{}-renamed", member.name);
            (member.profile(), json!({ "username": name, "email": format!("{name}@example.org") }))
        }),
        step(By::Signing, "login", Method::POST, |member| {
            ("/users/login/".to_owned(), json!({ "username": member.name, "password": PASSWORD }))
        }),
        step(By::Signing, "sign-up", Method::POST, |member| {
            let email = format!("{}@new.example.org", member.name);
            let body = json!({ "name": "Ada King", "email": email, "password": PASSWORD, "skills": ["Rust"] });
            ("/api/v1/auth/signup".to_owned(), body)
        }),
        step(By::Signing, "joint-login", Method::POST, |member| {
            ("/api/v1/auth/login".to_owned(), json!({ "username": member.name, "password": PASSWORD }))
        }),
        of_member("logout", Method::POST, |_| ("/users/logout/".to_owned(), json!({}))),
        of_member("token", Method::POST, |_| ("/v1/token".to_owned(), json!({}))),
        of_member("leaderboard", Method::GET, |_| ("/users/leaderboard/".to_owned(), json!(null))),
        of_member("board", Method::GET, |_| ("/v1/boards/game/around-me".to_owned(), json!(null))),
        of_member("deactivate", Method::PATCH, |member| (member.profile(), json!({ "deactivate": true }))),
        of_member("delete", Method::DELETE, |member| (member.profile(), json!({}))),
        step(By::Signing, "subscribe", Method::POST, |member| {
            let name = &member.name;
            let email = format!("{name}@new.example.org");
            let body = json!({ "email": email, "platform_name": "LeetCode", "username": name });
            ("/subscribe".to_owned(), body)
        }),
        of_member("tracker-leaderboard", Method::GET, |_| ("/leaderboard?page=2".to_owned(), json!(null))),
        of_member("tracker-add", Method::POST, |member| {
            let body = json!({ "platform_name": "CodeChef", "username": member.name });
            ("/add_platform_profile".to_owned(), body)
        }),
        of_member("tracker-group", Method::POST, |member| {
            let body = json!({ "action": "create_group", "group_name": member.name });
            ("/create_or_join_group/".to_owned(), body)
        }),
        of_member("tracker-unsubscribe", Method::POST, |_| ("/unsubscribe".to_owned(), json!({}))),
        step(By::Signing, "staff-sign-in", Method::POST, |member| {
            ("/admin/sign-in/".to_owned(), json!({ "username": member.name, "password": PASSWORD }))
        }),
        of_staff("staff-list", Method::GET, |_| ("/admin/?name=s".to_owned(), json!(null))),
        of_staff("staff-show", Method::GET, |member| (page_of(member), json!(null))),
        of_staff("staff-deactivate", Method::POST, |member| (button(member, "deactivate"), json!({}))),
        of_staff("staff-activate", Method::POST, |member| (button(member, "activate"), json!({}))),
        of_staff("staff-unlock", Method::POST, |member| (button(member, "unlock"), json!({}))),
        of_staff("staff-score", Method::POST, |member| (button(member, "score"), json!({ "score": "12" }))),
        of_staff("staff-delete", Method::POST, |member| (button(member, "delete"), json!({ "sure": "yes" }))),
    ]
}

fn button(member: &Person, name: &str) -> String {
    format!("{}{name}/", page_of(member))
}

/// As often as the SDK tries, so that a fault is not simply repeated away.
const EVERY_ATTEMPT: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_fails_is_told_and_nothing_is_half_written() {
    // A world per step and fault: mostly they wait between repetitions, and can do so side by side; but not all of them,
    // or none gets its turn within a call's deadline.
    let room = std::sync::Arc::new(tokio::sync::Semaphore::new(16));
    let mut sweeps = tokio::task::JoinSet::new();
    for step in steps() {
        for fault in Fault::ALL {
            let (step, room) = (step.clone(), room.clone());
            sweeps.spawn(async move {
                let _room = room.acquire().await;
                sweep(&World::new().await, step, fault).await;
            });
        }
    }
    while let Some(swept) = sweeps.join_next().await {
        swept.unwrap();
    }
}

/// Lets one call after the other fail, until the step has no further call.
async fn sweep(world: &World, step: Step, fault: Fault) {
    let name = step.name;
    let staff = if step.by == By::Staff { admin::staff(world).await } else { world.visitor() };
    for call in 0.. {
        let member = world.member(&format!("{name}-{call}")).await;
        prepare(world, &step, &member, &staff).await;
        let caller = match step.by {
            By::Themselves => member.copy(),
            By::Signing => member.elsewhere(),
            By::Staff => staff.copy(),
        };
        let asked = Asked::new(&step, &caller, &member).await;
        world.wire.fail(call, EVERY_ATTEMPT, fault);
        let reply = asked.send(&caller).await;
        let reached = world.wire.calls() > call;
        world.wire.mend();
        let (status, told) = (reply.status.as_u16(), format!("{name} {fault:?} {call}: {}", reply.text()));
        assert!(is_done(&reply) || (reached && status == 500), "{status} {told}");
        if !reached {
            // The step makes fewer calls than that: the whole of it has been swept.
            assert!(call > 0, "{name} calls nobody");
            break;
        }
        if status == 500 {
            assert!(told.contains("Something went wrong on our side. Request "), "{told}");
            // A change whose answer was lost may have been made; asking again must not fail on our side.
            let again = asked.send(&caller.copy()).await;
            assert!(again.status.as_u16() < 500, "{told}, then {}", again.text());
            if fault != Fault::AnswerLost {
                assert!(is_done(&again), "{told}, then {}", again.text());
            }
        }
    }
    world.settle().await;
    let report = world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
    assert_eq!(report["wrong"], 0, "{report}");
}

/// Makes the member one with whom the step has something to do.
async fn prepare(world: &World, step: &Step, member: &Person, staff: &Person) {
    match step.name {
        "staff-sign-in" => world.promote(member).await,
        "staff-activate" => drop(admin::press(staff, member, "deactivate", &[]).await),
        name if name.starts_with("tracker-") => crate::tracker::make_subscriber(world, member).await,
        "staff-unlock" => drop(member.elsewhere().sign_in_with("wrong").await.assert(401)),
        _ => {}
    }
}

/// Whether a request did what it should. A form is answered with the way to the next page.
fn is_done(reply: &Reply) -> bool {
    reply.status.is_success() || reply.status == StatusCode::SEE_OTHER
}

/// A request, ready to be sent as often as it takes.
struct Asked {
    method: Method,
    path: String,
    media: &'static str,
    body: String,
}

impl Asked {
    /// What the step asks of this caller about this member; a form needs its page, which is fetched.
    async fn new(step: &Step, caller: &Person, member: &Person) -> Asked {
        let (path, body) = (step.request)(member);
        let (media, body) = match body {
            Value::Object(fields) if path.starts_with("/admin/") => {
                let page = if step.by == By::Staff { page_of(member) } else { path.clone() };
                let token = admin::token(&caller.get(&page).await.assert(200));
                let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text")));
                let fields: Vec<_> = fields.chain([("token", token.as_str())]).collect();
                (FORM, filled_in(&fields))
            }
            Value::Null => ("application/json", String::new()),
            json => ("application/json", json.to_string()),
        };
        Asked { method: step.method.clone(), path, media, body }
    }

    async fn send(&self, caller: &Person) -> Reply {
        caller.send(self.method.clone(), &self.path, &[("content-type", self.media)], self.body.clone()).await
    }
}

#[tokio::test]
async fn a_single_fault_is_repeated_away() {
    let world = World::new().await;
    for fault in [Fault::Lost, Fault::Unavailable, Fault::Throttled] {
        for call in 0..3 {
            let member = world.member(&format!("{fault:?}-{call}").to_lowercase()).await;
            world.wire.fail(call, 1, fault);
            member.elsewhere().sign_in().await.assert(200);
            world.wire.mend();
        }
    }
    world.settle().await;
}

#[tokio::test]
async fn letters_survive_a_bad_minute_of_every_service() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    for call in 0..3 {
        world.wire.fail(call, 20, Fault::Unavailable);
        world.settle().await;
        world.wire.mend();
        // What failed in a queue comes back when its time out of sight is over.
        world.wait(chrono::Duration::minutes(30));
    }
    world.settle().await;
    assert_eq!(world.subjects_to("ada@example.org"), ["Confirm your e-mail address"]);
}
