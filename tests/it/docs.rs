//! The description of the API: derived from the handlers, kept beside the page that shows it.

use std::fs;

use serde_json::Value;

use crate::world::{World, repository, slices};

/// `functions/docs/openapi.json` is what the handlers' own types say. `UPDATE=1 cargo test` writes it anew.
#[test]
fn the_committed_description_is_the_one_that_the_code_gives() {
    let file = repository().join("functions/docs/openapi.json");
    let tables = slices();
    let derived = shared::http::openapi::document(&tables);
    let derived = format!("{}\n", serde_json::to_string_pretty(&derived).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &derived).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == derived, "functions/docs/openapi.json is not what the code says; run UPDATE=1 cargo test");
}

#[tokio::test]
async fn the_description_is_served_and_covers_every_route() {
    let world = World::new().await;
    let document = world.visitor().get("/openapi.json").await.assert(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    for (slice, table) in slices() {
        for row in table.rows() {
            let method = row.method.as_str().to_lowercase();
            assert!(document["paths"][row.path][&method].is_object(), "{slice}: {} {}", row.method, row.path);
        }
    }
    assert!(find_broken_reference(&document, &document).is_none(), "{:?}", find_broken_reference(&document, &document));
}

fn find_broken_reference(value: &Value, document: &Value) -> Option<String> {
    match value {
        Value::Object(map) => map.iter().find_map(|(key, value)| match (key.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                found.is_none().then(|| reference.clone())
            }
            _ => find_broken_reference(value, document),
        }),
        Value::Array(list) => list.iter().find_map(|value| find_broken_reference(value, document)),
        _ => None,
    }
}

#[tokio::test]
async fn health_is_told_and_the_page_loads_nothing_from_elsewhere() {
    let world = World::new().await;
    for path in ["/health", "/health/"] {
        world.visitor().get(path).await.is(200, serde_json::json!({ "status": "ok" }));
    }
    let page = world.visitor().get("/docs").await.assert(200);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let text = page.text();
    for attribute in ["src=\"", "href=\""] {
        for target in text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!target.contains("//"), "{target}");
            if target.starts_with("/docs") {
                world.visitor().get(target).await.assert(200);
            }
        }
    }
}

#[tokio::test]
async fn a_name_in_the_path_is_read_once_and_as_it_was_meant() {
    let world = World::new().await;
    world.visitor().get("/docs/page%2Ecss").await.assert(200);
    let names =
        ["%23x", "%09", "%0A", "%20", "%5C", "%25", "%", "page.css%23", "page.css%20", "page%252Ecss", "%2523x"];
    for name in names {
        world.visitor().get(&format!("/docs/{name}")).await.assert(404);
    }
    // What follows a question mark is lost on the way in, as in the cloud.
    world.visitor().get("/docs/%3Fx").await.assert(200);
}
