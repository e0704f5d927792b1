//! Posts: written, shown, changed and deleted, with their pictures.

use serde_json::{Value, json};

use super::{comment, forbidden, member, not_found, path, post, results, show_profile_to, toggle, unknown_caller};
use crate::files::{png, stored};
use crate::world::{Person, World};

async fn upload(person: &Person) -> String {
    let kept = person.upload("/api/file-upload/", "file", "me.png", &png(4)).await.assert(201).json();
    kept["file"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_post_is_written_shown_changed_and_deleted() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let new = json!({ "text": " Hello ", "title": "First", "date": "1999-01-01T00:00:00Z", "likes": 7, "id": 1 });
    let written = ada.post("/api/posts/", new).await.assert(201).json();
    let whole = json!({
        "id": written["id"],
        "title": "First",
        "text": "Hello",
        "date": "2026-01-31T08:15:00Z",
        "edited_date": null,
        "user": { "id": ada.id(), "username": "ada", "profile_filename": null },
        "likes": 0,
        "comment_number": 0,
        "post_images": [],
    });
    assert_eq!(written, whole);
    let path = path(written["id"].as_u64().unwrap());
    for reader in [&world.visitor(), &ada] {
        reader.get(&path).await.is(200, whole.clone());
    }
    ada.get(path.trim_end_matches('/')).await.is(200, whole.clone());
    world.wait(chrono::Duration::minutes(5));
    let mut edited = ada.patch(&path, json!({ "title": null })).await.assert(200).json();
    assert_eq!((&edited["title"], &edited["edited_date"]), (&Value::Null, &json!("2026-01-31T08:20:00Z")));
    // The client sends the whole post back.
    edited["text"] = json!("Hello again");
    edited["likes"] = json!(99);
    let again = ada.put(&path, edited).await.assert(200).json();
    assert_eq!((&again["text"], &again["likes"]), (&json!("Hello again"), &json!(0)));
    ada.put(&path, json!({ "title": "x" })).await.is(400, json!({ "text": ["This field is required."] }));
    ada.patch(&path, json!({})).await.assert(200);
    world.visitor().get(&path).await.is(200, again);
    ada.delete(&path).await.assert(204);
    for reply in [ada.get(&path).await, ada.delete(&path).await, ada.patch(&path, json!({ "text": "x" })).await] {
        reply.is(404, not_found());
    }
    world.visitor().get("/api/posts/x/").await.is(404, not_found());
    world.settle().await;
}

#[tokio::test]
async fn whoever_posts_something_wrong_hears_of_every_field() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let blank = "This field may not be blank.";
    for (body, told) in [
        (json!({}), json!({ "text": ["This field is required."] })),
        (json!({ "text": " ", "title": "" }), json!({ "title": [blank], "text": [blank] })),
        (json!({ "text": null }), json!({ "text": ["This field may not be null."] })),
        (
            json!({ "text": "x", "title": "x".repeat(201) }),
            json!({ "title": ["Ensure this field has no more than 200 characters."] }),
        ),
        (
            json!({ "text": "x".repeat(10_001) }),
            json!({ "text": ["Ensure this field has no more than 10000 characters."] }),
        ),
        (json!({ "text": "x", "post_images": [{}] }), json!({ "post_images": ["This field is required."] })),
        (json!({ "text": "x", "post_images": 7 }), json!({ "post_images": ["Expected a sequence."] })),
    ] {
        ada.post("/api/posts/", body).await.is(400, told);
    }
    ada.fill("/api/posts/", &[("text", "by form")]).await.assert(201);
    world.settle().await;
}

