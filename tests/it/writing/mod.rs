//! What members write, what others make of it, and the streams that tell of it.

mod comments;
mod feeds;
mod likes;
mod posts;
mod sight;
mod streams;

use serde_json::{Value, json};
use shared::events::{Event, happened};
use shared::ids::{ActionId, MemberId};
use shared::model::action::{Action, Verb};
use shared::model::relation::Follow;
use shared::model::thing::{Kind, Thing};
use shared::store::{Change, Write, keys};
use shared::visibility::Audience;

use crate::world::{Person, Reply, World};

/// The numbers of the content types.
const MEMBER: u64 = 1;
const POST: u64 = 2;
const COMMENT: u64 = 3;
const WORKOUT: u64 = 4;
const PLAN: u64 = 5;

/// A member who shows a token by cookie, as Sukuwatto's client does.
async fn member(world: &World, name: &str) -> Person {
    let person = world.member(name).await;
    person.keep("Authorization", &world.enter(&person).await);
    person
}

/// Publishes a post and returns its id.
async fn post(by: &Person, text: &str) -> u64 {
    by.post("/api/posts/", json!({ "text": text })).await.assert(201).json()["id"].as_u64().unwrap()
}

fn path(post: u64) -> String {
    format!("/api/posts/{post}/")
}

async fn comment(by: &Person, content_type: u64, id: u64, text: &str) -> Reply {
    let body = json!({
        "text": text, "comment_target_content_type": content_type, "comment_target_object_id": id.to_string(),
    });
    by.post("/api/comments/", body).await
}

async fn toggle(by: &Person, content_type: u64, id: u64) -> Reply {
    by.post("/api/toggle-like/", json!({ "content_type_id": content_type, "object_id": id })).await
}

/// Lets a member follow another as the product does: with the action that tells of it.
async fn follow(world: &World, fan: &Person, other: &Person) {
    let (member, followed) = (MemberId(fan.id()), MemberId(other.id()));
    let app = world.app();
    let at = app.clock.now();
    let (name, followed_name) = (fan.name.clone(), other.name.clone());
    let action = Action {
        id: ActionId(world.ids.next(at)),
        actor: member,
        verb: Verb::Followed,
        target: Some(followed.into()),
        target_owner: Some(followed),
        object: None,
        object_owner: None,
        audience: Audience::Everyone,
        at,
    };
    let follow = Follow { member, followed, name, followed_name, action: Some(action.id), since: at };
    let writes = vec![
        Write::create(&follow).unwrap(),
        Write::create(&action).unwrap(),
        happened(&app, Event::Acted { action }).unwrap(),
    ];
    app.table.together(writes).await.unwrap();
}

/// Everything that is written, liked and handed out, at least once.
pub async fn a_day(world: &World, ada: &Person) {
    ada.keep("Authorization", &world.enter(ada).await);
    let eve = member(world, "writer").await;
    follow(world, ada, &eve).await;
    let (kept, gone) = (post(&eve, "kept").await, post(&eve, "gone").await);
    eve.patch(&path(kept), json!({ "title": "t" })).await.assert(200);
    for id in [kept, gone] {
        comment(ada, POST, id, "x").await.assert(201);
        toggle(ada, POST, id).await.assert(204);
    }
    comment(ada, MEMBER, eve.id(), "x").await.assert(201);
    world.settle().await;
    results(ada, "/api/user-stream/").await;
    results(ada, "/api/posts/").await;
    eve.delete(&path(gone)).await.assert(204);
    world.settle().await;
}

/// The results of a page, or the list where there are no pages.
async fn results(by: &Person, path: &str) -> Vec<Value> {
    let page = by.get(path).await.assert(200).json();
    page["results"].as_array().or(page.as_array()).unwrap().clone()
}

/// The entries of a stream in a word each: who did what to or with which text.
async fn told(by: &Person, path: &str) -> Vec<String> {
    results(by, path).await.iter().map(in_a_word).collect()
}

fn in_a_word(action: &Value) -> String {
    let text = |name: &str| action[name]["text"].as_str().map(str::to_owned);
    let name = |name: &str| action[name]["username"].as_str().map(str::to_owned);
    let about = text("action_object_post").or(text("action_object_comment")).or(text("target_post"));
    let about = about.or(name("target_user")).or(name("action_object_user")).unwrap_or_default();
    format!("{} {} {about}", action["user"]["username"].as_str().unwrap(), action["verb"].as_str().unwrap())
}

/// Puts something of a member's into the table that no slice keeps yet, as its slice will keep it: others know nothing but
/// these fields.
async fn put_foreign(world: &World, kind: Kind, id: u64, owner: Option<&Person>, audience: Option<Audience>) {
    let owner = owner.map(|owner| MemberId(owner.id()));
    let change = Change::of(keys::thing(Thing { kind, id })).or_create();
    let change = change.set("owner", owner).set("audience", audience).set("name", "Legs");
    world.app().table.change::<Value>(change).await.unwrap();
}

/// What a thing says of itself under this name, straight from the table.
async fn counted(world: &World, thing: Thing, name: &str) -> i64 {
    let item: Option<Value> = world.app().table.get(keys::thing(thing)).await.unwrap();
    item.unwrap()[name].as_i64().unwrap_or_default()
}

/// Sets who may see a member's profile, by Sukuwatto's code.
async fn show_profile_to(person: &Person, audience: &str) {
    let path = format!("/api/users/{}/", person.id());
    person.patch(&path, json!({ "visibility": audience })).await.assert(200);
}

/// What a block and a stranger's ask are refused with.
fn forbidden() -> Value {
    json!({ "detail": "You do not have permission to perform this action." })
}

fn not_found() -> Value {
    json!({ "detail": "Not found." })
}

fn unknown_caller() -> Value {
    json!({ "detail": "Authentication credentials were not provided." })
}
