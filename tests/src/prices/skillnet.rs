//! The prices of SkillNet's accounts, on both of its surfaces, and of what it shares with LeetTrack.

use std::io::Cursor;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use image::{ImageFormat, RgbImage};
use serde_json::json;

use super::{ANOTHER_PASSWORD, PASSWORD, Story};
use crate::browser::Browser;
use crate::code_from_letter;

impl Story {
    /// Two members who swap skills: one by the document, one with the web client.
    pub(super) async fn swap_skills(&mut self) -> Result<(), String> {
        let mut ines = Browser::new(&self.cloud);
        self.join_by_document(&mut ines).await?;
        self.tell_by_document(&mut ines).await?;
        let mut jon = Browser::new(&self.cloud);
        self.join_by_client(&mut jon).await?;
        self.tell_by_client(&mut jon).await?;
        jon.ask(Method::POST, "/api/auth/logout/", json!({})).await?;
        self.note("")
    }

    async fn join_by_document(&mut self, ines: &mut Browser) -> Result<(), String> {
        let person = json!({
            "name": "Ines Sainz", "email": "ines@example.org", "password": PASSWORD, "bio": "Sews sails.",
            "skills": ["Sewing", "Sailing"],
        });
        let tokens = ines.ask(Method::POST, "/api/v1/auth/signup", person).await?;
        self.note("without a name of her own choice")?;
        self.carry(ines, &tokens)?;
        self.settle_unnoted().await;
        let key = json!({ "key": code_from_letter(&self.cloud)? });
        ines.ask(Method::POST, "/api/v1/auth/resend-verification", json!({})).await?;
        self.note("")?;
        ines.ask(Method::POST, "/api/v1/auth/verify-email", key).await?;
        self.note("")?;
        self.settle_unnoted().await;
        let credentials = json!({ "email": "ines@example.org", "password": PASSWORD });
        let tokens = Browser::new(&self.cloud).ask(Method::POST, "/api/v1/auth/login", credentials.clone()).await?;
        self.note("by address")?;
        self.carry(ines, &tokens)?;
        ines.ask(Method::POST, "/api/v1/auth/refresh", json!({ "refresh": tokens["refresh"] })).await?;
        self.note("by a refresh token")?;
        ines.ask(Method::POST, "/api/v1/auth/refresh", json!({})).await?;
        self.note("by an access token")?;
        let mut elsewhere = Browser::new(&self.cloud);
        for all in [false, true] {
            let here = elsewhere.ask(Method::POST, "/api/v1/auth/login", credentials.clone()).await?;
            let other = Browser::new(&self.cloud).ask(Method::POST, "/api/v1/auth/login", credentials.clone()).await?;
            self.skip();
            self.carry(&mut elsewhere, &here)?;
            elsewhere
                .ask(Method::POST, "/api/v1/auth/logout", json!({ "refresh": other["refresh"], "all": all }))
                .await?;
            self.note(if all { "everywhere" } else { "with another session" })?;
            elsewhere.forget();
        }
        let tokens = elsewhere.ask(Method::POST, "/api/v1/auth/login", credentials).await?;
        self.skip();
        self.carry(ines, &tokens)
    }

    async fn tell_by_document(&mut self, ines: &mut Browser) -> Result<(), String> {
        ines.get("/api/v1/auth/profile").await?;
        self.note("")?;
        for (method, word) in [(Method::PUT, "sail"), (Method::PATCH, "rope")] {
            let skills: Vec<_> = (0..50).map(|number| format!("{word} number {number}")).collect();
            let told = json!({ "name": format!("Ines {word}"), "bio": word.repeat(500), "skills": skills });
            ines.ask(method, "/api/v1/auth/profile", told).await?;
            self.note("with fifty skills")?;
        }
        self.send_files(ines).await?;
        let id = ines.get("/api/v1/auth/profile").await?["id"].clone();
        let mut grace = Browser::new(&self.cloud);
        let tokens = json!({ "email": "grace", "password": PASSWORD });
        let tokens = grace.ask(Method::POST, "/api/v1/auth/login", tokens).await?;
        self.skip();
        self.carry(&mut grace, &tokens)?;
        for (case, named) in [("by id", id), ("by name", json!("ines_sainz"))] {
            grace.get(&format!("/api/v1/users/{}/", named.as_str().unwrap_or(&named.to_string()))).await?;
            self.note(case)?;
        }
        self.change_passwords(ines, "/api/v1/auth/password", "ines@example.org").await
    }