#[tokio::test]
async fn only_the_author_and_the_staff_change_a_post() {
    let world = World::new().await;
    let (ada, eve, mod_) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "mod").await);
    world.give_role(&mod_, shared::model::role::Role::Moderator).await;
    let id = post(&ada, "mine").await;
    for (caller, status, told) in
        [(&eve, 403, forbidden()), (&world.visitor(), 401, unknown_caller()), (&mod_, 200, Value::Null)]
    {
        for reply in
            [caller.put(&path(id), json!({ "text": "x" })).await, caller.patch(&path(id), json!({ "text": "x" })).await]
        {
            let reply = reply.assert(status);
            assert!(status == 200 || reply.json() == told, "{}", reply.text());
        }
    }
    eve.delete(&path(id)).await.is(403, forbidden());
    // The author stays.
    assert_eq!(mod_.get(&path(id)).await.json()["user"]["username"], "ada");
    show_profile_to(&ada, "u").await;
    for caller in [&eve, &mod_, &world.visitor()] {
        caller.get(&path(id)).await.is(404, not_found());
    }
    eve.patch(&path(id), json!({ "text": "x" })).await.is(404, not_found());
    mod_.delete(&path(id)).await.assert(204);
    let trail = world.everything().into_iter().filter(|item| item["gsi1pk"]["S"] == "AUDIT");
    let mut trail: Vec<_> = trail.map(|item| item["what"]["S"].as_str().unwrap().to_owned()).collect();
    trail.sort();
    assert_eq!(trail, ["post_deleted", "post_edited", "post_edited"]);
    world.settle().await;
}

#[tokio::test]
async fn pictures_are_the_authors_own_and_go_with_the_post() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let (first, second, third) = (upload(&ada).await, upload(&ada).await, upload(&ada).await);
    let foreign = upload(&eve).await;
    let new = json!({ "text": "x", "post_images": [{ "url": first }, { "id": null, "url": second }] });
    let written = ada.post("/api/posts/", new).await.assert(201).json();
    let images = written["post_images"].as_array().unwrap().clone();
    assert_eq!(images.len(), 2);
    let path = path(written["id"].as_u64().unwrap());
    let other = post(&ada, "without").await;
    let refused = json!({ "post_images": ["This is none of your uploads, or serves something else."] });
    let twice = json!([{ "url": third }, { "url": third }]);
    for images in [
        json!([{ "url": foreign }]),
        json!([{ "url": "https://evil.example/x.png" }]),
        json!([{ "url": format!("/media/uploads/{}/x.png", ada.id()) }]),
        // Those of another post: neither its file nor its id.
        json!([{ "url": first }]),
        json!([{ "id": images[0]["id"], "url": first }]),
    ] {
        ada.patch(&super::path(other), json!({ "post_images": images })).await.is(400, refused.clone());
    }
    let told = ada.patch(&super::path(other), json!({ "post_images": twice })).await.assert(400).json();
    assert_eq!(told, refused);
    // Left alone by PATCH, known by their ids, replaced one by one.
    assert_eq!(ada.patch(&path, json!({ "text": "y" })).await.json()["post_images"], json!(images));
    let change = json!([{ "id": images[1]["id"], "url": third }, { "id": images[0]["id"], "url": first }]);
    let kept = ada.patch(&path, json!({ "post_images": change })).await.assert(200).json();
    assert_eq!(kept["post_images"], change);
    world.settle().await;
    world.visitor().get(&second).await.assert(404);
    world.visitor().get(&third).await.assert(200);
    // What serves the post serves nothing else, and the clean-up lets it be.
    let picture = json!({ "profile_filename": third });
    ada.patch(&format!("/api/users/{}/", ada.id()), picture).await.assert(400);
    let only = ada.put(&path, json!({ "text": "z", "post_images": [{ "url": third }] })).await.assert(200).json();
    assert_eq!(only["post_images"], json!([{ "id": images[1]["id"], "url": third }]));
    ada.put(&path, json!({ "text": "z" })).await.assert(200);
    world.settle().await;
    world.visitor().get(&third).await.assert(404);
    let fourth = upload(&ada).await;
    ada.patch(&path, json!({ "post_images": [{ "id": 0, "url": fourth }] })).await.assert(200);
    ada.delete(&path).await.assert(204);
    world.settle().await;
    assert_eq!(stored(&world), [foreign.rsplit('/').next().unwrap()]);
    world.settle().await;
}

