//! Sukuwatto's lists of conversations and of what was said.

use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::store::{Change, keys};
use shared::visibility::Audience;

use super::{chat, member, say, texts, two, write};
use crate::world::{Person, World};

async fn messages(by: &Person, query: &str) -> Value {
    by.get(&format!("/api/messages/{query}")).await.assert(200).json()
}

#[tokio::test]
async fn the_first_page_has_the_newest_and_each_page_the_oldest_first() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let mut socket = chat(&world, &ada, &bob).await;
    for number in 1..=25 {
        say(&socket, &format!("uuid-{number}"), &format!("{number}")).await;
    }
    assert_eq!(super::heard(&mut socket), Vec::<Value>::new());
    world.settle().await;
    let numbers = |from: u32, to: u32| (from..=to).map(|number| number.to_string()).collect::<Vec<_>>();
    let with = format!("?with_user={}", bob.id());
    let first = messages(&ada, &with).await;
    assert_eq!((texts(&first["results"]), &first["count"]), (numbers(16, 25), &json!(25)));
    assert_eq!(first["previous"], Value::Null);
    // Its client counts pages up and never follows a link.
    let second = messages(&ada, &format!("{with}&page=2")).await;
    assert_eq!(texts(&second["results"]), numbers(6, 15));
    let third = messages(&ada, &format!("{with}&page=3")).await;
    assert_eq!((texts(&third["results"]), &third["next"]), (numbers(1, 5), &Value::Null));
    let next = second["next"].as_str().unwrap().strip_prefix(crate::world::PUBLIC_URL).unwrap().to_owned();
    assert_eq!(texts(&ada.get(&next).await.assert(200).json()["results"]), numbers(1, 5));
    ada.get(&format!("/api/messages/{with}&page=4")).await.is(404, json!({ "detail": "Invalid page." }));
    let whole = messages(&bob, &format!("?with_user={}&page_size=1000", ada.id())).await;
    assert_eq!((texts(&whole["results"]), &whole["next"]), (numbers(1, 25), &Value::Null));
    let exact = messages(&ada, &format!("{with}&page_size=25")).await;
    assert_eq!(exact["next"], Value::Null);
    let of_first = &whole["results"][0];
    assert_eq!(
        of_first,
        &json!({
            "id": of_first["id"], "uuid": "uuid-1", "date": "2026-01-31T08:15:00Z", "edited_date": null,
            "from_user": ada.id(), "to_user": bob.id(), "message": "1",
        })
    );
}

#[tokio::test]
async fn nobody_reads_the_conversation_of_others() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let eve = member(&world, "eve").await;
    write(&world, &ada, &bob, "Between us").await;
    write(&world, &eve, &ada, "Hello?").await;
    for query in ["", &format!("?with_user={}", bob.id()), "?with_user=77", "?with_user=x", "?with_user=-1"] {
        let page = messages(&eve, query).await;
        assert!(!page.to_string().contains("Between us"), "{query}: {page}");
    }
    assert_eq!(messages(&eve, "?with_user=x").await["count"], 0);
    assert!(!eve.get("/api/last-messages/").await.text().contains("Between us"));
    for path in ["messages", "last-messages", "unread-conversations", "last-unread-conversation"] {
        world.visitor().get(&format!("/api/{path}/")).await.assert(401);
    }
    world.visitor().post("/api/update-last-message/", json!({})).await.assert(401);
}

#[tokio::test]
async fn what_was_said_with_everybody_is_one_list() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let cy = member(&world, "cy").await;
    for number in 1..=6 {
        write(&world, &ada, &bob, &format!("a{number}")).await;
        write(&world, &cy, &ada, &format!("c{number}")).await;
        write(&world, &bob, &cy, "not for ada").await;
    }
    let first = messages(&ada, "?page_size=5").await;
    assert_eq!((texts(&first["results"]).join(" "), &first["count"]), ("c4 a5 c5 a6 c6".to_owned(), &json!(12)));
    let second = messages(&ada, "?page_size=5&page=2").await;
    assert_eq!(texts(&second["results"]).join(" "), "a2 c2 a3 c3 a4");
    let third = messages(&ada, "?page_size=5&page=3").await;
    assert_eq!((texts(&third["results"]).join(" "), &third["next"]), ("a1 c1".to_owned(), &Value::Null));
    ada.get("/api/messages/?page_size=5&page=4").await.assert(404);
}

