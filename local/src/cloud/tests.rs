//! A whole cloud over our own template, driven by hand.

use std::pin::pin;

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::bus::{self, Entry};
use crate::functions::Trigger;
use crate::gateway;

fn options(storage: Storage) -> Options {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Options {
        template: root.join("template.yaml"),
        overrides: crate::samconfig::local_overrides(&root.join("samconfig.toml")).unwrap(),
        storage,
        public_url: "http://localhost:8000".to_owned(),
        clock: Clock::fixed("2026-11-20T09:30:00Z".parse().unwrap()),
        ids: Ids::counting(),
        invoke: None,
        wire: None,
        pumps: Pumps::ByHand,
    }
}

async fn cloud() -> Cloud {
    Cloud::start(options(Storage::Memory)).await.unwrap()
}

fn put(cloud: &Cloud, item: Value) {
    cloud.dynamo().put("guildhall-MainTable", item).unwrap();
}

fn outbox(number: u64, name: &str) -> Value {
    let event = json!({ "id": number, "at": "2026-11-20T09:30:00Z", "type": name, "member": 1, "files": [] });
    json!({
        "pk": { "S": format!("OUTBOX#{number}") },
        "sk": { "S": "OUTBOX" },
        "id": { "N": number.to_string() },
        "at": { "S": "2026-11-20T09:30:00Z" },
        "event": { "S": event.to_string() },
        "name": { "S": name },
    })
}

fn count(cloud: &Cloud, trigger: Trigger) -> usize {
    cloud.functions().recent().iter().filter(|invocation| invocation.trigger == trigger).count()
}

#[tokio::test]
async fn an_event_goes_from_the_table_over_the_bus_to_its_worker() {
    let cloud = cloud().await;
    put(&cloud, outbox(1, "NobodyListens"));
    put(&cloud, outbox(2, "FilesOrphaned"));
    assert_eq!(cloud.functions().recent().len(), 0);
    cloud.settle(Delivery::Once).await;
    let failed: Vec<_> = cloud.functions().recent().into_iter().filter_map(|invocation| invocation.error).collect();
    assert_eq!(failed, Vec::<String>::new());
    assert_eq!((count(&cloud, Trigger::Stream), count(&cloud, Trigger::Queue)), (1, 1));
    assert!(cloud.state().queues().unwrap().iter().all(|queue| queue.waiting + queue.in_flight + queue.dead == 0));
    // It settled: nothing moves any more.
    cloud.settle(Delivery::Once).await;
    assert_eq!(cloud.functions().recent().len(), 2);
    cloud.shutdown().await;
}

#[tokio::test]
async fn deliveries_can_be_doubled_and_disordered() {
    let cloud = cloud().await;
    put(&cloud, outbox(1, "NobodyListens"));
    cloud.settle(Delivery::Twice).await;
    assert_eq!(count(&cloud, Trigger::Stream), 2);
    (2..12).for_each(|number| put(&cloud, outbox(number, "NobodyListens")));
    cloud.settle(Delivery::Shuffled).await;
    // Twice ten records in batches of seven.
    assert_eq!(count(&cloud, Trigger::Stream), 2 + 3);
}

#[tokio::test]
async fn a_message_that_no_worker_can_read_ends_as_a_dead_letter() {
    let cloud = cloud().await;
    cloud.state().enqueue("LettersQueue", "not an event").unwrap();
    for _ in 0..6 {
        cloud.settle(Delivery::Once).await;
        cloud.clock().advance(TimeDelta::seconds(181));
    }
    let letters = cloud.state().queues().unwrap().into_iter().find(|queue| queue.name == "LettersQueue").unwrap();
    assert_eq!((letters.waiting, letters.dead), (0, 1));
    assert_eq!(count(&cloud, Trigger::Queue), 5);
}

#[tokio::test]
async fn a_schedule_runs_by_hand_and_is_remembered() {
    let cloud = cloud().await;
    let answer = cloud.run_schedule("clean-up").await.unwrap();
    assert!(answer.outcome.is_ok(), "{:?}", answer.outcome);
    let runs = cloud.state().schedule_runs(10).unwrap();
    assert!(runs[0].schedule == "clean-up" && runs[0].by_hand);
    assert!(cloud.run_schedule("no-such").await.unwrap_err().contains("no schedule no-such"));
}