    /// A picture and a banner, and then another of each.
    async fn send_files(&mut self, ines: &mut Browser) -> Result<(), String> {
        let mut picture = Cursor::new(Vec::new());
        RgbImage::new(64, 64).write_to(&mut picture, ImageFormat::Png).map_err(|error| error.to_string())?;
        let picture = Bytes::from(picture.into_inner());
        for (case, first) in [("with two pictures", true), ("with two others in their place", false)] {
            let mut told = json!({});
            for (purpose, field) in [("profile_picture", "profile_picture"), ("banner", "bannerImage")] {
                let new = json!({
                    "purpose": purpose, "file_name": "me.png", "content_type": "image/png", "size": picture.len(),
                });
                let place = ines.ask(Method::POST, "/api/v1/files/", new).await?;
                // The first one after a cold start reads the key that verifies tokens besides.
                if first {
                    self.skip()
                } else {
                    self.note("")?
                }
                let url = place["upload"]["url"].as_str().unwrap_or_default();
                let path = url.find("/api/").map_or("", |at| &url[at..]);
                let request = Request::put(path).header(CONTENT_TYPE, "image/png");
                Browser::new(&self.cloud).send(request, picture.clone()).await?;
                self.note("")?;
                told[field] = place["file_reference"].clone();
            }
            ines.ask(Method::PUT, "/api/v1/auth/profile", told).await?;
            self.note(case)?;
        }
        Ok(())
    }

    /// A password changed twice, and then forgotten.
    async fn change_passwords(&mut self, browser: &mut Browser, path: &str, email: &str) -> Result<(), String> {
        let passwords = json!({
            "old_password": PASSWORD, "new_password1": ANOTHER_PASSWORD, "new_password2": ANOTHER_PASSWORD,
        });
        browser.ask(Method::POST, &format!("{path}/change"), passwords).await?;
        self.note("")?;
        browser.ask(Method::POST, &format!("{path}/reset"), json!({ "email": email })).await?;
        self.note("")?;
        self.settle_unnoted().await;
        // The letter about the change may lie on top of the one with the link.
        let token = code_from_letter(&self.cloud)?;
        let reset = json!({ "token": token, "new_password1": PASSWORD, "new_password2": PASSWORD });
        browser.ask(Method::POST, &format!("{path}/reset/confirm"), reset).await?;
        self.note("")?;
        self.settle_unnoted().await;
        Ok(())
    }

    async fn join_by_client(&mut self, jon: &mut Browser) -> Result<(), String> {
        let email = json!({ "email": "jon@example.org" });
        let person = json!({ "email": "jon@example.org", "password1": PASSWORD, "password2": PASSWORD });
        jon.ask(Method::POST, "/api/auth/registration/", person).await?;
        self.note("without a name of his own choice")?;
        jon.ask(Method::POST, "/api/auth/registration/resend-email/", email).await?;
        self.note("")?;
        self.follow("the letter again").await?;
        let code = code_from_letter(&self.cloud)?;
        jon.page(&format!("/api/auth/account-confirm-email/{code}/")).await?;
        self.note("")?;
        jon.ask(Method::POST, "/api/auth/registration/verify-email/", json!({ "key": code })).await?;
        self.note("")?;
        self.settle_unnoted().await;
        self.sign_in_by_client(jon).await
    }

    async fn sign_in_by_client(&mut self, jon: &mut Browser) -> Result<(), String> {
        jon.forget();
        let credentials = json!({ "email": "jon@example.org", "password": PASSWORD });
        let tokens = jon.ask(Method::POST, "/api/auth/login/", credentials).await?;
        self.note("by address")?;
        let tokens = jon.ask(Method::POST, "/api/auth/token/refresh/", json!({ "refresh": tokens["refresh"] })).await?;
        self.note("")?;
        self.carry(jon, &tokens)
    }

    async fn tell_by_client(&mut self, jon: &mut Browser) -> Result<(), String> {
        let mut picture = Cursor::new(Vec::new());
        RgbImage::new(64, 64).write_to(&mut picture, ImageFormat::Png).map_err(|error| error.to_string())?;
        // The first one after a cold start reads the key that verifies tokens besides.
        jon.upload("/api/profile/picture/", "profile_picture", "me.png", picture.get_ref()).await?;
        jon.ask(Method::PUT, "/api/v1/auth/profile", json!({ "profile_picture": null })).await?;
        self.skip();
        for base in ["/api/profile", "/api/profile/profile"] {
            let told = json!({ "first_name": base, "profile": { "title": base, "bio": base.repeat(90) } });
            jon.ask(Method::PATCH, &format!("{base}/update/"), told).await?;
            self.note("")?;
            let skills: Vec<_> = (0..50).map(|number| format!("{base} number {number}")).collect();
            jon.ask(Method::POST, &format!("{base}/skills/"), json!({ "skills": skills })).await?;
            self.note("fifty of them")?;
            for (what, field) in [("picture", "profile_picture"), ("banner", "banner_image")] {
                for case in ["the first one", "in place of another"] {
                    let kept = jon.upload(&format!("{base}/{what}/"), field, "me.png", picture.get_ref()).await?;
                    self.note(case)?;
                    if what == "banner" {
                        jon.get(kept["data"][field].as_str().unwrap_or_default()).await?;
                        self.note("")?;
                    }
                }
            }
        }
        for (method, name) in [(Method::PUT, "Jon"), (Method::PATCH, "Jonathan")] {
            jon.ask(method, "/api/auth/user/", json!({ "first_name": name })).await?;
            self.note("")?;
        }
        for path in ["/api/auth/user/", "/api/profile/profile/"] {
            jon.get(path).await?;
            self.note("")?;
        }
        self.change_passwords(jon, "/api/auth/password", "jon@example.org").await?;
        self.sign_in_by_client(jon).await
    }
}
