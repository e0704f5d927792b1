//! Streams: what each route tells, to whom, in which words.

use serde_json::{Value, json};
use shared::ids::{ActionId, MemberId};
use shared::model::action::{Action, Verb};
use shared::model::thing::{Kind, Thing};
use shared::store::{Write, keys};
use shared::visibility::Audience;

use super::{
    COMMENT, MEMBER, POST, WORKOUT, comment, follow, forbidden, member, not_found, path, post, put_foreign, results,
    show_profile_to, toggle, told, unknown_caller,
};
use crate::world::World;

const REFERENCES: [&str; 14] = [
    "target_user",
    "target_post",
    "target_comment",
    "target_workout",
    "target_plan",
    "target_exercise",
    "target_user_bio_data",
    "action_object_user",
    "action_object_post",
    "action_object_comment",
    "action_object_workout",
    "action_object_plan",
    "action_object_exercise",
    "action_object_user_bio_data",
];

#[tokio::test]
async fn content_types_are_named_by_numbers_that_stay() {
    let world = World::new().await;
    let all = results(&world.visitor(), "/api/content-types/").await;
    let named: Vec<_> =
        all.iter().map(|kind| (kind["id"].as_u64().unwrap(), kind["model"].as_str().unwrap())).collect();
    let models = ["customuser", "post", "comment", "workout", "plan", "exercise", "userbiodata"];
    assert_eq!(named, (1..).zip(models).collect::<Vec<_>>());
    let one = json!([{ "id": 2, "app_label": "posts", "model": "post" }]);
    world.visitor().get("/api/content-types/?model=post").await.is(200, one);
    world.visitor().get("/api/content-types/?model=logentry").await.is(200, json!([]));
}

#[tokio::test]
async fn an_action_has_every_reference_and_fills_its_own() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    world.settle().await;
    let id = post(&ada, "hello").await;
    let said = comment(&ada, POST, id, "me too").await.json();
    toggle(&ada, POST, id).await.assert(204);
    follow(&world, &ada, &eve).await;
    world.settle().await;
    let min =
        |person: &crate::world::Person| json!({ "id": person.id(), "username": person.name, "profile_filename": null });
    let whole = ada.get(&path(id)).await.json();
    let comment = json!({ "id": said["id"], "text": "me too", "date": said["date"], "edited_date": null });
    let all = results(&eve, "/api/actor-stream/?username=ada").await;
    let expected = [
        ("started following", json!({ "target_user": min(&eve) })),
        ("liked", json!({ "target_post": whole })),
        ("commented", json!({ "target_post": whole, "action_object_comment": comment })),
        ("posted", json!({ "action_object_post": whole })),
        ("joined", json!({ "action_object_user": min(&ada) })),
    ];
    assert_eq!(all.len(), expected.len());
    for (action, (verb, filled)) in all.iter().zip(expected) {
        assert_eq!(action["verb"], verb);
        assert_eq!((&action["user"], &action["description"]), (&min(&ada), &Value::Null));
        assert_eq!(action["timestamp"], "2026-01-31T08:15:00Z");
        for name in REFERENCES {
            assert!(action.as_object().unwrap().contains_key(name), "{name}");
            assert_eq!(action[name], filled[name], "{verb} {name}");
        }
    }
    // Who joins has done so once, by the name of their own id.
    assert_eq!((&all[4]["id"], &all[3]["id"], &all[2]["id"]), (&json!(ada.id()), &json!(id), &said["id"]));
    world.settle().await;
}