#[tokio::test]
async fn events_that_no_rule_takes_go_nowhere() {
    let cloud = cloud().await;
    let entry = |bus: Option<&str>, name: &str| Entry {
        event_bus_name: bus.map(str::to_owned),
        source: "guildhall".to_owned(),
        detail_type: name.to_owned(),
        detail: "{}".to_owned(),
        ..Entry::default()
    };
    bus::put_events(&cloud, vec![entry(Some("guildhall"), "NobodyListens"), entry(None, "NameLocked")]).unwrap();
    assert!(cloud.state().queues().unwrap().iter().all(|queue| queue.waiting == 0));
    let ids = bus::put_events(&cloud, vec![entry(Some("guildhall"), "MemberDeleted")]).unwrap();
    assert_eq!(ids.len(), 1);
    // Both the sockets and the chores hear of it.
    assert_eq!(cloud.state().queues().unwrap().iter().map(|queue| queue.waiting).sum::<u64>(), 2);
}

#[tokio::test]
async fn what_was_not_passed_on_yet_is_passed_on_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::Folder(folder.path().join("data"));
    let first = Cloud::start(options(storage.clone())).await.unwrap();
    put(&first, outbox(1, "NobodyListens"));
    first.settle(Delivery::Once).await;
    put(&first, outbox(2, "NobodyListens"));
    let secrets = |cloud: &Cloud| cloud.functions().environment("accounts").unwrap()["SIGNING_SECRET"].clone();
    let secret = secrets(&first);
    first.shutdown().await;
    drop(first);

    let second = Cloud::start(options(storage)).await.unwrap();
    assert_eq!(secrets(&second), secret);
    second.settle(Delivery::Once).await;
    assert_eq!(second.functions().recent()[0].summary, "1 change of MainTable");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_in_a_sentence() {
    let mut missing = options(Storage::Memory);
    missing.template = PathBuf::from("no-such.yaml");
    assert!(Cloud::start(missing).await.err().unwrap().starts_with("The template no-such.yaml cannot be read"));
    let mut unknown = options(Storage::Memory);
    unknown.overrides.insert("Colour".to_owned(), "green".to_owned());
    assert!(Cloud::start(unknown).await.err().unwrap().contains("The template has no parameter Colour"));
    let mut nobody = options(Storage::Memory);
    nobody.invoke = Some("localhost:9000".to_owned());
    assert!(Cloud::start(nobody).await.err().unwrap().contains("not the URL of an Invoke endpoint"));
}

#[tokio::test]
async fn running_pumps_move_things_by_themselves() {
    let cloud = Cloud::start(Options { pumps: Pumps::Running, ..options(Storage::Memory) }).await.unwrap();
    put(&cloud, outbox(1, "FilesOrphaned"));
    for _ in 0..200 {
        if count(&cloud, Trigger::Queue) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count(&cloud, Trigger::Queue), 1);
    cloud.shutdown().await;
}

/// A cloud whose functions answer with as long a body as the query asks for, or never; it tells when they are asked.
async fn cloud_that_answers_to_order() -> (Cloud, mpsc::UnboundedReceiver<()>) {
    let (asked, is_asked) = mpsc::unbounded_channel();
    let answer = async move |event: String| {
        let _ = asked.send(());
        let event: Value = serde_json::from_str(&event).unwrap();
        match event["rawQueryString"].as_str().unwrap().parse() {
            Ok(length) => json!({ "statusCode": 200, "body": "a".repeat(length) }).to_string(),
            Err(_) => std::future::pending().await,
        }
    };
    let listener = listen().await.unwrap();
    let invoke = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let options = Options { invoke: Some(invoke), ..options(Storage::Memory) };
    (Cloud::start(options).await.unwrap(), is_asked)
}

async fn get(cloud: Cloud, path: &str) -> http::Response<Bytes> {
    let request = http::Request::get(path).header("host", "localhost").body(Bytes::new()).unwrap();
    gateway::http(&cloud, request, "192.0.2.7:4711".parse().unwrap()).await
}

#[tokio::test]
async fn a_function_is_waited_for_no_longer_than_29_seconds() {
    let (cloud, mut is_asked) = cloud_that_answers_to_order().await;
    let mut response = pin!(get(cloud.clone(), "/health/?never"));
    tokio::select! {
        response = &mut response => panic!("{response:?}"),
        asked = is_asked.recv() => asked.unwrap(),
    }
    cloud.clock().advance(TimeDelta::seconds(28));
    assert_eq!(response.as_mut().now_or_never().map(|response| response.status()), None);
    cloud.clock().advance(TimeDelta::seconds(1));
    let response = response.await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.body(), r#"{"message":"Service Unavailable"}"#);
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn an_answer_holds_no_more_than_6_megabytes() {
    let (cloud, _is_asked) = cloud_that_answers_to_order().await;
    let around = r#"{"statusCode":200,"body":""}"#.len();
    let longest = 6 * 1024 * 1024 - around;
    let response = get(cloud.clone(), &format!("/health/?{longest}")).await;
    assert_eq!((response.status().as_u16(), response.body().len()), (200, longest));
    let response = get(cloud, &format!("/health/?{}", longest + 1)).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.body(), r#"{"message":"Internal Server Error"}"#);
}
