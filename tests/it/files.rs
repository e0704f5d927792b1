//! Pictures of members: in, cleaned, out.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use serde_json::json;

use crate::world::World;

/// A PNG of this many pixels either way.
pub fn png(side: u32) -> Vec<u8> {
    encode(side, ImageFormat::Png)
}

/// A PNG that hardly compresses.
fn noise(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let pixel =
        |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).wrapping_mul(3_266_489_917);
    let image =
        RgbImage::from_fn(side, side, |x, y| image::Rgb([0, 8, 16].map(|shift| (pixel(x, y) >> (8 + shift)) as u8)));
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn encode(side: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, 90])).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The names of every file in every bucket.
pub fn stored(world: &World) -> Vec<String> {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() {
                walk(&entry.path(), found);
            } else if !name.starts_with('.') {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(world.cloud.files(), &mut found);
    found.sort();
    found
}

#[tokio::test]
async fn a_picture_is_kept_shown_and_replaced() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let reply = ada.upload("/users/avatar/", "avatar", "me.PNG", &png(40)).await.assert(200).json();
    let url = reply["avatar_url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("/media/avatars/{}/me-", ada.id())) && url.ends_with(".png"), "{url}");
    assert_eq!(reply, json!({ "id": ada.id(), "username": "ada", "message": "Avatar updated.", "avatar_url": url }));
    assert_eq!(ada.get(&ada.profile()).await.json()["avatar"], url);

    let shown = world.visitor().get(&url).await.assert(200);
    assert_eq!(shown.header("content-type"), "image/png");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert!(shown.header("cache-control").contains("max-age"));
    assert_eq!(image::load_from_memory(&shown.body).unwrap().width(), 40);

    let jpeg = encode(30, ImageFormat::Jpeg);
    let second = ada.upload("/users/avatar", "avatar", "../../you & me.jpeg", &jpeg).await.assert(200).json();
    let second = second["avatar_url"].as_str().unwrap();
    assert_eq!(world.visitor().get(second).await.assert(200).header("content-type"), "image/jpeg");
    world.settle().await;
    assert_eq!(stored(&world), [second.rsplit('/').next().unwrap()]);
    world.visitor().get(&url).await.assert(404);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_in_the_documented_order() {
    let world = World::with(&[("MaxAvatarMegabytes", "0.1")]).await;
    let ada = world.member("ada").await;
    let no_file = json!({ "errors": "No file uploaded." });
    ada.post("/users/avatar/", json!({})).await.is(400, no_file.clone());
    ada.upload("/users/avatar/", "picture", "me.png", &png(4)).await.is(400, no_file.clone());
    ada.upload("/users/avatar/", "avatar", "", &png(4)).await.is(400, no_file);
    let extension =
        |shown: &str| format!("File extension “{shown}” is not allowed. Allowed extensions are: jpg, jpeg, png.");
    let invalid = "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";
    let (gif, none, svg) = (extension("gif"), extension(""), extension("svg"));
    let large = vec![0; 104_858];
    let too_large = "File size exceeds the limit 0.1 MB.";
    let polyglot = [png(4).as_slice(), b"PK\x03\x04"].concat();
    let cases: [(&str, &[u8], Vec<&str>); 9] = [
        ("me.GIF", b"GIF89a", vec![&gif]),
        ("me", b"x", vec![&none]),
        ("me.svg", b"<svg/>", vec![&svg]),
        ("me.png", &large, vec![too_large]),
        ("me.gif", &large, vec![&gif, too_large]),
        ("me.png", b"", vec!["The submitted file is empty."]),
        ("me.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", vec![invalid]),
        ("me.jpg", &png(4), vec![invalid]),
        ("me.png", &polyglot, vec![invalid]),
    ];
    for (name, file, messages) in cases {
        ada.upload("/users/avatar/", "avatar", name, file).await.is(400, json!({ "errors": { "avatar": messages } }));
    }
    let reply = world.visitor().upload("/users/avatar/", "avatar", "me.png", &png(4)).await;
    reply.is(401, json!({ "errors": "User is not authenticated." }));
    assert_eq!(stored(&world), Vec::<String>::new());
    world.settle().await;
}

#[tokio::test]
async fn a_file_of_exactly_the_limit_is_taken() {
    let file = noise(250);
    let megabytes = (file.len() as f64 / 1_048_576.0).to_string();
    let world = World::with(&[("MaxAvatarMegabytes", &megabytes)]).await;
    let ada = world.member("ada").await;
    ada.upload("/users/avatar/", "avatar", "me.png", &file).await.assert(200);
    ada.upload("/users/avatar/", "avatar", "me.png", &noise(251)).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn media_leads_to_pictures_and_nowhere_else() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    ada.upload("/users/avatar/", "avatar", "me.png", &png(4)).await.assert(200);
    let id = ada.id();
    for path in ["x.png", "..%2f..%2fx", "%2e%2e/x.png", "a%00.png", ".png", "", "me.png/x"] {
        world.visitor().get(&format!("/media/avatars/{id}/{path}")).await.assert(404);
    }
    world.visitor().get("/media/avatars/ada/me.png").await.assert(404);
    world.settle().await;
}
