//! The pictures of a profile: uploaded by either spelling, shown to everybody, taken away with null.

use chrono::Duration;
use http::Method;
use image::ImageFormat;
use serde_json::json;

use super::sign_up;
use crate::files::{encode, png, stored};
use crate::world::World;

#[tokio::test]
async fn pictures_are_kept_shown_replaced_and_removed() {
    let world = World::new().await;
    let (joined, ada) = sign_up(&world, "ada").await;
    let id = joined["user"]["id"].clone();
    world.wait(Duration::minutes(1));
    for (what, field, shown_as, folder) in [
        ("picture", "profile_picture", "profile_picture", "avatars"),
        ("banner", "banner_image", "bannerImage", "banners"),
    ] {
        let mut urls = Vec::new();
        for path in [format!("/api/profile/{what}/"), format!("/api/profile/profile/{what}/")] {
            let reply = ada.upload(&path, field, "me & you.gif", &png(9)).await.assert(200).json();
            assert_eq!((&reply["status"], &reply["data"]["user"]), (&json!("success"), &id));
            assert_eq!(reply["data"]["updatedAt"], "2026-01-31T08:16:00Z");
            let url = reply["data"][field].as_str().unwrap().to_owned();
            // A path without a host, and of the kind that it is whatever it was called.
            assert!(url.starts_with(&format!("/media/{folder}/{id}/me___you-")) && url.ends_with(".png"), "{url}");
            urls.push(url);
        }
        // Other formats are taken, and kept as one that everybody shows.
        for format in [ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Jpeg] {
            let kept_as = if format == ImageFormat::Jpeg { "image/jpeg" } else { "image/png" };
            let reply = ada.upload(&format!("/api/profile/{what}/"), field, "blob", &encode(9, format)).await;
            let url = reply.assert(200).json()["data"][field].as_str().unwrap().to_owned();
            assert_eq!(world.visitor().get(&url).await.assert(200).header("content-type"), kept_as);
            urls = vec![urls[1].clone(), url];
        }
        // The client joins its host and the path with a slash too many.
        for path in [urls[1].clone(), format!("/{}", urls[1])] {
            let shown = world.visitor().get(&path).await.assert(200);
            assert_eq!(shown.header("content-type"), "image/jpeg");
        }
        world.settle().await;
        world.visitor().get(&urls[0]).await.assert(404);
        let profile = ada.get("/api/v1/auth/profile").await.json();
        assert_eq!(profile[shown_as], urls[1]);
        assert_eq!(world.visitor().get("/api/v1/users/ada/").await.json()[shown_as], urls[1]);
        // What is sent back as it was shown changes nothing; another member's file is not one's own.
        let echoed = json!({ shown_as: urls[1] });
        assert_eq!(ada.put("/api/v1/auth/profile", echoed).await.assert(200).json()[shown_as], urls[1]);
        let (_, eve) = sign_up(&world, &format!("eve_{what}")).await;
        eve.put("/api/v1/auth/profile", json!({ shown_as: urls[1] })).await.assert(400);
        let removed = ada.put("/api/v1/auth/profile", json!({ shown_as: null })).await.assert(200).json();
        assert_eq!(removed[shown_as], json!(null));
        world.settle().await;
        world.visitor().get(&urls[1]).await.assert(404);
    }
    assert_eq!(stored(&world), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    let none = "No file was submitted.";
    let invalid = "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";
    for (path, field) in
        [("/api/profile/picture/", "profile_picture"), ("/api/profile/profile/banner/", "banner_image")]
    {
        let refused = |message: &str| {
            let sentence = format!("{field}: {message}");
            json!({ "status": "error", "message": sentence, "data": sentence, "detail": sentence, field: [message] })
        };
        ada.post(path, json!({})).await.is(400, refused(none));
        ada.upload(path, "avatar", "me.png", &png(4)).await.is(400, refused(none));
        let html = b"<html><script>alert(1)</script>";
        let polyglot = [png(4).as_slice(), b"PK\x03\x04"].concat();
        for file in [html.as_slice(), b"", b"GIF89a", b"\x89PNG", b"RIFF\x04\0\0\0WEBP", &polyglot] {
            ada.upload(path, field, "me.png", file).await.is(400, refused(invalid));
        }
        let large = vec![0x89; 4 * 1024 * 1024 + 1];
        let told = ada.upload(path, field, "me.png", &large).await.assert(413).json();
        assert_eq!(told["detail"], "The request body is larger than 4194304 bytes.");
        world.visitor().upload(path, field, "me.png", &png(4)).await.assert(401);
        ada.send(Method::PUT, path, &[], "").await.assert(405);
    }
    assert_eq!(stored(&world), Vec::<String>::new());
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_banners_uploaded_at_once_one_is_left() {
    let world = World::new().await;
    let (_, ada) = sign_up(&world, "ada").await;
    let uploads = (0..5).map(|side| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.upload("/api/profile/banner/", "banner_image", "b.png", &png(4 + side)).await })
    });
    for upload in uploads.collect::<Vec<_>>() {
        let status = upload.await.unwrap().status.as_u16();
        assert!([200, 409].contains(&status), "{status}");
    }
    world.settle().await;
    let left = ada.get("/api/v1/auth/profile").await.json()["bannerImage"].as_str().unwrap().to_owned();
    assert_eq!(stored(&world), [left.rsplit('/').next().unwrap()]);
}

#[tokio::test]
async fn what_a_deleted_member_leaves_behind_is_cleared_away() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let here = world.visitor().bearing(&world.enter(&ada).await);
    for (path, field) in [("/api/profile/picture/", "profile_picture"), ("/api/profile/banner/", "banner_image")] {
        here.upload(path, field, "me.png", &png(4)).await.assert(200);
    }
    // What is referred to is not cleaned up, however old.
    world.settle().await;
    world.clock.set(chrono::Utc::now() + Duration::days(2));
    let report = world.cloud.run_schedule("clean-up").await.unwrap().outcome.unwrap();
    assert_eq!(report, json!({ "job": "clean-up", "files": 2, "removed": 0 }));
    ada.sign_in().await.assert(200);
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
    assert_eq!(stored(&world), Vec::<String>::new());
}