#[tokio::test]
async fn a_stream_is_ones_own_and_that_of_those_whom_one_follows() {
    let world = World::new().await;
    let (ada, eve, bob) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "bob").await);
    world.settle().await;
    world.visitor().get("/api/user-stream/").await.is(401, unknown_caller());
    post(&eve, "before").await;
    follow(&world, &ada, &eve).await;
    world.settle().await;
    post(&bob, "unseen").await;
    post(&ada, "own").await;
    let id = post(&eve, "after").await;
    world.settle().await;
    let stream = "/api/user-stream/";
    let expected = [
        "eve posted after",
        "ada posted own",
        "ada started following eve",
        "eve posted before",
        "eve joined eve",
        "ada joined ada",
    ];
    let read = told(&ada, stream).await;
    assert_eq!(read[..4], expected[..4]);
    assert_eq!(read.len(), 6, "{read:?}");
    let first = ada.get(&format!("{stream}?page_size=4")).await.json();
    assert_eq!((&first["count"], &first["previous"]), (&json!(5), &Value::Null));
    assert!(first["next"].as_str().unwrap().contains("page=2"));
    assert_eq!(told(&ada, &format!("{stream}?page_size=4&page=2")).await, read[4..]);
    assert_eq!(told(&ada, &format!("{stream}?page_size=2&page=last")).await, read[4..]);
    assert_eq!(told(&ada, &format!("{stream}?page_size=1000")).await, read);
    ada.get(&format!("{stream}?page=7")).await.is(404, json!({ "detail": "Invalid page." }));
    // What changes holds from the next page on.
    show_profile_to(&eve, "u").await;
    assert_eq!(told(&ada, stream).await, ["ada posted own", "ada joined ada"]);
    show_profile_to(&eve, "f").await;
    assert_eq!(told(&ada, stream).await, read);
    eve.delete(&path(id)).await.assert(204);
    assert_eq!(told(&ada, stream).await, read[1..]);
    world.ban(&eve).await;
    assert_eq!(told(&ada, stream).await, ["ada posted own", "ada started following eve", "ada joined ada"]);
    world.block(&ada, &eve).await;
    assert_eq!(told(&ada, stream).await, ["ada posted own", "ada joined ada"]);
    world.settle().await;
}

#[tokio::test]
async fn the_staff_reads_what_everybody_did_as_far_as_they_may_see_it() {
    let world = World::new().await;
    let (ada, eve, mod_) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "mod").await);
    world.settle().await;
    world.promote(&mod_).await;
    let mut texts = Vec::new();
    for number in 0..9 {
        post([&ada, &eve][number % 2], &number.to_string()).await;
        texts.push(format!("{} posted {number}", ["ada", "eve"][number % 2]));
        if number == 4 {
            world.wait(chrono::Duration::days(40));
            for person in [&ada, &eve, &mod_] {
                person.keep("Authorization", &world.enter(person).await);
            }
        }
    }
    texts.reverse();
    texts.extend(["mod joined mod", "eve joined eve", "ada joined ada"].map(str::to_owned));
    let mut read = Vec::new();
    for page in 1..=4 {
        read.extend(told(&mod_, &format!("/api/user-stream/?page_size=3&page={page}")).await);
    }
    assert_eq!(read, texts);
    show_profile_to(&eve, "f").await;
    let visible: Vec<_> = texts.into_iter().filter(|text| !text.starts_with("eve")).collect();
    assert_eq!(told(&mod_, "/api/user-stream/?page_size=50").await, visible);
    world.settle().await;
}

#[tokio::test]
async fn an_actors_stream_stands_behind_the_gate_of_their_profile() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    world.settle().await;
    for number in 0..4 {
        post(&ada, &number.to_string()).await;
    }
    let stream = "/api/actor-stream/?username=ADA";
    for path in ["/api/actor-stream/", "/api/actor-stream/?username=nobody"] {
        eve.get(path).await.is(404, not_found());
    }
    let all = ["ada posted 3", "ada posted 2", "ada posted 1", "ada posted 0", "ada joined ada"];
    for reader in [&ada, &eve, &world.visitor()] {
        assert_eq!(told(reader, stream).await, all);
        assert_eq!(told(reader, &format!("{stream}&page_size=2&page=2")).await, all[2..4]);
    }
    show_profile_to(&ada, "r").await;
    world.visitor().get(stream).await.is(401, unknown_caller());
    show_profile_to(&ada, "f").await;
    eve.get(stream).await.is(403, forbidden());
    world.follow(&eve, &ada).await;
    assert_eq!(told(&eve, stream).await.len(), 5);
    world.block(&ada, &eve).await;
    eve.get(stream).await.is(403, forbidden());
    assert_eq!(told(&ada, stream).await.len(), 5);
    world.settle().await;
}

/// Keeps an action about a workout, as its slice will.
async fn train(world: &World, actor: u64, workout: u64, audience: Audience) {
    let at = world.clock.now();
    let action = Action {
        id: ActionId(workout),
        actor: MemberId(actor),
        verb: Verb::Trained,
        target: None,
        target_owner: None,
        object: Some(Thing { kind: Kind::Workout, id: workout }),
        object_owner: None,
        audience,
        at,
    };
    let app = world.app();
    let event = shared::events::happened(&app, shared::events::Event::Acted { action: action.clone() }).unwrap();
    app.table.together(vec![Write::create(&action).unwrap(), event]).await.unwrap();
}

