//! Template and code against each other: each fact has one home, and the other place must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use http::Method;
use local::gateway::routes::find;
use serde_json::json;
use shared::model::job::SCHEDULED;
use shared::model::letter::TRIES;
use shared::model::refresh::{FETCH_TRIES, SUMMARY_TRIES};
use yaml_serde::Value;

use crate::world::{World, needs, repository, slices};

#[tokio::test]
async fn each_folder_has_its_function_and_each_function_its_folder() {
    let world = World::new().await;
    let folders: BTreeSet<String> = fs::read_dir(repository().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let binaries: BTreeSet<String> =
        world.cloud.template().functions.iter().map(|function| function.binary.clone()).collect();
    assert_eq!(folders, binaries);
    let samples: BTreeSet<String> = fs::read_dir(repository().join("events"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, samples, "every function has a sample in events/");
}

#[tokio::test]
async fn each_route_is_reached_through_the_prefix_of_its_slice_with_and_without_a_slash() {
    let world = World::new().await;
    let template = world.cloud.template();
    for (slice, table) in slices() {
        for row in table.rows() {
            let path = row.path.replace(['{', '}'], "x");
            let bare = if path == "/" { "/" } else { path.trim_end_matches('/') };
            // A file is no folder: nobody asks for `openapi.json/`.
            let is_file = bare.rsplit('/').next().is_some_and(|last| last.contains('.'));
            let slash = (!is_file && bare != "/").then(|| format!("{bare}/"));
            for path in [bare.to_owned()].into_iter().chain(slash) {
                let found =
                    find(&template.http.routes, &row.method, &path).unwrap_or_else(|| panic!("no route for {path}"));
                let function = template.function(&found.route.function).expect("the route's function");
                assert_eq!(function.binary, slice, "{} {path}", row.method);
            }
        }
    }
    // And nothing is routed that no table knows.
    for route in &template.http.routes {
        let prefix = route.path.trim_end_matches("/{proxy+}");
        let function = template.function(&route.function).expect("the route's function");
        let known = slices().into_iter().any(|(slice, table)| {
            slice == function.binary
                && table
                    .rows()
                    .iter()
                    .any(|row| row.path == prefix || row.path.trim_end_matches('/').starts_with(prefix))
        });
        assert!(known, "{} leads to no route of {}", route.key, function.binary);
    }
    assert!(find(&template.http.routes, &Method::GET, "/nothing").is_none());
}

#[tokio::test]
async fn each_function_is_given_the_variables_it_reads_and_no_others() {
    let world = World::new().await;
    let reader = fs::read_to_string(repository().join("shared/src/config.rs")).unwrap();
    let needs: BTreeMap<_, _> = needs().into_iter().collect();
    for function in &world.cloud.template().functions {
        let given: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        for need in needs[function.binary.as_str()] {
            assert!(given.contains(need), "{} needs {need}", function.binary);
        }
        for name in given {
            // Read by the TLS library instead of by us.
            let read = reader.contains(&format!("\"{name}\"")) || name == "SSL_CERT_FILE";
            assert!(read, "{} is given {name}, which nobody reads", function.binary);
        }
    }
    for secret in ["TOKEN_SECRET", "GOOGLE_CLIENT_SECRET"] {
        let has = |binary: &str| world.cloud.template().function(binary).unwrap().environment.contains_key(secret);
        let holders: Vec<_> = needs.keys().filter(|binary| has(binary)).collect();
        assert_eq!(holders, [&"accounts"], "{secret} belongs to one function");
    }
}

/// The least privileges: what the policies allow is what a day in the life of the product uses, no less and no more.
#[tokio::test]
async fn each_function_may_do_what_its_code_does_and_no_more() {
    let world = World::new().await;
    a_day(&world).await;
    let used = world.wire.used();
    let allowed = allowed_actions();
    // Files go over signed addresses, which the wire does not see.
    let missing: Vec<_> = used.difference(&allowed).collect();
    assert!(missing.is_empty(), "used, but not allowed: {missing:?}");
    let idle: Vec<_> = allowed.difference(&used).filter(|(_, action)| !action.starts_with("s3:")).collect();
    assert!(idle.is_empty(), "allowed, but not used: {idle:?}");
    world.settle().await;
}

/// Everything that the functions do, at least once.
async fn a_day(world: &World) {
    let ada = world.reachable("ada").await;
    ada.score(1).await;
    let limited = World::with(&[("RateLimitFactor", "1")]).await;
    limited.member("ada").await;
    limited.settle().await;
    for _ in 0..5 {
        ada.elsewhere().sign_in_with("wrong").await;
    }
    world.wait(chrono::Duration::minutes(20));
    ada.elsewhere().sign_in().await.assert(200);
    ada.upload("/users/avatar/", "avatar", "a.png", &crate::files::png(4)).await.assert(200);
    let here = ada.bearing(&world.enter(&ada).await);
    here.upload("/api/profile/banner/", "banner_image", "a.png", &crate::files::png(4)).await.assert(200);
    // A picture that takes the place of an upload lets go of that, too.
    ada.keep("Authorization", &world.enter(&ada).await);
    let upload = ada.upload("/api/file-upload/", "file", "a.png", &crate::files::png(4)).await.assert(201).json();
    let picture = json!({ "profile_filename": upload["file"] });
    ada.patch(&format!("/api/users/{}/", ada.id()), picture).await.assert(200);
    ada.upload("/users/avatar/", "avatar", "a.png", &crate::files::png(4)).await.assert(200);
    // A picture that meets another one reads the account again.
    let uploads = (0..6).map(|side| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.upload("/users/avatar/", "avatar", "b.png", &crate::files::png(5 + side)).await })
    });
    for upload in uploads.collect::<Vec<_>>() {
        upload.await.unwrap();
    }
    crate::admin::a_day_of_the_staff(world, &ada).await;
    crate::social::a_day_among_members(world).await;
    crate::writing::a_day(world, &ada).await;
    crate::messages::a_day_of_talk(world).await;
    crate::tracker::a_day(world).await;
    world.visitor().get("/users/leaderboard/").await.assert(200);
    ada.get("/v1/boards/game/around-me").await.assert(200);
    ada.get("/v1/boards/game/following").await.assert(200);
    world.visitor().get("/.well-known/jwks.json").await.assert(200);
    let mut socket = ada.open_socket().await;
    socket.send(r#"{"type":"online"}"#).await;
    socket.recv().await;
    socket.send(r#"{"type":"follow_board","board":"game/all/all"}"#).await;
    socket.recv().await.expect("a frame");
    socket.close().await;
    let _open = ada.open_socket().await;
    world.block(&ada, &world.member("eve").await).await;
    crate::social::digest::a_day_with_news(world, &ada).await;
    crate::weekly::a_day(world).await;
    // Weeks have gone by, and her session with them.
    world.enter(&ada).await;
    // What she holds as a subscriber is let go when she leaves.
    ada.post("/subscribe", json!({ "email": "ada@example.org" })).await.assert(200);
    crate::personal_data::ask(&ada).await.assert(201);
    world.settle().await;
    for job in ["clean-up", "check-accounts", "check-boards", "check-counts", "close-week"] {
        world.cloud.run_schedule(job).await.unwrap().outcome.unwrap();
    }
    world.cloud.functions().invoke("jobs", json!({ "job": "make-staff", "name": "ada" })).await.outcome.unwrap();
    // A letter that could not be sent lets go of its claim and goes out later.
    ada.patch(&ada.profile(), json!({ "first_name": "Ada" })).await.assert(200);
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
}

/// The staff's pages show schedules, which they cannot read in the template.
#[tokio::test]
async fn each_schedule_is_one_that_the_staff_knows() {
    let world = World::new().await;
    let mut known: Vec<_> = SCHEDULED.iter().map(|job| (job.name.to_owned(), job.schedule.to_owned())).collect();
    let schedules = world.cloud.template().schedules();
    let mut written: Vec<_> =
        schedules.map(|(_, schedule)| (schedule.name.clone(), schedule.expression.clone())).collect();
    known.sort();
    written.sort();
    assert_eq!(known, written);
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    for job in SCHEDULED {
        assert!(text.contains(&format!("Description: {}\n", job.about)), "{}", job.about);
    }
}

/// What is given up in the end is given up with the last time that its queue hands it out.
#[test]
fn what_is_given_up_is_tried_as_often_as_its_queue_hands_it_out() {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    let template: Value = yaml_serde::from_str(&text).unwrap();
    for (queue, tries) in [
        ("LettersQueue", TRIES),
        ("SummariesQueue", SUMMARY_TRIES),
        ("LeetCodeQueue", FETCH_TRIES),
        ("CodeChefQueue", FETCH_TRIES),
        ("CodeforcesQueue", FETCH_TRIES),
    ] {
        let policy = &template["Resources"][queue]["Properties"]["RedrivePolicy"];
        assert_eq!(policy["maxReceiveCount"].as_u64(), Some(u64::from(tries)), "{queue}");
    }
}

fn allowed_actions() -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    let template: Value = yaml_serde::from_str(&text).unwrap();
    let mut allowed = BTreeSet::new();
    for (_, resource) in template["Resources"].as_mapping().unwrap() {
        if resource["Type"].as_str() != Some("AWS::Serverless::Function") {
            continue;
        }
        let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        for policy in resource["Properties"]["Policies"].as_sequence().into_iter().flatten() {
            for statement in policy["Statement"].as_sequence().into_iter().flatten() {
                let actions = match &statement["Action"] {
                    Value::Sequence(actions) => actions.iter().filter_map(Value::as_str).collect(),
                    action => vec![action.as_str().unwrap()],
                };
                for action in actions {
                    assert!(!action.contains('*'), "{binary} may do {action}");
                    allowed.insert((binary.to_owned(), action.to_owned()));
                }
            }
        }
    }
    allowed
}
