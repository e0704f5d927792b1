//! Uploads, and the pictures that they become.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::{enter, member, user};
use crate::files::{png, stored};
use crate::world::{Person, World};

fn encode(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(8, 8).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn upload(person: &Person) -> String {
    let kept = person.upload("/api/file-upload/", "file", "me.png", &png(4)).await.assert(201).json();
    kept["file"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_upload_is_what_it_holds_whatever_it_is_called() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    for (format, name, media, extension) in [
        (ImageFormat::Png, "me.png", "image/png", "png"),
        (ImageFormat::Jpeg, "me.PNG", "image/jpeg", "jpg"),
        (ImageFormat::Gif, "../../me", "image/png", "png"),
        (ImageFormat::WebP, "me.svg", "image/png", "png"),
    ] {
        let kept = ada.upload("/api/file-upload/", "file", name, &encode(format)).await.assert(201).json();
        let file = kept["file"].as_str().unwrap().to_owned();
        assert_eq!(kept, json!({ "id": kept["id"], "file": file, "user": ada.id() }));
        let name = file.strip_prefix(&format!("/media/uploads/{}/", ada.id())).unwrap();
        assert!(name.len() == 33 + extension.len() && name.ends_with(extension), "{name}");
        let shown = world.visitor().get(&file).await.assert(200);
        assert_eq!(shown.header("content-type"), media);
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
        assert!(shown.header("cache-control").contains("max-age"));
        assert_eq!(image::load_from_memory(&shown.body).unwrap().width(), 8);
    }
    world.visitor().get(&format!("/media/uploads/{}/x.png", ada.id())).await.assert(404);
    world.visitor().get("/media/uploads/ada/x.png").await.assert(404);
    world.settle().await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let refused = |sentence: &str| json!({ "file": [sentence] });
    let none = refused("No file was submitted.");
    ada.post("/api/file-upload/", json!({})).await.is(400, none.clone());
    ada.upload("/api/file-upload/", "picture", "me.png", &png(4)).await.is(400, none);
    ada.upload("/api/file-upload/", "file", "me.png", b"").await.is(400, refused("The submitted file is empty."));
    let name = format!("{}.png", "x".repeat(97));
    let long = refused("Ensure this filename has at most 100 characters (it has 101).");
    ada.upload("/api/file-upload/", "file", &name, &png(4)).await.is(400, long);
    let invalid = "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";
    let polyglot = [png(4).as_slice(), b"PK\x03\x04"].concat();
    for file in [b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(), b"GIF89a", &png(4)[..40], &polyglot] {
        ada.upload("/api/file-upload/", "file", "me.png", file).await.is(400, refused(invalid));
    }
    for size in [1_000_001, 4_600_000] {
        ada.upload("/api/file-upload/", "file", "me.png", &vec![0; size]).await.assert(413);
    }
    world.visitor().upload("/api/file-upload/", "file", "me.png", &png(4)).await.assert(401);
    assert_eq!(stored(&world), Vec::<String>::new());
    world.settle().await;
}

#[tokio::test]
async fn a_picture_is_ones_own_upload_and_the_old_one_goes() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let set = async |file: Value| ada.patch(&user(&ada), json!({ "profile_filename": file })).await;
    let (first, second, foreign) = (upload(&ada).await, upload(&ada).await, upload(&eve).await);
    assert_eq!(set(json!(first)).await.assert(200).json()["profile_filename"], first);
    assert_eq!(ada.get(&ada.profile()).await.json()["avatar"], first);
    // Put back, left out: no change, and nothing is removed.
    set(json!(first)).await.assert(200);
    ada.put(&user(&ada), json!({ "username": "ada" })).await.assert(200);
    world.settle().await;
    world.visitor().get(&first).await.assert(200);
    let refused = json!({ "profile_filename": ["This is none of your uploads, or serves something else."] });
    let id = ada.id();
    for file in [
        foreign.clone(),
        "https://evil.example/x.png".to_owned(),
        format!("/media/uploads/{id}/x.png"),
        format!("/media/uploads/{id}/../{}/x.png", eve.id()),
        format!("/media/avatars/{id}/x.png"),
        first.replace("/media/", "/media//"),
        format!("http://guildhall.test{second}"),
        "x".to_owned(),
    ] {
        set(json!(file)).await.is(400, refused.clone());
    }
    set(json!("")).await.is(400, json!({ "profile_filename": ["This field may not be blank."] }));
    set(json!(second)).await.assert(200);
    world.settle().await;
    world.visitor().get(&first).await.assert(404);
    world.visitor().get(&second).await.assert(200);
    // What is gone does not come back.
    set(json!(first)).await.is(400, refused);
    assert_eq!(set(Value::Null).await.assert(200).json()["profile_filename"], Value::Null);
    world.settle().await;
    world.visitor().get(&second).await.assert(404);
    // The game's pictures take the place of an upload as well.
    let third = upload(&ada).await;
    set(json!(third)).await.assert(200);
    let url = ada.upload("/users/avatar/", "avatar", "me.png", &png(4)).await.assert(200).json()["avatar_url"].clone();
    world.settle().await;
    world.visitor().get(&third).await.assert(404);
    assert_eq!(enter(&ada).await["user"]["profile_filename"], url);
    ada.delete(&user(&ada)).await.assert(204);
    world.settle().await;
    assert_eq!(stored(&world), [foreign.rsplit('/').next().unwrap()]);
    world.settle().await;
}

#[tokio::test]
async fn what_serves_nothing_for_a_day_is_cleaned_up() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let (used, idle) = (upload(&ada).await, upload(&ada).await);
    ada.patch(&user(&ada), json!({ "profile_filename": used })).await.assert(200);
    let clean_up = async || world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap();
    // Files are as old as the disk says.
    world.clock.set(chrono::Utc::now());
    assert_eq!(clean_up().await["removed"], 0);
    world.wait(chrono::Duration::days(2));
    for removed in [1, 0] {
        assert_eq!(clean_up().await["removed"], removed);
    }
    world.visitor().get(&used).await.assert(200);
    world.visitor().get(&idle).await.assert(404);
    enter(&ada).await;
    ada.patch(&user(&ada), json!({ "profile_filename": idle })).await.assert(400);
    world.settle().await;
}
