//! The prices of Sukuwatto's routes for accounts, and of what is found by names.

use std::io::Cursor;

use http::Method;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::{ANOTHER_PASSWORD, PASSWORD, Story};
use crate::browser::Browser;
use crate::{code_from_letter, players};

impl Story {
    /// A member of Sukuwatto, among more members than any list goes through.
    pub(super) async fn train(&mut self) -> Result<(), String> {
        players::give_accounts(&self.cloud, 1_100).await?;
        let mut hal = Browser::new(&self.cloud);
        let new = json!({
            "username": "hal", "email": "hal@example.org", "password": PASSWORD, "first_name": "Hal",
            "biography": "x".repeat(500), "gender": "n",
        });
        let joined = hal.ask(Method::POST, "/api/sign-up/", new).await?;
        self.note("")?;
        self.settle_unnoted().await;
        let me = format!("/api/users/{}/", joined["id"]);
        let credentials = |password: &str| json!({ "username": "hal@example.org", "password": password });
        // Refused, as it should be: a failure that the next sign-in finds.
        let _ = hal.ask(Method::POST, "/api/token/", credentials(ANOTHER_PASSWORD)).await;
        self.skip();
        hal.ask(Method::POST, "/api/token/", credentials(PASSWORD)).await?;
        self.note("by address, after a failure")?;
        self.meet_others(&mut hal).await?;
        self.edit_oneself(&mut hal, &me).await?;
        self.look_after_users(&me).await?;
        hal.ask(Method::POST, "/api/refresh/", json!({})).await?;
        self.note("")?;
        let passwords = json!({ "old_password": PASSWORD, "new_password": ANOTHER_PASSWORD });
        hal.ask(Method::POST, "/api/user-change-password/", passwords).await?;
        self.note("")?;
        hal.ask(Method::POST, "/api/logout/", json!({})).await?;
        self.note("")?;
        self.settle_unnoted().await;
        hal.ask(Method::POST, "/api/password-reset/", json!({ "email": "harold@example.org" })).await?;
        self.note("")?;
        self.settle_unnoted().await;
        let code = code_from_letter(&self.cloud)?;
        hal.ask(Method::POST, "/api/password-reset-validate-token/", json!({ "token": code })).await?;
        self.note("")?;
        let reset = json!({ "token": code, "password": PASSWORD });
        hal.ask(Method::POST, "/api/password-reset-confirm/", reset).await?;
        self.note("")?;
        self.settle_unnoted().await;
        hal.ask(Method::POST, "/api/token/", json!({ "username": "hal", "password": PASSWORD })).await?;
        self.skip();
        hal.ask(Method::DELETE, &me, Value::Null).await?;
        self.note("")?;
        self.settle_unnoted().await;
        Ok(())
    }

    async fn meet_others(&mut self, hal: &mut Browser) -> Result<(), String> {
        for path in [
            "/api/",
            "/api/user-email/",
            "/api/user-exists/?username=ada",
            "/api/get-user/?username=player-000001",
            "/api/user-profile-filename/?username=player-000001",
        ] {
            hal.get(path).await?;
            self.note("")?;
        }
        for size in [10, 50] {
            hal.get(&format!("/api/users-search/?search=player&page_size={size}")).await?;
            self.note(&format!("{size} of 1,100"))?;
        }
        hal.ask(Method::POST, "/api/user-validate-password/", json!({ "password": PASSWORD })).await?;
        self.note("")?;
        hal.ask(Method::POST, "/api/express-interest/", json!({ "email": "someone@example.org" })).await?;
        self.note("")?;
        // The house's own list, with a session of the house's own.
        let credentials = json!({ "name": "hal", "password": PASSWORD });
        let mut program = Browser::new(&self.cloud);
        let tokens = program.ask(Method::POST, "/v1/sessions", credentials).await?;
        self.skip();
        self.carry(&mut program, &tokens)?;
        program.get("/v1/members?name=player").await?;
        self.note("20 of 1,100")
    }

    async fn edit_oneself(&mut self, hal: &mut Browser, me: &str) -> Result<(), String> {
        let mut picture = Cursor::new(Vec::new());
        RgbImage::new(64, 64).write_to(&mut picture, ImageFormat::Png).map_err(|error| error.to_string())?;
        let mut files = Vec::new();
        for first in [true, false] {
            let kept = hal.upload("/api/file-upload/", "file", "me.png", picture.get_ref()).await?;
            // The first one after a cold start reads the key that verifies tokens besides.
            if first {
                self.skip()
            } else {
                self.note("")?
            }
            files.push(kept["file"].clone());
        }
        hal.get(files[0].as_str().unwrap_or_default()).await?;
        self.note("")?;
        hal.ask(Method::PATCH, me, json!({ "profile_filename": files[0] })).await?;
        self.skip();
        let everything = json!({
            "username": "harold", "email": "hal-9000@example.org", "first_name": "Harold", "location": "Jupiter",
            "profile_filename": files[1],
        });
        hal.ask(Method::PUT, me, everything).await?;
        self.note("another address and picture, and the name of nobody")?;
        self.settle_unnoted().await;
        let some = json!({ "email": "harold@example.org", "last_name": "Pelman", "profile_filename": null });
        hal.ask(Method::PATCH, me, some).await?;
        self.note("another address and no picture")?;
        self.settle_unnoted().await;
        Ok(())
    }

    async fn look_after_users(&mut self, user: &str) -> Result<(), String> {
        let mut staff = Browser::new(&self.cloud);
        self.join_again(&mut staff, "trainer").await?;
        players::make_staff(&self.cloud, "trainer").await?;
        staff.ask(Method::POST, "/api/token/", json!({ "username": "trainer", "password": PASSWORD })).await?;
        self.skip();
        for (path, case) in [
            ("/api/users/", "10 of 1,100"),
            ("/api/users/?page_size=50", "50 of 1,100"),
            ("/api/users/?username=hal&email=harold@example.org", "by name and address"),
            (user, ""),
        ] {
            staff.get(path).await?;
            self.note(case)?;
        }
        self.join_again(&mut Browser::new(&self.cloud), "sal").await?;
        for act in ["ban", "reinstate"] {
            staff.ask(Method::POST, &format!("/api/{act}-user/"), json!({ "username": "sal" })).await?;
            self.note("")?;
        }
        Ok(())
    }
}
