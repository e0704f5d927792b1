//! Sukuwatto's API, as its web client speaks it: cookies that carry tokens, field maps, numbered pages.

mod entry;
mod lookup;
mod password;
mod uploads;
mod users;

use http::Method;
use serde_json::{Value, json};

use crate::world::{PASSWORD, Person, Reply, World};

/// Signs a member in as Sukuwatto's client does; the browser keeps the cookies.
async fn enter(person: &Person) -> Value {
    let credentials = json!({ "username": person.name, "password": PASSWORD });
    person.post("/api/token/", credentials).await.assert(200).json()
}

/// A member who has signed in there.
async fn member(world: &World, name: &str) -> Person {
    let person = world.member(name).await;
    enter(&person).await;
    person
}

/// What somebody sends who wants to join.
fn new_user(name: &str) -> Value {
    json!({ "username": name, "email": format!("{name}@example.org"), "password": PASSWORD, "system": "m" })
}

/// The path of a member among the users.
fn user(person: &Person) -> String {
    format!("/api/users/{}/", person.id())
}

/// Asks with a token in the header, and with nothing else.
async fn bearing(world: &World, token: &str, method: Method, path: &str, body: Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.visitor().send(method, path, &headers, body).await
}

/// What a member is who has told nothing.
fn full(id: u64, name: &str) -> Value {
    json!({
        "id": id,
        "username": name,
        "first_name": "",
        "last_name": "",
        "gender": null,
        "year_birth": null,
        "month_birth": null,
        "system": "m",
        "location": null,
        "biography": null,
        "profile_filename": null,
        "default_weight_unit": 1,
        "default_speed_unit": 11,
        "default_distance_unit": 5,
        "default_energy_unit": 15,
        "default_visibility_workouts": "e",
        "default_visibility_user_bio_datas": "e",
        "visibility": "e",
        "follow_approval_required": false,
        "followers_number": 0,
        "followings_number": 0,
        "tier": "n",
        "is_staff": false,
        "groups": [],
        "experience": 1000,
        "level": 1,
        "primary_class": "Athlete",
        "secondary_class": null,
        "primary_class_computed": "Athlete",
        "secondary_class_computed": null,
        "custom_class": false,
        "is_active": true,
    })
}

/// The same object with some values of its own.
fn with(mut object: Value, others: Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}
