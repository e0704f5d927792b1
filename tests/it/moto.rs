//! The same calls against somebody else's idea of AWS: moto's server, where `MOTO_ENDPOINT` names one.

use shared::config::Environment;
use shared::events::{Event, happened};
use shared::ids::MemberId;
use shared::model::account::NameHeld;
use shared::store::{Change, Condition, Query, StoreError, Write, keys};
use shared::{App, Error};

use crate::world::World;

fn environment(endpoint: &str) -> Environment {
    let variables = [
        ("TABLE", "guildhall-moto"),
        ("BUS", "guildhall-moto"),
        ("SENDER", "hall@example.org"),
        ("PUBLIC_URL", "http://guildhall.test"),
        ("SIGNING_SECRET", "secret"),
        ("TOKEN_SECRET", "secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "moto"),
        ("AWS_SECRET_ACCESS_KEY", "moto"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Asks moto as the AWS command line would; `target` is empty for SES, which speaks forms.
async fn ask(endpoint: &str, service: &str, target: &str, body: String) -> String {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=moto/20260131/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=x"
    );
    let request = reqwest::Client::new().post(endpoint).header("authorization", authorization);
    let request = if target.is_empty() {
        request.header("content-type", "application/x-www-form-urlencoded")
    } else {
        request.header("content-type", "application/x-amz-json-1.0").header("x-amz-target", target)
    };
    let response = request.body(body).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{service} {target}: {text}");
    text
}

#[tokio::test]
#[ignore = "needs moto's server; set MOTO_ENDPOINT"]
async fn moto_agrees() {
    let endpoint = std::env::var("MOTO_ENDPOINT").expect("MOTO_ENDPOINT, such as http://127.0.0.1:5555");
    let world = World::new().await;
    let mut definition = world.cloud.template().tables[0].definition.clone();
    definition["TableName"] = "guildhall-moto".into();
    ask(&endpoint, "dynamodb", "DynamoDB_20120810.CreateTable", definition.to_string()).await;
    ask(&endpoint, "events", "AWSEvents.CreateEventBus", r#"{"Name":"guildhall-moto"}"#.to_owned()).await;
    let verify = "Action=VerifyEmailIdentity&Version=2010-12-01&EmailAddress=hall%40example.org";
    ask(&endpoint, "ses", "", verify.to_owned()).await;

    let environment = environment(&endpoint);
    let app = App::new(&environment).unwrap();
    the_table_keeps_its_word(&app).await.unwrap();

    // A record of the outbox goes to the bus, and its event becomes a letter.
    let account = shared::model::account::Account {
        id: MemberId(7),
        username: shared::model::name::Username::parse("ada").unwrap(),
        email: Some(shared::model::name::Email::parse("ada@example.org").unwrap()),
        email_confirmed: false,
        first_name: String::new(),
        last_name: String::new(),
        avatar: None,
        password: String::new(),
        session_epoch: 0,
        active: true,
        banned: false,
        role: None,
        joined_at: app.clock.now(),
        last_login: None,
    };
    app.table.create(&account).await.unwrap();
    let detail = serde_json::json!({ "id": 9, "at": "2026-01-31T08:15:00Z", "type": "EmailChanged", "member": 7 });
    let image = serde_json::json!({ "pk": { "S": "OUTBOX#9" }, "sk": { "S": "OUTBOX" }, "name": { "S": "EmailChanged" },
        "event": { "S": detail.to_string() } });
    let batch = serde_json::json!({ "Records": [{ "eventID": "1", "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "eventSourceARN": "arn",
        "dynamodb": { "ApproximateCreationDateTime": 1.0, "Keys": {}, "NewImage": image, "SequenceNumber": "1",
            "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES" } }] });
    let passed = ::projector::function(App::new(&environment).unwrap()).invoke(batch, Default::default()).await;
    assert_eq!(passed.outcome.unwrap(), serde_json::json!({ "batchItemFailures": [] }));

    let body =
        serde_json::json!({ "detail-type": "EmailChanged", "source": "guildhall", "detail": detail }).to_string();
    let batch = serde_json::json!({ "Records": [{ "messageId": "m", "body": body }] });
    for _ in 0..2 {
        let sent = ::mailer::function(App::new(&environment).unwrap()).invoke(batch.clone(), Default::default()).await;
        assert_eq!(sent.outcome.unwrap(), serde_json::json!({ "batchItemFailures": [] }));
    }
    let quota = ask(&endpoint, "ses", "", "Action=GetSendQuota&Version=2010-12-01".to_owned()).await;
    assert!(quota.contains("<SentLast24Hours>1"), "{quota}");
}

async fn the_table_keeps_its_word(app: &App) -> Result<(), Error> {
    let held = |member: u64| NameHeld { name: "ada".to_owned(), member: MemberId(member) };
    app.table.create(&held(1)).await?;
    assert!(matches!(app.table.create(&held(2)).await, Err(StoreError::Refused { write: 0, .. })));
    let free = NameHeld { name: "bob".to_owned(), member: MemberId(2) };
    let both = vec![Write::create(&free)?, Write::create(&held(2))?];
    assert!(matches!(app.table.together(both).await, Err(StoreError::Refused { write: 1, .. })));
    assert!(app.table.get::<NameHeld>(keys::name("bob")).await?.is_none());
    app.table
        .together(vec![Write::create(&free)?, happened(app, Event::MemberJoined { member: MemberId(2) })?])
        .await?;
    let (ada, bob) = app.table.get_two::<NameHeld, NameHeld>(keys::name("ada"), keys::name("bob")).await?;
    assert_eq!((ada.unwrap().member, bob.unwrap().member), (MemberId(1), MemberId(2)));
    let change = || Change::of(keys::name("ada")).add("times", 1).when(Condition::equals("member", MemberId(1)));
    for times in 1..=3 {
        let changed: serde_json::Value = app.table.changed(change()).await?;
        assert_eq!(changed["times"], times);
    }
    let wrong = change().when(Condition::equals("member", MemberId(9)));
    assert!(matches!(app.table.change::<serde_json::Value>(wrong).await, Err(StoreError::Refused { .. })));
    let page = app.table.query::<serde_json::Value>(Query::of(keys::all_of(MemberId(404)), 10)).await?;
    assert!(page.items.is_empty() && page.next.is_none());
    app.table.delete(keys::name("ada"), Condition::default()).await?;
    assert!(app.table.get::<NameHeld>(keys::name("ada")).await?.is_none());
    Ok(())
}