#[tokio::test]
async fn a_picture_that_two_posts_want_at_once_is_in_one() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let file = upload(&ada).await;
    let attempts = (0..4).map(|_| {
        let (ada, body) = (ada.clone(), json!({ "text": "x", "post_images": [{ "url": file }] }));
        tokio::spawn(async move { ada.post("/api/posts/", body).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(results(&ada, "/api/posts/").await.len(), 1);
    world.settle().await;
}

#[tokio::test]
async fn posts_are_listed_the_latest_first_however_many_months_lie_between() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let mut ids = Vec::new();
    for number in 0..14 {
        let by = if number % 3 == 0 { &eve } else { &ada };
        ids.push(post(by, &format!("post {number}")).await);
        if number % 4 == 3 {
            world.wait(chrono::Duration::days(90));
            for person in [&ada, &eve] {
                person.keep("Authorization", &world.enter(person).await);
            }
        }
    }
    ids.reverse();
    let (mut seen, mut page) = (Vec::new(), 1);
    loop {
        let reply = ada.get(&format!("/api/posts/?page={page}&page_size=4")).await.assert(200).json();
        seen.extend(reply["results"].as_array().unwrap().iter().map(|post| post["id"].as_u64().unwrap()));
        assert!(reply["count"].as_u64().unwrap() as usize > seen.len() - 1, "{reply}");
        if reply["next"].is_null() {
            break;
        }
        // A link leads to the same page as its number.
        let link = reply["next"].as_str().unwrap().replace(crate::world::PUBLIC_URL, "");
        let by_link = ada.get(&link).await.assert(200).json();
        page += 1;
        let by_number = ada.get(&format!("/api/posts/?page={page}&page_size=4")).await.assert(200).json();
        assert_eq!(by_link["results"], by_number["results"]);
    }
    assert_eq!(seen, ids);
    let ids_of = |posts: Vec<Value>| posts.iter().map(|post| post["id"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids_of(results(&ada, "/api/posts/?page=last&page_size=3").await), ids[11..]);
    // Nobody read the page before.
    assert_eq!(ids_of(results(&world.visitor(), "/api/posts/?page=3&page_size=5").await), ids[10..]);
    ada.get("/api/posts/?page=9").await.is(404, json!({ "detail": "Invalid page." }));
    ada.get("/api/posts/?page=0").await.is(404, json!({ "detail": "Invalid page." }));
    let eves = results(&ada, "/api/posts/?user__username=EVE&page_size=3").await;
    assert_eq!(ids_of(eves), [ids[1], ids[4], ids[7]]);
    assert_eq!(results(&ada, "/api/posts/?user__username=nobody").await, Vec::<Value>::new());
    show_profile_to(&eve, "f").await;
    assert_eq!(results(&ada, "/api/posts/?user__username=eve").await.len(), 0);
    assert_eq!(results(&ada, "/api/posts/?page_size=50").await.len(), 9);
    assert_eq!(results(&eve, "/api/posts/?page_size=50").await.len(), 14);
    world.settle().await;
}

#[tokio::test]
async fn with_a_post_goes_what_others_made_of_it() {
    for delivery in [local::Delivery::Once, local::Delivery::Twice, local::Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, eve, bob) = (member(&world, "ada").await, member(&world, "eve").await, member(&world, "bob").await);
        super::follow(&world, &bob, &eve).await;
        let (id, other) = (post(&ada, "goes").await, post(&ada, "stays").await);
        for by in [&eve, &bob, &ada] {
            for id in [id, other] {
                comment(by, super::POST, id, "a comment").await.assert(201);
                toggle(by, super::POST, id).await.assert(204);
            }
        }
        world.cloud.settle(delivery).await;
        ada.delete(&path(id)).await.assert(204);
        let stream = super::told(&bob, "/api/user-stream/?page_size=50").await;
        assert_eq!(stream.iter().filter(|line| !line.contains("joined")).count(), 2 + 2 + 1, "{stream:?}");
        world.cloud.settle(delivery).await;
        let left = format!("{:?}", world.everything());
        let left: Vec<_> = left.match_indices(&format!("post-{id}")).collect();
        // What the outbox keeps for a while is no longer about anything.
        let outbox = world.everything().into_iter();
        let outbox = outbox.filter(|item| item["sk"]["S"].as_str().is_some_and(shared::store::keys::is_outbox));
        let told: usize = outbox.map(|item| format!("{item:?}").matches(&format!("post-{id}")).count()).sum();
        assert_eq!(left.len(), told, "{delivery:?}");
        assert_eq!(results(&ada, "/api/comments/").await.len(), 3, "{delivery:?}");
        let whole = ada.get(&path(other)).await.json();
        assert_eq!((&whole["likes"], &whole["comment_number"]), (&json!(3), &json!(3)));
        world.settle().await;
    }
}
