//! Files by the document: a place is asked for, the file is sent there, and the profile names it.

use chrono::Duration;
use http::Method;
use image::ImageFormat;
use serde_json::{Value, json};

use super::sign_up;
use crate::files::{encode, png, stored};
use crate::world::{PASSWORD, PUBLIC_URL, Person, Reply, World};

const PROFILE: &str = "/api/v1/auth/profile";

async fn ask(person: &Person, purpose: &str, media: &str, size: usize) -> Reply {
    let body = json!({ "purpose": purpose, "file_name": "me & you.png", "content_type": media, "size": size });
    person.post("/api/v1/files/", body).await
}

/// Sends a file where a place says, as a client does that knows nothing but the place.
async fn send(world: &World, place: &Value, file: &[u8]) -> Reply {
    let upload = &place["upload"];
    assert_eq!((&upload["method"], &upload["fields"]), (&json!("PUT"), &json!({})));
    let path = upload["url"].as_str().unwrap().strip_prefix(PUBLIC_URL).expect("a place of ours").to_owned();
    let headers = [("content-type", upload["headers"]["Content-Type"].as_str().unwrap())];
    world.visitor().send(Method::PUT, &path, &headers, file.to_vec()).await
}

/// Uploads a file, and returns its reference.
async fn upload(world: &World, person: &Person, purpose: &str, media: &str, file: &[u8]) -> String {
    let place = ask(person, purpose, media, file.len()).await.assert(201).json();
    let kept = send(world, &place, file).await.assert(201).json();
    assert_eq!(kept, json!({ "file_reference": place["file_reference"] }));
    kept["file_reference"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_picture_is_sent_to_its_place_and_named_by_the_profile() {
    let world = World::new().await;
    let (joined, ada) = sign_up(&world, "ada").await;
    let id = joined["user"]["id"].clone();
    for (format, media, kept_as) in [
        (ImageFormat::Png, "image/png", "png"),
        (ImageFormat::Jpeg, "image/jpeg", "jpg"),
        (ImageFormat::Gif, "image/gif", "png"),
        (ImageFormat::WebP, "image/webp", "png"),
    ] {
        for (purpose, field) in [("profile_picture", "profile_picture"), ("banner", "bannerImage")] {
            let place = ask(&ada, purpose, media, encode(8, format).len()).await.assert(201).json();
            assert_eq!(place["upload"]["expires_at"], "2026-01-31T08:25:00Z");
            let reference = place["file_reference"].as_str().unwrap();
            assert!(reference.starts_with(&format!("/media/uploads/{id}/")) && reference.ends_with(kept_as));
            // Before it was sent there is nothing to see, and nothing to name.
            world.visitor().get(reference).await.assert(404);
            ada.put(PROFILE, json!({ field: reference })).await.assert(400);
            send(&world, &place, &encode(8, format)).await.assert(201);
            let shown = world.visitor().get(reference).await.assert(200);
            assert_eq!(shown.header("content-type"), if kept_as == "png" { "image/png" } else { "image/jpeg" });
            assert_eq!(image::load_from_memory(&shown.body).unwrap().width(), 8);
            let profile = ada.put(PROFILE, json!({ field: format!("{PUBLIC_URL}{reference}") })).await.assert(200);
            assert_eq!(profile.json()[field], reference);
            // The same again is no change; and it serves nothing else.
            assert_eq!(ada.put(PROFILE, json!({ field: reference })).await.assert(200).json()[field], reference);
            let other = if field == "bannerImage" { "profile_picture" } else { "bannerImage" };
            ada.put(PROFILE, json!({ other: reference })).await.assert(400);
        }
    }
    world.settle().await;
    // Of what was replaced nothing is left.
    assert_eq!(stored(&world).len(), 2);
    let both = json!({ "profile_picture": null, "bannerImage": null });
    ada.put(PROFILE, both).await.assert(200);
    world.settle().await;
    assert_eq!(stored(&world), Vec::<String>::new());
}

#[tokio::test]
async fn a_place_is_for_one_file_that_is_what_was_announced() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    let file = png(8);
    let place = async || ask(&ada, "gig_image", "image/png", file.len()).await.assert(201).json();
    let first = place().await;
    let path = first["upload"]["url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap().to_owned();
    let put = async |path: &str, media: &str, file: &[u8]| {
        world.visitor().send(Method::PUT, path, &[("content-type", media)], file.to_vec()).await
    };
    let longer = [file.as_slice(), b"x"].concat();
    for media in ["image/jpeg", "text/html", ""] {
        put(&path, media, &file).await.assert(415);
    }
    put(&path, "image/png", &longer).await.assert(413);
    assert_eq!(put(&path, "image/png", &file[1..]).await.assert(400).json()["code"], "wrong_size");
    // Something else of that length: text, another format, and a picture that is something else besides.
    let mut polyglot = png(4);
    polyglot.resize(file.len(), b' ');
    let mut jpeg = encode(8, ImageFormat::Jpeg);
    jpeg.resize(file.len(), 0);
    for other in [vec![b'<'; file.len()], jpeg, polyglot] {
        assert_eq!(put(&path, "image/png", &other).await.assert(400).json()["code"], "not_an_image");
    }
    for path in [format!("/api/v1/files/{}/", "x".repeat(40)), path.replacen("/files/", "/files/x", 1)] {
        put(&path, "image/png", &file).await.assert(404);
    }
    assert_eq!(stored(&world), Vec::<String>::new());
    // What was refused was not used up; what was taken is.
    put(&path, "image/png", &file).await.assert(201);
    assert_eq!(put(&path, "image/png", &file).await.assert(409).json()["code"], "already_uploaded");
    let late = place().await;
    world.wait(Duration::minutes(10));
    assert_eq!(send(&world, &late, &file).await.assert(400).json()["code"], "upload_expired");
    // A new password, or leaving, takes a promise back.
    let open = place().await;
    let change =
        json!({ "old_password": PASSWORD, "new_password1": "another horse", "new_password2": "another horse" });
    ada.post("/api/v1/auth/password/change", change).await.assert(200);
    send(&world, &open, &file).await.assert(404);
    world.settle().await;
    assert_eq!(stored(&world).len(), 1);
}

#[tokio::test]
async fn pictures_that_are_none_are_looked_at_a_hundred_times_an_hour() {
    let world = World::with(&[("RateLimitFactor", "0.1")]).await;
    let (_, ada) = sign_up(&world, "ada").await;
    let place = ask(&ada, "banner", "image/png", 9).await.assert(201).json();
    for left in (0..=10).rev() {
        send(&world, &place, b"no images").await.assert(if left == 0 { 429 } else { 400 });
    }
    // Places are counted by themselves.
    for left in (0..10).rev() {
        ask(&ada, "banner", "image/png", 9).await.assert(if left == 0 { 429 } else { 201 });
    }
    world.settle().await;
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_announcement_is_told_at_once() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    let required = ["This field is required."];
    let none = json!({ "purpose": required, "file_name": required, "content_type": required, "size": required });
    ada.post("/api/v1/files/", json!({})).await.is(400, none);
    let wrong = json!({ "purpose": "cv", "file_name": " ", "content_type": "image/svg+xml", "size": 4_194_305 });
    let told = json!({
        "purpose": ["\"cv\" is not a valid choice."],
        "file_name": ["This field may not be blank."],
        "content_type": ["\"image/svg+xml\" is not a valid choice."],
        "size": ["A file has at least 1 and at most 4194304 bytes."],
    });
    ada.post("/api/v1/files/", wrong).await.is(400, told);
    for size in [json!(0), json!(-1), json!(1.5), json!("x"), json!(null), json!([])] {
        let body =
            json!({ "purpose": "banner", "file_name": "x".repeat(256), "content_type": "image/png", "size": size });
        let told = ada.post("/api/v1/files/", body).await.assert(400).json();
        assert!(told["size"].is_array() && told["file_name"].is_array(), "{told}");
    }
    ask(&world.visitor(), "banner", "image/png", 9).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn a_profile_names_ones_own_files_and_each_for_one_purpose() {
    let world = World::new().await;
    let ((_, ada), (_, eve)) = (sign_up(&world, "ada").await, sign_up(&world, "eve").await);
    let file = png(8);
    let mine = upload(&world, &ada, "profile_picture", "image/png", &file).await;
    let hers = upload(&world, &eve, "profile_picture", "image/png", &file).await;
    let wrong = ["This is not a file that you uploaded here, or it serves something else."];
    for path in [hers.as_str(), "https://evil.example/x.png", "/media/uploads/1/x.png", "/media/avatars/1/x.png", "x"] {
        for field in ["profile_picture", "bannerImage"] {
            ada.put(PROFILE, json!({ field: path })).await.is(400, json!({ field: wrong }));
        }
    }
    let twice = json!({ "profile_picture": mine, "bannerImage": mine });
    ada.put(PROFILE, twice).await.is(400, json!({ "bannerImage": wrong }));
    // The web client's words lead to the same.
    let told = json!({ "profile": { "profile_picture": mine } });
    let shown = ada.patch("/api/profile/update/", told).await.assert(200).json();
    assert_eq!(shown["data"]["profile_picture"], mine);
    // And Sukuwatto's upload is as good as one of these.
    let other = ada.upload("/api/file-upload/", "file", "me.png", &file).await.assert(201).json()["file"].take();
    assert_eq!(ada.put(PROFILE, json!({ "bannerImage": other })).await.assert(200).json()["bannerImage"], other);
    // What serves something is not cleaned up, however old; what serves nothing is.
    world.settle().await;
    world.clock.set(chrono::Utc::now() + Duration::days(2));
    let report = world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap();
    assert_eq!(report, json!({ "job": "clean-up", "files": 3, "removed": 1 }));
    for (path, status) in [(mine.as_str(), 200), (other.as_str().unwrap(), 200), (hers.as_str(), 404)] {
        world.visitor().get(path).await.assert(status);
    }
}

#[tokio::test]
async fn who_leaves_takes_their_files_along() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let here = world.visitor().bearing(&world.enter(&ada).await);
    let file = png(8);
    let named = upload(&world, &here, "banner", "image/png", &file).await;
    here.put(PROFILE, json!({ "bannerImage": named })).await.assert(200);
    upload(&world, &here, "gig_image", "image/png", &file).await;
    let open = ask(&here, "gig_image", "image/png", file.len()).await.assert(201).json();
    // They get them all on the way.
    here.upload("/api/profile/picture/", "profile_picture", "me.png", &file).await.assert(200);
    let archive = crate::personal_data::export(&world, &ada).await;
    let names: Vec<_> = archive.keys().filter(|name| name.starts_with("files/")).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("files/uploads/")).count(), 2, "{names:?}");
    assert_eq!(names.iter().filter(|name| name.starts_with("files/avatars/")).count(), 1, "{names:?}");
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
    send(&world, &open, &file).await.assert(404);
    assert_eq!(stored(&world), Vec::<String>::new());
    assert!(!format!("{:?}", world.everything()).contains("UPLOAD#"));
}

#[tokio::test]
async fn a_banner_is_part_of_ones_personal_data() {
    let world = World::new().await;
    let ada = world.reachable("ada").await;
    let here = world.visitor().bearing(&world.enter(&ada).await);
    here.upload("/api/profile/banner/", "banner_image", "me.png", &png(8)).await.assert(200);
    let archive = crate::personal_data::export(&world, &ada).await;
    assert!(archive.keys().any(|name| name.starts_with("files/banners/me-")), "{:?}", archive.keys());
    world.settle().await;
}
