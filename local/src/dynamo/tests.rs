//! The tables keep their speed, follow the template and forget what they should.

use std::time::Instant;

use chrono::Utc;

use super::*;

fn table(indexes: Value) -> Table {
    let attributes =
        ["pk", "sk", "gsi1pk", "gsi1sk"].map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    Table {
        id: "Main".to_owned(),
        name: "guildhall-Main".to_owned(),
        definition: json!({
            "TableName": "guildhall-Main",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": if indexes.is_null() { &attributes[..2] } else { &attributes[..] },
            "KeySchema": keys("pk", "sk"),
            "GlobalSecondaryIndexes": indexes,
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        }),
        ttl_attribute: Some("ttl".to_owned()),
    }
}

fn keys(partition: &str, sort: &str) -> Value {
    json!([
        { "AttributeName": partition, "KeyType": "HASH" },
        { "AttributeName": sort, "KeyType": "RANGE" },
    ])
}

fn gsi1() -> Value {
    let projection = json!({ "ProjectionType": "ALL" });
    json!([{ "IndexName": "gsi1", "KeySchema": keys("gsi1pk", "gsi1sk"), "Projection": projection }])
}

fn open(folder: &Path, table: Table) -> Result<Dynamo, String> {
    Dynamo::open(&folder.join("dynamo.db"), &[table], ([127, 0, 0, 1], 0).into())
}

fn put(dynamo: &Dynamo, number: usize) {
    let item = json!({
        "pk": { "S": format!("MEMBER#{number}") },
        "sk": { "S": "MEMBER" },
        "gsi1pk": { "S": "BOARD" },
        "gsi1sk": { "S": format!("{number:09}") },
        "about": { "S": "a".repeat(300) },
    });
    let put = request(json!({ "TableName": "guildhall-Main", "Item": item })).unwrap();
    dynamo.database.put_item(put).unwrap();
}

/// Writes `count` items and says how many milliseconds one took, for each tenth of them.
fn speeds(dynamo: &Dynamo, count: usize) -> Vec<f64> {
    let tenth = count / 10;
    let timed = |first: usize| {
        let started = Instant::now();
        (first..first + tenth).for_each(|number| put(dynamo, number));
        started.elapsed().as_secs_f64() * 1000.0 / tenth as f64
    };
    (0..count).step_by(tenth).map(timed).collect()
}

/// The statement that dynoxide runs with every write.
const LAST_SEQUENCE_NUMBER: &str =
    "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = ?1";

/// How many steps SQLite takes for it.
fn steps(dynamo: &Dynamo) -> i32 {
    let beside = dynamo.beside.lock().unwrap();
    let mut statement = beside.prepare(LAST_SEQUENCE_NUMBER).unwrap();
    statement.query_row(["guildhall-Main"], |row| row.get::<_, i64>(0)).unwrap();
    statement.get_status(rusqlite::StatementStatus::VmStep)
}

#[test]
fn a_write_takes_no_longer_the_more_were_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let dynamo = open(folder.path(), table(gsi1())).unwrap();
    (0..20).for_each(|number| put(&dynamo, number));
    let at_first = steps(&dynamo);
    (20..1_000).for_each(|number| put(&dynamo, number));
    assert!(steps(&dynamo) <= at_first + 10, "{} steps after {at_first}", steps(&dynamo));

    let beside = dynamo.beside.lock().unwrap();
    let plan: Vec<String> = beside
        .prepare(&format!("EXPLAIN QUERY PLAN {LAST_SEQUENCE_NUMBER}"))
        .and_then(|mut plan| plan.query_map(["guildhall-Main"], |row| row.get(3))?.collect())
        .unwrap();
    assert_eq!(plan, ["SEARCH _stream_records USING COVERING INDEX stream_records_in_order (table_name=?)"]);
}

#[test]
#[ignore = "takes minutes and an idle machine; prints what a write took in each tenth of a hundred thousand"]
fn a_hundred_thousand_writes() {
    let folder = tempfile::tempdir().unwrap();
    let dynamo = open(folder.path(), table(gsi1())).unwrap();
    let speeds = speeds(&dynamo, 100_000);
    eprintln!("{speeds:.3?} ms");
    // A file that grows soon costs the disk a little more; what grew with every record would have doubled here.
    assert!(speeds[9] < speeds[4] * 1.6);
}