#[tokio::test]
async fn what_is_meant_for_some_is_told_to_those_alone() {
    let world = World::new().await;
    let (ada, eve, bob) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "bob").await);
    world.settle().await;
    follow(&world, &eve, &ada).await;
    world.settle().await;
    let audiences = [Audience::Everyone, Audience::Members, Audience::Followers, Audience::Owner];
    for (number, audience) in audiences.into_iter().enumerate() {
        let id = 9_000 + number as u64;
        put_foreign(&world, Kind::Workout, id, Some(&ada), Some(audience)).await;
        train(&world, ada.id(), id, audience).await;
    }
    world.settle().await;
    let trained = async |reader: &crate::world::Person, path: &str| {
        results(reader, path).await.iter().filter(|action| action["verb"] == "trained").count()
    };
    let stream = "/api/actor-stream/?username=ada";
    for (reader, count) in [(&ada, 4), (&eve, 3), (&bob, 2), (&world.visitor(), 1)] {
        assert_eq!(trained(reader, stream).await, count, "{}", reader.name);
    }
    for (reader, count) in [(&ada, 4), (&eve, 3), (&bob, 0)] {
        assert_eq!(trained(reader, "/api/user-stream/").await, count, "{}", reader.name);
    }
    let object = format!("/api/action-object-stream/?content_type_id={WORKOUT}&object_id=9002");
    assert_eq!(trained(&eve, &object).await, 1);
    bob.get(&object).await.is(404, not_found());
    // It became more private: what tells of it is told to fewer.
    put_foreign(&world, Kind::Workout, 9_000, Some(&ada), Some(Audience::Owner)).await;
    assert_eq!(trained(&eve, "/api/user-stream/").await, 2);
    assert_eq!(trained(&world.visitor(), stream).await, 0);
    world.settle().await;
}

#[tokio::test]
async fn the_streams_of_a_thing_are_bare_lists() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    world.settle().await;
    let id = post(&ada, "x").await;
    let said = comment(&eve, POST, id, "said").await.json()["id"].as_u64().unwrap();
    toggle(&eve, POST, id).await.assert(204);
    follow(&world, &eve, &ada).await;
    let target = |kind: u64, id: u64| format!("/api/target-stream/?content_type_id={kind}&object_id={id}");
    let object = |kind: u64, id: u64| format!("/api/action-object-stream/?content_type_id={kind}&object_id={id}");
    let visitor = world.visitor();
    assert_eq!(told(&visitor, &target(POST, id)).await, ["eve liked x", "eve commented said"]);
    assert_eq!(told(&visitor, &format!("{}&verb=liked", target(POST, id))).await, ["eve liked x"]);
    assert_eq!(told(&visitor, &format!("{}&verb=commented", target(POST, id))).await, ["eve commented said"]);
    assert_eq!(told(&visitor, &format!("{}&verb=eaten", target(POST, id))).await, Vec::<String>::new());
    assert_eq!(told(&visitor, &target(MEMBER, ada.id())).await, ["eve started following ada"]);
    assert_eq!(told(&visitor, &object(POST, id)).await, ["ada posted x"]);
    assert_eq!(told(&visitor, &object(COMMENT, said)).await, ["eve commented said"]);
    assert_eq!(told(&visitor, &object(MEMBER, ada.id())).await, ["ada joined ada"]);
    for stream in ["target-stream", "action-object-stream"] {
        for query in [
            "".to_owned(),
            "?object_id=1".to_owned(),
            "?content_type_id=99&object_id=1".to_owned(),
            "?content_type_id=x&object_id=1".to_owned(),
            format!("?content_type_id={POST}"),
            format!("?content_type_id={POST}&object_id=x"),
            format!("?content_type_id={POST}&object_id=99999"),
            format!("?content_type_id={MEMBER}&object_id=99999"),
        ] {
            visitor.get(&format!("/api/{stream}/{query}")).await.is(404, not_found());
        }
    }
    // Whoever hides is not told of, and what is hidden is not there.
    show_profile_to(&eve, "u").await;
    assert_eq!(told(&visitor, &target(POST, id)).await, Vec::<String>::new());
    assert_eq!(told(&eve, &target(POST, id)).await.len(), 2);
    show_profile_to(&ada, "u").await;
    for path in [target(POST, id), object(POST, id), object(COMMENT, said), target(MEMBER, ada.id())] {
        eve.get(&path).await.is(404, not_found());
    }
    world.settle().await;
    assert!(world.app().table.get::<Value>(keys::thing(Thing { kind: Kind::Post, id })).await.unwrap().is_some());
}