#[tokio::test]
async fn conversations_are_listed_by_what_was_said_last() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    let cy = member(&world, "cy").await;
    let list = async |by: &Person| by.get("/api/last-messages/").await.assert(200).json();
    assert_eq!(list(&ada).await, json!([]));
    write(&world, &ada, &bob, "one").await;
    write(&world, &cy, &ada, "two").await;
    write(&world, &bob, &ada, "three").await;
    write(&world, &bob, &ada, "four").await;
    let talks = list(&ada).await;
    let shown = |talks: &Value| {
        let talk = |talk: &Value| {
            let last = |name: &str| talk[name]["message"].as_str().unwrap_or("-").to_owned();
            let name = talk["correspondent"]["username"].as_str().unwrap().to_owned();
            (name, last("last_message"), last("last_read_message"), talk["unread_count"].as_i64().unwrap())
        };
        talks.as_array().unwrap().iter().map(talk).collect::<Vec<_>>()
    };
    let line = |name: &str, last: &str, read: &str, unread| (name.to_owned(), last.to_owned(), read.to_owned(), unread);
    assert_eq!(shown(&talks), [line("bob", "four", "one", 2), line("cy", "two", "-", 1)]);
    assert_eq!(shown(&list(&bob).await), [line("ada", "four", "four", 0)]);
    assert_eq!(talks[0]["user"]["username"], "ada");
    assert_eq!(talks[0]["user"]["default_weight_unit"], 1);
    assert_eq!(ada.get("/api/unread-conversations/").await.json(), json!(2));
    assert_eq!(ada.get("/api/last-unread-conversation/").await.json(), json!("2026-01-31T08:15:00Z"));

    // Reading, and writing back.
    ada.post("/api/update-last-message/", json!({ "correspondent": cy.id() })).await.assert(204);
    ada.post("/api/update-last-message/", json!({ "correspondent": cy.id().to_string() })).await.assert(204);
    assert_eq!(ada.get("/api/unread-conversations/").await.json(), json!(1));
    write(&world, &ada, &bob, "five").await;
    assert_eq!(shown(&list(&ada).await), [line("bob", "five", "five", 0), line("cy", "two", "two", 0)]);
    assert_eq!(ada.get("/api/unread-conversations/").await.json(), json!(0));
    ada.get("/api/last-unread-conversation/").await.is(200, Value::Null);
    for body in
        [json!({}), json!({ "correspondent": 77 }), json!({ "correspondent": "x" }), json!({ "correspondent": [] })]
    {
        ada.post("/api/update-last-message/", body).await.assert(204);
    }
    world.settle().await;
}

#[tokio::test]
async fn a_conversation_with_somebody_blocked_is_not_listed_and_stays_readable() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &bob, &ada, "Hello").await;
    world.block(&ada, &bob).await;
    for (one, other) in [(&ada, &bob), (&bob, &ada)] {
        assert_eq!(one.get("/api/last-messages/").await.json(), json!([]));
        assert_eq!(one.get("/api/unread-conversations/").await.json(), json!(0));
        assert_eq!(one.get("/api/last-unread-conversation/").await.json(), Value::Null);
        let page = messages(one, &format!("?with_user={}", other.id())).await;
        assert_eq!(texts(&page["results"]), ["Hello"]);
    }
}

#[tokio::test]
async fn of_a_correspondent_who_hides_no_more_is_shown_than_who_they_are() {
    let world = World::new().await;
    let (ada, bob) = two(&world).await;
    write(&world, &ada, &bob, "Hello").await;
    let hide = Change::of(keys::account(MemberId(bob.id()))).set("audience", Audience::Owner);
    world.app().table.change::<Value>(hide).await.unwrap();
    let talks = ada.get("/api/last-messages/").await.assert(200).json();
    let named =
        json!({ "id": bob.id(), "username": "bob", "first_name": "", "last_name": "", "profile_filename": null });
    assert_eq!(talks[0]["correspondent"], named);
}