#[test]
fn the_stream_is_read_in_order_and_trimmed_behind_its_readers() {
    let folder = tempfile::tempdir().unwrap();
    let dynamo = open(folder.path(), table(gsi1())).unwrap();
    (0..5).for_each(|number| put(&dynamo, number));
    let name = "guildhall-Main";
    let sequence = |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
    let first = dynamo.stream_records(name, None, 3).unwrap();
    assert_eq!(first.len(), 3);
    assert_eq!(first[0]["dynamodb"]["Keys"]["pk"]["S"], "MEMBER#0");
    assert!(first[0]["eventSourceARN"].as_str().unwrap().contains("/stream/"));
    dynamo.trim_stream(name, &sequence(&first[2])).unwrap();
    let rest = dynamo.stream_records(name, Some(&sequence(&first[2])), 9).unwrap();
    assert_eq!(rest.len(), 2);
    assert_eq!(rest[0]["dynamodb"]["Keys"]["pk"]["S"], "MEMBER#3");
    assert_eq!(sequence(&dynamo.stream_records(name, None, 9).unwrap()[0]), sequence(&first[2]));
    put(&dynamo, 5);
    assert!(sequence(&rest[1]) < sequence(&dynamo.stream_records(name, Some(&sequence(&rest[1])), 1).unwrap()[0]));
}

#[test]
fn a_table_from_an_earlier_start_follows_the_template() {
    let folder = tempfile::tempdir().unwrap();
    let dynamo = open(folder.path(), table(Value::Null)).unwrap();
    put(&dynamo, 1);
    drop(dynamo);
    let dynamo = open(folder.path(), table(gsi1())).unwrap();
    let query = json!({
        "TableName": "guildhall-Main",
        "IndexName": "gsi1",
        "KeyConditionExpression": "gsi1pk = :board",
        "ExpressionAttributeValues": { ":board": { "S": "BOARD" } },
    });
    assert_eq!(dynamo.database.query(request(query).unwrap()).unwrap().count, 1);
    drop(dynamo);
    open(folder.path(), table(gsi1())).unwrap();

    let mut other = table(gsi1());
    other.definition["KeySchema"] = keys("gsi1pk", "gsi1sk");
    let error = open(folder.path(), other).err().unwrap();
    assert!(error.contains("it has other keys; move the file away"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dynamo.db"), "this is not a database, and long enough to be looked at").unwrap();
    let error = open(folder.path(), table(gsi1())).err().unwrap();
    assert!(error.contains("dynamo.db cannot be used"), "{error}");
}

#[test]
fn what_expired_is_deleted_but_not_what_expired_long_ago() {
    let folder = tempfile::tempdir().unwrap();
    let dynamo = open(folder.path(), table(gsi1())).unwrap();
    let now = Utc::now();
    for (name, ttl) in [("yesterday", now.timestamp() - 86_400), ("tomorrow", now.timestamp() + 86_400), ("ages", 7)] {
        let item = json!({ "pk": { "S": name }, "sk": { "S": "X" }, "ttl": { "N": ttl.to_string() } });
        dynamo.database.put_item(request(json!({ "TableName": "guildhall-Main", "Item": item })).unwrap()).unwrap();
    }
    assert_eq!(dynamo.sweep(now), Ok(1));
    let left = dynamo.items("guildhall-Main", None, 9, None).unwrap();
    let mut left: Vec<&str> = left.items.iter().map(|item| item["pk"]["S"].as_str().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, ["ages", "tomorrow"]);
}

#[test]
fn a_table_is_browsed_by_pages_and_by_partition() {
    let folder = tempfile::tempdir().unwrap();
    let dynamo = open(folder.path(), table(gsi1())).unwrap();
    (0..5).for_each(|number| put(&dynamo, number));
    let name = dynamo.tables().remove(0);
    let first = dynamo.items(&name, None, 3, None).unwrap();
    assert_eq!(first.items.len(), 3);
    let second = dynamo.items(&name, None, 3, first.next.as_deref()).unwrap();
    assert_eq!((second.items.len(), second.next), (2, None));
    let one = dynamo.items(&name, Some("MEMBER#4"), 3, None).unwrap();
    assert_eq!(one.items[0]["gsi1sk"]["S"], "000000004");
    assert!(dynamo.items(&name, None, 3, Some("nonsense")).is_err());
    assert!(dynamo.items("other", None, 3, None).is_err());
}
